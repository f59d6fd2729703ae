#include "native/arm_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fixed_tokens.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::native {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBase = "https://management.example";
constexpr const char* kPath = "/subscriptions/s/thing";
constexpr const char* kStatusUrl = "https://management.example/operationsStatus/op-1?t=1&s=s1gnature";
constexpr const char* kResultUrl = "https://management.example/operationResults/op-1?t=1&s=s1gnature";

class Arm : public ::testing::Test {
 protected:
  http::Headers accepted(bool status = true, bool result = true) {
    http::Headers headers;
    if (status) headers.add("Azure-AsyncOperation", kStatusUrl);
    if (result) headers.add("Location", kResultUrl);
    return headers;
  }
  Operation begun(const Request& request, http::Headers headers, int status = 202) {
    transport_.answer(status, std::move(headers), R"({"status":"Enqueued"})");
    auto operation = arm_.begin(request, "making a thing", {});
    EXPECT_TRUE(operation.has_value() && *operation);
    return operation && *operation ? **operation : Operation();
  }
  Operation put_begun() { return begun(put(kPath, "{}"), accepted()); }
  std::size_t sent() const { return transport_.requests().size(); }
  const http::Request& last() const { return transport_.requests().back(); }

  testing::VirtualRuntime runtime_{Second{1795000000}};
  testing::ScriptedTransport transport_;
  std::unique_ptr<identity::TokenSource> tokens_ = testing::numbered_tokens(runtime_);
  ArmClient arm_{runtime_, transport_, *tokens_, {.base = kBase, .scope = "the scope"}};
};

TEST_F(Arm, ARefusedTokenIsReplacedOnce) {
  transport_.answer(401).answer(200, {}, R"({"a":1})");
  EXPECT_TRUE(arm_.send(get(kPath), "reading", {}).has_value());
  EXPECT_EQ(last().headers.get("Authorization"), "Bearer token-2");
  transport_.answer(401).answer(401);
  EXPECT_EQ(arm_.send(get(kPath), "reading", {}).error().code, Code::unauthorized);
  EXPECT_TRUE(transport_.finished());
}

TEST_F(Arm, QuestionsAreRepeatedAndChangesAreNotOnAGuess) {
  transport_.answer(500).failure(Code::ambiguous).answer(503).answer(200, {}, "{}");
  EXPECT_TRUE(arm_.send(get(kPath), "reading", {}).has_value());
  for (const int status : {500, 502, 504}) {
    transport_.answer(status);
    const auto refused = arm_.begin(put(kPath, "{}"), "making", {});
    EXPECT_EQ(refused.error().code, Code::ambiguous) << status;
    EXPECT_THAT(refused.error().hint, HasSubstr("may have been done"));
  }
  transport_.failure(Code::timeout);
  EXPECT_EQ(arm_.begin(put(kPath, "{}"), "making", {}).error().code, Code::ambiguous);
  EXPECT_TRUE(transport_.finished());
  transport_.answer(429, testing::headers({{"Retry-After", "20"}})).failure(Code::unavailable).answer(200, {}, "{}");
  EXPECT_TRUE(arm_.begin(put(kPath, "{}"), "making", {}).has_value());
}

TEST_F(Arm, APostThatOnlyAsksIsRepeated) {
  Request request = post(kPath, "{}");
  request.asks_only = true;
  transport_.answer(500).answer(200, {}, "{}");
  EXPECT_TRUE(arm_.begin(request, "asking", {}).has_value());
}

TEST_F(Arm, AnAnswerAtOnceIsNoOperation) {
  transport_.answer(200, {}, "{}");
  EXPECT_FALSE(arm_.begin(put(kPath, "{}"), "making", {}).value().has_value());
  transport_.answer(200, testing::headers({{"Location", "https://elsewhere.example/thing"}}), "{}");
  EXPECT_FALSE(arm_.begin(put(kPath, "{}"), "making", {}).value().has_value());
}

TEST_F(Arm, APostThatIsAnsweredAtOnceGivesItsAnswer) {
  transport_.answer(200, {}, R"({"made":1})");
  EXPECT_NE(arm_.run(post(kPath, "{}"), "asking", {})->find("made"), nullptr);
  EXPECT_EQ(sent(), 1u);
}

TEST_F(Arm, IsLookedAtWhereverItSaysUntilItIsDone) {
  for (const auto& [status, result] : {std::pair(true, true), std::pair(true, false), std::pair(false, true)}) {
    const Operation operation = begun(put(kPath, "{}"), accepted(status, result));
    EXPECT_EQ(operation.id, "op-1");
    if (status) {
      transport_.answer(200, testing::headers({{"Retry-After", "7"}}), R"({"status":"InProgress"})");
      transport_.answer(200, {}, R"({"status":"Succeeded"})");
    } else {
      transport_.answer(202, testing::headers({{"Retry-After", "7"}})).answer(200, {}, R"({"x":1})");
    }
    transport_.answer(200, {}, R"({"name":"thing"})");
    const auto made = arm_.finish(operation, {}, {});
    ASSERT_TRUE(made.has_value()) << made.error().to_string();
    EXPECT_EQ(made->string_at("name"), "thing");
    EXPECT_EQ(runtime_.sleeps().back(), Milliseconds(7000));
  }
}

TEST_F(Arm, WithoutAnyUrlTheResourceSaysHowItStands) {
  const Operation operation = begun(put(kPath, "{}"), {}, 201);
  transport_.answer(200, {}, R"({"properties":{"provisioningState":"Creating"}})");
  transport_.answer(200, {}, R"({"properties":{"provisioningState":"Succeeded"}})")
      .answer(200, {}, R"({"name":"thing"})");
  EXPECT_EQ(arm_.finish(operation, {}, {})->string_at("name"), "thing");
}

TEST_F(Arm, AnOperationThatFailsIsAnErrorInItsWords) {
  for (const char* status : {"Failed", "Canceled"}) {
    const Operation operation = put_begun();
    transport_.answer(
        200, {}, R"({"status":")" + std::string(status) + R"(","error":{"code":"Oops","message":"It did not work."}})");
    const auto made = arm_.finish(operation, {}, {});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().to_string(),
              "making a thing: the operation ended as " + std::string(status) + " Oops: It did not work.");
  }
}

TEST_F(Arm, PollsThatAreAnsweredWithTroubleAreBorne) {
  const Operation operation = put_begun();
  for (int i = 0; i < 12; ++i) transport_.answer(500);  // More than one look's attempts.
  transport_.answer(429).failure(Code::unavailable).answer(200, {}, R"({"status":"Succeeded"})").answer(200, {}, "{}");
  EXPECT_TRUE(arm_.finish(operation, {}, {}).has_value());
  EXPECT_TRUE(transport_.finished());
}

TEST_F(Arm, TroubleThatDoesNotEndIsGivenUp) {
  const Operation operation = put_begun();
  for (int i = 0; i < 55; ++i) transport_.answer(500);
  EXPECT_EQ(arm_.finish(operation, {}, {}).error().code, Code::unavailable);
  EXPECT_TRUE(transport_.finished());
}

TEST_F(Arm, WhereItsUrlLeadsNowhereTheResourceIsLookedAt) {
  const Operation operation = put_begun();
  transport_.answer(404, {}, R"({"error":{"code":"NotFound","message":"no such operation"}})");
  transport_.answer(200, {}, R"({"properties":{"provisioningState":"Succeeded"}})")
      .answer(200, {}, R"({"name":"thing"})");
  EXPECT_EQ(arm_.finish(operation, {}, {})->string_at("name"), "thing");
  EXPECT_THAT(last().url, HasSubstr(kPath));
}

TEST_F(Arm, WhatAPostMadeIsBehindItsLocation) {
  const Operation operation = begun(post(kPath, ""), accepted());
  transport_.answer(200, {}, R"({"status":"Succeeded"})").answer(200, {}, R"({"made":1})");
  EXPECT_NE(arm_.finish(operation, {}, {})->find("made"), nullptr);
  EXPECT_EQ(last().url, kResultUrl);
  // What it failed with, too.
  const Operation other = begun(post(kPath, ""), accepted(false, true));
  transport_.answer(404, {}, R"({"code":"NotFound","message":"no such container"})");
  EXPECT_EQ(arm_.finish(other, {}, {}).error().code, Code::not_found);
}

TEST_F(Arm, TokensAreNotSentElsewhere) {
  for (const char* name : {"Azure-AsyncOperation", "Location"}) {
    for (const char* url : {"https://evil.example/op", "http://management.example/op",
                            "https://evilmanagement.example/op", "https://management.example@evil.example/op", "/op"}) {
      transport_.answer(202, testing::headers({{name, url}}));
      const auto operation = arm_.begin(put(kPath, "{}"), "making", {});
      ASSERT_FALSE(operation.has_value()) << url;
      EXPECT_EQ(operation.error().code, Code::corrupt);
    }
  }
  transport_.answer(202, testing::headers({{"Location", "https://westus.management.example/op"}}));
  EXPECT_TRUE(arm_.begin(put(kPath, "{}"), "making", {}).has_value());
  transport_.answer(200, {}, R"({"value":[],"nextLink":"https://evil.example/next"})");
  EXPECT_EQ(arm_.list(get(kPath), "listing", {}).error().code, Code::corrupt);
}

TEST_F(Arm, AResourceMaySayWhenToLookAgain) {
  Operation operation;
  operation.resource = kPath;
  transport_.answer(200, testing::headers({{"Retry-After", "3"}}),
                    R"({"properties":{"provisioningState":"Creating"}})");
  EXPECT_EQ(arm_.look(operation, {})->wait, Milliseconds(3000));
}

TEST_F(Arm, WaitingHasAnEndAndCanBeStopped) {
  ArmClient hasty(runtime_, transport_, *tokens_, {.base = kBase, .scope = "s", .patience = Milliseconds(20000)});
  const Operation operation = put_begun();
  for (int i = 0; i < 3; ++i) transport_.answer(200, {}, R"({"status":"Dequeued"})");
  const auto late = hasty.finish(operation, {}, {});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::timeout);
  EXPECT_THAT(late.error().message, HasSubstr("goes on"));
  std::stop_source source;
  transport_.answer(200, {}, R"({"status":"Dequeued"})");
  const auto stopped = arm_.finish(
      operation, [&](const Operation&, const std::string&) { source.request_stop(); }, source.get_token());
  EXPECT_EQ(stopped.error().code, Code::cancelled);
}

TEST_F(Arm, AListHasAllItsPages) {
  transport_.answer(200, {}, R"({"value":[1],"nextLink":"https://management.example/list?page=2"})");
  transport_.answer(200, {}, R"({"value":[2,3]})");
  EXPECT_EQ(arm_.list(get(kPath), "listing", {})->size(), 3u);
  EXPECT_EQ(last().url, "https://management.example/list?page=2");
}

TEST_F(Arm, AListThatGoesInACircleOrIsNoneIsCorrupt) {
  for (int i = 0; i < 2; ++i) {
    transport_.answer(200, {}, R"({"value":[1],"nextLink":"https://management.example/list?page=2"})");
  }
  EXPECT_EQ(arm_.list(get(kPath), "listing", {}).error().code, Code::corrupt);
  for (const char* body : {"", "[]", "{}", R"({"value":{}})", "<html>"}) {
    transport_.answer(200, {}, body);
    EXPECT_EQ(arm_.list(get(kPath), "listing", {}).error().code, Code::corrupt) << body;
  }
}

TEST_F(Arm, AnAnswerAboutAnOperationThatSaysNothingIsCorrupt) {
  const Operation operation = put_begun();
  for (const char* body : {"", "{}", "[]", R"({"status":7})"}) {
    transport_.answer(200, {}, body);
    EXPECT_EQ(arm_.look(operation, {}).error().code, Code::corrupt) << body;
  }
  transport_.answer(202);
  EXPECT_FALSE(arm_.look(operation, {})->done);
}

TEST_F(Arm, AnOperationIsSavedAndGoneOnWith) {
  const Operation operation = put_begun();
  const Operation saved = parse_operation(operation_text(operation), arm_.origin()).value();
  EXPECT_EQ(saved.id, "op-1");
  EXPECT_EQ(saved.what, "making a thing");
  EXPECT_EQ(saved.status_url, kStatusUrl);
  EXPECT_EQ(saved.result_url, kResultUrl);
  EXPECT_EQ(saved.resource, kPath);
  EXPECT_EQ(saved.outcome, Outcome::resource);
  EXPECT_EQ(saved.begun, (Second{1795000000}));
  EXPECT_EQ(parse_operation(operation_text(operation), "https://other.example").error().code, Code::corrupt);
  for (const char* text : {"", "[]", "{}", "\x00\x01"}) {
    EXPECT_EQ(parse_operation(text, arm_.origin()).error().code, Code::corrupt);
  }
}

TEST_F(Arm, NeitherTokenNorSignatureIsInAnError) {
  const Operation operation = put_begun();
  transport_.answer(400, {}, R"({"error":{"code":"Bad","message":"no"}})");
  transport_.answer(400, {}, R"({"error":{"code":"Bad","message":"no"}})");
  const std::string said = arm_.finish(operation, {}, {}).error().to_string();
  EXPECT_THAT(said, Not(HasSubstr("s1gnature")));
  EXPECT_THAT(said, Not(HasSubstr("token-")));
}

TEST_F(Arm, TheTargetOfARequestIsEncoded) {
  Request request = get("/a/West%20US");
  request.query = {{"rid", "a+b=="}, {"at", "2024-06-26 00:27:25+00:00"}};
  EXPECT_EQ(request.target(),
            "/a/West%20US?api-version=2024-05-15&rid=a%2Bb%3D%3D&at=2024-06-26%2000%3A27%3A25%2B00%3A00");
}

}  // namespace
}  // namespace halley::native
