#include "capture/page_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::capture {
namespace {

using cosmos::FeedMode;
using repo::Operation;
using repo::Version;

cosmos::PartitionKeyDefinition key_at(std::vector<std::vector<std::string>> paths) {
  cosmos::PartitionKeyDefinition key;
  key.paths = std::move(paths);
  key.version = 2;
  return key;
}

std::string padded(std::string page) {
  page.reserve(page.size() + json::kPadding);
  return page;
}

struct Decoded {
  Status status;
  DecodeContext context;
  repo::VersionBatch batch;
};

Decoded decode(FeedMode mode, std::string page, DecodeContext context = {}) {
  Decoded result;
  result.context = context;
  PageDecoder decoder(key_at({{"pk"}}));
  result.status = decoder.decode(mode, padded(std::move(page)), result.context, result.batch);
  return result;
}

constexpr std::string_view kItem = R"({"id":"1","pk":"a","n":1.5,"_rid":"Lx1BALxJyZ8BAAAAAAAAAA==",)"
                                   R"("_self":"dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/",)"
                                   R"("_etag":"\"0000-1\"","_attachments":"attachments/","_ts":1700000000,"_lsn":37})";

std::string latest_page(std::string_view items) {
  return R"({"_rid":"x","Documents":[)" + std::string(items) + R"(],"_count":1})";
}

TEST(PageDecoder, ALatestItemBecomesAnUpsertWithItsBodyAsWritten) {
  const Decoded page = decode(FeedMode::latest_version, latest_page(kItem));
  ASSERT_TRUE(page.status);
  ASSERT_EQ(page.batch.versions().size(), 1U);
  const Version& version = page.batch.versions().front();
  EXPECT_EQ(version.body, R"({"id":"1","pk":"a","n":1.5})");
  EXPECT_EQ(version.id, "1");
  EXPECT_EQ(version.partition_key, R"(["a"])");
  EXPECT_EQ(version.rid, "Lx1BALxJyZ8BAAAAAAAAAA==");
  EXPECT_EQ(version.etag, "\"0000-1\"");
  EXPECT_EQ(version.ts, Second{1700000000});
  EXPECT_EQ(version.position.lsn, 37U);
  EXPECT_EQ(version.layout, 0b111111);
  EXPECT_EQ(version.operation, Operation::upsert);
  EXPECT_EQ(version.digest, *json::value_digest(padded(std::string(version.body))));
}

TEST(PageDecoder, KeepsTheWholeTextWhereSystemPropertiesDoNotStandLast) {
  const std::string item = R"({"_rid":"r","id":"1","_etag":"\"e\"","pk":"a","_ts":5,"_lsn":9,"z":1})";
  const Decoded page = decode(FeedMode::latest_version, latest_page(item));
  ASSERT_TRUE(page.status);
  const Version& version = page.batch.versions().front();
  EXPECT_EQ(version.layout, repo::kVerbatim);
  EXPECT_EQ(version.body, item);
  EXPECT_EQ(version.etag, "\"e\"");
}

TEST(PageDecoder, LeavesOutWhatComesThroughTheOtherFeed) {
  DecodeContext context;
  context.skip_beyond_lsn = 36;
  EXPECT_TRUE(decode(FeedMode::latest_version, latest_page(kItem), context).batch.empty());
  context.skip_beyond_lsn = 37;
  EXPECT_FALSE(decode(FeedMode::latest_version, latest_page(kItem), context).batch.empty());
}

TEST(PageDecoder, RaisesTimeToTheRunningMaximumAndNotesLateVersions) {
  DecodeContext context;
  context.newest = {1700000100};
  context.claimed_until = {1700000200};
  const Decoded page = decode(FeedMode::latest_version, latest_page(kItem), context);
  EXPECT_EQ(page.batch.versions().front().time, Second{1700000100});
  EXPECT_EQ(page.batch.versions().front().ts, Second{1700000000});
  EXPECT_EQ(page.context.step_back, 100);
  EXPECT_THAT(page.context.late, ::testing::ElementsAre(Second{1700000100}));
}

TEST(PageDecoder, ReadsTheOperationsOfAnAllVersionsPage) {
  const Decoded page = decode(
      FeedMode::all_versions,
      latest_page(
          R"({"current":{"id":"1","pk":"a","v":1,"_rid":"r1","_etag":"\"e1\"","_ts":10},)"
          R"("metadata":{"operationType":"create","lsn":41,"crts":11}},)"
          R"({"metadata":{"operationType":"delete","lsn":50,"crts":20,"id":"1","partitionKey":{"pk":"a"}}},)"
          R"({"current":{},"metadata":{"operationType":"delete","lsn":51,"crts":21,"id":"2","partitionKey":["b"],)"
          R"("timeToLiveExpired":true}})"));
  ASSERT_TRUE(page.status) << page.status.error().to_string();
  const auto& versions = page.batch.versions();
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].operation, Operation::upsert);
  EXPECT_EQ(versions[0].time, Second{11});
  EXPECT_EQ(versions[0].ts, Second{10});
  EXPECT_EQ(versions[0].body, R"({"id":"1","pk":"a","v":1})");
  EXPECT_EQ(versions[1].operation, Operation::remove);
  EXPECT_EQ(versions[1].partition_key, R"(["a"])");
  EXPECT_EQ(versions[1].id, "1");
  EXPECT_EQ(versions[1].position.lsn, 50U);
  EXPECT_EQ(versions[2].operation, Operation::expire);
  EXPECT_EQ(versions[2].partition_key, R"(["b"])");
  EXPECT_EQ(page.context.upserts, 1U);
  EXPECT_EQ(page.context.removes, 2U);
}

TEST(PageDecoder, NamesWhatIsMissing) {
  const auto refused = [](FeedMode mode, std::string_view item) {
    const Decoded page = decode(mode, latest_page(item));
    EXPECT_FALSE(page.status);
    return page.status ? std::string() : page.status.error().to_string();
  };
  EXPECT_THAT(refused(FeedMode::latest_version, R"({"id":"1","pk":"a","_rid":"r","_ts":1})"),
              ::testing::HasSubstr("_lsn"));
  EXPECT_THAT(refused(FeedMode::latest_version, R"({"id":"1","pk":"a","_rid":"r","_lsn":1})"),
              ::testing::HasSubstr("_ts"));
  EXPECT_THAT(refused(FeedMode::latest_version, R"({"pk":"a","_rid":"r","_ts":1,"_lsn":1})"),
              ::testing::HasSubstr("id"));
  EXPECT_THAT(refused(FeedMode::latest_version, R"({"id":"1","pk":{"x":1},"_rid":"r","_ts":1,"_lsn":1})"),
              ::testing::HasSubstr("partition key"));
  EXPECT_THAT(refused(FeedMode::all_versions, R"({"current":{"id":"1","pk":"a"}})"), ::testing::HasSubstr("metadata"));
  EXPECT_THAT(refused(FeedMode::all_versions, R"({"metadata":{"operationType":"delete","lsn":1,"crts":2,"id":"1"}})"),
              ::testing::HasSubstr("partition key"));
}

TEST(PageDecoder, ReadsASingleDocumentAsThoseOfAPage) {
  const std::string text =
      R"({"id":"1","pk":"a","v":1,"_rid":"r","_etag":"\"e\"","_attachments":"attachments/","_ts":100})";
  PageDecoder decoder(key_at({{"pk"}}));
  DecodeContext context;
  context.epoch = 2;
  context.server_time = {200};
  repo::VersionBatch batch;
  ASSERT_TRUE(decoder.decode_document(padded(text), 7, context, batch));
  const repo::Version& version = batch.versions().front();
  EXPECT_EQ(version.partition_key, R"(["a"])");
  EXPECT_EQ(version.etag, R"("e")");
  EXPECT_EQ(version.ts, Second{100});
  EXPECT_EQ(version.position, (repo::Position{2, 7}));
  EXPECT_EQ(version.body, R"({"id":"1","pk":"a","v":1})");
  for (const char* wrong : {R"({"id":"1","pk":"a","_rid":"r"})", R"({"id":"1","pk":"a","_rid":"r","_ts":"x"})",
                            R"({"id":"1","pk":"a","_rid":"r","_ts":86601})", R"({"id":"1","pk":"a","_ts":1})",
                            R"({"id":"1","pk":[],"_rid":"r","_ts":1})"}) {
    const Status decoded = decoder.decode_document(padded(wrong), 7, context, batch);
    ASSERT_FALSE(decoded) << wrong;
    EXPECT_EQ(decoded.error().code, Code::corrupt) << wrong;
    EXPECT_THAT(decoded.error().message, ::testing::HasSubstr("'1'")) << wrong;
  }
}

TEST(PageDecoder, ReadsTheKeyOfADeleteByNestedPath) {
  DecodeContext context;
  repo::VersionBatch batch;
  PageDecoder decoder(key_at({{"a", "b"}, {"c"}}));
  const std::string page = latest_page(
      R"({"metadata":{"operationType":"delete","lsn":1,"crts":2,"id":"1","partitionKey":{"a/b":5,"c":null}}},)"
      R"({"metadata":{"operationType":"delete","lsn":2,"crts":2,"id":"1","partitionKey":{"a":{"b":"x"}}}})");
  const Status decoded = decoder.decode(FeedMode::all_versions, padded(page), context, batch);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(batch.versions()[0].partition_key, "[5,null]");
  EXPECT_EQ(batch.versions()[1].partition_key, R"(["x",{}])");
}

TEST(PageDecoder, ATimeFarBeyondTheServicesClockIsCorrupt) {
  DecodeContext context;
  context.newest = {1699990000};
  context.server_time = {1700000000 - 86400};
  EXPECT_TRUE(decode(FeedMode::latest_version, latest_page(kItem), context).status);
  context.server_time = {1700000000 - 86401};
  const Decoded page = decode(FeedMode::latest_version, latest_page(kItem), context);
  ASSERT_FALSE(page.status);
  EXPECT_EQ(page.status.error().code, Code::corrupt);
  EXPECT_NE(page.status.error().message.find("'1'"), std::string::npos) << "the item is named";
  EXPECT_EQ(page.context.newest, Second{1699990000}) << "nothing is dated by it";
  context.server_time = {};
  EXPECT_TRUE(decode(FeedMode::latest_version, latest_page(kItem), context).status) << "nothing to compare with";
}

}  // namespace
}  // namespace halley::capture
