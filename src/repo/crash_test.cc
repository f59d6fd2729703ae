// Every store mutation of a sequence of commits goes wrong in turn. What was committed stays, what was not leaves no
// trace, and the sequence can be finished.
#include <gmock/gmock.h>

#include <tuple>

#include "repo/check.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

using testing::Fault;
using testing::FaultPlan;

constexpr std::uint64_t kCommits = 7;

class CrashTest : public RepositoryTest, public ::testing::WithParamInterface<std::tuple<Fault, bool>> {
 protected:
  CrashTest() {
    options_ = quick_options();
    options_.rollup_every = 2;
    options_.inline_bytes = 1000;
  }

  // Every second commit has a segment of its own; all have an event by which the draft is recognised.
  static std::vector<OwnedVersion> versions_of(std::uint64_t seq) {
    std::vector<OwnedVersion> versions;
    for (std::uint64_t i = 0; i < (seq % 2 == 0 ? 40 : 2); ++i) {
      versions.push_back(write_of("k" + std::to_string(i), "d", 100 * seq + i, (seq * 7919 + i * 131) % 50));
    }
    return versions;
  }
  static CommitDraft draft_of(std::uint64_t seq) {
    CommitDraft draft;
    draft.sync_points.resize(400);
    draft.events = {{{static_cast<std::int64_t>(seq)}, "commit", std::to_string(seq)}};
    return draft;
  }

  // Goes on from wherever the lane stands to the last commit, as a process would; stops at the first error.
  Status run(Repository& repository) {
    ASSIGN(const auto lane, repository.open_writer(lane_, identity_));
    while (lane->state().seq < kCommits) {
      const std::uint64_t seq = lane->state().seq + 1;
      VersionBatch batch = batch_of(versions_of(seq));
      TRY(lane->commit(draft_of(seq), batch));
    }
    return {};
  }

  void expect_prefix() {
    auto repository = open(options_);
    auto checked = check(*repository, {1.0, {}, {}});
    ASSERT_TRUE(checked) << checked.error().to_string();
    for (const Damage& damage : checked->damaged) ADD_FAILURE() << damage.object << ": " << damage.why;
    const auto lane = repository->read_lane(lane_);
    if (!lane) {
      ASSERT_EQ(lane.error().code, Code::not_found);
      return;
    }
    ASSERT_EQ(lane->events.size(), lane->seq);
    ASSERT_EQ(lane->segments.size(), lane->seq);
    std::size_t versions = 0;
    for (std::uint64_t seq = 1; seq <= lane->seq; ++seq) {
      EXPECT_EQ(lane->events[seq - 1].text, std::to_string(seq));
      versions += versions_of(seq).size();
    }
    EXPECT_EQ(drain(repository->versions(*lane, {})).size(), versions);
  }

  RepositoryOptions options_;
};

TEST_P(CrashTest, NothingIsLostOrDoubledWhicheverMutationFails) {
  const auto [fault, crash] = GetParam();
  std::uint64_t mutations = 0;
  for (std::uint64_t at = 1; at == 1 || at <= mutations; ++at) {
    SCOPED_TRACE("mutation " + std::to_string(at));
    store_ = store::make_memory_store();
    create(options_);
    auto plan = std::make_shared<FaultPlan>();
    plan->at = at;
    plan->fault = fault;
    plan->crash = crash;
    auto repository = Repository::open(real_runtime(), testing::make_faulty_store(store_, plan), kPassword, options_);
    ASSERT_TRUE(repository);
    const Status done = run(**repository);
    if (done) mutations = std::max(mutations, plan->mutations.load());
    // A lost answer is settled by reading back, unless the process is gone with it.
    EXPECT_TRUE(done || fault != Fault::ambiguous || crash);
    expect_prefix();
    auto restarted = open(options_);
    const Status finished = run(*restarted);
    ASSERT_TRUE(finished) << finished.error().to_string();
    expect_prefix();
    ASSERT_EQ(open()->read_lane(lane_)->seq, kCommits);
    if (at == 1) {
      // How many mutations there are without a fault.
      store_ = store::make_memory_store();
      create(options_);
      auto counted = std::make_shared<FaultPlan>();
      ASSERT_TRUE(
          run(**Repository::open(real_runtime(), testing::make_faulty_store(store_, counted), kPassword, options_)));
      mutations = counted->mutations;
      ASSERT_GT(mutations, kCommits + 3);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, CrashTest,
                         ::testing::Combine(::testing::Values(Fault::refused, Fault::no_space, Fault::torn,
                                                              Fault::ambiguous),
                                            ::testing::Bool()));

}  // namespace
}  // namespace halley::repo
