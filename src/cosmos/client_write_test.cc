// The client's writes, and what becomes of them when answers are lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cosmos/account_client.h"
#include "cosmos/signing.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::cosmos {
namespace {

using ::testing::HasSubstr;
using testing::headers;

const ContainerName kWrittenTo{"Shop", "Orders"};
constexpr std::string_view kDefinition =
    R"({"id":"Orders","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":-1})";
constexpr std::string_view kCreated =
    R"({"id":"Orders","indexingPolicy":{"automatic":true},"partitionKey":{"paths":["/pk"],"kind":"Hash","version":2},
        "defaultTtl":-1,"_rid":"Lx1BALxJyZ8="})";

class ClientWriteTest : public ::testing::Test {
 protected:
  ClientWriteTest() {
    ClientOptions options;
    options.endpoint = "http://127.0.0.1:8081";
    options.key = kEmulatorKey;
    client_ = Client::create(runtime_, transport_, options).value();
  }

  const http::Request& last() const { return transport_.requests().back(); }
  std::string_view sent(std::string_view name) const { return last().headers.get(name); }
  Result<Resource> create_container() { return client_->create_container("Shop", kDefinition, {}, stop_); }

  testing::VirtualRuntime runtime_{Second{1795348897}};
  testing::ScriptedTransport transport_;
  std::unique_ptr<Client> client_;
  std::stop_token stop_;
};

TEST_F(ClientWriteTest, CreatesWithThroughput) {
  transport_.answer(201, {}, std::string(kCreated));
  const auto created =
      client_->create_container("Shop", kDefinition, headers({{"x-ms-offer-throughput", "400"}}), stop_);
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_EQ(created->rid, "Lx1BALxJyZ8=");
  EXPECT_EQ(last().method, "POST");
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls");
  EXPECT_EQ(last().body, kDefinition);
  EXPECT_EQ(sent("x-ms-offer-throughput"), "400");
  EXPECT_EQ(sent("content-type"), "application/json");
}

TEST_F(ClientWriteTest, TakenIdIsAlreadyExists) {
  transport_.answer(409);
  EXPECT_EQ(create_container().error().code, Code::already_exists);
  EXPECT_EQ(transport_.requests().size(), 1u);
}

TEST_F(ClientWriteTest, CreateThatMeetsItselfSucceeds) {
  transport_.failure(Code::ambiguous).answer(409).answer(200, {}, std::string(kCreated));
  const auto created = create_container();
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_EQ(created->rid, "Lx1BALxJyZ8=");
  EXPECT_EQ(last().method, "GET");
}

TEST_F(ClientWriteTest, CreateThatMeetsAnotherIsAmbiguous) {
  transport_.failure(Code::timeout)
      .answer(409)
      .answer(200, {}, R"({"id":"Orders","partitionKey":{"paths":["/other"],"version":2},"defaultTtl":-1})");
  EXPECT_EQ(create_container().error().code, Code::ambiguous);
  transport_.failure(Code::ambiguous).answer(409).answer(404);
  EXPECT_EQ(create_container().error().code, Code::ambiguous);
}

TEST_F(ClientWriteTest, UnclearWriteStaysAmbiguousThoughTheLastAttemptWasRefused) {
  transport_.failure(Code::ambiguous);
  for (int i = 0; i < 9; ++i) transport_.answer(503);
  EXPECT_EQ(create_container().error().code, Code::ambiguous);
  EXPECT_TRUE(transport_.finished());
  for (int i = 0; i < 10; ++i) transport_.answer(503);  // 503 alone promises that nothing was done
  EXPECT_EQ(create_container().error().code, Code::unavailable);
  for (int i = 0; i < 3; ++i) transport_.answer(500);
  EXPECT_EQ(create_container().error().code, Code::ambiguous);
}

TEST_F(ClientWriteTest, DefinitionsWithoutAnIdAreRefused) {
  EXPECT_EQ(client_->create_database("{}", {}, stop_).error().code, Code::invalid_argument);
  EXPECT_EQ(client_->create_database("no json", {}, stop_).error().code, Code::invalid_argument);
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(ClientWriteTest, DeleteTellsAbsentFromGoneByItself) {
  transport_.answer(404);
  EXPECT_EQ(client_->delete_database("Shop", stop_).error().code, Code::not_found);
  transport_.failure(Code::ambiguous).answer(404);
  EXPECT_TRUE(client_->delete_database("Shop", stop_));
  transport_.answer(204);
  EXPECT_TRUE(client_->delete_container(kWrittenTo, stop_));
  EXPECT_EQ(last().method, "DELETE");
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls/Orders");
  EXPECT_EQ(sent("content-type"), "");
}

TEST_F(ClientWriteTest, ReplacesContainers) {
  transport_.answer(200, {}, std::string(kCreated));
  EXPECT_EQ(client_->replace_container(kWrittenTo, kDefinition, "", stop_).value().id, "Orders");
  EXPECT_EQ(last().method, "PUT");
  EXPECT_EQ(last().body, kDefinition);
  EXPECT_EQ(last().headers.find("If-Match"), nullptr);
  transport_.answer(412);
  EXPECT_EQ(client_->replace_container(kWrittenTo, kDefinition, "tag", stop_).error().code, Code::precondition);
  EXPECT_EQ(last().headers.get("If-Match"), "tag");
}

TEST_F(ClientWriteTest, PutsScriptsWhetherTheyExistOrNot) {
  const std::string_view script = R"({"id":"sp 1","body":"function(){}"})";
  transport_.answer(201, {}, std::string(script));
  EXPECT_TRUE(client_->put_script(kWrittenTo, ScriptKind::stored_procedure, script, stop_));
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls/Orders/sprocs");
  transport_.answer(409).answer(200, {}, std::string(script));
  EXPECT_TRUE(client_->put_script(kWrittenTo, ScriptKind::trigger, script, stop_));
  EXPECT_EQ(last().method, "PUT");
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls/Orders/triggers/sp%201");
  EXPECT_EQ(last().body, script);
}

TEST_F(ClientWriteTest, PutsUsersAndPermissionsWhetherTheyExistOrNot) {
  transport_.answer(409).answer(200, {}, R"({"id":"ada"})");
  EXPECT_TRUE(client_->put_user("Shop", R"({"id":"ada"})", stop_));
  EXPECT_EQ(last().method, "PUT");
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/users/ada");
  const std::string_view permission = R"({"id":"p 1","permissionMode":"Read","resource":"dbs/Shop/colls/Orders"})";
  transport_.answer(201, {}, R"({"id":"p 1","_token":"t"})");
  EXPECT_TRUE(client_->put_permission("Shop", "ada", permission, stop_));
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/users/ada/permissions");
  transport_.answer(409).answer(200, {}, R"({"id":"p 1","_token":"t"})");
  EXPECT_TRUE(client_->put_permission("Shop", "ada", permission, stop_));
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/users/ada/permissions/p%201");
  EXPECT_EQ(last().body, permission);
}

TEST_F(ClientWriteTest, UpsertsDocuments) {
  transport_.failure(Code::ambiguous).answer(201);
  EXPECT_TRUE(client_->upsert_document(kWrittenTo, R"(["a"])", R"({"id":"1","pk":"a"})", stop_));
  EXPECT_EQ(last().method, "POST");
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls/Orders/docs");
  EXPECT_EQ(sent("x-ms-documentdb-is-upsert"), "true");
  EXPECT_EQ(sent("x-ms-documentdb-partitionkey"), R"(["a"])");
  EXPECT_EQ(sent("x-ms-cosmos-allow-tentative-writes"), "true");
}

TEST_F(ClientWriteTest, CreatesDocumentsAndKnowsItsOwn) {
  const auto create = [&] { return client_->create_document(kWrittenTo, R"(["a"])", R"({"id":"1","n":1.0})", stop_); };
  transport_.answer(201).answer(409);
  EXPECT_TRUE(create());
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls/Orders/docs");
  EXPECT_EQ(last().headers.find("x-ms-documentdb-is-upsert"), nullptr);
  EXPECT_EQ(create().error().code, Code::already_exists);
  transport_.failure(Code::ambiguous).answer(409).answer(200, {}, R"({"n":1,"id":"1","_rid":"r"})");
  EXPECT_TRUE(create());
  transport_.failure(Code::ambiguous).answer(409).answer(200, {}, R"({"n":2,"id":"1","_rid":"r"})");
  EXPECT_EQ(create().error().code, Code::already_exists);
  transport_.failure(Code::ambiguous).answer(409).answer(403);
  EXPECT_EQ(create().error().code, Code::forbidden) << "nothing can be seen";
  EXPECT_TRUE(transport_.finished());
}

TEST_F(ClientWriteTest, DeletingADocumentThatIsGoneIsDone) {
  transport_.answer(204).answer(404).answer(404, headers({{"x-ms-substatus", "1003"}}));
  EXPECT_TRUE(client_->delete_document(kWrittenTo, "1", R"(["a"])", stop_));
  EXPECT_TRUE(client_->delete_document(kWrittenTo, "1", R"(["a"])", stop_));
  EXPECT_EQ(client_->delete_document(kWrittenTo, "1", R"(["a"])", stop_).error().code, Code::not_found);
}

class BulkTest : public ClientWriteTest {
 protected:
  Result<std::vector<BulkResult>> two() {
    return client_->bulk(kWrittenTo, "0",
                         {{BulkOperation::Kind::upsert, "", "[\"é\"]", R"({"id":"1","pk":"é"})"},
                          {BulkOperation::Kind::remove, "2", "[{}]", ""}},
                         stop_);
  }
};

TEST_F(BulkTest, SendsTheJsonForm) {
  transport_.answer(200, {}, R"([{"statusCode":201,"requestCharge":6.1,"eTag":"\"e\""},{"statusCode":204}])");
  const auto results = two();
  ASSERT_TRUE(results) << results.error().to_string();
  EXPECT_EQ((*results)[0].status, 201);
  EXPECT_EQ((*results)[1].status, 204);
  EXPECT_EQ(sent("x-ms-cosmos-is-batch-request"), "true");
  EXPECT_EQ(sent("x-ms-cosmos-batch-atomic"), "false");
  EXPECT_EQ(sent("x-ms-cosmos-batch-continue-on-error"), "true");
  EXPECT_EQ(sent("x-ms-documentdb-partitionkeyrangeid"), "0");
  EXPECT_EQ(last().body,
            R"([{"operationType":"Upsert","partitionKey":"[\"\\u00e9\"]","resourceBody":{"id":"1","pk":"é"}},)"
            R"({"operationType":"Delete","partitionKey":"[{}]","id":"2"}])");
}

TEST_F(BulkTest, ReportsEachOperation) {
  transport_.answer(207, {}, R"([{"statusCode":429,"subStatusCode":3200,"retryAfterMilliseconds":12,"requestCharge":0},
                                 {"statusCode":409,"subStatusCode":3301}])");
  const auto results = two();
  ASSERT_TRUE(results) << results.error().to_string();
  EXPECT_EQ((*results)[0].status, 429);
  EXPECT_EQ((*results)[0].sub_status, 3200);
  EXPECT_EQ((*results)[0].retry_after, Milliseconds(12));
  EXPECT_EQ((*results)[1].sub_status, 3301);
}

TEST_F(BulkTest, WhatIsShownOfTheServicesWordsIsOneLineWithoutTheKey) {
  const std::string key(kEmulatorKey);
  transport_.answer(207, {},
                    R"([{"statusCode":400,"message":"id is too long\r\nActivityId: 7"},)"
                    R"({"statusCode":401,"message":"the key )" +
                        key + R"( is wrong"}])");
  const auto results = two();
  ASSERT_TRUE(results) << results.error().to_string();
  EXPECT_EQ((*results)[0].message, "id is too long");
  EXPECT_THAT((*results)[1].message, HasSubstr("not shown"));
  EXPECT_EQ((*results)[1].message.find(key), std::string::npos);
}

TEST_F(BulkTest, AnswersThatDoNotFitAreCorrupt) {
  for (const char* body : {"", "{}", "[]", R"([{"statusCode":201}])", R"([{"statusCode":201},{"status":201}])",
                           R"([{"statusCode":201},{"statusCode":201},{"statusCode":201}])"}) {
    transport_.answer(200, {}, body);
    const auto results = two();
    ASSERT_FALSE(results) << body;
    EXPECT_EQ(results.error().code, Code::corrupt) << body;
  }
}

TEST_F(BulkTest, FailsAsAWholeWhenRefusedAsAWhole) {
  transport_.answer(410, headers({{"x-ms-substatus", "1002"}}));
  const auto gone = two();
  EXPECT_EQ(gone.error().code, Code::gone);
  EXPECT_EQ(gone.error().sub_status, 1002);
  transport_.answer(413);
  EXPECT_EQ(two().error().status, 413);
  transport_.answer(429, headers({{"x-ms-retry-after-ms", "5"}}))
      .answer(200, {}, R"([{"statusCode":200},{"statusCode":404}])");
  EXPECT_EQ(two().value()[1].status, 404);
}

// --- Writes whose answers were all lost: the client looks ---

class LostWrites : public BulkTest {
 protected:
  void lose_all() {
    for (int i = 0; i < 10; ++i) transport_.failure(Code::ambiguous);
  }
  void document(std::string text) { transport_.answer(200, {}, std::move(text)); }
};

TEST_F(LostWrites, AnUpsertThatIsThereIsDone) {
  const auto upsert = [&] { return client_->upsert_document(kWrittenTo, R"(["a"])", R"({"id":"1","n":1.0})", stop_); };
  lose_all();
  document(R"({"n":1,"id":"1","_rid":"r","_ts":5})");
  EXPECT_TRUE(upsert());
  lose_all();
  document(R"({"id":"1","n":1,"more":true,"_rid":"r"})");
  EXPECT_EQ(upsert().error().code, Code::ambiguous) << "another document";
  lose_all();
  transport_.answer(404);
  EXPECT_EQ(upsert().error().code, Code::ambiguous) << "it may still arrive";
  lose_all();
  transport_.answer(400);
  EXPECT_EQ(upsert().error().code, Code::ambiguous) << "nothing can be seen";
}

TEST_F(LostWrites, ADeleteThatLeftNothingIsDone) {
  const auto remove = [&] { return client_->delete_document(kWrittenTo, "1", R"(["a"])", stop_); };
  lose_all();
  transport_.answer(404);
  EXPECT_TRUE(remove());
  lose_all();
  document(R"({"id":"1"})");
  EXPECT_EQ(remove().error().code, Code::ambiguous);
  lose_all();
  transport_.answer(404);
  EXPECT_TRUE(client_->delete_container(kWrittenTo, stop_));
}

TEST_F(LostWrites, DefinitionsThatAreThereAreDone) {
  lose_all();
  document(std::string(kCreated));
  EXPECT_EQ(create_container().value().rid, "Lx1BALxJyZ8=");
  lose_all();
  document(std::string(kCreated));
  EXPECT_TRUE(client_->replace_container(kWrittenTo, kDefinition, "", stop_));
  lose_all();
  document(R"({"id":"Orders","partitionKey":{"paths":["/pk"],"version":2}})");
  EXPECT_EQ(client_->replace_container(kWrittenTo, kDefinition, "", stop_).error().code, Code::ambiguous);
  const std::string script = R"({"id":"s","body":"function(){}"})";
  lose_all();
  document(script);
  EXPECT_TRUE(client_->put_script(kWrittenTo, ScriptKind::trigger, script, stop_));
  EXPECT_EQ(last().url, "http://127.0.0.1:8081/dbs/Shop/colls/Orders/triggers/s");
}

TEST_F(LostWrites, AReplacementIsNotDoneWhileThereIsWhatItTakesAway) {
  const std::string_view without = R"({"id":"Orders","partitionKey":{"paths":["/pk"],"version":2}})";
  for (int i = 0; i < 3; ++i) transport_.answer(500);
  document(std::string(kCreated));
  const auto replaced = client_->replace_container(kWrittenTo, without, "", stop_);
  ASSERT_FALSE(replaced) << "defaultTtl is still there";
  EXPECT_EQ(replaced.error().code, Code::ambiguous);
  for (int i = 0; i < 3; ++i) transport_.answer(500);
  document(R"({"id":"Orders","indexingPolicy":{},"partitionKey":{"paths":["/pk"],"version":2},"_rid":"r"})");
  EXPECT_TRUE(client_->replace_container(kWrittenTo, without, "", stop_));
}

TEST_F(LostWrites, AReplacementThatMeetsAnotherMayHaveBeenDoneBefore) {
  transport_.failure(Code::ambiguous).answer(412);
  document(std::string(kCreated));
  EXPECT_TRUE(client_->replace_container(kWrittenTo, kDefinition, "e1", stop_)) << "it met itself";
  transport_.failure(Code::ambiguous).answer(412);
  document(R"({"id":"Orders","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":7})");
  const auto changed = client_->replace_container(kWrittenTo, kDefinition, "e1", stop_);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::ambiguous) << "it was done, perhaps, and then changed";
}

TEST_F(LostWrites, WhateverARepeatIsRefusedForItIsNotSaidThatNothingWasDone) {
  transport_.failure(Code::ambiguous);
  for (int i = 0; i < 3; ++i) {
    transport_.answer(403, headers({{"x-ms-substatus", "3"}}));
    if (i == 0) transport_.answer(200, {}, R"({"id":"shop"})");  // the account record, asked for once a second
  }
  document(std::string(kCreated));
  const auto created = create_container();
  EXPECT_TRUE(created) << created.error().to_string();
  const auto write = [&] { return client_->create_document(kWrittenTo, R"(["a"])", R"({"id":"1"})", stop_); };
  const auto refuse = [&](int status, const char* sub_status, int times) {
    transport_.failure(Code::ambiguous);
    for (int i = 0; i < times; ++i) transport_.answer(status, headers({{"x-ms-substatus", sub_status}}));
    transport_.answer(404);  // it is not there, and may still arrive
  };
  refuse(410, "1002", 2);
  EXPECT_EQ(write().error().code, Code::ambiguous);
  refuse(401, "0", 1);
  EXPECT_EQ(write().error().code, Code::ambiguous);
  refuse(403, "1014", 1);
  const Status full = write();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::ambiguous);
  EXPECT_EQ(full.error().status, 403) << "what was answered is told";
  EXPECT_TRUE(transport_.finished());
}

TEST_F(LostWrites, AScriptThatMayBeThereIsNotCalledNotDone) {
  const std::string script = R"({"id":"s","body":"function(){}"})";
  const auto put = [&] { return client_->put_script(kWrittenTo, ScriptKind::trigger, script, stop_); };
  for (const bool there : {true, false}) {
    transport_.failure(Code::ambiguous).answer(409).answer(403);
    document(there ? script : R"({"id":"s","body":"another"})");
    const Status done = put();
    EXPECT_EQ(static_cast<bool>(done), there);
    EXPECT_TRUE(done || done.error().code == Code::ambiguous);
  }
}

TEST_F(LostWrites, ABulkRequestThatWasDoneIsDone) {
  lose_all();
  document(R"({"id":"1","pk":"é","_rid":"r"})");
  transport_.answer(404);
  const auto results = two();
  ASSERT_TRUE(results) << results.error().to_string();
  EXPECT_EQ((*results)[0].status, 200);
  EXPECT_EQ((*results)[1].status, 204);
  lose_all();
  document(R"({"id":"1","pk":"é"})");
  document(R"({"id":"2"})");
  EXPECT_EQ(two().error().code, Code::ambiguous) << "a part of it is not proof of all";
  transport_.failure(Code::ambiguous).answer(410, headers({{"x-ms-substatus", "1002"}})).answer(404);
  EXPECT_EQ(two().error().code, Code::ambiguous) << "its range went after it may have been done";
}

TEST_F(LostWrites, ARepeatedBulkRequestRecognisesItsOwnWork) {
  const auto create_and_remove = [&] {
    return client_->bulk(kWrittenTo, "0",
                         {{BulkOperation::Kind::create, "", R"(["a"])", R"({"id":"1","n":2})"},
                          {BulkOperation::Kind::remove, "2", R"(["a"])", ""}},
                         stop_);
  };
  const std::string met = R"([{"statusCode":409},{"statusCode":404}])";
  transport_.failure(Code::timeout).answer(207, {}, met);
  document(R"({"id":"1","n":2,"_etag":"e"})");
  EXPECT_EQ(create_and_remove().value()[0].status, 201);
  transport_.failure(Code::timeout).answer(207, {}, met);
  document(R"({"id":"1","n":3})");
  const auto another = create_and_remove().value();
  EXPECT_EQ(another[0].status, 409) << "somebody else's document";
  EXPECT_EQ(another[1].status, 204);
  EXPECT_TRUE(another[0].after_lost_answer);
  transport_.failure(Code::timeout).answer(207, {}, R"([{"statusCode":429},{"statusCode":429}])");
  EXPECT_TRUE(create_and_remove().value()[0].after_lost_answer) << "not done this time, but perhaps before";
  transport_.answer(207, {}, met);
  const auto untroubled = create_and_remove().value();
  EXPECT_EQ(untroubled[1].status, 404) << "nothing was lost, so nothing was its own work";
  EXPECT_FALSE(untroubled[0].after_lost_answer);
}

TEST_F(LostWrites, ACreationThatCannotLookForItsOwnWorkLeavesItOpen) {
  const auto no_replica_is_far_enough = [&] {
    for (int i = 0; i < 10; ++i) transport_.answer(404, headers({{"x-ms-substatus", "1002"}}));
  };
  transport_.failure(Code::timeout).answer(207, {}, R"([{"statusCode":409},{"statusCode":404}])");
  no_replica_is_far_enough();
  const auto results = client_->bulk(kWrittenTo, "0",
                                     {{BulkOperation::Kind::create, "", R"(["a"])", R"({"id":"1"})"},
                                      {BulkOperation::Kind::remove, "2", R"(["a"])", ""}},
                                     stop_);
  ASSERT_TRUE(results) << results.error().to_string();
  EXPECT_EQ((*results)[0].status, 409);
  EXPECT_TRUE((*results)[0].after_lost_answer);
  EXPECT_EQ((*results)[1].status, 204) << "what is known is told";
  transport_.failure(Code::timeout).answer(409);
  no_replica_is_far_enough();
  const Status created = client_->create_document(kWrittenTo, R"(["a"])", R"({"id":"1"})", stop_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::ambiguous) << created.error().to_string();
}

TEST(SaysTheSame, IgnoresWhatTheServiceAdds) {
  const auto same = [](const char* wanted, const char* held) {
    return says_the_same(json::parse(wanted).value(), json::parse(held).value());
  };
  EXPECT_TRUE(same(R"({"a":1.0,"b":["x"]})", R"({"b":["x"],"a":1,"_rid":"r"})"));
  EXPECT_TRUE(same(R"({"a":{"b":null}})", R"({"a":{"b":null,"c":2}})"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":2})"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(same(R"({"a":[1]})", R"({"a":[1,2]})"));
  EXPECT_FALSE(same(R"({"a":true})", R"({"a":false})"));
  EXPECT_FALSE(same(R"({"a":"1"})", R"({"a":1})"));
}

}  // namespace
}  // namespace halley::cosmos
