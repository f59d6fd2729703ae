// The reading half of ContainerCapture: range workers, and what their pages do to the lane.
#include <atomic>
#include <mutex>

#include "capture/container_capture.h"
#include "capture/margins.h"
#include "json/value.h"
#include "runtime/at_once.h"
#include "runtime/byte_queue.h"

namespace halley::capture {
namespace {

using repo::CaptureMode;
using repo::RangeState;

constexpr std::size_t kQueueBytes = 48U << 20;  // a commit's worth: reading goes on while the one before is packed
constexpr int kRoutingRounds = 50;

}  // namespace

// Runs `job` on every range that is `wanted`, several at a time; ranges that were split or merged meanwhile are fitted
// again, and what is still wanted gets another round.
Status ContainerCapture::for_ranges(const std::function<bool(const RangeState&)>& wanted, const RangeJob& job,
                                    std::stop_token stop) {
  for (int round = 0; round < kRoutingRounds; ++round) {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (wanted(states_[i])) indices.push_back(i);
    }
    if (indices.empty()) return {};
    bool routing_changed = false;
    TRY(run_round(indices, job, stop, routing_changed));
    if (!routing_changed) return {};
    TRY(refit(stop));
  }
  return fail(Code::unavailable, "the partitions of " + target_.name.text() + " keep changing",
              "run backup again later");
}

Status ContainerCapture::run_round(const std::vector<std::size_t>& indices, const RangeJob& job, std::stop_token stop,
                                   bool& routing_changed) {
  ByteQueue<PageResult> queue(pass_.runtime, kQueueBytes);
  std::stop_source ours;
  const std::stop_callback forward(stop, [&ours] { ours.request_stop(); });
  std::mutex mutex;
  std::optional<Error> failure;
  std::atomic<std::size_t> next{0};
  const std::size_t workers = std::min<std::size_t>(indices.size(), std::max(1U, pass_.options.ranges_at_once));
  std::atomic<std::size_t> running{workers};

  const auto record = [&](Error error) {
    const std::lock_guard lock(mutex);
    if (error.code == Code::gone) {
      routing_changed = true;
      return;
    }
    if (!failure) failure = std::move(error);
    ours.request_stop();
  };
  const Emit emit = [&](PageResult result) {
    const std::size_t bytes = result.batch.bytes();
    return queue.push(std::move(result), bytes, ours.get_token());
  };
  const auto end_of_one = [&] {
    if (--running == 0) queue.close();
  };
  const auto work = [&](std::stop_token) {
    for (std::size_t i = next++; i < indices.size() && !ours.stop_requested(); i = next++) {
      if (Status done = job(indices[i], emit, ours.get_token()); !done) record(std::move(done).error());
    }
    end_of_one();
  };

  ASSIGN(std::vector<Thread> threads, start_workers(pass_.runtime, "range", workers, work));
  for (std::size_t missing = workers - threads.size(); missing > 0; --missing) end_of_one();
  while (auto result = queue.pop(ours.get_token())) {
    if (Status absorbed = absorb(std::move(*result), stop); !absorbed) record(std::move(absorbed).error());
  }
  threads.clear();
  if (failure) return fail(std::move(*failure));
  if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
  return {};
}

// One page becomes part of what the lane will commit next: its versions, its range's state, its coverage.
Status ContainerCapture::absorb(PageResult result, std::stop_token stop) {
  RangeState& state = states_[result.index];
  const Second claimed_until = state.until;
  if (search_) {
    for (const repo::Version& version : result.batch.versions()) search_->see(version);
  }
  changed_ = changed_ || state != result.state;
  state = std::move(result.state);
  pending_.absorb(std::move(result.batch));
  if (mode_ == CaptureMode::all_versions) extend_exact(exact_, state, result.context.late, claimed_until);
  if (!result.context.late.empty()) {
    note("late_change",
         "a change arrived for a second that was covered already: " + format_rfc3339(result.context.late.front()));
  }
  if (result.context.step_back > kStepBackSeconds) {
    note("clock_step",
         "the service's time stepped back by " + std::to_string(result.context.step_back) + " s in one range");
  }
  for (const std::string& id : result.untold) {
    note("order", "document '" + id +
                      "' was written more than once in one transaction, and nothing tells which write " +
                      "was the last: they are kept in the order of the feed");
  }
  count(result.context.upserts, result.context.removes);
  return pending_.bytes() >= pass_.options.flush_bytes ? commit({}, stop) : Status();
}

// A refusal of a continuation costs a new base, so it is heard twice: something on the way may have said it. A lasting
// 500 is a fault, or says that the feed is not offered any more: then it is not to be had from now, either, while the
// other is.
Result<cosmos::FeedPage> ContainerCapture::read_feed(std::size_t index, cosmos::FeedMode mode,
                                                     const std::string& continuation, std::stop_token stop) {
  const auto read = [&](const std::string& from, cosmos::FeedMode which) {
    const cosmos::FeedRequest request{which, sources_[index].range_id, sources_[index].part, from, 0};
    return pass_.client.read_change_feed(target_.name, request, stop);
  };
  auto page = read(continuation, mode);
  if (page || continuation.empty() || continuation == "*") return page;
  if (is_refusal(page.error())) {
    page = read(continuation, mode);
    if (!page && is_refusal(page.error())) feed_refused_ = true;
  } else if (page.error().status == 500 && mode == cosmos::FeedMode::all_versions) {
    const auto from_now = read("*", mode);
    const bool refused = !from_now && not_offered(from_now.error());
    if (refused && read("*", cosmos::FeedMode::latest_version)) feed_refused_ = true;
  }
  return page;
}

Status ContainerCapture::cursor_of(std::size_t index, const Emit& emit, std::stop_token stop) {
  ASSIGN(const cosmos::FeedPage page, read_feed(index, cosmos::FeedMode::all_versions, "*", stop));
  PageResult result;
  result.index = index;
  result.state = states_[index];
  result.state.feed = page.continuation;
  result.state.range_id = sources_[index].range_id;
  result.state.cursor_lsn = page.lsn;
  result.state.lsn = page.lsn;
  result.state.last_304 = page.server_time;
  emit(std::move(result));
  return {};
}

// Where the log stood when the base that this page is of ended; nothing: it has not ended. A 304 ends a base. So does,
// where more is written than is read, a page with documents beyond the cursor: all that it leaves unread is beyond the
// cursor, too. The parts of a merged range have LSNs that do not compare.
std::optional<std::uint64_t> ContainerCapture::end_of_base(std::size_t index, const cosmos::FeedPage& page,
                                                           const DecodeContext& decoded) const {
  if (page.not_modified) return page.lsn;
  if (decoded.skipped == 0 || sources_[index].part) return std::nullopt;
  const auto position = parse_session_token(page.session_token);
  return position ? std::optional(position->lsn) : std::nullopt;
}

// The base: every live document once, from the latest-version feed; what lies beyond the cursor comes through the
// all-versions feed, which is followed meanwhile. What it brings was there when the cursor was taken, and is dated no
// later: its times say nothing of order. A replica that is not as far as the cursor lacks documents that the feed won't
// bring either.
Status ContainerCapture::base_of(std::size_t index, const Emit& emit, std::stop_token stop) {
  PageDecoder decoder(*target_.identity.key);
  RangeState state = states_[index];
  // Over an older history what the base brings stands behind it, in time as in position.
  Second newest = rebase_ ? state.newest : Second{};
  SteadyTime followed = pass_.runtime.steady_now();
  while (true) {
    ASSIGN(cosmos::FeedPage page, read_feed(index, cosmos::FeedMode::latest_version, state.base, stop));
    pass_.progress.bytes_read += page.body.size();
    bool behind = false;
    if (!sources_[index].part) {  // Of a part the cursor may be in a log from before the merge.
      ASSIGN(behind, is_behind(index, state, state.cursor_lsn, page));
    }
    if (behind) {
      if (!pass_.runtime.sleep(kBehindPoll, stop)) return fail(Code::cancelled, "stopped");
      continue;
    }
    const Second reached = page.server_time;
    PageResult result;
    result.index = index;
    state.base = page.continuation;
    if (!page.not_modified) {
      result.context.epoch = state.epoch;
      result.context.skip_beyond_lsn = state.cursor_lsn;
      result.context.there_by = state.last_304;
      result.context.newest = newest;
      result.context.server_time = page.server_time;
      TRY(decoder.decode(cosmos::FeedMode::latest_version, std::move(page.body), result.context, result.batch));
      newest = result.context.newest;
      result.context.step_back = 0;  // Within a base, time says nothing of order.
    }
    const auto end = end_of_base(index, page, result.context);
    if (end) {
      state.base_end_lsn = *end;
      // What the base left to the feed may be dated behind this Date, by another clock.
      state.base_end_time = std::max({page.server_time + kCoverageMarginSeconds, newest, state.newest, state.last_304});
      state.base_done = !rebase_;
    }
    result.state = state;
    if (!emit(std::move(result)) || end) return {};
    if (pass_.runtime.steady_now() - followed > kFollowWhileBase) {
      for (Followed got = Followed::items; got == Followed::items && state.until <= reached;) {
        ASSIGN(got, follow_once(index, state, decoder, emit, stop));
      }
      followed = pass_.runtime.steady_now();
    }
  }
}

// Whether a page comes from before the position `lsn` of its range, and proves nothing; fails where the feed began
// anew.
Result<bool> ContainerCapture::is_behind(std::size_t index, const RangeState& state, std::uint64_t lsn,
                                         const cosmos::FeedPage& page) {
  if (!is_position_of_source(index, state)) return false;
  const auto verdict = fork_watch_.judge(sources_[index].range_id, lsn, page.session_token, pass_.runtime.steady_now());
  if (verdict != ForkWatch::Verdict::forked) return verdict == ForkWatch::Verdict::behind;
  return fail(Code::precondition, "the feed of " + target_.name.text() + " began anew: it was restored in place",
              "run backup again: a new base is taken");
}

std::optional<std::string> ContainerCapture::live_tag(const repo::Version& version, std::stop_token stop) {
  const auto read = pass_.client.read_document(target_.name, version.id, version.partition_key, stop);
  if (!read) return std::nullopt;
  const auto document = json::parse(read->text);
  return document ? std::optional(document->string_at("_etag")) : std::nullopt;
}

Result<ContainerCapture::Followed> ContainerCapture::follow_once(std::size_t index, RangeState& state,
                                                                 PageDecoder& decoder, const Emit& emit,
                                                                 std::stop_token stop) {
  const bool all_versions = mode_ == CaptureMode::all_versions;
  const cosmos::FeedMode mode = all_versions ? cosmos::FeedMode::all_versions : cosmos::FeedMode::latest_version;
  ASSIGN(cosmos::FeedPage page, read_feed(index, mode, state.feed, stop));
  pass_.progress.bytes_read += page.body.size();
  ASSIGN(const bool behind, is_behind(index, state, state.lsn, page));
  if (behind) return Followed::behind;
  PageResult result;
  result.index = index;
  // Only a continuation that is a number says where its page begins: what the headers of the page before say may be the
  // end of the log.
  const auto continued_at = cosmos::position_of(state.feed);
  if (continued_at && is_position_of_source(index, state)) result.context.from_lsn = *continued_at + 1;
  state.range_id = sources_[index].range_id;
  state.feed = page.continuation;
  state.lsn = page.lsn;
  if (page.not_modified) {
    advance_on_not_modified(state, page);
    if (!all_versions) state.base_done = true;
    // At the end of a log that is as far as the base was, nothing of it is left to come, whatever position is named.
    const auto log = parse_session_token(page.session_token);
    if (all_versions && state.base_done && log && log->lsn >= state.base_end_lsn) {
      state.base_end_lsn = std::min(state.base_end_lsn, state.lsn);
    }
  } else {
    result.context.epoch = state.epoch;
    result.context.newest = state.newest;
    result.context.server_time = page.server_time;
    result.context.claimed_until = all_versions ? state.until : claimed_;
    TRY(decoder.decode(mode, std::move(page.body), result.context, result.batch));
    if (all_versions) {
      result.untold = order_within_transactions(result.batch.versions(), result.context.kinds,
                                                [&](const repo::Version& version) { return live_tag(version, stop); });
    }
    // The latest-version feed begins with the base: within it, time says nothing of order.
    if (!all_versions && !state.base_done) result.context.step_back = 0;
    state.newest = result.context.newest;
    advance_on_items(state);
    if (all_versions) begin_behind(state, result.batch.versions());
  }
  result.state = state;
  if (!emit(std::move(result))) return fail(Code::cancelled, "stopped");
  return page.not_modified ? Followed::nothing_newer : Followed::items;
}

// Follows the feed to a 304; where a second is to be `covered`, to one that covers it. The all-versions feed need not
// come to its end, which it may never do when more is written than is read: there a page will do that is past the
// second, or past the pass's beginning. In the latest-version feed what is not read yet may be an older document, so
// such pages cover nothing; after enough of them a pass goes on without a sync point, or to look for deletes.
Status ContainerCapture::follow(std::size_t index, std::optional<Second> covered, const Emit& emit,
                                std::stop_token stop) {
  PageDecoder decoder(*target_.identity.key);
  RangeState state = states_[index];
  int pages_beyond = 0;
  while (true) {
    ASSIGN(const Followed got, follow_once(index, state, decoder, emit, stop));
    if (got == Followed::items) {
      const bool past = state.until > covered.value_or(pass_.began) && state.lsn >= state.base_end_lsn;
      if (past && mode_ == CaptureMode::all_versions) {
        unread_ = true;
        return {};
      }
      if (past && ++pages_beyond >= kPagesBeyond) {
        restless_ = true;
        return {};
      }
      continue;
    }
    Milliseconds pause = kBehindPoll;
    if (got == Followed::nothing_newer) {
      if (!covered || state.until > *covered) return {};
      const std::int64_t missing = *covered + 1 - state.until;
      pause = std::max(kSettlePoll, Milliseconds(std::max<std::int64_t>(0, missing - 1) * 1000));
    }
    if (!pass_.runtime.sleep(pause, stop)) return fail(Code::cancelled, "stopped");
  }
}

}  // namespace halley::capture
