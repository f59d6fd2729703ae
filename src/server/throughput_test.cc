// What throughput limits: given at creation, replaced, shared by a database, for autoscale its maximum.
#include "server/account_fixture.h"
#include "server/data_directory.h"
#include "testing/temporary_folder.h"

namespace halley::server {
namespace {

constexpr double kWriteCharge = 5.29;  // of the documents below

Fields manual(int units) { return {{"x-ms-offer-throughput", std::to_string(units)}}; }
Fields autoscale(int most) {
  return {{"x-ms-cosmos-offer-autopilot-settings", fmt::format(R"({{"maxThroughput":{}}})", most)}};
}

class ThroughputTest : public AccountTest {
 protected:
  explicit ThroughputTest(AccountOptions options = limited()) : AccountTest(std::move(options)) {}
  static AccountOptions limited() {
    AccountOptions options;
    options.throughput.limits = true;
    return options;
  }

  void make_database(const Fields& fields = {}) {
    ASSERT_EQ(send("POST", "/dbs", R"({"id":"Shop"})", fields).status, 201);
  }
  void make_container(const std::string& name, const Fields& fields = {}) {
    const auto created =
        send("POST", "/dbs/Shop/colls",
             fmt::format(R"({{"id":"{}","partitionKey":{{"paths":["/pk"],"version":2}}}})", name), fields);
    ASSERT_EQ(created.status, 201) << created.body;
  }
  int write(const std::string& container) {
    const std::string target = "/dbs/Shop/colls/" + container + "/docs";
    return send("POST", target, fmt::format(R"({{"id":"{}","pk":"a"}})", 1000 + next_++),
                {{"x-ms-documentdb-partitionkey", R"(["a"])"}})
        .status;
  }
  // For how many writes there is room in what is left of this second.
  int writes_left(const std::string& container) {
    int done = 0;
    while (done < 1000 && write(container) == 201) ++done;
    return done;
  }
  int writes_in_a_second(const std::string& container) {
    (void)runtime_.sleep(Milliseconds(1000), {});
    return writes_left(container);
  }
  void expect_limit(const std::string& container, int units) {
    EXPECT_NEAR(writes_in_a_second(container), units / kWriteCharge, 2) << container;
  }
  // That of the only resource with an offer.
  Answer replace_offer(std::string_view content) {
    json::Value offer = send("GET", "/offers").value().find("Offers")->items()[0];
    offer.set("content", *json::parse(content));
    return send("PUT", "/offers/" + offer.string_at("id"), offer.to_text());
  }

  int next_ = 0;
};

TEST_F(ThroughputTest, OfAContainerIsWhatItWasCreatedWith) {
  make_database();
  make_container("Small", manual(50));
  make_container("Unasked");
  make_container("Scaled", autoscale(1000));
  expect_limit("Small", 50);
  expect_limit("Unasked", 400);
  expect_limit("Scaled", 1000);
  EXPECT_EQ(write("Small"), 201) << "another second";
}

TEST_F(ThroughputTest, OfADatabaseIsSharedByContainersWithoutTheirOwn) {
  make_database(manual(100));
  make_container("A");
  make_container("B");
  make_container("Own", manual(60));
  expect_limit("A", 100);
  EXPECT_EQ(writes_left("B"), 0) << "A has spent it";
  EXPECT_NEAR(writes_left("Own"), 60 / kWriteCharge, 2);
  expect_limit("B", 100);
  EXPECT_EQ(send("GET", "/offers").value().find("_count")->as_integer(), 2);
  expect_limit("Own", 60);
  EXPECT_NEAR(writes_left("A"), 100 / kWriteCharge, 2) << "Own spends nothing of it";
}

TEST_F(ThroughputTest, OfADatabaseMayScaleAndBeReplaced) {
  make_database(autoscale(2000));
  make_container("A");
  make_container("B");
  expect_limit("A", 2000);
  EXPECT_EQ(writes_left("B"), 0);
  ASSERT_EQ(replace_offer(R"({"offerThroughput":70})").status, 200);
  expect_limit("B", 70);
  EXPECT_EQ(writes_left("A"), 0);
}

// A database that was given throughput has it when its containers are gone, and not what another had.
TEST_F(ThroughputTest, OfADatabaseOutlivesItsContainers) {
  make_database(manual(60));
  make_container("A");
  expect_limit("A", 60);
  ASSERT_EQ(send("DELETE", "/dbs/Shop/colls/A").status, 204);
  make_container("B");
  EXPECT_EQ(writes_left("B"), 0) << "of the same second";
  expect_limit("B", 60);
  ASSERT_EQ(send("DELETE", "/dbs/Shop").status, 204);
  make_database();
  make_container("B");
  expect_limit("B", 400);
}

TEST_F(ThroughputTest, OfAContainerIsReplaced) {
  make_database();
  make_container("A", manual(50));
  ASSERT_EQ(replace_offer(R"({"offerThroughput":1200})").status, 200);
  expect_limit("A", 1200);
  ASSERT_EQ(replace_offer(R"({"offerThroughput":80,"offerAutopilotSettings":{"maxThroughput":2000}})").status, 200);
  expect_limit("A", 2000);
  for (const char* content : {"{}", R"({"offerThroughput":0})", R"({"offerThroughput":"400"})",
                              R"({"offerAutopilotSettings":{"maxThroughput":999}})"}) {
    EXPECT_EQ(replace_offer(content).status, 400) << content;
  }
  expect_limit("A", 2000);
}

TEST_F(ThroughputTest, IsNotWhatItCanNotBe) {
  make_database();
  for (const Fields& fields : {manual(0), manual(-1), autoscale(999), Fields{{"x-ms-offer-throughput", "much"}}}) {
    EXPECT_EQ(send("POST", "/dbs", R"({"id":"Other"})", fields).status, 400) << fields[0].second;
  }
  const auto made = account_.engine().create({}, ResourceKind::database, *json::parse(R"({"id":"Other"})"),
                                             Throughput{autoscale_content(999)});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().status, 400);
}

// That of another container of the same name is forgotten with it.
TEST_F(ThroughputTest, GoesWithItsContainer) {
  make_database();
  make_container("A", manual(50));
  expect_limit("A", 50);
  ASSERT_EQ(send("DELETE", "/dbs/Shop/colls/A").status, 204);
  make_container("A", manual(90));
  EXPECT_NEAR(writes_left("A"), 90 / kWriteCharge, 2);
}

class UnlimitedTest : public ThroughputTest {
 protected:
  UnlimitedTest() : ThroughputTest(AccountOptions()) {}
};

TEST_F(UnlimitedTest, NothingLimitsUntilItIsToldTo) {
  make_database(manual(10));
  make_container("A");
  make_container("Own", manual(20));
  EXPECT_EQ(writes_left("A"), 1000);
  EXPECT_EQ(writes_left("Own"), 1000);
  account_.engine().limit_throughput();
  expect_limit("A", 10);
  expect_limit("Own", 20);
}

class UnaskedTest : public ThroughputTest {
 protected:
  UnaskedTest() : ThroughputTest(of_thirty()) {}
  static AccountOptions of_thirty() {
    AccountOptions options = limited();
    options.throughput.unasked = 30;
    return options;
  }
};

TEST_F(UnaskedTest, WhatIsCreatedWithoutThroughputHasWhatTheRulesSay) {
  make_database();
  make_container("Unasked");
  make_container("Asked", manual(80));
  expect_limit("Unasked", 30);
  expect_limit("Asked", 80);
  const json::Value page = send("GET", "/offers").value();
  EXPECT_EQ(page.find("Offers")->items()[0].find("content")->find("offerThroughput")->as_integer(), 30);
}

// The same account again, from what its journal has.
TEST(Throughput, IsTheSameAfterARestart) {
  const testing::TemporaryFolder folder;
  std::unique_ptr<DataDirectory> data;
  const auto kept = [&] {
    AccountOptions options;
    options.throughput.limits = true;
    options.journal = data.get();
    return options;
  };
  class Again : public ThroughputTest {
   public:
    explicit Again(AccountOptions options) : ThroughputTest(std::move(options)) {}
    void TestBody() override {}
    void make() {
      make_database(manual(100));
      make_container("A");
      make_container("B");
      make_container("Own", manual(60));
      const std::string own = send("GET", "/offers").value().find("Offers")->items()[1].string_at("id");
      const auto offer = *json::parse(R"({"content":{"offerThroughput":40}})");
      ASSERT_EQ(send("PUT", "/offers/" + own, offer.to_text()).status, 200);
    }
    void check() {
      ASSERT_TRUE(account_.recover());
      expect_limit("A", 100);
      EXPECT_EQ(writes_left("B"), 0);
      EXPECT_NEAR(writes_left("Own"), 40 / kWriteCharge, 2);
    }
  };
  data = std::move(*DataDirectory::open(real_runtime(), folder.path() + "/data"));
  Again(kept()).make();
  data.reset();
  data = std::move(*DataDirectory::open(real_runtime(), folder.path() + "/data"));
  Again(kept()).check();
}

}  // namespace
}  // namespace halley::server
