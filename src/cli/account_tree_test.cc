#include "cli/account_tree.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/access.h"
#include "cli/account_snapshot.h"
#include "cli/tree_loader.h"
#include "server/emulator.h"
#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

class Tree : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("a%2Fb/database.json", R"({"id":"shop"})");
    folder_.write("a%2Fb/c/container.json",
                  R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2},"defaultTtl":60})");
    folder_.write("a%2Fb/c/documents.ndjson",
                  "{\"id\":\"1\",\"pk\":\"a\"}\n\n{\"id\":\"2\",\"pk\":1.0}\n{\"id\":\"3\"}");
    folder_.write("a%2Fb/c/scripts/sprocs/x.json", R"({"id":"x","body":"function () {}"})");
    folder_.write("a%2Fb/empty/container.json", R"({"id":"empty","partitionKey":{"paths":["/pk"],"kind":"Hash"}})");
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Tree, IsReadByTheNamesInItsDefinitions) {
  const auto tree = read_account_tree(folder_.path());
  ASSERT_TRUE(tree.has_value()) << tree.error().to_string();
  ASSERT_EQ(tree->plan.databases.size(), 1U);
  EXPECT_EQ(tree->plan.databases.front().name, "shop");
  ASSERT_EQ(tree->containers.size(), 2U);
  EXPECT_EQ(tree->containers[0].plan.name(), "shop/orders");
  EXPECT_EQ(tree->containers[0].plan.scripts.size(), 1U);
  std::vector<std::string> seen;
  const auto each = [&](const TreeDocument& document) -> Status {
    seen.push_back(std::string(document.partition_key) + " " + std::string(document.id));
    return {};
  };
  ASSERT_TRUE(for_each_document(tree->containers[0], each).has_value());
  EXPECT_EQ(seen, (std::vector<std::string>{R"(["a"] 1)", "[1] 2", "[{}] 3"}));
}

TEST_F(Tree, NamesFileAndLineOfWhatIsNoDocument) {
  folder_.write("a%2Fb/c/documents.ndjson", "{\"id\":\"1\",\"pk\":\"a\"}\nnonsense\n");
  const auto tree = read_account_tree(folder_.path());
  ASSERT_TRUE(tree.has_value());
  const auto status = for_each_document(tree->containers[0], [](const TreeDocument&) -> Status { return {}; });
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Code::corrupt);
  EXPECT_NE(status.error().message.find("documents.ndjson:2"), std::string::npos) << status.error().message;
}

// As what this user may not read: a name that is too long can be looked into by nobody.
TEST_F(Tree, WhatCantBeLookedIntoIsNotPassedOver) {
  std::filesystem::create_symlink(std::string(300, 'x'), folder_.path() + "/hidden");
  const auto tree = read_account_tree(folder_.path());
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().code, Code::io);
  EXPECT_NE(tree.error().message.find("hidden"), std::string::npos) << tree.error().message;
}

TEST_F(Tree, AFolderWithoutDatabasesIsNone) {
  const testing::TemporaryFolder empty;
  const auto tree = read_account_tree(empty.path());
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().code, Code::not_found);
}

TEST_F(Tree, IsLoadedIntoAnAccount) {
  const auto emulator = server::Emulator::start(real_runtime(), {});
  ASSERT_TRUE(emulator.has_value());
  const auto account = connect(real_runtime(), (*emulator)->endpoint(), (*emulator)->key(), {});
  const auto tree = read_account_tree(folder_.path());
  ASSERT_TRUE(tree.has_value());
  const auto report = load_tree(real_runtime(), *account->client, *tree, {});
  ASSERT_TRUE(report.has_value()) << report.error().to_string();
  EXPECT_EQ(report->documents, 3U);
  EXPECT_EQ(report->scripts, 1U);
  const auto snapshot = take_snapshot(*account->client, {});
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->documents.at("shop/orders").size(), 3U);
  EXPECT_TRUE(snapshot->documents.at("shop/empty").empty());
  EXPECT_TRUE(snapshot->definitions.contains("stored procedure shop/orders/x"));
  const auto container = (*account).client->read_container({"shop", "orders"}, {});
  EXPECT_EQ(container->value.find("defaultTtl")->as_integer(), 60);
}

TEST_F(Tree, HasUsersWhoAreLoadedToo) {
  folder_.write("a%2Fb/users.json",
                R"({"users":[{"user":{"id":"ada"},"permissions":[{"id":"p","permissionMode":"Read",)"
                R"("resource":"dbs/shop/colls/orders"}]},{"user":{"id":"bob"}}]})");
  const auto emulator = server::Emulator::start(real_runtime(), {});
  ASSERT_TRUE(emulator.has_value());
  server::Engine& engine = (*emulator)->account().engine();
  ASSERT_TRUE(engine.create_database("shop"));
  const auto tree = read_account_tree(folder_.path());
  ASSERT_TRUE(tree.has_value()) << tree.error().to_string();
  const auto status = load_users(engine, *tree);
  ASSERT_TRUE(status.has_value()) << status.error().to_string();
  EXPECT_TRUE(engine.find({"dbs", "shop", "users", "ada", "permissions", "p"}));
  EXPECT_TRUE(engine.find({"dbs", "shop", "users", "bob"}));
  folder_.write("a%2Fb/users.json", "[]");
  EXPECT_EQ(read_account_tree(folder_.path()).error().code, Code::corrupt);
}

TEST(Snapshots, NameWhatDiffers) {
  AccountSnapshot expected;
  expected.definitions = {{"database a", 1}, {"database b", 2}};
  expected.documents["a/c"] = {{"1", 1}, {"2", 2}, {"3", 3}};
  AccountSnapshot found = expected;
  found.definitions.erase("database b");
  found.definitions["database x"] = 1;
  found.documents["a/c"] = {{"1", 1}, {"2", 9}, {"4", 4}};
  const SnapshotComparison comparison = compare_snapshots(expected, found);
  EXPECT_EQ(comparison.equal_documents, 1U);
  EXPECT_EQ(comparison.equal_definitions, 1U);
  EXPECT_EQ(
      comparison.differences,
      (std::vector<std::string>{"missing: database b", "not expected: database x", "other content: document of a/c: 2",
                                "missing: document of a/c: 3", "not expected: document of a/c: 4"}));
}

}  // namespace
}  // namespace halley::cli
