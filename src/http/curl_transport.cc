// The transport on libcurl. Nothing else of the project includes curl.
//
// Each call takes a line (an easy handle in a multi handle of its own, whose connection cache keeps connections
// alive) out of a pool, most recently used first. The multi handle is there for its poll, which a stop request can
// wake.
#include <curl/curl.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "http/transport.h"
#include "json/document_scanner.h"

namespace halley::http {
namespace {

constexpr long kReceiveBuffer = 256 * 1024;
constexpr std::size_t kMaxReserve = 64 * 1024 * 1024;  // No more is believed of a Content-Length ahead of the bytes.
constexpr std::size_t kMaxHeaderBytes = 256 * 1024;
constexpr int kPollMilliseconds = 1000;
constexpr int kTimesWhileFlowing = 10;  // as long as one waits in silence, an exchange may last over a slow line

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using FieldList = std::unique_ptr<curl_slist, ListFree>;

struct Line {
  std::unique_ptr<CURLM, MultiFree> multi{curl_multi_init()};
  std::unique_ptr<CURL, EasyFree> easy{curl_easy_init()};  // Goes before the multi handle that holds its connections.
};

struct Target {
  std::string host;
  std::string place;  // host:port, as messages name it
  bool near = false;
};

// On this machine, or on its own link, as the metadata services of clouds are: no proxy knows the way there.
bool is_near(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.") || host.ends_with(".localhost") ||
         host.starts_with("169.254.");
}

Result<Target> target_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return fail(Code::invalid_argument, "`" + url + "` is not a URL");
  const std::size_t from = scheme + 3;
  std::string authority = url.substr(from, url.find_first_of("/?#", from) - from);
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) authority.erase(0, at + 1);
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  Target target;
  target.host = has_port ? authority.substr(0, colon) : authority;
  target.place = has_port ? authority : authority + (url.starts_with("https:") ? ":443" : ":80");
  target.near = is_near(target.host);
  if (target.host.empty()) return fail(Code::invalid_argument, "`" + url + "` names no host");
  return target;
}

// What the callbacks of one transfer share.
struct Transfer {
  CURL* easy = nullptr;
  Response response;
  bool sent = false;        // A connection is there and the request goes out on it.
  bool repeats = false;     // curl wanted to send it a second time.
  bool whole_head = false;  // The empty line behind the header fields came: curl takes an end before it for one, too.
  // How many more bytes are taken.
  std::size_t room = 0;
  std::size_t header_room = kMaxHeaderBytes;
  bool too_large = false;
};

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.size() > transfer.header_room) {
    transfer.too_large = true;
    return 0;
  }
  transfer.header_room -= line.size();
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    transfer.response.headers = {};  // An interim answer came before.
    transfer.whole_head = false;
  } else if (trimmed(line).empty()) {
    transfer.whole_head = true;
  } else if (colon != std::string_view::npos) {
    transfer.response.headers.add(std::string(trimmed(line.substr(0, colon))),
                                  std::string(trimmed(line.substr(colon + 1))));
  }
  return size * count;
}

// What is read of a feed comes in bodies of some megabytes, into memory that was not touched before: with pages of
// 4 KiB the faults would cost a tenth of a backup's CPU. It is a wish only, and does no harm to what stands beside.
void ask_for_huge_pages(std::string& body) {
  constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20;
  if (body.capacity() < kHugePage / 2) return;
  const std::uintptr_t before = reinterpret_cast<std::uintptr_t>(body.data()) % kHugePage;
  const std::uintptr_t size = (before + body.capacity() + kHugePage - 1) / kHugePage * kHugePage;
  ::madvise(body.data() - before, size, MADV_HUGEPAGE);
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string& body = transfer.response.body;
  if (size * count > transfer.room) {
    transfer.too_large = true;
    return 0;
  }
  transfer.room -= size * count;
  if (body.empty()) {
    curl_off_t length = -1;
    curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0) {
      body.reserve(std::min(static_cast<std::size_t>(length), kMaxReserve) + json::kPadding);
      ask_for_huge_pages(body);
    }
  }
  body.append(data, size * count);
  return size * count;
}

// Called when the request is about to be sent. curl sends a request again by itself when a kept connection turns out
// to be dead; whether that is safe is for the caller to decide.
int on_sending(void* user, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.repeats = transfer.sent;
  transfer.sent = true;
  return transfer.repeats ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Result<FieldList> field_list(const Request& request) {
  FieldList list;
  const auto append = [&](const std::string& field) {
    curl_slist* longer = curl_slist_append(list.get(), field.c_str());
    CHECK(longer != nullptr);
    (void)list.release();  // `longer` is the same list, or its new head.
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers.fields()) {
    if (!is_one_line(name) || !is_one_line(value)) {
      return fail(Code::invalid_argument, "the header " + name + " has a value that no header can hold");
    }
    std::string field = name;
    field += value.empty() ? ";" : ": ";  // With a colon alone curl would leave the field out.
    append(field += value);
  }
  append("Expect:");
  if (request.headers.find("Content-Type") == nullptr) append("Content-Type:");
  if (request.headers.find("Accept") == nullptr) append("Accept:");
  return list;
}

std::string curl_message(CURLcode code, const char* detail) {
  std::string text = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  if (text.size() > 300) text.resize(300);
  return text;
}

class CurlTransport final : public Transport {
 public:
  CurlTransport(Runtime& runtime, CurlOptions options) : runtime_(runtime), options_(std::move(options)) {}

  Result<Response> send(const Request& request, Deadline deadline, std::stop_token stop) override {
    ASSIGN(const Target target, target_of(request.url));
    ASSIGN(const FieldList fields, field_list(request));
    if (stop.stop_requested()) return cancelled(target);
    const Milliseconds left = deadline.left(runtime_);
    if (left <= Milliseconds(0)) return fail(Code::timeout, "no time left to ask " + target.place);

    std::unique_ptr<Line> line = take_line();
    Transfer transfer;
    transfer.easy = line->easy.get();
    transfer.room = options_.max_response_bytes;
    char detail[CURL_ERROR_SIZE] = "";
    set_options(transfer, request, target, fields.get(), left, detail);
    const SteadyTime begin = runtime_.steady_now();
    const CURLcode code = perform(*line, stop);
    transfer.response.round_trip = std::chrono::duration_cast<Milliseconds>(runtime_.steady_now() - begin);

    if (code == CURLE_OK && transfer.whole_head) {
      long status = 0;
      curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
      transfer.response.status = static_cast<int>(status);
      pad(transfer.response.body);
      give_back(std::move(line));
      return std::move(transfer.response);
    }
    if (code == CURLE_ABORTED_BY_CALLBACK && !transfer.repeats) return cancelled(target);
    // What failed is not used again: after a lookup that found nothing, say, curl takes no new options for the handle.
    if (code == CURLE_OK) return fail(error_of(code, transfer, target, "it ended among its header fields"));
    return fail(error_of(code, transfer, target, curl_message(code, detail)));
  }

 private:
  static tl::unexpected<Error> cancelled(const Target& target) {
    return fail(Code::cancelled, "stopped while asking " + target.place);
  }

  static void pad(std::string& body) {
    if (body.capacity() - body.size() < json::kPadding) body.reserve(body.size() + json::kPadding);
  }

  std::unique_ptr<Line> take_line() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Line> line = std::move(idle_.back());
        idle_.pop_back();
        return line;
      }
    }
    auto line = std::make_unique<Line>();
    CHECK(line->easy && line->multi);
    return line;
  }

  void give_back(std::unique_ptr<Line> line) {
    curl_easy_reset(line->easy.get());
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(line));
  }

  void set_options(Transfer& transfer, const Request& request, const Target& target, curl_slist* fields,
                   Milliseconds left, char* detail) const {
    const auto set = [easy = transfer.easy](CURLoption option, auto value) {
      CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_HTTPHEADER, fields);
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    // A lookup that hangs is left alone: a stop, or the time that is up, does not wait for it.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
    set(CURLOPT_ERRORBUFFER, detail);
    set_patience(set, left);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(left, options_.connect_timeout).count()));
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &transfer);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_PREREQFUNCTION, &on_sending);
    set(CURLOPT_PREREQDATA, &transfer);
    if (target.near) set(CURLOPT_PROXY, "");
    if (!options_.ca_file.empty()) {
      set(CURLOPT_CAINFO, options_.ca_file.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // the system's folder, which curl would add
    }
    set(CURLOPT_SSL_VERIFYPEER, options_.insecure_tls ? 0L : 1L);
    set(CURLOPT_SSL_VERIFYHOST, options_.insecure_tls ? 0L : 2L);
    set_method(set, request);
  }

  // curl counts silence in whole seconds.
  template <typename Set>
  static void set_patience(const Set& set, Milliseconds left) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left).count();
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(seconds > 1 ? left.count() * kTimesWhileFlowing : left.count()));
    if (seconds <= 1) return;
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
  }

  template <typename Set>
  static void set_method(const Set& set, const Request& request) {
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.body.empty() && (request.method == "GET" || request.method == "DELETE")) {
      set(CURLOPT_HTTPGET, 1L);
      if (request.method != "GET") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request.body.c_str());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      if (request.method != "POST") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  // Runs the transfer to its end. CURLE_ABORTED_BY_CALLBACK when stopped.
  static CURLcode perform(Line& line, const std::stop_token& stop) {
    CURLM* multi = line.multi.get();
    CHECK(curl_multi_add_handle(multi, line.easy.get()) == CURLM_OK);
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    while (!stop.stop_requested()) {
      int running = 0;
      if (curl_multi_perform(multi, &running) != CURLM_OK) {
        result = CURLE_FAILED_INIT;
        break;
      }
      if (running == 0) {
        int left = 0;
        const CURLMsg* message = curl_multi_info_read(multi, &left);
        CHECK(message != nullptr && message->msg == CURLMSG_DONE);
        result = message->data.result;
        break;
      }
      curl_multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
    }
    curl_multi_remove_handle(multi, line.easy.get());
    return result;
  }

  Error error_of(CURLcode code, const Transfer& transfer, const Target& target, const std::string& message) const {
    const std::string at = target.place + ": " + message;
    if (transfer.too_large) {
      return Error(Code::corrupt,
                   "the answer of " + target.place + " is larger than the " +
                       std::to_string(options_.max_response_bytes) + " bytes that are taken",
                   "is it the endpoint of a Cosmos account?");
    }
    switch (code) {
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        // Also what curl says of an answer that is no HTTP/1.x.
        if (!transfer.sent) return Error(Code::invalid_argument, at);
        break;
      case CURLE_SSL_CACERT_BADFILE:
        return Error(Code::invalid_argument, "cannot read the certificates in " + options_.ca_file,
                     "--ca and --azure-ca name a PEM file of certificates");
      case CURLE_PEER_FAILED_VERIFICATION:
        return Error(Code::unauthorized, "the certificate of " + at,
                     "if it is signed by an authority of your own, name its certificate with --ca FILE (of Azure's "
                     "management: --azure-ca FILE)");
      case CURLE_WEIRD_SERVER_REPLY:
        return Error(Code::corrupt, "the answer is not HTTP: " + at, "check the scheme and the port of the endpoint");
      case CURLE_COULDNT_RESOLVE_HOST:
        return Error(Code::unavailable, "no address found for " + target.host, "check the host name of the endpoint");
      default:
        break;
    }
    if (!transfer.sent) {
      return Error(Code::unavailable, "cannot connect to " + at, "check the endpoint, and that the server is running");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) return Error(Code::timeout, "no answer in time from " + at);
    return Error(Code::ambiguous, "the connection broke before the whole answer was here: " + at);
  }

  Runtime& runtime_;
  const CurlOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Line>> idle_;
};

}  // namespace

std::unique_ptr<Transport> make_curl_transport(Runtime& runtime, CurlOptions options) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(initialised == CURLE_OK);
  return std::make_unique<CurlTransport>(runtime, std::move(options));
}

}  // namespace halley::http
