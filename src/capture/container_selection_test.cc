// Patterns that match nothing are told by name; of a part that is gone what was captured is kept.
#include "capture/container_selection.h"

#include <gmock/gmock.h>

#include "capture/captured_account.h"

namespace halley::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ContainerSelection : public CapturedAccount {
 protected:
  ContainerSelection() { make("users"); }

  void make(const std::string& name) {
    const std::string text = R"({"id":")" + name + R"(","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";
    EXPECT_TRUE(account_.engine().create_container("shop", text));
  }
  void drop(const std::string& name) { EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", name})); }

  static BackupOptions only(std::vector<std::string> include, std::vector<std::string> exclude = {}) {
    BackupOptions options;
    options.include = std::move(include);
    options.exclude = std::move(exclude);
    return options;
  }
  Error refusal(const BackupOptions& options) {
    BackupProgress progress;
    auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
    EXPECT_FALSE(report) << "a pass over nothing went through";
    return report ? Error() : report.error();
  }
};

TEST_F(ContainerSelection, APassOverNothingIsRefusedNamingThePatternAndWhatIsThere) {
  for (const char* typo : {"typo/*", "shop/typo", "typo", ""}) {
    const Error error = refusal(only({typo}));
    EXPECT_EQ(error.code, Code::invalid_argument);
    EXPECT_EQ(error.status, 0) << "a mistake of the user, and of no request";
    EXPECT_THAT(error.message, HasSubstr("'" + std::string(typo) + "'"));
    EXPECT_EQ(error.hint, "the account has shop/orders, shop/users");
  }
  EXPECT_THAT(refusal(only({}, {"*"})).message, HasSubstr("exclude '*' leaves nothing"));
  EXPECT_THAT(refusal(only({"shop/users"}, {"shop/u*"})).message, HasSubstr("exclude 'shop/u*' leaves nothing"));
}

TEST_F(ContainerSelection, AnAccountWithoutContainersIsCapturedUnlessAPartOfItIsAskedFor) {
  drop("orders");
  drop("users");
  backup();
  EXPECT_EQ(refusal(only({"shop"})).hint, "the account has no containers");
}

TEST_F(ContainerSelection, OneOfSeveralThatMatchesNothingIsIncompleteAndTheOthersAreCaptured) {
  upsert(R"({"id":"1","pk":"a"})");
  BackupProgress progress;
  const BackupOptions options = only({"shop/orders", "shop/user"});
  const auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, 1U);
  EXPECT_TRUE(report->restorable_until);
  ASSERT_EQ(report->incomplete.size(), 1U);
  EXPECT_EQ(report->incomplete[0].what, "include 'shop/user'");
  EXPECT_EQ(report->incomplete[0].error.code, Code::not_found);
  EXPECT_THAT(report->incomplete[0].error.hint, HasSubstr("shop/users"));
}

TEST_F(ContainerSelection, WhatWasCapturedAndDroppedSinceIsNoError) {
  const BackupOptions both = only({"shop/orders", "shop/us*"});
  backup(both);
  drop("users");
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_THAT(backup(both).events,
                ElementsAre("include 'shop/us*' matches no container any more: what was captured before is kept"));
  }
  EXPECT_THAT(backup(only({"shop/us*"})).events, ::testing::SizeIs(1)) << "as the pass after a disaster finds it";
}

TEST_F(ContainerSelection, AnExcludeThatMatchesNothingIsToldOnly) {
  EXPECT_THAT(backup(only({}, {"shop/user", "shop/users"})).events,
              ElementsAre("exclude 'shop/user' matches no container of the account"));
}

TEST_F(ContainerSelection, WhatIsNotSelectedIsAmongWhatIsThere) {
  EXPECT_TRUE(backup(only({"shop/users"}, {"shop/orders"})).events.empty());
}

TEST_F(ContainerSelection, AListThatWasRefusedSaysNothingOfPatterns) {
  backup();
  transport_.before = [](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (request.method == "GET" && request.url.ends_with("/dbs/shop/colls")) {
      return http::Response{403, {}, "{}"};
    }
    return std::nullopt;
  };
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, only({"shop/*", "new/*"}), progress, {});
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_FALSE(report->incomplete.empty());
  for (const Incomplete& each : report->incomplete) EXPECT_THAT(each.what, ::testing::Not(HasSubstr("include")));
}

TEST(SelectionHint, ManyContainersAreCounted) {
  std::vector<cosmos::ContainerName> live;
  for (int i = 0; i < 23; ++i) live.push_back({"db", "c" + std::to_string(i)});
  BackupOptions options;
  options.include = {"x"};
  const auto check = check_selection(options, live, {});
  ASSERT_FALSE(check);
  EXPECT_THAT(check.error().hint, HasSubstr("db/c19 and 3 more"));
}

}  // namespace
}  // namespace halley::capture
