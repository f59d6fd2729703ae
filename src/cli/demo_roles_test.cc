// The demonstration plays with any tree that has documents enough.
#include "cli/demo_roles.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/program.h"
#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

class DemoTree : public ::testing::Test {
 protected:
  void add(const std::string& database, const std::string& container, int documents, const std::string& more = "") {
    folder_.write("account.json", R"({"id":"any"})");
    folder_.write(database + "/database.json", R"({"id":")" + database + R"("})");
    const std::string in = database + "/" + container + "/";
    folder_.write(
        in + "container.json",
        R"({"id":")" + container + R"(","partitionKey":{"paths":["/name"],"kind":"Hash","version":2})" + more + "}");
    std::string lines;
    for (int i = 0; i < documents; ++i) lines += R"({"id":")" + std::to_string(i) + R"(","name":"a"})" + "\n";
    folder_.write(in + "documents.ndjson", lines);
  }
  void add_procedure(const std::string& container) {
    folder_.write(container + "/scripts/sprocs/sum.json", R"({"id":"sum","body":"function () {}"})");
  }
  Result<DemoRoles> roles() {
    auto tree = read_account_tree(folder_.path());
    EXPECT_TRUE(tree.has_value()) << tree.error().to_string();
    return choose_roles(*tree);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(DemoTree, ManyContainersPlayEachOnePart) {
  add("atlas", "cities", 30);
  add("library", "cards", 20);
  add("library", "compat", 10);
  add("library", "emoji", 8);
  add_procedure("library/cards");
  const auto chosen = roles();
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->spoiled.text(), "library/cards") << "it has procedures to break";
  EXPECT_EQ(chosen->dropped->text(), "library/emoji");
  EXPECT_EQ(chosen->dropped_database, "atlas");
}

TEST_F(DemoTree, OneContainerIsEnough) {
  add("shop", "orders", 5);
  const auto chosen = roles();
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->spoiled.text(), "shop/orders");
  EXPECT_FALSE(chosen->dropped);
  EXPECT_FALSE(chosen->dropped_database);
}

TEST_F(DemoTree, TooFewDocumentsAreRefusedBeforeAnythingIsDone) {
  add("shop", "orders", 4);
  const auto chosen = roles();
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().code, Code::invalid_argument);
}

TEST_F(DemoTree, TheWholeStoryIsToldOfATreeThatIsNotTheDemosOwn) {
  add("shop", "orders", 50, R"(,"uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/id"]}]})");
  add("crm", "people", 30);
  std::ostringstream out;
  const Variables none = [](const std::string&) { return std::nullopt; };
  const ExitCode code =
      run_program({real_runtime(), none, out, out, false, {}, "test"}, {"demo", "--load", folder_.path()});
  EXPECT_EQ(code, ExitCode::success) << out.str();
  EXPECT_NE(out.str().find("Everything came back."), std::string::npos) << out.str();
}

}  // namespace
}  // namespace halley::cli
