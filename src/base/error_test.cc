#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

#include "base/result.h"

namespace halley {
namespace {

Status inner(bool good) {
  if (!good) return fail(Code::throttled, "too many requests", "wait");
  return {};
}

Result<std::string> value_of(bool good) {
  TRY(inner(good));
  return std::string("value");
}

Result<std::size_t> outer(bool good) {
  ASSIGN(const std::string value, value_of(good));
  return value.size();
}

TEST(Error, FramesReadFromTheOutermost) {
  const Error error = Error(Code::corrupt, "bad length").in("reading block 3").in("reading segment 4f");
  EXPECT_EQ(error.to_string(), "reading segment 4f: reading block 3: bad length");
  EXPECT_EQ(error.code, Code::corrupt);
}

TEST(Error, HintIsKeptOutOfTheText) {
  const Error error = Error(Code::no_space, "the disk is full").with_hint("free some space");
  EXPECT_EQ(error.hint, "free some space");
  EXPECT_EQ(error.to_string(), "the disk is full");
}

TEST(Error, OnlyCertainlyUndoneRequestsAreRetryable) {
  std::set<Code> retryable;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    if (is_retryable(Error(code, ""))) retryable.insert(code);
  }
  EXPECT_EQ(retryable, (std::set<Code>{Code::throttled, Code::unavailable, Code::timeout}));
}

TEST(Error, EachCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) names.insert(code_name(static_cast<Code>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Code::internal) + 1);
  EXPECT_EQ(code_name(Code::outside_coverage), "outside_coverage");
}

TEST(Result, MacrosPassTheErrorOn) {
  EXPECT_EQ(outer(true).value(), 5U);
  const auto failed = outer(false);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::throttled);
  EXPECT_EQ(failed.error().message, "too many requests");
  EXPECT_EQ(failed.error().hint, "wait");
}

}  // namespace
}  // namespace halley
