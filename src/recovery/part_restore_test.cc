// Restores of some documents into a container that is its owner's.
#include <atomic>

#include "recovery/restore_fixture.h"

namespace halley::recovery {
namespace {

using ::testing::HasSubstr;

// A document of shop/cache into an account whose shop/cache is its owner's: other expiry, other indexing, no scripts.
class PartRestoreTest : public CosmosRestoreTest {
 protected:
  PartRestoreTest() {
    EXPECT_TRUE(account_.engine().create_database("shop"));
    selection_.include = {"shop/cache"};
    selection_.ids = {"1"};
  }

  void owner_makes_it(const std::string& more) {
    const std::string definition =
        R"({"id":"cache","partitionKey":{"paths":["/a","/b"],"kind":"MultiHash","version":2},)" +
        (R"("indexingPolicy":{"indexingMode":"none","automatic":false})" + more + "}");
    ASSERT_TRUE(account_.engine().create_container("shop", definition));
    ASSERT_TRUE(account_.engine().upsert("shop", "cache", R"({"id":"own","a":"x","b":"y"})"));
    found_ = definition_now();
  }
  std::string definition_now() {
    const auto there = client_->read_container({"shop", "cache"}, {});
    EXPECT_TRUE(there);
    const auto plain = json::without_members(there->text, {"_ts", "_etag"});
    EXPECT_TRUE(plain);
    return *plain;
  }
  bool expires_now() { return definition_now().find("defaultTtl") != std::string::npos; }

  Selection selection_;
  std::string found_;
};

TEST_F(PartRestoreTest, LeavesTheDefinitionOfAContainerAsItWas) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  std::atomic<bool> expired_while_written{false};
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (is_bulk(request) && expires_now()) expired_while_written = true;
    return std::nullopt;
  };
  const auto report = run(plan(selection_), true);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_FALSE(expired_while_written);
  EXPECT_TRUE(report->containers[0].compared);
  EXPECT_EQ(count("cache"), 2U);
  EXPECT_EQ(definition_now(), found_);
  EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("shop/cache is there")));
  EXPECT_THAT(report->notes, ::testing::Not(::testing::Contains(HasSubstr("no defaultTtl"))));
}

TEST_F(PartRestoreTest, PutsTheDefinitionBackOnErrorAndStop) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  std::stop_source stop;
  bool refuse = false;
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (!is_bulk(request)) return response;
    EXPECT_FALSE(expires_now());
    if (refuse) return answer(400);
    stop.request_stop();
    return response;
  };
  auto report = run(plan(selection_), true, stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::cancelled) << report.error().to_string();
  EXPECT_EQ(definition_now(), found_);
  refuse = true;
  report = run(plan(selection_), true);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().status, 400);
  EXPECT_EQ(definition_now(), found_);
}

TEST_F(PartRestoreTest, KeepsTheOwnersChangeOfTheDefinition) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  std::atomic<bool> changed{false};
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (is_bulk(request) && !changed.exchange(true)) {
      const auto there = client_->read_container({"shop", "cache"}, {});
      json::Value definition = there->value;
      definition.set("defaultTtl", json::Value::number("5"));
      EXPECT_TRUE(client_->replace_container({"shop", "cache"}, definition.to_text(), "", {}));
    }
    return std::nullopt;
  };
  const auto report = run(plan(selection_), true);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::precondition) << report.error().to_string();
  EXPECT_THAT(report.error().message, HasSubstr("the definition of shop/cache was changed by another meanwhile"));
  EXPECT_THAT(report.error().hint, HasSubstr("\"defaultTtl\":7777"));
  EXPECT_THAT(definition_now(), HasSubstr("\"defaultTtl\":5"));
}

TEST_F(PartRestoreTest, PutsExpiryBackIntoTheDefinitionAsItsOwnerHasItNow) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  const auto owner_indexes = [&](bool all) {
    const auto there = client_->read_container({"shop", "cache"}, {});
    json::Value definition = there->value;
    definition.set("indexingPolicy", *json::parse(all ? R"({"indexingMode":"consistent","automatic":true})"
                                                      : R"({"indexingMode":"none","automatic":false})"));
    EXPECT_TRUE(client_->replace_container({"shop", "cache"}, definition.to_text(), "", {}));
  };
  // While documents are written, and once more while expiry is put back.
  std::atomic<bool> written{false};
  std::atomic<bool> put_back{false};
  std::atomic<bool> busy{false};
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (busy) return std::nullopt;
    busy = true;
    if (is_bulk(request) && !written.exchange(true)) owner_indexes(false);
    if (request.method == "PUT" && written && !put_back.exchange(true)) owner_indexes(true);
    busy = false;
    return std::nullopt;
  };
  const auto report = run(plan(selection_), true);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(put_back);
  EXPECT_THAT(definition_now(), HasSubstr("\"defaultTtl\":7777"));
  EXPECT_THAT(definition_now(), HasSubstr("\"indexingMode\":\"consistent\""));
}

TEST_F(PartRestoreTest, AnOwnersChangeOutlivesALostAnswer) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  // Expiry is turned off, the answer is lost, and the owner changes the definition before the repeat.
  std::atomic<int> puts{0};
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (request.method != "PUT" || ++puts != 1) return response;
    const auto there = client_->read_container({"shop", "cache"}, {});
    json::Value definition = there->value;
    definition.set("indexingPolicy", *json::parse(R"({"indexingMode":"consistent","automatic":true})"));
    EXPECT_TRUE(client_->replace_container({"shop", "cache"}, definition.to_text(), "", {}));
    return fail(Code::ambiguous, "lost");
  };
  const auto report = run(plan(selection_), true);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::ambiguous) << report.error().to_string();
  EXPECT_THAT(definition_now(), HasSubstr("\"defaultTtl\":7777"));
  EXPECT_THAT(definition_now(), HasSubstr("\"indexingMode\":\"consistent\""));
}

TEST_F(PartRestoreTest, AReadFromBehindDoesNotLeaveExpiryOff) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  const auto before = client_->read_container({"shop", "cache"}, {});
  ASSERT_TRUE(before);
  std::atomic<bool> off{false};
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    const bool of_container = request.url.ends_with("/colls/cache");
    if (of_container && request.method == "GET" && off) response.body = before->text;
    if (of_container && request.method == "PUT") off = true;
    return response;
  };
  const auto report = run(plan(selection_), true);
  ASSERT_TRUE(report) << report.error().to_string();
  transport_.after = nullptr;
  EXPECT_THAT(definition_now(), HasSubstr("\"defaultTtl\":7777"));
}

TEST_F(PartRestoreTest, SaysWhatItCouldNotPutBack) {
  owner_makes_it(R"(,"defaultTtl":7777)");
  std::atomic<bool> down{false};
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (is_bulk(request)) down = true;
    if (!down) return std::nullopt;
    return Result<http::Response>(answer(403));
  };
  auto report = run(plan(selection_), true);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().hint, HasSubstr("time to live is still off in shop/cache"));
  EXPECT_THAT(report.error().hint, HasSubstr("\"defaultTtl\":7777"));
  // The next run can't know what the owner had, and tells.
  transport_.before = nullptr;
  report = run(plan(selection_), true);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_FALSE(expires_now());
  EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("no defaultTtl now and had one at the moment")));
}

TEST_F(PartRestoreTest, AContainerItMakesHasTheExpiryOfThePlanHoweverItEnds) {
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    return is_bulk(request) ? answer(400) : std::move(response);
  };
  ASSERT_FALSE(run(plan(selection_)));
  EXPECT_TRUE(expires_now());
  transport_.after = nullptr;
  const auto report = run(plan(selection_), true);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(expires_now());
}

TEST_F(PartRestoreTest, ExpiryOfADeletedContainerIsNotGivenToTheOneThatHasItsNameNow) {
  for (const bool was_there : {true, false}) {
    for (const std::string when : {"in its first request", "after its last request", "while it is compared"}) {
      SCOPED_TRACE((was_there ? "found, " : "made by the restore, ") + when);
      if (account_.engine().container("shop", "cache")) {
        ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "cache"}));
      }
      if (was_there) owner_makes_it(R"(,"defaultTtl":7777)");
      std::atomic<bool> once{false};
      transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
        const bool compares = request.method == "GET" && request.url.ends_with("/cache/docs");
        if (!(when == "while it is compared" ? compares && count("cache") == (was_there ? 2U : 1U) : is_bulk(request)))
          return response;
        if (once.exchange(true)) return response;
        EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "cache"}));
        owner_makes_it("");
        return when == "in its first request" ? answer(400) : std::move(response);
      };
      const auto report = run(plan(selection_), was_there);
      transport_.after = nullptr;
      ASSERT_FALSE(report);
      EXPECT_TRUE(once);
      EXPECT_EQ(definition_now(), found_);
      EXPECT_THAT(report.error().to_string() + report.error().hint,
                  HasSubstr("container shop/cache was deleted and made again meanwhile"));
      EXPECT_THAT(report.error().hint, HasSubstr("it is left as it is"));
      if (when == "while it is compared") {
        EXPECT_EQ(report.error().code, Code::precondition);
      }
    }
  }
}

TEST_F(PartRestoreTest, OfACreationThatLostItsAnswerOnlyWhatWasSentIsGivenExpiry) {
  for (const bool own : {true, false}) {
    if (account_.engine().container("shop", "cache")) {
      ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "cache"}));
    }
    std::stop_source stop;
    transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
      if (request.method != "POST" || !request.url.ends_with("/colls")) return response;
      if (!own) {
        EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "cache"}));
        EXPECT_TRUE(account_.engine().create_container(
            "shop", R"({"id":"cache","partitionKey":{"paths":["/a","/c"],"kind":"MultiHash","version":2}})"));
      }
      stop.request_stop();
      return fail(Code::cancelled, "interrupted");
    };
    const auto report = run(plan(selection_), false, stop.get_token());
    transport_.after = nullptr;
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Code::cancelled) << report.error().to_string();
    EXPECT_EQ(expires_now(), own);
    EXPECT_EQ(report.error().hint.find("is there, and not as it was to be made") == std::string::npos, own);
  }
}

TEST_F(PartRestoreTest, SaysNothingOfAContainerThatItCouldNotMake) {
  for (const bool lost : {false, true}) {
    transport_.before = [=](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.method != "POST" || !request.url.ends_with("/colls")) return std::nullopt;
      if (lost) return Result<http::Response>(fail(Code::ambiguous, "the connection was lost"));
      return Result<http::Response>(answer(400));
    };
    const auto report = run(plan(selection_));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, lost ? Code::ambiguous : Code::invalid_argument);
    EXPECT_THAT(report.error().hint, ::testing::Not(HasSubstr("time to live"))) << lost;
  }
}

}  // namespace
}  // namespace halley::recovery
