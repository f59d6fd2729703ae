#include "capture/same_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = ChangeKind;

// Versions of one page by id, LSN, kind and tag; tells in which order they are afterwards.
class SameTransaction : public ::testing::Test {
 protected:
  void add(std::string_view id, std::uint64_t lsn, Kind kind, std::string_view etag) {
    repo::Version version;
    version.partition_key = "[1]";
    version.id = id;
    version.etag = etag;
    version.position = {0, lsn};
    versions_.push_back(version);
    kinds_.push_back(kind);
  }
  void order() {
    untold_ = order_within_transactions(versions_, kinds_, [this](const repo::Version&) {
      ++asked_;
      return live_;
    });
  }
  std::vector<std::string> tags() const {
    std::vector<std::string> tags;
    for (const repo::Version& version : versions_) tags.emplace_back(version.etag);
    return tags;
  }

  std::vector<repo::Version> versions_;
  std::vector<Kind> kinds_;
  std::vector<std::string> untold_;
  std::optional<std::string> live_;
  int asked_ = 0;
};

TEST_F(SameTransaction, DifferentDocumentsOrLsnsStayAsTheyAre) {
  add("a", 1, Kind::create, "1");
  add("b", 1, Kind::create, "2");
  add("a", 2, Kind::replace, "3");
  add("a", 3, Kind::replace, "4");
  order();
  EXPECT_THAT(tags(), ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(asked_, 0);
}

TEST_F(SameTransaction, AReplaceFollowsTheCreate) {
  add("a", 1, Kind::replace, "2");
  add("b", 1, Kind::create, "x");
  add("a", 1, Kind::create, "1");
  order();
  EXPECT_THAT(tags(), ElementsAre("1", "x", "2"));
  EXPECT_EQ(asked_, 0);
}

TEST_F(SameTransaction, ADeleteFollowsTheReplace) {
  add("a", 1, Kind::remove, "");
  add("a", 1, Kind::replace, "1");
  order();
  EXPECT_THAT(tags(), ElementsAre("1", ""));
  EXPECT_EQ(asked_, 0);
}

TEST_F(SameTransaction, WhatComesNextTellsWhetherTheDeleteWasTheLast) {
  for (const Kind next : {Kind::create, Kind::replace, Kind::remove}) {
    versions_.clear();
    kinds_.clear();
    add("a", 1, Kind::create, "1");
    add("a", 1, Kind::remove, "");
    add("a", 2, next, "2");
    order();
    if (next == Kind::create) {
      EXPECT_THAT(tags(), ElementsAre("1", "", "2"));
    } else {
      EXPECT_THAT(tags(), ElementsAre("", "1", "2"));
    }
    EXPECT_THAT(untold_, IsEmpty());
  }
  EXPECT_EQ(asked_, 0);
}

TEST_F(SameTransaction, TheLiveTagTellsWhichOfTwoReplacesWasTheLast) {
  add("a", 1, Kind::replace, "2");
  add("a", 1, Kind::replace, "1");
  live_ = "2";
  order();
  EXPECT_THAT(tags(), ElementsAre("1", "2"));
  EXPECT_THAT(untold_, IsEmpty());
}

TEST_F(SameTransaction, WhatCantBeToldStaysAndIsReported) {
  add("a", 1, Kind::replace, "2");
  add("a", 1, Kind::replace, "1");
  live_ = "3";
  order();
  EXPECT_THAT(tags(), ElementsAre("2", "1"));
  EXPECT_THAT(untold_, ElementsAre("a"));
  live_.reset();
  order();
  EXPECT_THAT(untold_, ElementsAre("a"));
}

}  // namespace
}  // namespace halley::capture
