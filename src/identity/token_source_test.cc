#include "identity/token_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <thread>

#include "testing/virtual_runtime.h"

namespace halley::identity {
namespace {

using ::testing::HasSubstr;

constexpr Second kAsked{1795000000};
constexpr const char* kAnyScope = "scope";

// Gives tokens "1", "2", …, each good for an hour, or the failures it is told to.
class CountingCredential final : public Credential {
 public:
  explicit CountingCredential(Runtime& runtime) : runtime_(runtime) {}

  Result<AccessToken> fetch(const std::string&, std::stop_token) override {
    if (before) before();
    ++asked;
    if (!failures.empty()) {
      const Error error = failures.front();
      failures.pop_front();
      return fail(error);
    }
    const Second now = runtime_.wall_second();
    return AccessToken{std::to_string(++given), now + 3600, now + 3300};
  }

  std::function<void()> before;
  std::deque<Error> failures;
  std::atomic<int> asked{0};
  std::atomic<int> given{0};

 private:
  Runtime& runtime_;
};

class TokenSourceTest : public ::testing::Test {
 protected:
  CountingCredential& add(const std::string& name) {
    auto made = std::make_unique<CountingCredential>(runtime_);
    CountingCredential& credential = *made;
    ways_.push_back({name, std::move(made), {}});
    return credential;
  }
  void add_absent(const std::string& name, const std::string& why) { ways_.push_back({name, nullptr, why}); }
  TokenSource& source() {
    if (!source_) source_ = std::make_unique<TokenSource>(runtime_, std::move(ways_));
    return *source_;
  }
  std::string token() { return source().token(kAnyScope, {}).value_or("none"); }
  void pass(int seconds) { runtime_.sleep(std::chrono::seconds(seconds), {}); }

  testing::VirtualRuntime runtime_{kAsked};
  std::vector<Way> ways_;
  std::unique_ptr<TokenSource> source_;
};

TEST_F(TokenSourceTest, KeepsATokenUntilItIsAboutToExpire) {
  CountingCredential& credential = add("first");
  EXPECT_EQ(token(), "1");
  pass(3299);
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(credential.asked, 1);
  pass(1);
  EXPECT_EQ(token(), "2");
  EXPECT_EQ(source().token("another scope", {}).value(), "3");
  EXPECT_EQ(token(), "2");
}

TEST_F(TokenSourceTest, AFailedRefreshLeavesTheOldTokenWhileItIsGood) {
  CountingCredential& credential = add("first");
  EXPECT_EQ(token(), "1");
  pass(3400);
  credential.failures.assign(2, Error(Code::unavailable, "down"));
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(credential.asked, 2) << "not again at once";
  pass(200);  // expired
  EXPECT_EQ(source().token(kAnyScope, {}).error().code, Code::unavailable);
  EXPECT_EQ(token(), "2");
}

TEST_F(TokenSourceTest, ARefusedTokenIsNotGivenOutAgain) {
  add("first");
  EXPECT_EQ(token(), "1");
  source().forget(kAnyScope, "another");
  EXPECT_EQ(token(), "1");
  source().forget(kAnyScope, "1");
  EXPECT_EQ(token(), "2");
}

TEST_F(TokenSourceTest, GoesOnPastWhatIsNotThereAndStaysWithWhatWorked) {
  add_absent("zeroth", "X is not set");
  CountingCredential& first = add("first");
  add("second");
  first.failures.emplace_back(Code::not_found, "nothing answers");
  EXPECT_EQ(source().way(), "");
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(source().way(), "second");
  EXPECT_EQ(source().token("another", {}).value(), "2");
  EXPECT_EQ(first.asked, 1);
}

TEST_F(TokenSourceTest, StopsAtAnIdentityThatIsRefused) {
  CountingCredential& first = add("first");
  CountingCredential& second = add("second");
  first.failures.emplace_back(Code::unauthorized, "wrong secret", "fix it");
  const auto refused = source().token(kAnyScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unauthorized);
  EXPECT_EQ(refused.error().to_string(), "signing in to Azure by first: wrong secret");
  EXPECT_EQ(refused.error().hint, "fix it");
  EXPECT_EQ(second.asked, 0);
}

TEST_F(TokenSourceTest, SaysWhatItTriedWhenThereIsNoWay) {
  add_absent("client secret", "AZURE_CLIENT_SECRET is not set");
  add("managed identity").failures.emplace_back(Code::not_found, "nothing answers");
  const auto refused = source().token(kAnyScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unauthorized);
  EXPECT_EQ(refused.error().message,
            "no way to sign in to Azure: client secret: AZURE_CLIENT_SECRET is not set; managed identity: nothing "
            "answers");
  EXPECT_THAT(refused.error().hint, HasSubstr("az login"));
}

TEST_F(TokenSourceTest, OfManyCallersOneAsks) {
  CountingCredential& credential = add("first");
  constexpr int kCallers = 8;
  std::latch all(kCallers);
  credential.before = [&] { all.wait(); };  // The others are on their way while one asks.
  TokenSource& tokens = source();
  std::atomic<int> same{0};
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      all.count_down();
      if (tokens.token(kAnyScope, {}).value_or("none") == "1") ++same;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(credential.asked, 1);
  EXPECT_EQ(same, kCallers);
}

TEST_F(TokenSourceTest, WhileOneRefreshesTheOthersHaveTheOldOne) {
  CountingCredential& credential = add("first");
  EXPECT_EQ(token(), "1");
  pass(3400);
  std::string meanwhile;
  credential.before = [&] { meanwhile = source().token(kAnyScope, {}).value_or("none"); };
  EXPECT_EQ(token(), "2");
  EXPECT_EQ(meanwhile, "1");
}

TEST_F(TokenSourceTest, AWaitingCallerIsNotStoppedByAnothersStop) {
  CountingCredential& credential = add("first");
  credential.failures.emplace_back(Code::cancelled, "stopped");
  std::latch asking(1);
  std::latch go(1);
  credential.before = [&] {
    if (credential.asked > 0) return;
    asking.count_down();
    go.wait();
  };
  TokenSource& tokens = source();
  std::thread first([&] { EXPECT_EQ(tokens.token(kAnyScope, {}).error().code, Code::cancelled); });
  asking.wait();
  std::string second;
  std::thread other([&] { second = tokens.token(kAnyScope, {}).value_or("none"); });
  go.count_down();
  first.join();
  other.join();
  EXPECT_EQ(second, "1");
}

// Where `woken` runs between the end of a fetch and the waking of the caller who waited for it.
class LateWaking final : public testing::VirtualRuntime {
 public:
  LateWaking() : VirtualRuntime(kAsked) {}

  std::unique_ptr<Condition> make_condition() override { return std::make_unique<LateCondition>(*this); }

  std::latch waiting{1};
  std::function<void()> woken;

 private:
  class LateCondition final : public Condition {
   public:
    explicit LateCondition(LateWaking& runtime) : runtime_(runtime), real_(real_runtime().make_condition()) {}
    bool wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop,
              const std::function<bool()>& ready) override {
      runtime_.waiting.count_down();  // Whoever ends a fetch needs the lock first.
      real_->wait(lock, stop, ready);
      lock.unlock();
      runtime_.woken();
      lock.lock();
      return ready();
    }
    void notify_all() override { real_->notify_all(); }

   private:
    LateWaking& runtime_;
    const std::unique_ptr<Condition> real_;
  };
};

TEST(LateWaiter, IsNotGivenATokenThatWasRefusedMeanwhile) {
  LateWaking runtime;
  auto made = std::make_unique<CountingCredential>(runtime);
  CountingCredential& credential = *made;
  std::vector<Way> ways;
  ways.push_back({"first", std::move(made), {}});
  TokenSource tokens(runtime, std::move(ways));
  std::latch asking(1);
  credential.before = [&] {
    if (credential.asked > 0) return;
    asking.count_down();
    runtime.waiting.wait();
  };
  runtime.woken = [&] { tokens.forget(kAnyScope, "1"); };
  std::thread first([&] { EXPECT_EQ(tokens.token(kAnyScope, {}).value_or("none"), "1"); });
  asking.wait();
  EXPECT_EQ(tokens.token(kAnyScope, {}).value_or("none"), "2");
  first.join();
}

}  // namespace
}  // namespace halley::identity
