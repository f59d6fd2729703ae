// A transport that hands requests to an embedded account without sockets, for fast tests of what talks to accounts.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "http/listener.h"
#include "http/transport.h"
#include "json/document_scanner.h"
#include "server/emulator.h"

namespace halley::testing {

class DirectTransport final : public http::Transport {
 public:
  using Answer = Result<http::Response>;

  explicit DirectTransport(server::Account& account) : account_(account) {}

  // Called before a request is handled; what it returns, if anything, is the answer, and the account sees nothing of
  // the request. Called from whatever thread sends: set both before the first request.
  std::function<std::optional<Answer>(const http::Request&)> before;
  // Called with each answer of the account; what it returns is what the sender gets.
  std::function<Answer(const http::Request&, http::Response)> after;

  Answer send(const http::Request& request, Deadline, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
    if (before) {
      if (auto answer = before(request)) return std::move(*answer);
    }
    const auto [host, target] = split_url(request.url);
    http::Headers headers = request.headers;
    headers.set("host", std::string(host));
    http::ServerResponse reply = account_.handle({request.method, target, headers, request.body});
    if (reply.drop_connection || reply.truncate_after >= 0) {
      return fail(Code::ambiguous, "the connection was lost before the answer was complete");
    }
    http::Response response;
    response.status = reply.status;
    response.headers = std::move(reply.headers);
    response.body = reply.shared_body ? *reply.shared_body : std::move(reply.body);
    response.body.reserve(response.body.size() + json::kPadding);
    return after ? after(request, std::move(response)) : Answer(std::move(response));
  }

 private:
  // "http://host:port/path" -> "host:port", "/path".
  static std::pair<std::string_view, std::string_view> split_url(std::string_view url) {
    if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    const std::size_t slash = std::min(url.find('/'), url.size());
    return {url.substr(0, slash), slash == url.size() ? "/" : url.substr(slash)};
  }

  server::Account& account_;
};

}  // namespace halley::testing
