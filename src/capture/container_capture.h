// Capture of one container incarnation in one pass: cursors, base, feed, reconciliation, coverage.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/coverage_rules.h"
#include "capture/fork_watch.h"
#include "capture/page_decoder.h"
#include "capture/pass.h"
#include "capture/reconcile.h"
#include "repo/interval.h"

namespace halley::capture {

struct ContainerTarget {
  cosmos::ContainerName name;
  repo::LaneId lane;
  repo::LaneIdentity identity;
  std::optional<Second> expiry_changed;  // when its time to live was changed last, as far as definitions are known
};

class ContainerCapture {
 public:
  ContainerCapture(Pass& pass, ContainerTarget target);

  // Reads everything there is: base and changes up to a 304 on every range; in latest mode also looks for deletes.
  // Commits as it goes.
  Status catch_up(std::stop_token stop);

  // Polls every range again, to a 304 that covers the second `covered`; nothing = to one more 304.
  Status settle(std::optional<Second> covered, std::stop_token stop);

  // Makes what is still pending visible; in latest mode with the sync point `at`, which settle() has covered.
  Status finish(std::optional<Second> at, std::stop_token stop);

  const ContainerTarget& target() const { return target_; }
  repo::CaptureMode mode() const { return mode_; }
  // What can be restored of it, by what was committed. To be asked once catch_up() has opened the lane.
  std::vector<repo::Interval> restorable_seconds() const;
  // Whether `latest` can be restored of it.
  bool has_any() const;
  const std::vector<repo::Event>& events() const { return all_events_; }
  // Where exactness begins in all-versions mode, some seconds behind the newest base: settle() must cover that.
  Second exact_from() const;
  // Where the lane stands; nothing before its first commit.
  std::optional<repo::LaneHead> head() const;

 private:
  // What reading one page of a range brought.
  struct PageResult {
    std::size_t index = 0;
    repo::RangeState state;
    repo::VersionBatch batch;
    DecodeContext context;
    std::vector<std::string> untold;  // documents written twice in one transaction, in an order that nothing tells
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
  Status follow_all(std::optional<Second> covered, std::stop_token stop);
  Status follow_on(std::optional<Second> covered, std::stop_token stop);
  Status close_coverage(std::string kind, const Error& why, std::stop_token stop);
  Status start_over(std::stop_token stop);
  bool reads_over_older_history() const;
  void switch_mode(repo::CaptureMode mode);

  Status cursor_of(std::size_t index, const Emit& emit, std::stop_token stop);
  Status base_of(std::size_t index, const Emit& emit, std::stop_token stop);
  std::optional<std::uint64_t> end_of_base(std::size_t index, const cosmos::FeedPage& page,
                                           const DecodeContext& decoded) const;
  Status follow(std::size_t index, std::optional<Second> covered, const Emit& emit, std::stop_token stop);
  // One request of the followed feed.
  enum class Followed : std::uint8_t { items, nothing_newer, behind };
  Result<Followed> follow_once(std::size_t index, repo::RangeState& state, PageDecoder& decoder, const Emit& emit,
                               std::stop_token stop);
  bool is_position_of_source(std::size_t index, const repo::RangeState& state) const;
  Result<bool> is_behind(std::size_t index, const repo::RangeState& state, std::uint64_t lsn,
                         const cosmos::FeedPage& page);
  std::optional<std::string> live_tag(const repo::Version& version, std::stop_token stop);
  Result<cosmos::FeedPage> read_feed(std::size_t index, cosmos::FeedMode mode, const std::string& continuation,
                                     std::stop_token stop);

  Status reconcile(std::stop_token stop);
  // Runs `list` on the ids of all ranges, again where they change meanwhile.
  using List = std::function<Status(const std::vector<std::string>& range_ids)>;
  bool expiry_changed() const;
  Status list_ranges(const List& list, std::stop_token stop);
  Status take_back(std::stop_token stop);
  bool still_to_come(const repo::Version& version, std::optional<std::uint64_t> lsn, std::size_t index) const;
  Result<bool> take_back_one(PageDecoder& decoder, const Named& named, cosmos::ReadDocument document);
  void bury(const std::vector<Vanished>& vanished, Second listed);
  Second proof_of_life(std::string_view partition_key) const;
  void prove_rest();

  Status commit(std::vector<repo::SyncPoint> sync_points, std::stop_token stop);
  void count(std::uint64_t documents, std::uint64_t deletes);
  Status check_incarnation(std::stop_token stop);
  // At `at`, or now.
  void note(std::string kind, std::string text, std::optional<Second> at = {});

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
  // Of these.
  std::uint64_t pending_documents_ = 0;
  std::uint64_t pending_deletes_ = 0;
  bool changed_ = false;  // states_ or exact_ differ from the head
  Second claimed_;        // latest: what comes later for a second before it is reported
  ForkWatch fork_watch_;
  std::atomic<bool> feed_refused_{false};           // a feed can't be continued from where it was
  bool returns_unknown_ = false;                    // latest: what lives again could not be told from what comes
  std::atomic<bool> unread_{false};                 // a range of the all-versions feed was left before its end
  std::atomic<bool> restless_{false};               // a range of the latest-version feed did not come to its end
  std::map<std::string, std::uint64_t> listed_at_;  // where the ranges' logs stood before the listing, by range id
  std::optional<Search> search_;                    // sees what is captured while it is set
};

}  // namespace halley::capture
