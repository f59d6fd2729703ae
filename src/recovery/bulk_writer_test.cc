// How long a writer goes on when an account takes nothing, and what it says when it gives up.
#include "recovery/bulk_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <numeric>
#include <utility>

#include "cosmos/signing.h"
#include "json/document_scanner.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class BulkWriterTest : public ::testing::Test {
 protected:
  BulkWriterTest() {
    cosmos::ClientOptions options;
    options.endpoint = "http://target.test/";
    options.key = std::string(cosmos::kEmulatorKey);
    options.debug_log = [this](const std::string& line) { log_ += line + "\n"; };
    client_ = cosmos::Client::create(runtime_, transport_, options).value();
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(
        account_.engine().create_container("shop", R"({"id":"orders","partitionKey":{"paths":["/pk"],"version":2}})"));
  }

  static http::Response answer(int status, const std::string& sub_status, std::string body) {
    http::Response response;
    response.status = status;
    response.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
    response.headers.add("x-ms-substatus", sub_status);
    response.body = std::move(body);
    response.body.reserve(response.body.size() + json::kPadding);
    return response;
  }

  // Every write is answered so until `seconds` have passed.
  void refuse_for(std::int64_t seconds, int status, const std::string& sub_status) {
    const SteadyTime until = runtime_.steady_now() + std::chrono::seconds(seconds);
    transport_.before = [=, this](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.method != "POST" || runtime_.steady_now() >= until) return std::nullopt;
      return Result<http::Response>(answer(status, sub_status, "{}"));
    };
  }

  // The only operation of so many bulk requests is answered so; then all is well.
  void refuse_operations(int times, int status, const std::string& sub_status) {
    transport_.before = [=, this](const http::Request& request) mutable -> std::optional<Result<http::Response>> {
      if (!request.headers.is_true("x-ms-cosmos-is-batch-request") || times-- <= 0) return std::nullopt;
      return Result<http::Response>(
          answer(207, "0", R"([{"statusCode":)" + std::to_string(status) + R"(,"subStatusCode":)" + sub_status + "}]"));
    };
  }

  std::uint64_t repeats(cosmos::RetryReason reason) const {
    return client_->charges().retries_by_reason[static_cast<std::size_t>(reason)];
  }
  std::uint64_t repeats() const {
    const auto counts = client_->charges().retries_by_reason;
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  }

  Status write(std::size_t size, bool keep_existing = false, std::uint64_t* kept = nullptr) {
    const auto key = json::parse(R"({"paths":["/pk"],"kind":"Hash","version":2})");
    ASSIGN(const auto definition, cosmos::PartitionKeyDefinition::parse(*key));
    BulkWriterOptions options;
    options.requests_in_flight = 1;
    options.keep_existing = keep_existing;
    ASSIGN(const auto writer,
           BulkWriter::start(runtime_, *client_, {"shop", "orders"}, definition, options, throttled_, {}));
    TRY(writer->upsert(R"(["a"])", "1", R"({"id":"1","pk":"a","v":")" + std::string(size, 'x') + "\"}"));
    Status done = writer->finish();
    if (kept != nullptr) *kept = writer->kept();
    return done;
  }
  std::size_t count() { return (*account_.engine().container("shop", "orders"))->live_documents().size(); }

  std::string log_;  // of one request in flight; outlives the client
  halley::testing::VirtualRuntime runtime_{Second{1'700'000'000}};
  server::Account account_{runtime_, {}};
  halley::testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
  std::atomic<std::uint64_t> throttled_{0};
};

constexpr std::size_t kSmall = 10;
constexpr std::size_t kLarge = 300'000;  // not in bulk

TEST_F(BulkWriterTest, WaitsForMinutesWhateverTheSizeOfTheDocument) {
  for (const std::size_t size : {kSmall, kLarge}) {
    for (const auto& [status, sub_status] : {std::pair(429, "3200"), std::pair(503, "0"), std::pair(410, "1000")}) {
      refuse_for(500, status, sub_status);
      const Status written = write(size);
      EXPECT_TRUE(written) << size << " bytes, " << status << ": " << written.error().to_string();
      EXPECT_EQ(count(), 1U);
    }
  }
}

TEST_F(BulkWriterTest, GivesUpInTheEndAndSaysWhatWouldHelp) {
  for (const std::size_t size : {kSmall, kLarge}) {
    SCOPED_TRACE(size);
    refuse_for(100'000, 429, "3200");
    const Status throttled = write(size);
    ASSERT_FALSE(throttled);
    EXPECT_EQ(throttled.error().code, Code::throttled);
    EXPECT_THAT(throttled.error().message, HasSubstr("nothing could be written to shop/orders for 600 s"));
    EXPECT_THAT(throttled.error().hint, HasSubstr("throughput"));
    refuse_for(100'000, 410, "1000");
    const Status replaced = write(size);
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().code, Code::unavailable);
    EXPECT_THAT(replaced.error().message, HasSubstr("410/1000"));
    EXPECT_THAT(replaced.error().hint, HasSubstr("made again"));
    EXPECT_THAT(replaced.error().hint, Not(HasSubstr("throughput")));
    refuse_for(100'000, 503, "0");
    const Status down = write(size);
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, Code::unavailable);
    EXPECT_THAT(down.error().message, HasSubstr("503"));
    EXPECT_THAT(down.error().hint, Not(HasSubstr("throughput")));
  }
  EXPECT_EQ(count(), 0U);
}

TEST_F(BulkWriterTest, OperationsAreRepeatedByTheTableCountedAndLogged) {
  using cosmos::RetryReason;
  const std::tuple<int, const char*, RetryReason> kRefusals[] = {
      {429, "3200", RetryReason::throttled},
      {429, "3092", RetryReason::region_exhausted},
      {449, "0", RetryReason::write_race},
      {503, "0", RetryReason::service_unavailable},
      {500, "0", RetryReason::service_error},
      {502, "0", RetryReason::gateway_error},
      {408, "0", RetryReason::service_timeout},
      {424, "0", RetryReason::not_tried},
      {404, "1013", RetryReason::container_in_creation},
      {403, "3", RetryReason::write_region_moved},
      {410, "1002", RetryReason::partition_gone},
      {410, "1007", RetryReason::partition_moving},
      {410, "1022", RetryReason::lease_lost},
      {410, "1024", RetryReason::partition_gone},
  };
  for (const auto& [status, sub_status, reason] : kRefusals) {
    const std::string as_answered = std::to_string(status) + (*sub_status == '0' ? "" : "/" + std::string(sub_status));
    SCOPED_TRACE(as_answered);
    const std::uint64_t before = repeats(reason);
    const std::uint64_t all_before = repeats();
    log_.clear();
    refuse_operations(12, status, sub_status);
    const Status written = write(kSmall);
    ASSERT_TRUE(written) << written.error().to_string();
    EXPECT_EQ(repeats(reason) - before, 12U);
    EXPECT_EQ(repeats() - all_before, 12U);
    EXPECT_THAT(log_, HasSubstr("(" + std::string(cosmos::retry_reason_name(reason)) +
                                ") 1 of 1 operations on shop/orders: the service answered " + as_answered));
  }
  EXPECT_EQ(count(), 1U);
}

TEST_F(BulkWriterTest, WhatTheTableDoesNotRepeatStands) {
  for (const auto& [status, sub_status] :
       {std::pair(400, "0"), std::pair(401, "0"), std::pair(403, "1014"), std::pair(404, "0"), std::pair(409, "0"),
        std::pair(412, "0"), std::pair(501, "0")}) {
    refuse_operations(1, status, sub_status);
    const Status written = write(kSmall);
    ASSERT_FALSE(written) << status;
    EXPECT_EQ(written.error().status, status);
  }
  EXPECT_EQ(repeats(), 0U);
}

TEST_F(BulkWriterTest, RequestsThatAreGivenToItAgainAreCountedAndLoggedToo) {
  for (const auto& [status, sub_status, reason] : {std::tuple(410, "1002", cosmos::RetryReason::partition_gone),
                                                   std::tuple(503, "0", cosmos::RetryReason::service_unavailable)}) {
    log_.clear();
    refuse_for(100, status, sub_status);
    const std::size_t sleeps = runtime_.sleeps().size();
    ASSERT_TRUE(write(kSmall));
    EXPECT_EQ(repeats(reason), runtime_.sleeps().size() - sleeps);
    EXPECT_THAT(log_, HasSubstr(") 1 of 1 operations on shop/orders: "));
  }
}

// Of an operation or of a request; what is written then is written.
TEST_F(BulkWriterTest, NoRetryAfterOutlastsThePatience) {
  for (const bool whole : {false, true}) {
    for (const int times : {1, 2}) {
      transport_.before = [=, times = times](const http::Request& request) mutable {
        std::optional<Result<http::Response>> refused;
        if (!request.headers.is_true("x-ms-cosmos-is-batch-request") || times-- <= 0) return refused;
        http::Response response =
            answer(whole ? 429 : 207, "3200",
                   R"([{"statusCode":429,"subStatusCode":3200,"retryAfterMilliseconds":86400000}])");
        response.headers.add("x-ms-retry-after-ms", "86400000");
        return refused.emplace(std::move(response)), std::move(refused);
      };
      log_.clear();
      const SteadyTime began = runtime_.steady_now();
      const Status written = write(kSmall);
      const auto waited = runtime_.steady_now() - began;
      EXPECT_GE(waited, cosmos::kBulkPatience) << log_;
      EXPECT_LE(waited, cosmos::kBulkPatience + Milliseconds(2)) << log_;
      EXPECT_THAT(log_, Not(HasSubstr("86400000")));
      EXPECT_EQ(static_cast<bool>(written), times == 1) << log_;
    }
  }
}

// What lasts is asked after less and less often.
TEST_F(BulkWriterTest, WaitsAsTheTableSays) {
  refuse_operations(10, 503, "0");
  ASSERT_TRUE(write(kSmall));
  const auto sleeps = runtime_.sleeps();
  ASSERT_EQ(sleeps.size(), 10U);
  EXPECT_LE(sleeps.front(), Milliseconds(100));
  EXPECT_GE(sleeps.back(), Milliseconds(2500));
  EXPECT_LE(sleeps.back(), Milliseconds(5000));
}

// --- States of one document are written in the order they are given ---

class SeveralStates : public BulkWriterTest {
 protected:
  SeveralStates() {
    transport_.before = [this](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.method != "POST") return std::nullopt;
      const std::lock_guard lock(mutex_);
      requests_.push_back(states_in(request.body));
      return refuse_ ? refuse_(request) : std::nullopt;
    };
  }

  static std::string document(int id, int state, std::size_t size = 0) {
    return R"({"id":")" + std::to_string(id) + R"(","pk":"a","state":)" + std::to_string(id * 1000 + state) +
           R"(,"text":")" + std::string(size, 'x') + "\"}";
  }
  // The members "state" of a request's documents.
  static std::vector<int> states_in(const std::string& body) {
    constexpr std::string_view kName = "\"state\":";
    std::vector<int> states;
    for (std::size_t at = 0; (at = body.find(kName, at)) != std::string::npos;) {
      states.push_back(std::stoi(body.substr(at += kName.size(), 10)));
    }
    return states;
  }

  std::unique_ptr<BulkWriter> start(BulkWriterOptions options) {
    const auto key = json::parse(R"({"paths":["/pk"],"kind":"Hash","version":2})");
    return BulkWriter::start(runtime_, *client_, {"shop", "orders"},
                             cosmos::PartitionKeyDefinition::parse(*key).value(), std::move(options), throttled_, {})
        .value();
  }
  int state_there(int id) {
    const auto there = client_->read_document({"shop", "orders"}, std::to_string(id), R"(["a"])", {});
    return there ? states_in(there->text).front() % 1000 : -1;
  }

  std::mutex mutex_;                        // guards what follows
  std::vector<std::vector<int>> requests_;  // what each one wrote
  std::function<std::optional<Result<http::Response>>(const http::Request&)> refuse_;
};

TEST_F(SeveralStates, ALaterOneWaitsUntilTheEarlierIsWritten) {
  refuse_ = [times = 2](const http::Request&) mutable -> std::optional<Result<http::Response>> {
    if (times-- <= 0) return std::nullopt;
    return Result<http::Response>(answer(207, "0", R"([{"statusCode":429},{"statusCode":429}])"));
  };
  const auto writer = start({});
  for (const auto& [id, state] : {std::pair(1, 1), {1, 2}, {2, 1}, {1, 3}}) {
    ASSERT_TRUE(writer->upsert(R"(["a"])", std::to_string(id), document(id, state)));
  }
  ASSERT_TRUE(writer->finish());
  EXPECT_THAT(requests_, ElementsAre(ElementsAre(1001, 2001), ElementsAre(1001, 2001), ElementsAre(1001, 2001),
                                     ElementsAre(1002), ElementsAre(1003)));
  EXPECT_EQ(state_there(1), 3);
}

TEST_F(SeveralStates, ALaterOneIsWrittenWhereTheEarlierIsRefused) {
  refuse_ = [once = false](const http::Request&) mutable -> std::optional<Result<http::Response>> {
    if (std::exchange(once, true)) return std::nullopt;
    return Result<http::Response>(answer(207, "0", R"([{"statusCode":400}])"));
  };
  int refused = 0;
  BulkWriterOptions options;
  options.refused = [&](std::string_view, std::string_view, const Error&) { ++refused; };
  const auto writer = start(options);
  for (const int state : {1, 2}) ASSERT_TRUE(writer->upsert(R"(["a"])", "1", document(1, state)));
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(state_there(1), 2);
}

// More than may be held back, in requests that are full of one, of several, or too large for one.
TEST_F(SeveralStates, ManyOfFewDocumentsComeInOrder) {
  constexpr int kDocuments = 7;
  constexpr int kStates = 60;
  for (const std::size_t size : {70'000U, 230'000U}) {
    requests_.clear();
    BulkWriterOptions options;
    options.request_operations = 5;
    const auto writer = start(options);
    for (int state = 0; state < kStates; ++state) {
      for (int id = 0; id < kDocuments; ++id) {
        ASSERT_TRUE(writer->upsert(R"(["a"])", std::to_string(id), document(id, state, size)));
      }
    }
    ASSERT_TRUE(writer->finish());
    std::vector<int> next(kDocuments, 0);
    for (const auto& states : requests_) {
      EXPECT_LE(states.size(), 3U) << "no request is larger than it may be";
      for (const int state : states) {
        EXPECT_EQ(state % 1000, next[static_cast<std::size_t>(state / 1000)]++) << "of " << state / 1000;
      }
    }
    EXPECT_THAT(next, ::testing::Each(kStates));
    for (int id = 0; id < kDocuments; ++id) EXPECT_EQ(state_there(id), kStates - 1);
  }
}

// A writer that has failed does not wait for what can't be written any more.
TEST_F(SeveralStates, FailWithTheWriter) {
  refuse_ = [](const http::Request&) -> std::optional<Result<http::Response>> {
    return Result<http::Response>(answer(401, "0", "{}"));
  };
  const auto writer = start({});
  Status given;
  for (int state = 0; given && state < 100; ++state) {
    given = writer->upsert(R"(["a"])", "1", document(1, state, 70'000));
  }
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().status, 401);
}

// --- Documents that are there already are kept ---

class KeepsExisting : public BulkWriterTest {
 protected:
  static bool is_bulk(const http::Request& request) { return request.headers.is_true("x-ms-cosmos-is-batch-request"); }
  static bool is_look(const http::Request& request) {
    return request.method == "GET" && request.url.ends_with("/docs/1");
  }

  // The first write is done and its answer is lost. `before` may answer what comes later.
  void lose_first_answer(std::function<std::optional<Result<http::Response>>(const http::Request&)> before) {
    transport_.before = [=, this](const http::Request& request) -> std::optional<Result<http::Response>> {
      return writes_ == 0 ? std::nullopt : before(request);
    };
    transport_.after = [this](const http::Request& request, http::Response response) -> Result<http::Response> {
      if (request.method == "POST" && ++writes_ == 1) return fail(Code::ambiguous, "lost");
      return response;
    };
  }
  // The second write is answered so, and nothing is done.
  void lose_first_answer_and_refuse(const std::string& result) {
    lose_first_answer([=, once = false](const http::Request& request) mutable -> std::optional<Result<http::Response>> {
      if (!is_bulk(request) || std::exchange(once, true)) return std::nullopt;
      return Result<http::Response>(answer(207, "0", "[" + result + "]"));
    });
  }
  // So many looks find no replica that is far enough.
  auto failing_looks(int times) {
    return [times](const http::Request& request) mutable -> std::optional<Result<http::Response>> {
      if (!is_look(request) || times-- <= 0) return std::nullopt;
      return Result<http::Response>(answer(404, "1002", "{}"));
    };
  }

  // How many documents were kept of an import of one.
  std::uint64_t kept(std::size_t size = kSmall) {
    std::uint64_t kept = 0;
    const Status written = write(size, true, &kept);
    EXPECT_TRUE(written) << written.error().to_string();
    EXPECT_EQ(count(), 1U);
    return kept;
  }

  std::atomic<int> writes_{0};
};

TEST_F(KeepsExisting, OwnWorkIsNotKeptWhereTheRepeatOfALostRequestIsRefused) {
  for (const char* result : {R"({"statusCode":429,"subStatusCode":3200})", R"({"statusCode":403,"subStatusCode":3})",
                             R"({"statusCode":410,"subStatusCode":1002})", R"({"statusCode":413})"}) {
    writes_ = 0;
    lose_first_answer_and_refuse(result);
    EXPECT_EQ(kept(), 0U) << result << ": the account was empty";
    EXPECT_GE(writes_, 2);
    ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", "1"));
  }
}

TEST_F(KeepsExisting, OwnWorkIsNotKeptWhereLookingForItFails) {
  for (const std::size_t size : {kSmall, kLarge}) {
    writes_ = 0;
    lose_first_answer(failing_looks(10));
    EXPECT_EQ(kept(size), 0U) << size << ": the account was empty";
    ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", "1"));
  }
}

// Far longer than the client's ten attempts. A look that did not tell says nothing of what was written.
TEST_F(KeepsExisting, LooksForMinutesWhateverTheSizeOfTheDocument) {
  for (const std::size_t size : {kSmall, kLarge}) {
    for (const auto& [status, sub_status] : {std::pair(404, "1002"), std::pair(503, "0"), std::pair(408, "0")}) {
      SCOPED_TRACE(std::to_string(size) + " bytes, " + std::to_string(status));
      ASSERT_TRUE(
          account_.engine().upsert("shop", "orders", R"({"id":"1","pk":"a","v":")" + std::string(size, 'x') + "\"}"));
      const SteadyTime until = runtime_.steady_now() + std::chrono::seconds(500);
      transport_.before = [=, this](const http::Request& request) -> std::optional<Result<http::Response>> {
        if (!is_look(request) || runtime_.steady_now() >= until) return std::nullopt;
        return Result<http::Response>(answer(status, sub_status, "{}"));
      };
      EXPECT_EQ(kept(size), 1U);
      EXPECT_GE(runtime_.steady_now(), until);
    }
    transport_.before = failing_looks(1'000'000);
    const Status given_up = write(size, true);
    ASSERT_FALSE(given_up);
    EXPECT_EQ(given_up.error().code, Code::unavailable);
    EXPECT_THAT(given_up.error().message, HasSubstr("nothing could be written to shop/orders for 600 s"));
    EXPECT_THAT(given_up.error().message, HasSubstr("404/1002"));
  }
}

TEST_F(KeepsExisting, AnAccountThatLetsNobodyLookIsToldAtOnce) {
  for (const std::size_t size : {kSmall, kLarge}) {
    ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"1","pk":"a"})"));
    transport_.before = [](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (!is_look(request)) return std::nullopt;
      return Result<http::Response>(answer(401, "0", "{}"));
    };
    const SteadyTime began = runtime_.steady_now();
    const Status refused = write(size, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 401);
    EXPECT_EQ(runtime_.steady_now(), began);
  }
}

TEST_F(KeepsExisting, WhatAnotherWroteIsKeptAlsoBehindALostAnswer) {
  lose_first_answer_and_refuse(R"({"statusCode":429,"subStatusCode":3200})");
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"1","pk":"a","v":"mine"})"));
  EXPECT_EQ(kept(), 1U);
}

}  // namespace
}  // namespace halley::recovery
