// Capture of one container incarnation in one pass: cursors, base, feed, reconciliation, coverage.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/byte_queue.h"
#include "capture/coverage_rules.h"
#include "capture/page_decoder.h"
#include "capture/pass.h"

namespace halley::capture {

struct Vanished;

struct ContainerTarget {
  cosmos::ContainerName name;
  repo::LaneId lane;
  repo::LaneIdentity identity;
};

class ContainerCapture {
 public:
  ContainerCapture(Pass& pass, ContainerTarget target);

  // Reads everything there is: base and changes up to a 304 on every range; in latest mode also looks for deletes.
  // Commits as it goes.
  Status catch_up(std::stop_token stop);

  // Polls every range again: until the moment the pass began is covered (all-versions), or to one more 304 (latest).
  Status settle(std::stop_token stop);

  // Makes what is still pending visible; in latest mode as the sync point `at`.
  Status finish(Second at, std::stop_token stop);

  const ContainerTarget& target() const { return target_; }
  repo::CaptureMode mode() const { return mode_; }
  bool take_moved();                // whether any range's position has changed since the last call
  Second newest_304() const;        // over all ranges
  Second restorable_until() const;  // all-versions: every range is covered before it
  const std::vector<repo::Event>& events() const { return all_events_; }

 private:
  // What reading one page of a range brought.
  struct PageResult {
    std::size_t index = 0;
    repo::RangeState state;
    repo::VersionBatch batch;
    DecodeContext context;
  };
  using Emit = std::function<bool(PageResult)>;
  using RangeJob = std::function<Status(std::size_t index, const Emit& emit, std::stop_token stop)>;

  Status open(std::stop_token stop);
  Status refit(std::stop_token stop);
  Status for_ranges(const std::function<bool(const repo::RangeState&)>& wanted, const RangeJob& job,
                    std::stop_token stop);
  Status run_round(const std::vector<std::size_t>& indices, const RangeJob& job, std::stop_token stop,
                   bool& routing_changed);
  Status absorb(PageResult result, std::stop_token stop);

  Status choose_mode(std::stop_token stop);
  Status take_cursors(std::stop_token stop);
  Status read_bases(std::stop_token stop);
  Status follow_all(bool until_covered, std::stop_token stop);
  Status start_over(const Error& why, std::stop_token stop);
  bool reads_over_older_history() const;
  void switch_mode(repo::CaptureMode mode);

  Status cursor_of(std::size_t index, const Emit& emit, std::stop_token stop);
  Status base_of(std::size_t index, const Emit& emit, std::stop_token stop);
  Status follow(std::size_t index, bool until_covered, const Emit& emit, std::stop_token stop);
  // One request of the followed feed; true when it answered 304.
  Result<bool> follow_once(std::size_t index, repo::RangeState& state, PageDecoder& decoder, const Emit& emit,
                           std::stop_token stop);
  cosmos::FeedRequest request_for(std::size_t index, cosmos::FeedMode mode, const std::string& continuation) const;

  Status reconcile(std::stop_token stop);
  Status bury(const std::vector<Vanished>& vanished);
  std::size_t range_of(std::string_view partition_key) const;  // an index into states_

  Status commit(std::vector<repo::SyncPoint> sync_points, std::stop_token stop);
  Status check_incarnation(std::stop_token stop);
  void note(std::string kind, std::string text);

  Pass& pass_;
  ContainerTarget target_;
  std::unique_ptr<repo::LaneWriter> writer_;
  repo::CaptureMode mode_ = repo::CaptureMode::all_versions;
  bool rebase_ = false;  // a base is read over an older history: what it lacks was deleted
  std::vector<repo::RangeState> states_;
  std::vector<RangeSource> sources_;
  std::vector<repo::ExactInterval> exact_;
  std::vector<repo::Event> events_;      // not committed yet
  std::vector<repo::Event> all_events_;  // of this pass
  repo::VersionBatch pending_;
  bool moved_ = false;                                      // some range's position changed
  bool changed_ = false;                                    // states_ or exact_ differ from the head
  std::optional<std::unordered_set<std::string>> watched_;  // keys captured while it is set
};

}  // namespace halley::capture
