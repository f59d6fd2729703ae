// A transport that gives the answers a test wrote down, in order, and keeps the requests it got.
#pragma once

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "http/transport.h"

namespace halley::testing {

class ScriptedTransport final : public http::Transport {
 public:
  using Answer = Result<http::Response>;

  ScriptedTransport& answer(int status, http::Headers headers = {}, std::string body = {}) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    if (response.headers.find("Date") == nullptr) response.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
    response.body = std::move(body);
    answers_.emplace_back(std::move(response));
    return *this;
  }
  ScriptedTransport& failure(Code code) {
    answers_.emplace_back(fail(code, "scripted failure"));
    return *this;
  }

  Result<http::Response> send(const http::Request& request, Deadline, std::stop_token) override {
    requests_.push_back(request);
    if (answers_.empty())
      return fail(Code::internal, "the script has no answer to " + request.method + " " + request.url);
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    if (const auto call = std::exchange(answered, nullptr)) call();
    return answer;
  }

  // Called once, when the next request has its answer and the client does not know it yet.
  std::function<void()> answered;

  const std::vector<http::Request>& requests() const { return requests_; }
  bool finished() const { return answers_.empty(); }

 private:
  std::deque<Answer> answers_;
  std::vector<http::Request> requests_;
};

// {{"name", "value"}, …}
inline http::Headers headers(std::initializer_list<std::pair<std::string, std::string>> fields) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

}  // namespace halley::testing
