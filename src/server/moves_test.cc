// Splits and merges while they go on, and what clients are told of them.
#include "server/account_fixture.h"

namespace halley::server {
namespace {

constexpr std::string_view kSplitHeld = R"({"database":"Shop","container":"Orders","range":"0","hold":3})";
constexpr std::string_view kSplitUntilTold = R"({"database":"Shop","container":"Orders","range":"0","hold":0})";
constexpr std::string_view kWhere = R"({"database":"Shop","container":"Orders"})";

class MovesTest : public AccountTest {
 protected:
  void SetUp() override {
    make_shop();
    for (int i = 0; i < 20; ++i) {
      const std::string pk = "k" + std::to_string(i);
      ASSERT_EQ(create(fmt::format(R"({{"id":"1","pk":"{}"}})", pk), "[\"" + pk + "\"]").status, 201);
    }
  }
  Answer feed_of(const std::string& range) { return feed({{"x-ms-documentdb-partitionkeyrangeid", range}}); }
  std::vector<std::string> ranges() {
    std::vector<std::string> ids;
    const json::Value page = send("GET", "/dbs/Shop/colls/Orders/pkranges").value();
    for (const json::Value& range : page.find("PartitionKeyRanges")->items()) ids.push_back(range.string_at("id"));
    return ids;
  }
  static void expect_gone(const Answer& answer, std::string_view sub_status) {
    EXPECT_EQ(answer.status, 410);
    EXPECT_EQ(answer.sub_status(), sub_status);
  }
};

using Ids = std::vector<std::string>;

TEST_F(MovesTest, AHeldSplitAnswers1007AndThen1002) {
  ASSERT_EQ(door("split", kSplitHeld).status, 200);
  expect_gone(feed_of("0"), "1007");
  expect_gone(send("POST", kDocs, R"([{"operationType":"Read","id":"1","partitionKey":"[\"k1\"]"}])",
                   {{"x-ms-documentdb-partitionkeyrangeid", "0"}, {"x-ms-cosmos-is-batch-request", "true"}}),
              "1007");
  EXPECT_EQ(ranges(), Ids{"0"}) << "not published yet";
  EXPECT_EQ(item("PUT", "1", R"({"id":"1","pk":"k1","meanwhile":true})", {}, R"(["k1"])").status, 200);
  expect_gone(send("GET", kDocs, {}, {{"x-ms-documentdb-partitionkeyrangeid", "0"}}), "1007");
  expect_gone(feed_of("0"), "1002");
  EXPECT_EQ(ranges(), (Ids{"1", "2"}));
  EXPECT_EQ(feed_of("1").status, 200);
  EXPECT_NE((feed_of("1").body + feed_of("2").body).find("meanwhile"), std::string::npos);
}

// As on the service: what names the range waits for the split, what names a key does not.
TEST_F(MovesTest, QueriesOfAHeldRangeAnswer1007AndThenTheirDocuments) {
  const auto query = [&](Fields fields) {
    fields.emplace_back("content-type", "application/query+json");
    return send("POST", kDocs, R"({"query":"SELECT VALUE c.pk FROM c"})", fields);
  };
  const auto count = [](const Answer& answer) { return answer.value().find("Documents")->items().size(); };
  ASSERT_EQ(door("split", kSplitUntilTold).status, 200);
  for (int i = 0; i < 3; ++i) expect_gone(query({{"x-ms-documentdb-partitionkeyrangeid", "0"}}), "1007");
  EXPECT_EQ(count(query({{"x-ms-documentdb-partitionkey", R"(["k1"])"}})), 1U);
  EXPECT_EQ(count(query({})), 20U) << "it names no range";
  EXPECT_EQ(item("GET", "1", {}, {}, R"(["k1"])").status, 200);
  EXPECT_EQ(item("PUT", "1", R"({"id":"1","pk":"k1","meanwhile":true})", {}, R"(["k1"])").status, 200);
  ASSERT_EQ(door("finish", kWhere).status, 200);
  EXPECT_EQ(count(query({{"x-ms-documentdb-partitionkeyrangeid", "0"}})), 20U);
}

TEST_F(MovesTest, AMergeIsHeldUntilItIsFinished) {
  ASSERT_EQ(door("split", kSplitUntilTold).status, 200);
  EXPECT_EQ(door("split", kSplitUntilTold).status, 409) << "one at a time";
  for (int i = 0; i < 5; ++i) expect_gone(feed_of("0"), "1007");
  ASSERT_EQ(door("finish", kWhere).status, 200);
  EXPECT_EQ(door("finish", kWhere).status, 400);
  expect_gone(feed_of("0"), "1002");
  ASSERT_EQ(door("merge", R"({"database":"Shop","container":"Orders","ranges":["2","1"],"hold":0})").status, 200);
  expect_gone(feed_of("1"), "1007");
  expect_gone(feed_of("2"), "1007");
  ASSERT_EQ(door("finish", kWhere).status, 200);
  expect_gone(feed_of("1"), "1002");
  EXPECT_EQ(ranges(), Ids{"3"});
}

// A container that was split, written to in both halves at different times, and merged: in the log of range 3 what is
// newer has the lower LSN.
class MergedTest : public MovesTest {
 protected:
  void SetUp() override {
    MovesTest::SetUp();
    ASSERT_TRUE(container().split("0"));
    const std::string left = key_in("1");
    const std::string right = key_in("2");
    for (int i = 0; i < 30; ++i) {
      ASSERT_EQ(create(fmt::format(R"({{"id":"early{}","pk":"{}"}})", i, left), "[\"" + left + "\"]").status, 201);
    }
    between_ = account_.clock().now();
    account_.clock().advance(10);
    ASSERT_EQ(create(fmt::format(R"({{"id":"late","pk":"{}"}})", right), "[\"" + right + "\"]").status, 201);
    ASSERT_TRUE(container().merge("1", "2"));
  }

  Container& container() { return **account_.engine().container("Shop", "Orders"); }
  std::string key_in(const std::string& range) {
    Selection selection;
    selection.range_id = range;
    const auto scanned = container().scan(selection, 0, 1);
    return json::parse(scanned->documents.front()->text)->string_at("pk");
  }
  std::size_t live() { return container().live_documents().size(); }
  std::string count(const std::string& range) {
    const Answer answer =
        send("POST", kDocs, R"({"query":"SELECT VALUE COUNT(1) FROM c"})",
             {{"content-type", "application/query+json"}, {"x-ms-documentdb-partitionkeyrangeid", range}});
    return answer.status == 200 ? answer.value().find("Documents")->to_text() : std::to_string(answer.status);
  }

  Second between_;
};

TEST_F(MergedTest, ComesBackAsOfAMoment) {
  ASSERT_EQ(live(), 51U);
  const std::string at =
      fmt::format(R"({{"database":"Shop","container":"Orders","at":"{}"}})", format_rfc3339(between_));
  ASSERT_EQ(door("fork", at).status, 200);
  EXPECT_EQ(live(), 50U) << "all that was there, and not the late one";
  account_.clock().advance(10);
  create(R"({"id":"after","pk":"a"})");
  ASSERT_EQ(door("fork", at).status, 200) << "again";
  EXPECT_EQ(live(), 50U);
}

TEST_F(MergedTest, FeedsSinceAMomentGiveWhatIsLater) {
  const std::string since = format_http_date(between_);
  const Answer first = feed({{"x-ms-documentdb-partitionkeyrangeid", "3"}, {"If-Modified-Since", since}});
  ASSERT_EQ(first.status, 200);
  ASSERT_EQ(first.value().find("Documents")->items().size(), 1U) << first.body;
  EXPECT_EQ(first.value().find("Documents")->items()[0].string_at("id"), "late");
  account_.clock().advance(10);
  create(R"({"id":"after","pk":"a"})");
  const Answer next = feed({{"x-ms-documentdb-partitionkeyrangeid", "3"},
                            {"If-Modified-Since", since},
                            {"If-None-Match", std::string(first.headers.get("etag"))}});
  ASSERT_EQ(next.status, 200);
  EXPECT_EQ(next.value().find("Documents")->items().size(), 1U) << next.body;
}

// However often partitions moved, a range stands for its documents in a query: a client may hold on to it.
TEST_F(MergedTest, QueriesOfRangesThatAreNoMoreAreAnswered) {
  const std::size_t left = std::stoul(count("1").substr(1));
  EXPECT_GE(left, 31U);
  EXPECT_EQ(count("2"), fmt::format("[{}]", 51 - left));
  ASSERT_TRUE(container().split("3"));
  for (const char* whole : {"0", "3"}) EXPECT_EQ(count(whole), "[51]") << whole;
  EXPECT_EQ(count("1"), fmt::format("[{}]", left));
  EXPECT_EQ(count("4"), count("1")) << "divided where it was before";
  EXPECT_EQ(count("9"), "410");
  expect_gone(feed_of("3"), "1002");
}

TEST_F(MovesTest, TheUsageOfAContainerFollowsItsDocuments) {
  const auto usage_is_right = [&] {
    Container& container = **account_.engine().container("Shop", "Orders");
    const Container::Usage usage = container.usage();
    std::size_t bytes = 0;
    const auto documents = container.live_documents();
    for (const DocumentPtr& document : documents) bytes += document->text.size();
    EXPECT_EQ(usage.documents, documents.size());
    EXPECT_EQ(usage.bytes, bytes);
  };
  usage_is_right();
  ASSERT_EQ(item("PUT", "1", R"({"id":"1","pk":"k1","longer":"than before"})", {}, R"(["k1"])").status, 200);
  ASSERT_EQ(item("DELETE", "1", {}, {}, R"(["k2"])").status, 204);
  usage_is_right();
  ASSERT_EQ(door("split", R"({"database":"Shop","container":"Orders","range":"0"})").status, 200);
  usage_is_right();
  ASSERT_EQ(door("merge", R"({"database":"Shop","container":"Orders","ranges":["1","2"]})").status, 200);
  ASSERT_EQ(item("DELETE", "1", {}, {}, R"(["k3"])").status, 204);
  usage_is_right();
}

TEST_F(MovesTest, ARangeOfAContainerMadeAgainIsToldByItsRid) {
  EXPECT_EQ(feed_of(rid_ + ",0").status, 200);
  ASSERT_EQ(send("DELETE", "/dbs/Shop/colls/Orders").status, 204);
  const std::string before = rid_;
  ASSERT_EQ(send("POST", "/dbs/Shop/colls", R"({"id":"Orders","partitionKey":{"paths":["/pk"]}})").status, 201);
  expect_gone(feed_of(before + ",0"), "1000");
  const Answer by_rid = send("GET", "/dbs/Shop/colls/" + before + "/docs");
  EXPECT_EQ(by_rid.status, 404);
  EXPECT_EQ(by_rid.sub_status(), "1003");
}

TEST_F(MovesTest, AnIndexIsTransformedInTheBackground) {
  const auto progress = [&] {
    const Answer read = send("GET", "/dbs/Shop/colls/Orders", {}, {{"x-ms-documentdb-populatequotainfo", "True"}});
    EXPECT_NE(read.headers.get("x-ms-resource-usage").find("documentsCount=20;"), std::string_view::npos);
    return std::string(read.headers.get("x-ms-documentdb-collection-index-transformation-progress"));
  };
  EXPECT_EQ(progress(), "100");
  ASSERT_EQ(
      send("PUT", "/dbs/Shop/colls/Orders",
           R"({"id":"Orders","partitionKey":{"paths":["/pk"],"version":2},"indexingPolicy":{"indexingMode":"none"}})")
          .status,
      200);
  EXPECT_EQ(progress(), "0");
  (void)runtime_.sleep(Milliseconds(10), {});
  EXPECT_EQ(progress(), "50");
  (void)runtime_.sleep(Milliseconds(10), {});
  EXPECT_EQ(progress(), "100");
}

TEST_F(AccountTest, ConflictsAreListedReadAndDeleted) {
  make_shop();
  ASSERT_EQ(door("region", R"({"multiple_writes":true})").status, 200);
  EXPECT_NE(send("GET", "/").body.find(R"("enableMultipleWriteLocations":true)"), std::string::npos);
  create(R"({"id":"1","pk":"a"})");
  const std::string where = R"({"database":"Shop","container":"Orders","key":["a"],"id":"1",)";
  const Answer made = door("conflict", where + R"("operation":"replace","content":{"id":"1","pk":"a","lost":true}})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(door("conflict", where + R"("operation":"other"})").status, 400);
  const std::string id = made.value().string_at("id");
  const json::Value listed = send("GET", "/dbs/Shop/colls/Orders/conflicts").value();
  ASSERT_EQ(listed.find("Conflicts")->items().size(), 1U);
  const Answer read = send("GET", "/dbs/Shop/colls/Orders/conflicts/" + id);
  ASSERT_EQ(read.status, 200);
  EXPECT_EQ(read.value().string_at("resourceId"), item("GET", "1").value().string_at("_rid"));
  EXPECT_EQ(read.value().string_at("content"), R"({"id":"1","pk":"a","lost":true})");
  EXPECT_EQ(send("PUT", "/dbs/Shop/colls/Orders/conflicts/" + id, "{}").status, 405);
  EXPECT_EQ(send("POST", "/dbs/Shop/colls/Orders/conflicts", R"({"id":"x"})").status, 405);
  EXPECT_EQ(send("DELETE", "/dbs/Shop/colls/Orders/conflicts/" + id).status, 204);
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/Orders/conflicts/" + id).status, 404);
}

TEST_F(AccountTest, AnAccountOfOneWriteRegionHasNoConflicts) {
  make_shop();
  create(R"({"id":"1","pk":"a"})");
  EXPECT_EQ(door("conflict", R"({"database":"Shop","container":"Orders","key":["a"],"id":"1"})").status, 400);
}

}  // namespace
}  // namespace halley::server
