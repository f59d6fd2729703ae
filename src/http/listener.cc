// The listener on Boost.Beast: one thread for each connection, blocking reads and gather writes. Nothing else of the
// project includes Beast or Asio.
#include "http/listener.h"

// No io_context runs here, so its fences are not needed; ThreadSanitizer builds cannot compile them.
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "http/timed_stream.h"

namespace halley::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t kReadBuffer = 64 * 1024;
constexpr std::size_t kMaxConnections = 1024;         // Further ones wait in the kernel's queue.
constexpr auto kStopGrace = std::chrono::seconds(2);  // Then answers still being sent are cut off.
constexpr int kLingerMilliseconds = 500;              // How long a refused sender may go on before it is cut off.
constexpr int kRequestTimeout = 408;
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::string_view reason(int status) {
  return view(beast::http::obsolete_reason(beast::http::int_to_status(static_cast<unsigned>(status))));
}

bool has_no_body(int status) { return status == 204 || status == 304 || (status >= 100 && status < 200); }

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) head += c == '\r' || c == '\n' ? ' ' : c;
  head += "\r\n";
}

// Status line and header fields, up to and including the empty line.
std::string head_of(const ServerResponse& response, std::size_t body_size, bool keep_alive, Runtime& runtime) {
  std::string head;
  head.reserve(1024);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers.fields()) append_field(head, name, value);
  if (response.headers.find("Date") == nullptr) append_field(head, "Date", format_http_date(runtime.wall_second()));
  if (!has_no_body(response.status)) append_field(head, "Content-Length", std::to_string(body_size));
  if (!keep_alive) append_field(head, "Connection", "close");
  head += "\r\n";
  return head;
}

// Writes the answer; true when the connection can carry another one.
template <typename Stream>
bool write_response(Stream& stream, const ServerResponse& response, bool is_head, bool keep_alive, Runtime& runtime) {
  if (response.drop_connection) return false;
  const std::string& body = response.shared_body ? *response.shared_body : response.body;
  const std::string head = head_of(response, body.size(), keep_alive, runtime);
  std::size_t size = is_head || has_no_body(response.status) ? 0 : body.size();
  if (response.truncate_after >= 0 && static_cast<std::size_t>(response.truncate_after) < size) {
    size = static_cast<std::size_t>(response.truncate_after);
    keep_alive = false;
  }
  const std::array<asio::const_buffer, 2> pieces = {asio::buffer(head), asio::buffer(body.data(), size)};
  error_code error;
  asio::write(stream, pieces, error);
  return !error && keep_alive;
}

// The status that answers a request which could not be read; 0 when there is nobody to answer.
int status_of(const error_code& error) {
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) return 431;
  if (error == beast::http::error::body_limit) return 413;
  if (error == beast::http::error::end_of_stream || error == beast::http::error::partial_message) return 0;
  static const error_code malformed = beast::http::error::bad_version;
  return error.category() == malformed.category() ? 400 : 0;
}

// What a client whose request could not be read is told: as JSON, for clients read every error as that.
std::string_view refusal_body(int status) {
  switch (status) {
    case kRequestTimeout:
      return R"({"code":"RequestTimeout","message":"The request did not arrive in time."})";
    case 413:
      return R"({"code":"RequestEntityTooLarge","message":"Request size is too large"})";
    case 431:
      return R"({"code":"RequestHeaderFieldsTooLarge","message":"The header fields of the request are too large."})";
    default:
      return R"({"code":"BadRequest","message":"The request is not HTTP/1.1."})";
  }
}

class Connection {
 public:
  Connection(Runtime& runtime, const ListenerOptions& options, const Handler& handler, asio::ssl::context* tls,
             Tcp::socket socket)
      : runtime_(runtime), options_(options), handler_(handler), tls_(tls), socket_(std::move(socket)) {}

  Status start(std::function<void()> ended) {
    auto started = runtime_.start_thread("http", [this, ended = std::move(ended)](const std::stop_token&) {
      run();
      error_code ignored;
      socket_.shutdown(Tcp::socket::shutdown_both, ignored);
      ended_ = true;
      ended();
    });
    if (!started) return fail(std::move(started).error());
    thread_ = *std::move(started);
    return {};
  }

  // The socket is closed only when the connection object goes, so these are safe while the thread runs.
  void stop_receiving() { ::shutdown(socket_.native_handle(), SHUT_RD); }
  void cut_off() { ::shutdown(socket_.native_handle(), SHUT_RDWR); }
  bool ended() const { return ended_; }
  void set_stopping() { stopping_ = true; }

 private:
  void run() {
    try {
      error_code error;
      socket_.set_option(Tcp::no_delay(true), error);
      TimedStream timed(runtime_, socket_);
      if (tls_ == nullptr) {
        serve(timed, timed);
      } else {
        asio::ssl::stream<TimedStream&> stream(timed, *tls_);
        timed.allow(options_.request_timeout);
        stream.handshake(asio::ssl::stream_base::server, error);
        if (error) return;
        serve(stream, timed);
      }
    } catch (const std::exception&) {
      // Out of memory or an Asio exception: this connection ends, the others go on.
    }
  }

  // `timed` is what `stream` reads from and writes to, or `stream` itself.
  template <typename Stream>
  void serve(Stream& stream, TimedStream& timed) {
    beast::flat_buffer buffer;
    buffer.reserve(kReadBuffer);
    while (!stopping_ && wait_for_request(stream, timed, buffer) && serve_one(stream, timed, buffer)) {
    }
  }

  // Until the first bytes of a request are here; false when none came.
  template <typename Stream>
  bool wait_for_request(Stream& stream, TimedStream& timed, beast::flat_buffer& buffer) {
    if (buffer.size() > 0) return true;
    timed.allow(options_.idle_timeout);
    error_code error;
    buffer.commit(stream.read_some(buffer.prepare(kReadBuffer), error));
    return !error;
  }

  template <typename Stream>
  bool serve_one(Stream& stream, TimedStream& timed, beast::flat_buffer& buffer) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    error_code error;
    timed.allow(options_.request_timeout);
    beast::http::read_header(stream, buffer, parser, error);
    if (!error && !parser.is_done()) {
      if (equal_ignoring_case(view(parser.get()[beast::http::field::expect]), "100-continue")) {
        asio::write(stream, asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")), error);
      }
      if (!error) beast::http::read(stream, buffer, parser, error);
    }
    const bool too_slow = timed.timed_out();
    timed.allow_each(options_.write_timeout);
    if (error) {
      refuse(stream, too_slow ? kRequestTimeout : status_of(error));
      return false;
    }
    return answer(stream, parser);
  }

  template <typename Stream>
  bool answer(Stream& stream, const Parser& parser) {
    const auto& message = parser.get();
    Headers headers;
    for (const auto& field : message) {
      headers.add(std::string(view(field.name_string())), std::string(view(field.value())));
    }
    const ServerRequest request{view(message.method_string()), view(message.target()), headers, message.body()};
    const ServerResponse response = handler_(request);
    return write_response(stream, response, request.method == "HEAD", message.keep_alive() && !stopping_, runtime_);
  }

  template <typename Stream>
  void refuse(Stream& stream, int status) {
    if (status == 0) return;
    ServerResponse response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = refusal_body(status);
    write_response(stream, response, false, false, runtime_);
    linger();
  }

  // Lets a sender that is still sending read the answer first: closing at once would reset the connection under it.
  void linger() {
    ::shutdown(socket_.native_handle(), SHUT_WR);
    std::array<char, 4096> ignored;
    for (std::size_t received = 0; received < kLingerBytes;) {
      pollfd waiting{socket_.native_handle(), POLLIN, 0};
      if (::poll(&waiting, 1, kLingerMilliseconds) <= 0) return;
      const ssize_t count = ::recv(socket_.native_handle(), ignored.data(), ignored.size(), MSG_DONTWAIT);
      if (count <= 0) return;
      received += static_cast<std::size_t>(count);
    }
  }

  Runtime& runtime_;
  const ListenerOptions& options_;
  const Handler& handler_;
  asio::ssl::context* const tls_;
  Tcp::socket socket_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
  Thread thread_;  // Last: joined before the socket is closed.
};

class BeastListener final : public Listener {
 public:
  BeastListener(Runtime& runtime, ListenerOptions options, Handler handler)
      : runtime_(runtime), options_(std::move(options)), handler_(std::move(handler)), acceptor_(io_) {}

  ~BeastListener() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    if (acceptor_.is_open()) ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // Wakes the accepting thread.
    if (accepting_.joinable()) accepting_.join();
    std::unique_lock lock(mutex_);
    for (Connection& connection : connections_) {
      connection.set_stopping();
      connection.stop_receiving();
    }
    changed_.wait_for(lock, kStopGrace, [&] {
      return std::all_of(connections_.begin(), connections_.end(), [](const auto& each) { return each.ended(); });
    });
    for (Connection& connection : connections_) connection.cut_off();
    lock.unlock();
    connections_.clear();
  }

  Status open() {
    try {
      if (!options_.certificate_pem.empty()) load_certificate();
      const Tcp::endpoint endpoint(asio::ip::make_address(options_.address), options_.port);
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(Tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
      port_ = acceptor_.local_endpoint().port();
    } catch (const std::exception& exception) {
      return fail(Code::io, "cannot listen on " + options_.address + ":" + std::to_string(options_.port) + ": " +
                                exception.what());
    }
    ASSIGN(accepting_, runtime_.start_thread("http-accept", [this](const std::stop_token&) { accept(); }));
    return {};
  }

  std::uint16_t port() const override { return port_; }

 private:
  void load_certificate() {
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    tls_->use_certificate_chain(asio::buffer(options_.certificate_pem));
    tls_->use_private_key(asio::buffer(options_.private_key_pem), asio::ssl::context::pem);
  }

  // Removes the connections that have ended, and waits for room. False when stopping.
  bool make_room() {
    std::list<Connection> ended;  // Joined when this goes, after the lock: their last step takes the mutex.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      for (auto each = connections_.begin(); each != connections_.end();) {
        const auto next = std::next(each);
        if (each->ended()) ended.splice(ended.end(), connections_, each);
        each = next;
      }
      return stopping_ || connections_.size() < kMaxConnections;
    });
    return !stopping_;
  }

  void accept() {
    while (make_room()) {
      error_code error;
      Tcp::socket socket = acceptor_.accept(error);
      std::unique_lock lock(mutex_);
      if (stopping_) return;
      if (error || !add(std::move(socket))) {
        // Descriptors, threads or memory may have run out: try again when a connection has given some back.
        changed_.wait_for(lock, std::chrono::milliseconds(100));
      }
    }
  }

  bool add(Tcp::socket socket) {
    connections_.emplace_back(runtime_, options_, handler_, tls_ ? &*tls_ : nullptr, std::move(socket));
    const Status started = connections_.back().start([this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    if (!started) connections_.pop_back();
    return started.has_value();
  }

  Runtime& runtime_;
  const ListenerOptions options_;
  const Handler handler_;
  asio::io_context io_;
  std::optional<asio::ssl::context> tls_;
  Tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;  // A connection ended, or stopping.
  std::list<Connection> connections_;
  bool stopping_ = false;
  Thread accepting_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::start(Runtime& runtime, ListenerOptions options, Handler handler) {
  auto listener = std::make_unique<BeastListener>(runtime, std::move(options), std::move(handler));
  TRY(listener->open());
  return listener;
}

}  // namespace halley::http
