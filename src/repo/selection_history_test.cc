#include "repo/selection_history.h"

#include <gtest/gtest.h>

namespace halley::repo {
namespace {

const TakenIn kAll;
const TakenIn kOrders{{"shop/orders", "crm"}, {"crm/logs*"}};

TEST(SelectionHistory, TellsWhatWasTakenInByTheTime) {
  std::vector<Event> events = {{{5}, "gap", "of another kind"}, {{5}, "selection", "not JSON"}};
  EXPECT_EQ(SelectionHistory(events).newest(), kAll);
  EXPECT_EQ(SelectionHistory(events).change(kAll, {10}), std::nullopt);
  events.push_back(*SelectionHistory(events).change(kOrders, {10}));
  EXPECT_EQ(SelectionHistory(events).change(kOrders, {20}), std::nullopt);
  events.push_back(*SelectionHistory(events).change(kAll, {30}));
  const SelectionHistory history(events);
  EXPECT_EQ(history.at({9}), kAll);
  EXPECT_EQ(history.at({10}), kOrders);
  EXPECT_EQ(history.at({29}), kOrders);
  EXPECT_EQ(history.at({30}), kAll);
  EXPECT_EQ(history.newest(), kAll);
}

TEST(SelectionHistory, APartHasTheDatabasesItMayTakeContainersOf) {
  const auto has = [](DefinitionKind kind, const char* database, const char* parent, const char* id) {
    return kOrders.has({kind, database, parent, id});
  };
  EXPECT_TRUE(has(DefinitionKind::database, "", "", "shop"));
  EXPECT_TRUE(has(DefinitionKind::user, "shop", "", "ada"));
  EXPECT_TRUE(has(DefinitionKind::offer, "crm", "", "offer"));
  EXPECT_FALSE(has(DefinitionKind::database, "", "", "other"));
  EXPECT_TRUE(has(DefinitionKind::container, "shop", "", "orders"));
  EXPECT_FALSE(has(DefinitionKind::container, "shop", "", "cache"));
  EXPECT_FALSE(has(DefinitionKind::trigger, "crm", "logs1", "t"));
  EXPECT_TRUE(has(DefinitionKind::account, "", "", "account"));
  EXPECT_EQ(kOrders.text(), "--include 'shop/orders' --include 'crm' --exclude 'crm/logs*'");
  EXPECT_FALSE(kOrders.everything());
}

}  // namespace
}  // namespace halley::repo
