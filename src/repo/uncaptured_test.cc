#include "repo/uncaptured.h"

#include <gtest/gtest.h>

namespace halley::repo {
namespace {

using Incarnations = std::set<std::string>;

TEST(Uncaptured, AreWhatTheNewestEventSays) {
  std::vector<Event> events = {{{5}, "selection", "{}"}};
  EXPECT_EQ(uncaptured(events), Incarnations());
  EXPECT_EQ(uncaptured_change(events, {}, {6}), std::nullopt);
  events.push_back(*uncaptured_change(events, {"a==", "b\""}, {6}));
  EXPECT_EQ(uncaptured(events), (Incarnations{"a==", "b\""}));
  EXPECT_EQ(uncaptured_change(events, {"b\"", "a=="}, {7}), std::nullopt);
  events.push_back(*uncaptured_change(events, {}, {8}));
  EXPECT_EQ(uncaptured(events), Incarnations());
  events.push_back({{9}, "uncaptured", "not JSON"});
  EXPECT_EQ(uncaptured(events), Incarnations());
}

}  // namespace
}  // namespace halley::repo
