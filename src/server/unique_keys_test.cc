#include "server/unique_keys.h"

#include "server/account_fixture.h"

namespace halley::server {
namespace {

constexpr std::string_view kMailIsUnique =
    R"(,"uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/mail"]},{"paths":["/a/b","/c"]}]})";

class UniqueKeysTest : public AccountTest {
 protected:
  static std::string person(const std::string& id, const std::string& mail, const std::string& pair,
                            const std::string& pk = "a") {
    return fmt::format(R"({{"id":"{}","pk":"{}","mail":{},"a":{{"b":{}}}}})", id, pk, mail, pair);
  }
  Answer put(const std::string& id, const std::string& mail, const std::string& pair) {
    return item("PUT", id, person(id, mail, pair));
  }
  Answer upsert(std::string_view body) {
    return send("POST", kDocs, body,
                {{"x-ms-documentdb-is-upsert", "True"}, {"x-ms-documentdb-partitionkey", R"(["a"])"}});
  }
  static void expect_taken(const Answer& answer) {
    EXPECT_EQ(answer.status, 409) << answer.body;
    EXPECT_EQ(answer.sub_status(), "3301");
  }
};

TEST_F(UniqueKeysTest, ValuesAreTakenInTheirLogicalPartition) {
  make_shop(kMailIsUnique);
  EXPECT_EQ(create(person("1", R"("x@y")", "1")).status, 201);
  expect_taken(create(person("2", R"("x@y")", "2")));
  EXPECT_EQ(create(person("2", R"("x@y")", "2", "b"), R"(["b"])").status, 201) << "another logical partition";
  EXPECT_EQ(create(person("2", "1.0", "2")).status, 201);
  expect_taken(create(person("3", "1", "3")));
  expect_taken(create(person("3", R"("z")", "2")));
  EXPECT_EQ(create(R"({"id":"4","pk":"a","c":1})").status, 201);
  expect_taken(create(R"({"id":"5","pk":"a","mail":null,"c":2})"));
}

TEST_F(UniqueKeysTest, EveryKindOfWriteKeepsThem) {
  make_shop(kMailIsUnique);
  create(person("1", "1", "1"));
  create(person("2", "2", "2"));
  expect_taken(put("2", "1", "2"));
  EXPECT_EQ(put("2", "2", "5").status, 200) << "its own value";
  expect_taken(upsert(person("3", "2", "3")));
  expect_taken(upsert(person("2", "1", "2")));
  expect_taken(item("PATCH", "2", R"([{"op":"set","path":"/mail","value":1}])"));
  EXPECT_EQ(item("PATCH", "2", R"([{"op":"set","path":"/mail","value":7}])").status, 200);
  EXPECT_EQ(put("1", "2", "1").status, 200) << "given up by the patch";
  EXPECT_EQ(item("DELETE", "1").status, 204);
  EXPECT_EQ(create(person("4", "2", "1")).status, 201);
}

TEST_F(UniqueKeysTest, BatchesSeeTheirOwnChanges) {
  make_shop(kMailIsUnique);
  create(person("1", "1", "1"));
  const auto batch = [&](const std::string& operations) {
    return send("POST", kDocs, operations,
                {{"x-ms-cosmos-is-batch-request", "true"},
                 {"x-ms-cosmos-batch-atomic", "true"},
                 {"x-ms-documentdb-partitionkey", R"(["a"])"}});
  };
  const std::string create_2 = R"({"operationType":"Create","resourceBody":)" + person("2", "1", "2") + "}";
  const std::string create_3 = R"({"operationType":"Create","resourceBody":)" + person("3", "1", "3") + "}";
  EXPECT_EQ(batch("[" + create_2 + "]").status, 207);
  EXPECT_EQ(batch(R"([{"operationType":"Delete","id":"1"},)" + create_2 + "," + create_3 + "]").status, 207);
  EXPECT_EQ(item("GET", "1").status, 200) << "nothing of it happened";
  EXPECT_EQ(batch(R"([{"operationType":"Delete","id":"1"},)" + create_2 + "]").status, 200);
  expect_taken(create(person("4", "1", "4")));
}

TEST_F(UniqueKeysTest, SplitsMergesAndRestoresInPlaceKeepThem) {
  make_shop(kMailIsUnique);
  for (int i = 0; i < 40; ++i) {
    const std::string pk = "k" + std::to_string(i);
    ASSERT_EQ(create(person("1", "1", "1", pk), "[\"" + pk + "\"]").status, 201);
  }
  const auto all_taken = [&](const char* when) {
    for (int i = 0; i < 40; ++i) {
      const std::string pk = "k" + std::to_string(i);
      EXPECT_EQ(create(person("2", "1", "2", pk), "[\"" + pk + "\"]").status, 409) << when;
    }
  };
  ASSERT_EQ(door("split", R"({"database":"Shop","container":"Orders","range":"0"})").status, 200);
  all_taken("after a split");
  ASSERT_EQ(door("merge", R"({"database":"Shop","container":"Orders","ranges":["1","2"]})").status, 200);
  all_taken("after a merge");
  account_.clock().advance(10);
  ASSERT_EQ(item("PUT", "1", person("1", "3", "3", "k0"), {}, R"(["k0"])").status, 200);
  ASSERT_EQ(door("fork", fmt::format(R"({{"database":"Shop","container":"Orders","at":"{}"}})", format_rfc3339(kStart)))
                .status,
            200);
  all_taken("after a restore in place");
}

TEST_F(UniqueKeysTest, WhatExpiredHoldsNothing) {
  make_shop(std::string(kMailIsUnique) + R"(,"defaultTtl":10)");
  create(person("1", "1", "1"));
  account_.clock().advance(9);
  expect_taken(create(person("2", "1", "2")));
  account_.clock().advance(1);
  EXPECT_EQ(create(person("2", "1", "2")).status, 201);
  EXPECT_EQ(item("GET", "1").status, 404);
}

TEST_F(UniqueKeysTest, ThePolicyIsCheckedAndStaysAsItWas) {
  make_shop(kMailIsUnique);
  const auto replace = [&](std::string_view policy) {
    return send("PUT", "/dbs/Shop/colls/Orders",
                fmt::format(R"({{"id":"Orders","partitionKey":{{"paths":["/pk"],"version":2}}{}}})", policy))
        .status;
  };
  EXPECT_EQ(replace(kMailIsUnique), 200);
  EXPECT_EQ(replace(""), 400);
  EXPECT_EQ(replace(R"(,"uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/mail"]}]})"), 400);
  const auto make = [&](std::string_view policy) {
    return send("POST", "/dbs/Shop/colls",
                fmt::format(R"({{"id":"Other","partitionKey":{{"paths":["/pk"]}},"uniqueKeyPolicy":{}}})", policy))
        .status;
  };
  EXPECT_EQ(make(R"({"uniqueKeys":7})"), 400);
  EXPECT_EQ(make(R"({"uniqueKeys":[{"paths":[]}]})"), 400);
  EXPECT_EQ(make(R"({"uniqueKeys":[{"paths":["mail"]}]})"), 400);
  EXPECT_EQ(make(R"({"uniqueKeys":[]})"), 201);
}

}  // namespace
}  // namespace halley::server
