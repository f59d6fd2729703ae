#include "capture/container_capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "capture/margins.h"
#include "cosmos/sub_status.h"
#include "repo/coverage.h"

namespace halley::capture {
namespace {

using repo::CaptureMode;
using repo::RangeState;

constexpr int kListingRounds = 10;  // while ranges are split or merged

}  // namespace

ContainerCapture::ContainerCapture(Pass& pass, ContainerTarget target) : pass_(pass), target_(std::move(target)) {}

Status ContainerCapture::catch_up(std::stop_token stop) {
  TRY(open(stop));
  TRY(choose_mode(stop));
  Status followed = mode_ == CaptureMode::all_versions ? read_bases(stop) : Status();
  if (followed) followed = follow_all(std::nullopt, stop);
  if (!followed && (feed_refused_ || fork_watch_.found())) {
    TRY(close_coverage(feed_refused_ ? "gap" : "fork", followed.error(), stop));
    TRY(start_over(stop));
    followed = follow_on(std::nullopt, stop);
  }
  TRY(std::move(followed));
  if (mode_ == CaptureMode::latest || rebase_ || expiry_changed()) {
    Status looked = reconcile(stop);
    // A container that was made anew is not as far as the one before was.
    if (!looked && looked.error().sub_status == cosmos::kSessionAhead) TRY(check_incarnation(stop));
    TRY(std::move(looked));
  }
  // Of a container that is dropped while others are read, what was read of it can't be read again.
  if (!pending_.empty() && (pass_.several || pending_.bytes() > (1U << 20))) TRY(commit({}, stop));
  return {};
}

Status ContainerCapture::settle(std::optional<Second> covered, std::stop_token stop) {
  restless_ = false;  // catching up may have been; what counts is whether the second is covered
  return follow_on(covered, stop);
}

Second ContainerCapture::exact_from() const {
  Second from;
  for (const RangeState& state : states_) from = std::max(from, state.base_end_time);
  return from;
}

Status ContainerCapture::finish(std::optional<Second> at, std::stop_token stop) {
  std::vector<repo::SyncPoint> points;
  if (mode_ == CaptureMode::latest && at && (restless_ || returns_unknown_)) {
    TRY(commit({}, stop));
    return fail(Code::unavailable,
                "container " + target_.name.text() + " is written faster than its latest-version feed can be read to " +
                    "the end: what was read is kept, but no second of it can be vouched for",
                "turn the account's all-versions-and-deletes feed on, or back up when less is written");
  }
  if (mode_ == CaptureMode::latest && at) {
    prove_rest();
    repo::SyncPoint point{*at, {}};
    for (const RangeState& state : states_) point.cut.push_back({state.range, {state.epoch, state.lsn}});
    points.push_back(std::move(point));
  }
  if (points.empty() && pending_.empty() && events_.empty() && !changed_) return {};
  return commit(std::move(points), stop);
}

std::vector<repo::Interval> ContainerCapture::restorable_seconds() const {
  return repo::restorable_seconds(writer_->state());
}

bool ContainerCapture::has_any() const {
  return writer_ != nullptr && writer_->state().seq != 0 && repo::newest_cut(writer_->state()).has_value();
}

std::optional<repo::LaneHead> ContainerCapture::head() const {
  if (writer_ == nullptr || writer_->state().seq == 0) return std::nullopt;
  const repo::LaneState& state = writer_->state();
  return repo::LaneHead{state.lane, state.identity.database, state.identity.container, state.seq, state.head_hash};
}

Status ContainerCapture::open(std::stop_token stop) {
  ASSIGN(writer_, pass_.repository.open_writer(target_.lane, target_.identity));
  const repo::LaneState& head = writer_->state();
  states_ = head.ranges;
  exact_ = head.exact;
  if (head.seq != 0) mode_ = head.mode;
  if (!head.sync_points.empty()) {
    claimed_ = head.sync_points.back().at + 1;
  }
  const repo::LaneHead* const recorded = repo::recorded_head(pass_.heads, target_.lane);
  if (recorded != nullptr && repo::is_behind(head, *recorded)) {
    note("lost_commits",
         fmt::format("the repository has lost backups of this container: commit {} was its newest, {} is there now; it "
                     "is captured on from there",
                     recorded->seq, head.seq));
  }
  return refit(stop);
}

// Fits the lane to the physical ranges as they are now.
Status ContainerCapture::refit(std::stop_token stop) {
  ASSIGN(const auto live, pass_.client.partition_key_ranges(target_.name, stop));
  const std::vector<RangeState> before = states_;
  sources_ = fit_to_ranges(live, states_, exact_);
  changed_ = changed_ || states_ != before;
  return {};
}

// All-versions where the service offers that feed and the user did not ask for the other; a lane keeps its mode while
// it can.
Status ContainerCapture::choose_mode(std::stop_token stop) {
  if (pass_.options.mode == ModeChoice::latest) {
    if (mode_ != CaptureMode::latest) switch_mode(CaptureMode::latest);
    return {};
  }
  const bool was_latest = writer_->state().seq != 0 && mode_ == CaptureMode::latest;
  if (was_latest) switch_mode(CaptureMode::all_versions);
  Status cursors = take_cursors(stop);
  if (cursors) {
    if (was_latest) note("mode", "the all-versions feed is offered now: a new base is taken");
    rebase_ = reads_over_older_history();
    return {};
  }
  if (!not_offered(cursors.error())) return cursors;
  if (pass_.options.mode == ModeChoice::all_versions) {
    Error error = cursors.error();
    error.hint =
        "turn continuous backup and the all-versions-and-deletes feed on for the account, or back up with --mode "
        "latest";
    return fail(std::move(error).in("the all-versions feed of " + target_.name.text() + " is not offered"));
  }
  if (was_latest) {  // As before: go on from where the lane stands.
    states_ = writer_->state().ranges;
    exact_ = writer_->state().exact;
    mode_ = CaptureMode::latest;
    return refit(stop);
  }
  switch_mode(CaptureMode::latest);
  return {};
}

// Whether a base is still to be read while the lane holds versions of an earlier one: documents deleted in between are
// in no feed. A first base that was interrupted needs no search, unless it was given up for another.
bool ContainerCapture::reads_over_older_history() const {
  const repo::LaneState& head = writer_->state();
  const bool complete_before = !head.exact.empty() || !head.sync_points.empty();
  if (head.segments.empty() && !complete_before) return false;
  return std::any_of(states_.begin(), states_.end(),
                     [&](const RangeState& state) { return !state.base_done && (complete_before || state.epoch > 0); });
}

// Another feed has other continuations: every range starts afresh in it, in a new epoch where it had begun already.
// What is read again is timed behind all that was covered, so that it changes no answer about the time before.
void ContainerCapture::switch_mode(CaptureMode mode) {
  const bool listed = mode_ == CaptureMode::latest && mode == CaptureMode::latest;
  mode_ = mode;
  for (RangeState& state : states_) {
    RangeState fresh;
    fresh.range = state.range;
    fresh.range_id = state.range_id;
    const bool begun = !state.feed.empty() || !state.base.empty();
    fresh.epoch = begun ? state.epoch + 1 : state.epoch;
    fresh.newest = std::max(state.newest, state.until);
    if (listed) fresh.base_end_time = state.base_end_time;
    state = std::move(fresh);
  }
  changed_ = true;
}

// One poll of every range "from now", committed before anything of the base is read.
Status ContainerCapture::take_cursors(std::stop_token stop) {
  const auto without = [](const RangeState& state) { return state.feed.empty(); };
  if (std::none_of(states_.begin(), states_.end(), without)) return {};
  TRY(for_ranges(
      without, [this](std::size_t i, const Emit& emit, std::stop_token s) { return cursor_of(i, emit, s); }, stop));
  return commit({}, stop);
}

Status ContainerCapture::read_bases(std::stop_token stop) {
  // A base that was read over an older history is complete once reconcile() has found what it lacks.
  return for_ranges([this](const RangeState& s) { return !s.base_done && (!rebase_ || s.base_end_time == Second{0}); },
                    [this](std::size_t i, const Emit& emit, std::stop_token s) { return base_of(i, emit, s); }, stop);
}

Status ContainerCapture::follow_all(std::optional<Second> covered, std::stop_token stop) {
  // After a split in the middle only the ranges that have not had their turn are asked again.
  std::unordered_set<std::string> done;
  std::mutex mutex;
  return for_ranges([&](const RangeState& state) { return done.count(state.range.min) == 0; },
                    [&](std::size_t index, const Emit& emit, std::stop_token s) -> Status {
                      const std::string begin = states_[index].range.min;  // absorb() writes the state once pages come
                      TRY(follow(index, covered, emit, s));
                      const std::lock_guard lock(mutex);
                      done.insert(begin);
                      return {};
                    },
                    stop);
}

// Where nothing is begun anew in this pass a fork must be known to the next: by then the feed may have passed the
// continuation, and would be taken for the same.
Status ContainerCapture::follow_on(std::optional<Second> covered, std::stop_token stop) {
  Status followed = follow_all(covered, stop);
  if (followed || !(feed_refused_ || fork_watch_.found())) return followed;
  TRY(close_coverage(feed_refused_ ? "gap" : "fork", followed.error(), stop));
  Error error = std::move(followed).error();
  error.code = Code::precondition;
  error.hint = "run backup again: a new base is taken";
  return fail(std::move(error));
}

// The feed can't be continued (outside the account's retention, switched off, or begun anew): coverage closes, durably,
// and a new epoch begins without continuations.
Status ContainerCapture::close_coverage(std::string kind, const Error& why, std::stop_token stop) {
  note(std::move(kind), "the change feed could not be continued: " + why.message);
  fork_watch_.forget();
  feed_refused_ = false;
  switch_mode(mode_);
  return commit({}, stop);
}

// A new base is taken in the new epoch, or the container goes on in latest mode.
Status ContainerCapture::start_over(std::stop_token stop) {
  if (mode_ == CaptureMode::latest) return {};
  rebase_ = true;
  Status cursors = take_cursors(stop);
  if (cursors) return read_bases(stop);
  if (!not_offered(cursors.error()) || pass_.options.mode == ModeChoice::all_versions) return cursors;
  switch_mode(CaptureMode::latest);
  return {};
}

// Finds the deletes that no feed told: what the lane holds and the service no longer lists, seen by no feed meanwhile.
Status ContainerCapture::reconcile(std::stop_token stop) {
  TRY(commit({}, stop));
  const Second listed = pass_.client.newest_server_time();
  listed_at_.clear();
  for (const RangeSource& source : sources_) {
    const auto log_end = fork_watch_.log_end(source.range_id);
    if (log_end) listed_at_.emplace(source.range_id, *log_end);
  }
  search_.emplace();
  TRY(list_ranges(
      [&](const std::vector<std::string>& range_ids) -> Status {
        ASSIGN(search_->live, list_live_keys(pass_, target_.name, *target_.identity.key, range_ids, stop));
        return {};
      },
      stop));
  const repo::LaneState before = writer_->state();
  unread_ = false;
  restless_ = false;
  TRY(follow_on(std::nullopt, stop));
  // Of a range whose base is read already, whatever is read anew of others, and however far its feed was read.
  const FeedTells feed_tells = [&](std::string_view partition_key) {
    if (mode_ == CaptureMode::latest) return false;
    const auto epk = cosmos::effective_partition_key(*target_.identity.key, partition_key);
    return epk && std::any_of(states_.begin(), states_.end(),
                              [&](const RangeState& state) { return state.base_done && state.range.contains(*epk); });
  };
  ASSIGN(const std::vector<Vanished> vanished, find_vanished(pass_, target_.name, before, *search_, feed_tells, stop));
  // What a feed that was not read to its end still has to bring is no document that came back.
  const bool returns = !search_->live.all_known();
  if (returns && restless_) returns_unknown_ = true;
  if (returns && !restless_) TRY(take_back(stop));
  // What came back was written before the change: where that is covered, nothing of it is left to be read.
  const bool whole = !unread_ || std::all_of(states_.begin(), states_.end(), [&](const RangeState& state) {
    return state.until > target_.expiry_changed.value_or(Second{});
  });
  if (expiry_changed() && whole) {
    // A change while they are looked through is for the next pass.
    note("expiry", "time to live was changed: all documents were looked through for those that live again", listed);
  }
  search_.reset();
  bury(vanished, listed);
  return {};
}

// Whether time to live was changed since documents were looked through for an earlier change. A base does not count: it
// reads for a while, and leaves out what had expired when its page was made. In latest mode that is done in every pass.
bool ContainerCapture::expiry_changed() const {
  if (!target_.expiry_changed || mode_ == CaptureMode::latest) return false;
  Second looked{std::numeric_limits<std::int64_t>::min()};
  for (const repo::Event& event : writer_->state().events) {
    if (event.kind == "expiry") looked = std::max(looked, event.at);
  }
  // The look is dated by Date, the change by the clock of its `_ts`.
  return *target_.expiry_changed + kCoverageMarginSeconds >= looked;
}

Status ContainerCapture::list_ranges(const List& list, std::stop_token stop) {
  for (int round = 0;; ++round) {
    std::vector<std::string> range_ids;  // each once: after a merge several intervals are read from one range
    for (const RangeSource& source : sources_) {
      if (std::find(range_ids.begin(), range_ids.end(), source.range_id) == range_ids.end())
        range_ids.push_back(source.range_id);
    }
    Status listed = list(range_ids);
    if (listed || listed.error().code != Code::gone || round == kListingRounds) return listed;
    TRY(refit(stop));  // A split meanwhile: the list is asked of the new ranges.
  }
}

// What the service lists and the lane does not hold as live, though no feed brought it: documents that had expired when
// the feed was read, and that live again since time to live was turned off or made longer. They are listed again, by
// name.
Status ContainerCapture::take_back(std::stop_token stop) {
  PageDecoder decoder(*target_.identity.key);
  bool told = false;
  std::vector<Named> unknown;  // not read yet
  const auto read_unknown = [&]() -> Status {
    ASSIGN(auto documents, read_all_live(pass_, target_.name, unknown, stop));
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      bool taken = false;
      const bool again = !search_->is_unknown(unknown[i].partition_key, unknown[i].id, unknown[i].rid);
      if (documents[i] && !again) {
        ASSIGN(taken, take_back_one(decoder, unknown[i], *std::move(documents[i])));
      }
      // Once, though ranges change meanwhile and everything is listed anew.
      search_->live.know(document_key(unknown[i].partition_key, unknown[i].id), unknown[i].rid);
      if (!taken) continue;
      if (!told) note("returned", "documents that had expired live again, since time to live was changed");
      told = true;
      count(1, 0);
    }
    unknown.clear();
    return pending_.bytes() >= pass_.options.flush_bytes ? commit({}, stop) : Status();
  };
  const auto each = [&](const json::ScannedDocument& document, std::string_view partition_key,
                        std::string_view rid) -> Status {
    if (!search_->is_unknown(partition_key, document.id, rid)) return {};
    unknown.push_back({std::string(partition_key), std::string(document.id), std::string(rid)});
    return unknown.size() >= pass_.options.reads_at_once ? read_unknown() : Status();
  };
  return list_ranges(
      [&](const std::vector<std::string>& range_ids) -> Status {
        unknown.clear();
        TRY(list_documents(pass_, target_.name, *target_.identity.key, range_ids, each, stop));
        return read_unknown();
      },
      stop);
}

// Whether the position of an interval is in the log of the range that it is read from: else LSNs do not compare. It is
// not until a range that was merged has answered a continuation from before. What was split counts on.
bool ContainerCapture::is_position_of_source(std::size_t index, const RangeState& state) const {
  return !sources_[index].part || state.range_id == sources_[index].range_id;
}

// Whether the feed of a range is still to bring a document that was read by name. Its LSN tells, whatever the clock
// does; where it is not given, or may be of a log from before a merge, a feed that was read to its end has nothing
// left, and another what is dated behind what it covers.
bool ContainerCapture::still_to_come(const repo::Version& version, std::optional<std::uint64_t> lsn,
                                     std::size_t index) const {
  const RangeState& state = states_[index];
  if (lsn && !sources_[index].part) return *lsn > state.lsn;
  return unread_ && version.ts >= state.until;
}

// A listing may come from a replica that lags, and show what was deleted: what counts is what a read of the document
// finds. It stands where its range has got to: behind the delete, if one was noted while it could not be seen. False
// where it is not back, or the feed may still bring it.
Result<bool> ContainerCapture::take_back_one(PageDecoder& decoder, const Named& named, cosmos::ReadDocument document) {
  ASSIGN(const std::string epk, cosmos::effective_partition_key(*target_.identity.key, named.partition_key));
  const auto range =
      std::find_if(states_.begin(), states_.end(), [&](const RangeState& state) { return state.range.contains(epk); });
  if (range == states_.end()) {
    return fail(Code::corrupt, "the ranges of " + target_.name.text() + " do not hold the document '" + named.id + "'");
  }
  DecodeContext context;
  context.epoch = range->epoch;
  context.server_time = pass_.client.newest_server_time();
  repo::VersionBatch batch;
  TRY(decoder.decode_document(std::move(document.text), range->lsn, context, batch));
  repo::Version& version = batch.versions().back();
  const auto index = static_cast<std::size_t>(range - states_.begin());
  if (version.rid != named.rid || still_to_come(version, document.lsn, index)) return false;
  const auto held = search_->live.held(document_key(named.partition_key, named.id), named.rid, version.etag);
  if (held == LiveKeys::Held::same) return false;  // A stale listing showed it as it was before.
  // Where the lane holds another version as the live one, that is what it was at the seconds vouched for.
  if (held == LiveKeys::Held::otherwise) version.time = std::max({version.time, range->newest, range->until});
  pending_.absorb(std::move(batch));
  return true;
}

// When a document of this key that the lane holds as live, and that is older, was last known to live.
Second ContainerCapture::proof_of_life(std::string_view partition_key) const {
  const auto epk = cosmos::effective_partition_key(*target_.identity.key, partition_key);
  if (!epk) return {};
  Second proof;
  for (const RangeState& state : states_) {
    if (mode_ == CaptureMode::latest && state.range.contains(*epk)) proof = std::max(proof, state.base_end_time);
  }
  for (const repo::ExactInterval& interval : exact_) {
    if (interval.range.contains(*epk) && interval.from < interval.until) proof = std::max(proof, interval.until - 1);
  }
  return proof;
}

// A range whose log has not moved since before the listing: what was listed in it still lives.
void ContainerCapture::prove_rest() {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (sources_[i].part) continue;  // Its log's end is that of whichever part was answered last.
    const auto listed_at = listed_at_.find(sources_[i].range_id);
    if (listed_at == listed_at_.end() || fork_watch_.log_end(listed_at->first) != listed_at->second) continue;
    states_[i].base_end_time = std::max(states_[i].base_end_time, states_[i].until);
    changed_ = true;
  }
}

// A delete that no feed told has no position of its own: it takes that of the version it ends, and being of a later
// commit it is the newer of the two.
void ContainerCapture::bury(const std::vector<Vanished>& vanished, Second listed) {
  Second newest;
  count(0, vanished.size());
  for (const Vanished& document : vanished) {
    repo::Version version;
    version.partition_key = pending_.keep(document.partition_key);
    version.id = pending_.keep(document.id);
    version.rid = pending_.keep(document.rid);
    const Second proof = proof_of_life(document.partition_key);
    version.since = std::max(document.last_seen, proof);
    version.time = std::max({document.gone_by, document.last_seen, proof + 1});
    version.ts = version.time;
    version.position = document.position;
    version.operation = repo::Operation::remove;
    pending_.add(version);
    newest = std::max(newest, version.time);
  }
  for (RangeState& state : states_) {
    if (mode_ == CaptureMode::latest) {
      state.base_end_time = std::max(state.base_end_time, listed);
    } else if (!state.base_done) {
      // Exactness of the new base begins where its deletes are known; they are dated by Date.
      state.base_end_time = std::max({state.base_end_time, state.last_304 + kCoverageMarginSeconds, state.newest,
                                      newest + kCoverageMarginSeconds});
      state.base_end_lsn = std::max(state.base_end_lsn, state.lsn);
      state.base_done = true;
    }
  }
  rebase_ = false;
  changed_ = true;
}

Status ContainerCapture::commit(std::vector<repo::SyncPoint> sync_points, std::stop_token stop) {
  TRY(check_incarnation(stop));
  repo::CommitDraft draft;
  draft.mode = mode_;
  draft.ranges = states_;
  draft.exact = exact_;
  draft.sync_points = std::move(sync_points);
  draft.events = events_;
  auto committed = writer_->commit(draft, pending_);
  if (!committed) return fail(std::move(committed).error().in("committing " + target_.name.text()));
  pass_.progress.documents_kept += std::exchange(pending_documents_, 0);
  pass_.progress.deletes_kept += std::exchange(pending_deletes_, 0);
  pass_.progress.bytes_stored += committed->bytes_stored;
  ++pass_.progress.commits;
  events_.clear();
  changed_ = false;
  return {};
}

// What pending_ has gained.
void ContainerCapture::count(std::uint64_t documents, std::uint64_t deletes) {
  pending_documents_ += documents;
  pending_deletes_ += deletes;
  pass_.progress.documents += documents;
  pass_.progress.deletes += deletes;
}

// Pages are asked for by name: what they brought belongs to this lane only while the name still means this incarnation.
Status ContainerCapture::check_incarnation(std::stop_token stop) {
  ASSIGN(const cosmos::Resource container, pass_.client.read_container(target_.name, stop));
  if (container.rid == target_.identity.container_rid) return {};
  return fail(Code::precondition,  // not gone: its ranges are not to be looked for anew
              fmt::format("container {} was dropped and created again while it was read", target_.name.text()),
              "run backup again: the new container is captured on its own");
}

void ContainerCapture::note(std::string kind, std::string text, std::optional<Second> at) {
  repo::Event event{at.value_or(pass_.client.newest_server_time()), std::move(kind), std::move(text)};
  all_events_.push_back(event);
  events_.push_back(std::move(event));
}

}  // namespace halley::capture
