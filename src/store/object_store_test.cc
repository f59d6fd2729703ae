// What every store promises, run against each of them.
#include "store/object_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "store/file_store.h"
#include "store/memory_store.h"

namespace halley::store {
namespace {

using Names = std::vector<std::string>;

class StoreTest : public ::testing::TestWithParam<std::string> {
 protected:
  StoreTest() {
    if (GetParam() == "memory") {
      store_ = make_memory_store();
    } else {
      directory_ = ::testing::TempDir() + "halley-store-XXXXXX";
      EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
      store_ = std::move(*open_file_store(directory_, true));
    }
  }
  ~StoreTest() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  Names list(std::string_view prefix, std::string_view after = "", std::size_t limit = 100) {
    auto names = store_->list(prefix, after, limit);
    return names ? *names : Names{names.error().to_string()};
  }

  std::string directory_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_P(StoreTest, GivesBackWhatWasPut) {
  const std::string bytes("a\0b\xFF", 4);
  ASSERT_TRUE(store_->put("a/b/c", bytes));
  ASSERT_TRUE(store_->put("empty", ""));
  EXPECT_EQ(store_->get_all("a/b/c").value(), bytes);
  EXPECT_EQ(store_->size("a/b/c").value(), 4u);
  EXPECT_EQ(store_->get_all("empty").value(), "");
  EXPECT_EQ(store_->size("empty").value(), 0u);
}

TEST_P(StoreTest, ReadsRangesAndFewerBytesOnlyAtTheEnd) {
  ASSERT_TRUE(store_->put("x", "0123456789"));
  EXPECT_EQ(store_->get("x", 2, 3).value(), "234");
  EXPECT_EQ(store_->get("x", 8, 100).value(), "89");
  EXPECT_EQ(store_->get("x", 10, 1).value(), "");
  EXPECT_EQ(store_->get("x", 11, ~std::uint64_t{0}).value(), "");
  EXPECT_EQ(store_->get("x", 0, 0).value(), "");
}

TEST_P(StoreTest, NeverOverwrites) {
  ASSERT_TRUE(store_->put("x", "first"));
  EXPECT_EQ(store_->put("x", "second").error().code, Code::already_exists);
  EXPECT_EQ(store_->put("x", "first").error().code, Code::already_exists);
  EXPECT_EQ(store_->get_all("x").value(), "first");
}

TEST_P(StoreTest, OneOfManyRacingWritersWins) {
  std::atomic<int> won{0};
  std::vector<std::jthread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      if (store_->put("race", std::to_string(i))) won += 1;
    });
  }
  writers.clear();
  EXPECT_EQ(won, 1);
}

TEST_P(StoreTest, SaysWhenAnObjectIsAbsent) {
  ASSERT_TRUE(store_->put("a/b", "x"));
  for (const char* name : {"b", "a/c", "a", "a/b/c"}) {
    EXPECT_EQ(store_->get_all(name).error().code, Code::not_found) << name;
    EXPECT_EQ(store_->size(name).error().code, Code::not_found) << name;
    EXPECT_TRUE(store_->remove("b")) << name;
  }
}

TEST_P(StoreTest, RemovesAndLetsTheNameBeUsedAgain) {
  ASSERT_TRUE(store_->put("a/b", "x"));
  ASSERT_TRUE(store_->remove("a/b"));
  EXPECT_EQ(store_->get_all("a/b").error().code, Code::not_found);
  EXPECT_EQ(list(""), Names{});
  ASSERT_TRUE(store_->put("a/b", "y"));
  EXPECT_EQ(store_->get_all("a/b").value(), "y");
}

TEST_P(StoreTest, ListsInOrderOfWholeNames) {
  // '-' and '.' sort before '/', digits and letters behind it.
  const Names sorted = {"a-b", "a.b", "a/b", "a/b-c", "a/b.c", "a/c/d", "a0", "ab", "b"};
  for (auto name = sorted.rbegin(); name != sorted.rend(); ++name) ASSERT_TRUE(store_->put(*name, "x"));
  EXPECT_EQ(list(""), sorted);
  EXPECT_EQ(list("a/"), (Names{"a/b", "a/b-c", "a/b.c", "a/c/d"}));
  EXPECT_EQ(list("a/b"), (Names{"a/b", "a/b-c", "a/b.c"}));
  EXPECT_EQ(list("a/c"), (Names{"a/c/d"}));
  EXPECT_EQ(list("c/"), Names{});
  EXPECT_EQ(list("a", "", 3), (Names{"a-b", "a.b", "a/b"}));
  EXPECT_EQ(list("a", "", 0), Names{});
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    EXPECT_EQ(list("", sorted[i]), Names(sorted.begin() + static_cast<std::ptrdiff_t>(i) + 1, sorted.end()));
    EXPECT_EQ(list("", sorted[i], 2).size(), std::min<std::size_t>(2, sorted.size() - i - 1));
  }
  EXPECT_EQ(list("a/", "a"), list("a/"));
  EXPECT_EQ(list("a/", "a0"), Names{});
}

TEST_P(StoreTest, RefusesWhatIsNoName) {
  for (const std::string name :
       {"", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "A", "a b", "a\\b", "+incoming/x", "\xC3\xA9", "a\n"}) {
    EXPECT_EQ(store_->put(name, "x").error().code, Code::invalid_argument) << name;
    EXPECT_EQ(store_->get_all(name).error().code, Code::invalid_argument) << name;
    EXPECT_EQ(store_->size(name).error().code, Code::invalid_argument) << name;
    EXPECT_EQ(store_->remove(name).error().code, Code::invalid_argument) << name;
  }
  EXPECT_EQ(store_->put(std::string(kMaxName + 1, 'a'), "x").error().code, Code::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreTest, ::testing::Values("memory", "file"),
                         [](const auto& store) { return store.param; });

// Answers a put with `ambiguous`, having done it or not.
class ForgetfulStore : public ObjectStore {
 public:
  Status put(std::string_view name, std::string_view bytes) override {
    const bool lost = losses_ > 0;
    if (lost) --losses_;
    if (lost && !applies_) return fail(Code::ambiguous, "the answer was lost");
    const Status done = inner_->put(name, bytes);
    return lost ? fail(Code::ambiguous, "the answer was lost") : done;
  }
  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    if (!readable_) return fail(Code::unavailable, "not now");
    return inner_->get(name, offset, size);
  }
  Result<std::uint64_t> size(std::string_view name) override { return inner_->size(name); }
  Result<Names> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    return inner_->list(prefix, after, limit);
  }
  Status remove(std::string_view name) override { return inner_->remove(name); }
  std::string description() const override { return "forgetful"; }

  std::unique_ptr<ObjectStore> inner_ = make_memory_store();
  int losses_ = 1;
  bool applies_ = true;
  bool readable_ = true;
};

TEST(PutSettledTest, SucceedsWhenTheLostPutHadBeenDone) {
  ForgetfulStore store;
  EXPECT_TRUE(put_settled(store, "x", "bytes"));
  EXPECT_EQ(store.get_all("x").value(), "bytes");
}

TEST(PutSettledTest, RepeatsAPutThatWasNotDone) {
  ForgetfulStore store;
  store.applies_ = false;
  store.losses_ = 2;
  EXPECT_TRUE(put_settled(store, "x", "bytes"));
  EXPECT_EQ(store.get_all("x").value(), "bytes");
}

TEST(PutSettledTest, LosesAgainstOtherBytes) {
  ForgetfulStore store;
  store.applies_ = false;
  ASSERT_TRUE(store.inner_->put("x", "of another"));
  EXPECT_EQ(put_settled(store, "x", "bytes").error().code, Code::already_exists);
}

TEST(PutSettledTest, StaysAmbiguousWhenItCantReadBack) {
  ForgetfulStore store;
  store.readable_ = false;
  EXPECT_EQ(put_settled(store, "x", "bytes").error().code, Code::ambiguous);
}

TEST(PutSettledTest, GivesUpWhenEveryAnswerIsLost) {
  ForgetfulStore store;
  store.applies_ = false;
  store.losses_ = 1000;
  EXPECT_EQ(put_settled(store, "x", "bytes").error().code, Code::ambiguous);
}

}  // namespace
}  // namespace halley::store
