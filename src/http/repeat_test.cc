#include "http/repeat.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace halley::http {
namespace {

constexpr Second kNow{1795000000};

// A clock that moves only when someone sleeps, and no randomness.
class StillRuntime final : public Runtime {
 public:
  std::chrono::system_clock::time_point wall_now() override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(kNow.value));
  }
  SteadyTime steady_now() override { return SteadyTime(std::chrono::hours(1)); }
  bool sleep(Milliseconds duration, std::stop_token stop) override {
    sleeps.push_back(duration);
    return !stop.stop_requested();
  }
  void fill_random(std::span<unsigned char> out) override { std::fill(out.begin(), out.end(), std::uint8_t{0xFF}); }
  Result<Thread> start_thread(std::string, std::function<void(std::stop_token)>) override { return Thread(); }
  std::unique_ptr<Condition> make_condition() override { return real_runtime().make_condition(); }

  std::vector<Milliseconds> sleeps;
};

class Script final : public Transport {
 public:
  Script& answer(int status, Headers headers = {}) {
    Response response;
    response.status = status;
    response.headers = std::move(headers);
    answers_.emplace_back(std::move(response));
    return *this;
  }
  Script& failure(Code code) {
    answers_.emplace_back(fail(code, "scripted"));
    return *this;
  }
  Result<Response> send(const Request&, Deadline, std::stop_token) override {
    ++sent;
    auto answer = std::move(answers_.front());
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  }
  int sent = 0;

 private:
  std::deque<Result<Response>> answers_;
};

Headers one(std::string name, std::string value) {
  Headers headers;
  headers.add(std::move(name), std::move(value));
  return headers;
}

int attempts_at(Script script, bool may_be_done_twice) {
  StillRuntime runtime;
  RepeatPolicy policy;
  policy.may_be_done_twice = may_be_done_twice;
  (void)send_repeating(runtime, script, {}, policy, {});
  return script.sent;
}

TEST(Repeat, WhatPassesIsRepeatedAndTheRestIsNot) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_EQ(attempts_at(Script().answer(status), true), 5);
  for (const int status : {200, 201, 202, 204, 400, 401, 403, 404, 409, 412, 501}) {
    EXPECT_EQ(attempts_at(Script().answer(status), true), 1) << status;
  }
  for (const Code code : {Code::unavailable, Code::timeout, Code::ambiguous})
    EXPECT_EQ(attempts_at(Script().failure(code), true), 5);
  for (const Code code : {Code::unauthorized, Code::corrupt, Code::cancelled}) {
    EXPECT_EQ(attempts_at(Script().failure(code), true), 1);
  }
}

TEST(Repeat, WhatMayNotBeDoneTwiceIsRepeatedOnlyWhenItCertainlyWasNotDone) {
  for (const int status : {429, 503}) EXPECT_EQ(attempts_at(Script().answer(status), false), 5);
  for (const int status : {408, 500, 502, 504}) EXPECT_EQ(attempts_at(Script().answer(status), false), 1) << status;
  EXPECT_EQ(attempts_at(Script().failure(Code::unavailable), false), 5);
  for (const Code code : {Code::ambiguous, Code::timeout}) EXPECT_EQ(attempts_at(Script().failure(code), false), 1);
}

TEST(Repeat, WaitsAsLongAsItIsAskedToButNotForever) {
  StillRuntime runtime;
  Script script;
  script.answer(429, one("Retry-After", "17")).answer(503, one("Retry-After", "90000")).answer(200);
  const auto answer = send_repeating(runtime, script, {}, {}, {});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(runtime.sleeps, (std::vector<Milliseconds>{Milliseconds(17000), Milliseconds(60000)}));
}

TEST(Repeat, RetryAfterIsSecondsMillisecondsOrADate) {
  const auto asked = [](std::string name, std::string value) {
    Response response;
    response.headers = one(std::move(name), std::move(value));
    return retry_after(response, kNow);
  };
  EXPECT_EQ(asked("Retry-After", "5"), Milliseconds(5000));
  EXPECT_EQ(asked("retry-after-ms", "250"), Milliseconds(250));
  EXPECT_EQ(asked("Retry-After", format_http_date(kNow + 90)), Milliseconds(90000));
  EXPECT_EQ(asked("Retry-After", format_http_date(kNow - 90)), Milliseconds(0));
  EXPECT_EQ(asked("Retry-After", "soon"), std::nullopt);
  EXPECT_EQ(asked("Retry-After", "-5"), std::nullopt);
  EXPECT_EQ(asked("Date", "x"), std::nullopt);
}

TEST(Repeat, AStopEndsTheWaiting) {
  StillRuntime runtime;
  Script script;
  script.answer(503);
  std::stop_source source;
  source.request_stop();
  const auto answer = send_repeating(runtime, script, {}, {}, source.get_token());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::cancelled);
  EXPECT_EQ(script.sent, 1);
}

}  // namespace
}  // namespace halley::http
