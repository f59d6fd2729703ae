#include "server/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace halley::server {
namespace {

constexpr std::size_t kLongestPath = 1000;
constexpr std::size_t kLongestAgent = 40;

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kResourceNames = {{
    {"dbs", "database"},
    {"colls", "container"},
    {"sprocs", "stored-procedure"},
    {"triggers", "trigger"},
    {"udfs", "function"},
    {"users", "user"},
    {"permissions", "permission"},
    {"clientencryptionkeys", "encryption-key"},
    {"offers", "offer"},
    {"conflicts", "conflict"},
}};

std::string_view verb_of(std::string_view method) {
  if (method == "GET") return "read";
  if (method == "PUT") return "replace";
  if (method == "DELETE") return "delete";
  if (method == "PATCH") return "patch";
  return "execute";
}

std::string feed_operation(const Call& call) {
  if (call.method() == "GET") {
    const std::string_view feed = call.header("a-im");
    if (feed.empty()) return "read-feed";
    return feed.starts_with("Full") ? "all-versions-change-feed" : "change-feed";
  }
  if (is_query_plan(call)) return "query-plan";
  if (is_query(call)) return "query";
  if (call.is_true("x-ms-cosmos-is-batch-request")) return call.is_true("x-ms-cosmos-batch-atomic") ? "batch" : "bulk";
  return call.is_true("x-ms-documentdb-is-upsert") ? "upsert-document" : "create-document";
}

// Control characters of ASCII and of ISO 8859 (in UTF-8: C2 80 to C2 9F) must not reach a terminal.
bool is_shown(std::string_view text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c <= ' ' || c == 0x7F || c == '%') return false;
  const bool after_c2 = i > 0 && text[i - 1] == '\xC2';
  const bool before_control = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
  return !before_control && !(after_c2 && c < 0xA0);
}

void append_shown(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_shown(text, i)) {
      out += text[i];
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(text[i]));
    }
  }
}

// The product of the SDK with its version, else the first.
std::string short_agent(std::string_view agent) {
  constexpr std::string_view kEnds = " |";
  std::string_view product = agent.substr(0, agent.find_first_of(kEnds));
  if (const std::size_t sdk = agent.find("cosmos"); sdk != std::string_view::npos) {
    const std::size_t begin = agent.find_last_of(kEnds, sdk) + 1;  // 0 without one
    product = agent.substr(begin, agent.find_first_of(kEnds, sdk) - begin);
  }
  std::string shown;
  append_shown(shown, product.substr(0, kLongestAgent));
  return shown.empty() ? "-" : shown;
}

std::string moment_text(std::chrono::system_clock::time_point moment) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
  std::string text = format_rfc3339(Second{millis / 1000});
  text.pop_back();  // the Z
  return text + fmt::format(".{:03}Z", millis % 1000);
}

std::string status_text(const Reply& reply) {
  if (reply.drop_connection) return "dropped";
  const std::string_view sub_status = reply.headers.get("x-ms-substatus");
  return fmt::format("{}{}{}", reply.status, sub_status.empty() ? "" : "/", sub_status);
}

}  // namespace

std::string operation_name(const http::ServerRequest& request, const std::vector<std::string>& path) {
  const Call call{request, path};
  if (path.empty()) return "read-account";
  if (path[0] == "_emulator") return "test-door";
  const std::size_t last_keyword = path.size() - (path.size() % 2 == 0 ? 2 : 1);
  const std::string& keyword = path[last_keyword];
  const bool feed = path.size() % 2 == 1;
  if (keyword == "docs") return feed ? feed_operation(call) : std::string(verb_of(call.method())) + "-document";
  if (keyword == "pkranges") return "read-ranges";
  if (keyword == "operations") return "delete-partition-key";
  const auto named = std::find_if(kResourceNames.begin(), kResourceNames.end(),
                                  [&](const auto& each) { return each.first == keyword; });
  if (named == kResourceNames.end()) return "unknown";
  std::string_view verb = verb_of(call.method());
  if (feed) verb = call.method() == "GET" ? "list" : is_query(call) ? "query" : "create";
  return fmt::format("{}-{}", verb, named->second);
}

std::string shown_path(const std::vector<std::string>& path) {
  std::string shown;
  for (const std::string& segment : path) {
    shown += '/';
    append_shown(shown, segment);
  }
  if (shown.empty()) return "/";
  if (shown.size() > kLongestPath) {
    shown.resize(kLongestPath);
    shown += "...";
  }
  return shown;
}

std::string access_line(const Access& access) {
  const Reply& reply = access.reply;
  const std::size_t sent = reply.shared_body ? reply.shared_body->size() : reply.body.size();
  std::string method;
  append_shown(method, access.request.method);
  return fmt::format("{} {} {} {} {} {}RU {:.2f}ms {}+{}B {}", moment_text(access.began), method, access.path,
                     access.operation, status_text(reply), reply.headers.get("x-ms-request-charge"),
                     std::chrono::duration<double, std::milli>(access.took).count(), access.request.body.size(), sent,
                     short_agent(access.request.headers.get("user-agent")));
}

}  // namespace halley::server
