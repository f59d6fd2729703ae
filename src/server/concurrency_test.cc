// Many clients at once while partitions divide and join: writes stay atomic, feeds neither skip nor repeat.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "server/container.h"
#include "server/engine.h"
#include "testing/virtual_runtime.h"

namespace halley::server {
namespace {

using Kind = ItemOperation::Kind;

constexpr int kConcurrentWriters = 4;
constexpr int kRounds = 150;
constexpr int kKeys = 12;
constexpr int kAddresses = 60;

std::string key_of(int number) { return fmt::format(R"(["k{}"])", number); }

ItemOperation operation(Kind kind, std::string key, std::string id, std::string body = {}) {
  ItemOperation made;
  made.kind = kind;
  made.key = std::move(key);
  made.id = std::move(id);
  made.body = std::move(body);
  return made;
}

// Follows the latest-version feed of a container from its beginning, whatever becomes of its ranges, and keeps what
// came.
class Follower {
 public:
  explicit Follower(Container& container) : container_(container) {}

  // Reads what there is; true when all of it was at its end.
  bool follow() {
    bool at_end = true;
    std::map<std::string, State> next;
    for (const auto& [min, state] : states_) {
      for (State& part : parts_of(state)) {
        at_end = read(part) && at_end;
        next[part.range.min] = part;
      }
    }
    states_ = std::move(next);
    return at_end;
  }

  std::map<std::string, int> seen;  // how often each version came, by its etag

 private:
  struct State {
    cosmos::HashRange range;
    std::uint64_t after = 0;
  };

  // The state divided where the ranges are divided now: each half goes on where the whole was.
  std::vector<State> parts_of(const State& state) {
    std::vector<State> parts;
    for (const RangeInfo& info : container_.ranges()) {
      if (!info.range.overlaps(state.range)) continue;
      parts.push_back(
          {{std::max(info.range.min, state.range.min), std::min(info.range.max, state.range.max)}, state.after});
    }
    return parts;
  }

  bool read(State& state) {
    ChangesRequest request;
    request.selection.epks = state.range;
    for (const RangeInfo& info : container_.ranges()) {
      if (info.range.contains(state.range)) request.selection.range_id = info.id;
    }
    request.after = state.after;
    request.limits.items = 7;
    const auto page = container_.read_changes(request);
    if (!page) {
      EXPECT_EQ(page.error().status, 410) << page.error().to_string();
      return false;
    }
    for (const LogEntry& entry : page->entries) ++seen[entry.document->etag];
    state.after = page->next;
    return page->entries.empty();
  }

  Container& container_;
  std::map<std::string, State> states_{{"", State{}}};
};

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() {
    EXPECT_TRUE(engine_.create_database("d"));
    container_ = *engine_.create_container("d", R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2},)"
                                                R"("uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/mail"]}]}})");
    for (int key = 0; key < kKeys; ++key) {
      EXPECT_TRUE(container_->run(operation(Kind::create, key_of(key), "",
                                            fmt::format(R"({{"id":"count","pk":"k{}","n":0,"mail":"count"}})", key))));
    }
  }

  // Two documents that always say the same, in one transaction; now and then one that fails at its end.
  void write_pair(std::mt19937& random, int number) {
    const int key = static_cast<int>(random() % kKeys);
    std::vector<ItemOperation> operations;
    for (const char* id : {"left", "right"}) {
      operations.push_back(
          operation(Kind::upsert, key_of(key), "",
                    fmt::format(R"({{"id":"{0}","pk":"k{1}","n":{2},"mail":"{0}"}})", id, key, number)));
    }
    const bool fails = random() % 4 == 0;
    if (fails) operations.push_back(operation(Kind::remove, key_of(key), "absent"));
    const auto done = container_->run_batch(key_of(key), operations);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(done->results.front().status >= 400, fails);
  }

  void read_pair(int key) {
    const auto done = container_->run_batch(
        key_of(key), {operation(Kind::read, key_of(key), "left"), operation(Kind::read, key_of(key), "right")});
    ASSERT_TRUE(done);
    if (done->results[0].status == 404 || done->results[0].status == 424) return;  // not written yet
    const auto number = [&](std::size_t i) { return json::parse(done->results[i].document->text)->find("n")->text(); };
    EXPECT_EQ(number(0), number(1));
  }

  void write(unsigned seed) {
    std::mt19937 random(seed);
    for (int round = 0; round < kRounds; ++round) {
      write_pair(random, static_cast<int>(seed) * kRounds + round);
      read_pair(static_cast<int>(random() % kKeys));
      const std::string key = key_of(static_cast<int>(random() % kKeys));
      if (container_->run(operation(Kind::patch, key, "count", R"([{"op":"incr","path":"/n","value":1}])")))
        ++increments_;
      const int mail = static_cast<int>(random() % kAddresses);
      const auto taken =
          container_->run(operation(Kind::create, R"(["mails"])", "",
                                    fmt::format(R"({{"id":"{}-{}","pk":"mails","mail":{}}})", seed, round, mail)));
      if (taken) {
        const std::lock_guard lock(mutex_);
        EXPECT_TRUE(mails_.insert(mail).second) << "given twice: " << mail;
      } else {
        EXPECT_EQ(taken.error().sub_status, 3301);
      }
    }
  }

  // Divides and joins, at once or held open, until told to stop; leaves nothing open.
  void move_partitions(const std::stop_token& stop) {
    std::mt19937 random(99);
    do {
      const std::vector<RangeInfo> ranges = container_->ranges();
      const std::size_t at = random() % ranges.size();
      const bool held = random() % 2 == 0;
      if (ranges.size() < 5) {
        (void)(held ? container_->begin_split(ranges[at].id, {}, 0) : container_->split(ranges[at].id));
      } else if (at + 1 < ranges.size()) {
        (void)(held ? container_->begin_merge(ranges[at].id, ranges[at + 1].id, 0)
                    : container_->merge(ranges[at].id, ranges[at + 1].id));
      }
      std::this_thread::yield();
      if (held) (void)container_->finish_move();
      ++moves_;
    } while (!stop.stop_requested());
  }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  Engine engine_{runtime_, {}};
  std::shared_ptr<Container> container_;
  std::atomic<int> increments_ = 0;
  std::atomic<int> moves_ = 0;
  std::mutex mutex_;
  std::set<int> mails_;
};

TEST_F(ConcurrencyTest, WritesStayAtomicAndFeedsWholeWhilePartitionsMove) {
  Follower follower(*container_);
  std::jthread mover([&](const std::stop_token& stop) { move_partitions(stop); });
  std::jthread following([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) follower.follow();
  });
  std::vector<std::jthread> writers;
  for (unsigned seed = 0; seed < kConcurrentWriters; ++seed) writers.emplace_back([this, seed] { write(seed); });
  writers.clear();
  mover.request_stop();
  mover.join();
  following.request_stop();
  following.join();
  for (int rounds = 0; !follower.follow(); ++rounds) ASSERT_LT(rounds, 10'000);

  int counted = 0;
  std::set<std::string> live;
  for (const DocumentPtr& document : container_->live_documents()) {
    EXPECT_EQ(follower.seen[document->etag], 1) << document->text;
    if (document->id == "count") counted += static_cast<int>(*json::parse(document->text)->find("n")->as_integer());
    EXPECT_TRUE(live.insert(document->key + document->id).second);
  }
  EXPECT_EQ(counted, increments_);
  for (const auto& [etag, times] : follower.seen) EXPECT_EQ(times, 1) << etag;
  EXPECT_GT(moves_, 0);
}

}  // namespace
}  // namespace halley::server
