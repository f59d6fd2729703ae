#include "repo/check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "codec/hash.h"
#include "repo/object_names.h"
#include "repo/repository_state.h"
#include "repo/segment_check.h"

namespace halley::repo {
namespace {

std::string subject_of(const LaneId& lane, const LaneIdentity& identity) {
  if (lane == kAccountLane) return "account definitions";
  if (identity.container.empty()) return "lane " + lane;
  return identity.database + "/" + identity.container;
}

class Check {
 public:
  Check(Runtime& runtime, store::ObjectStore& store, const KeyRing& keys, const CheckOptions& options)
      : runtime_(runtime), store_(store), keys_(keys), options_(options) {}

  Result<CheckReport> run() {
    TRY(list_objects());
    TRY(check_keys());
    // A lane that lost its commits is still known by its rollups.
    std::set<LaneId> lanes;
    add_lanes("lanes/", lanes);
    add_lanes("rollups/", lanes);
    // The account lane tells how far the others were.
    lanes.erase(LaneId(kAccountLane));
    TRY(check_lane(LaneId(kAccountLane)));
    for (const auto& [id, head] : recorded_) lanes.insert(id);
    for (const LaneId& lane : lanes) TRY(check_lane(lane));
    report_.objects = unseen_.size() + seen_;
    report_.unreferenced = unseen_.size();
    return std::move(report_);
  }

 private:
  // How long the lists of a lane were after a commit.
  struct Lengths {
    std::size_t segments = 0, sync_points = 0;
  };
  enum class Kind : std::uint8_t { commit, span, rollup };
  // A lane while it is followed.
  struct Lane {
    LaneState state;
    std::uint64_t next = 1;  // the commit that comes next
    std::string previous;    // the hash of the commit before it, empty when it is not known
    // First and last numbers of commits that are not there. They are damage once anything whole stands behind them:
    // an object that can't be read proves nothing by its name.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    bool folded = true;            // state is that of the commit last read; false once one before was damaged
    std::vector<Lengths> lengths;  // by sequence number, while folded
    std::map<std::uint64_t, std::string> span_hashes;
    std::map<std::uint64_t, std::uint64_t> span_begins;
  };

  Status list_objects() {
    TRY(not_stopped());
    ASSIGN(std::vector<std::string> names, store_.list("", "", store::kNoLimit));
    for (std::string& name : names) unseen_.insert(unseen_.end(), std::move(name));
    return {};
  }

  void add_lanes(const std::string& prefix, std::set<LaneId>& lanes) const {
    auto at = unseen_.lower_bound(prefix);
    while (at != unseen_.end() && at->starts_with(prefix)) {
      const std::size_t slash = at->find('/', prefix.size());
      if (slash == std::string::npos) {  // a file among the lanes is of none
        ++at;
        continue;
      }
      const LaneId lane = at->substr(prefix.size(), slash - prefix.size());
      if (check_lane_id(lane)) lanes.insert(lane);
      at = unseen_.lower_bound(at->substr(0, slash) + '0');  // '0' follows '/'
    }
  }

  Status check_keys() {
    see(std::string(kDescriptionName));
    ASSIGN(const std::vector<KeyFileState> files, inspect_key_files(store_, keys_.repository_id()));
    for (const KeyEpoch& epoch : keys_.epochs()) {
      const std::string name = key_name(to_hex(epoch.id));
      if (!unseen_.contains(name)) add(name, {Code::corrupt, "`" + name + "` is missing"}, {"everything"});
    }
    for (const KeyFileState& file : files) {
      if (file.ours) see(file.name);
      if (file.damage) add(file.name, *file.damage, {"everything"});
    }
    return {};
  }

  // The object is there because something names it.
  void see(const std::string& name) { seen_ += unseen_.erase(name); }

  void add(const std::string& object, const Error& why, std::vector<std::string> affects) {
    if (damaged_.insert(object).second) report_.damaged.push_back({object, why.to_string(), std::move(affects)});
  }

  // Notes damage and goes on; other errors end the check.
  Status note(const std::string& object, const Lane& lane, Error error) {
    if (!is_damage(error)) return fail(std::move(error));
    add(object, error, {subject_of(lane.state.lane, lane.state.identity)});
    return {};
  }

  Status progressed(std::uint64_t bytes) {
    report_.bytes_read += bytes;
    ++done_;
    if (options_.progress) options_.progress(done_, report_.bytes_read);
    return not_stopped();
  }

  Status not_stopped() const {
    if (options_.stop.stop_requested()) return fail(Code::cancelled, "the check was stopped");
    return {};
  }

  std::vector<std::uint64_t> numbers_in(const std::string& folder) const {
    std::vector<std::uint64_t> numbers;
    for (auto at = unseen_.lower_bound(folder); at != unseen_.end() && at->starts_with(folder); ++at) {
      if (const auto seq = seq_of(*at, folder)) numbers.push_back(*seq);
    }
    return numbers;
  }

  Status check_lane(const LaneId& id) {
    Lane lane;
    lane.state.lane = id;
    const auto known = recorded_.find(id);
    const LaneHead* const recorded = known == recorded_.end() ? nullptr : &known->second;
    if (recorded != nullptr) {  // what it is of, also where the first commit is lost
      lane.state.identity.database = recorded->database;
      lane.state.identity.container = recorded->container;
    }
    lane.lengths.emplace_back();
    // Only names that are listed are looked at, and those that come next: a stray one may carry any number.
    std::vector<std::pair<std::uint64_t, Kind>> objects;
    for (const std::uint64_t seq : numbers_in(commit_folder(id))) objects.emplace_back(seq, Kind::commit);
    for (const std::uint64_t seq : numbers_in(span_folder(id))) objects.emplace_back(seq, Kind::span);
    for (const std::uint64_t seq : numbers_in(rollup_folder(id))) objects.emplace_back(seq, Kind::rollup);
    std::sort(objects.begin(), objects.end());
    for (const auto& [seq, kind] : objects) {
      TRY(not_stopped());
      if (kind == Kind::span) {
        TRY(check_span(lane, seq));
        continue;
      }
      if (seq >= lane.next) TRY(check_up_to(lane, kind == Kind::commit ? seq : seq + 1));
      if (kind == Kind::rollup) {
        TRY(check_rollup(lane, seq));
        continue;
      }
      lane.next = seq + 1;
      TRY(check_commit(lane, seq));
    }
    if (id == kAccountLane) {
      for (const LaneHead& head : lane.state.heads) recorded_[head.lane] = head;
      return {};
    }
    return recorded == nullptr ? Status() : check_end(lane, *recorded);
  }

  // Whether the lane still has the commit that the account lane knows it by.
  Status check_end(Lane& lane, const LaneHead& recorded) {
    if (recorded.seq >= lane.next) {
      TRY(check_up_to(lane, recorded.seq + 1));
      TRY(note_gaps(lane));
    }
    return {};
  }

  // The commits from lane.next up to `end`, exclusive, were not listed. Those that were written meanwhile are there
  // when they are asked for, up to the first that is not; the others are a gap.
  Status check_up_to(Lane& lane, std::uint64_t end) {
    while (lane.next < end) {
      const auto size = store_.size(commit_name(lane.state.lane, lane.next));
      if (!size && size.error().code == Code::not_found) break;
      TRY(not_stopped());
      TRY(check_commit(lane, lane.next++));
    }
    if (lane.next == end) return {};
    lane.gaps.emplace_back(lane.next, end - 1);
    lane.next = end;
    lane.folded = false;
    lane.previous.clear();
    return {};
  }

  // Something whole stands behind the gaps: the commits were there.
  Status note_gaps(Lane& lane) {
    for (const auto& [first, last] : std::exchange(lane.gaps, {})) {
      const std::string name = commit_name(lane.state.lane, first);
      std::string why = "`" + name + "`";
      why += first == last ? " is missing" : " to `" + commit_name(lane.state.lane, last) + "` are missing";
      TRY(note(name, lane, {Code::corrupt, std::move(why)}));
    }
    return {};
  }

  Status check_commit(Lane& lane, std::uint64_t seq) {
    const std::string name = commit_name(lane.state.lane, seq);
    see(name);
    const auto bytes = store_.get_all(name, kMaxLaneObject);
    const std::string before = std::exchange(lane.previous, std::string());
    if (!bytes) {
      lane.folded = false;
      return note(name, lane, absent(name, bytes.error()));
    }
    TRY(progressed(bytes->size()));
    auto commit = open_commit(keys_, lane.state.lane, seq, *bytes);
    if (!commit) {
      lane.folded = false;
      return note(name, lane, commit.error());
    }
    TRY(note_gaps(lane));
    lane.previous = codec::sha256(*bytes);
    const auto recorded = recorded_.find(lane.state.lane);
    if (recorded != recorded_.end() && recorded->second.seq == seq && recorded->second.sha256 != lane.previous) {
      TRY(note(name, lane, {Code::corrupt, "`" + name + "` is not the commit that the account lane names"}));
    }
    if (!before.empty() && commit->record.previous_hash != before) {
      TRY(note(name, lane, {Code::corrupt, "`" + name + "` does not follow the commit before it"}));
    }
    const std::vector<SegmentRef> segments = commit->record.segments;
    if (lane.folded) {
      if (auto applied = apply_commit(std::move(commit->record), lane.previous, lane.state); !applied) {
        lane.folded = false;
        TRY(note(name, lane, applied.error()));
      }
    }
    if (lane.folded) lane.lengths.push_back({lane.state.segments.size(), lane.state.sync_points.size()});
    for (const SegmentRef& segment : segments) TRY(check_named(lane, segment, commit->segment));
    return {};
  }

  // A segment that a commit names. `inside`: the bytes that ride in the commit.
  Status check_named(const Lane& lane, const SegmentRef& ref, std::string_view inside) {
    const std::string name = ref.inside_commit ? commit_name(lane.state.lane, ref.commit) : segment_name(ref.id);
    see(name);
    const bool read = static_cast<double>(runtime_.random_u64() >> 11) * 0x1.0p-53 < options_.read_data;
    if (!read && ref.inside_commit) return {};  // its hash was compared with the commit's
    const auto size = ref.inside_commit ? Result<std::uint64_t>(inside.size()) : store_.size(name);
    if (!size) return note(name, lane, absent(name, size.error()));
    if (*size != ref.size) {
      return note(name, lane, {Code::corrupt, "`" + name + "` has another size than its commit says"});
    }
    if (!read) return {};
    auto bytes = ref.inside_commit ? Result<std::string>(std::string(inside)) : store_.get_all(name, ref.size);
    if (!bytes) return note(name, lane, absent(name, bytes.error()));
    TRY(progressed(ref.inside_commit ? 0 : bytes->size()));
    const Status whole = check_segment(store_, keys_, lane.state.lane, ref, std::move(*bytes), decompressor_);
    return whole ? whole : note(name, lane, whole.error());
  }

  static Error absent(const std::string& name, const Error& error) {
    return error.code == Code::not_found ? Error(Code::corrupt, "`" + name + "` is missing") : error;
  }

  Status check_span(Lane& lane, std::uint64_t to) {
    const std::string name = span_name(lane.state.lane, to);
    const auto bytes = store_.get_all(name, kMaxLaneObject);
    if (!bytes) return note(name, lane, absent(name, bytes.error()));
    TRY(progressed(bytes->size()));
    const std::string hash = codec::sha256(*bytes);
    const auto span = read_span(store_, keys_, lane.state.lane, {to, hash});
    if (!span) return note(name, lane, span.error());
    lane.span_hashes[to] = hash;
    lane.span_begins[to] = span->from;
    if (!lane.folded || to >= lane.next) return {};
    const bool same = span->from <= to &&
                      slice(lane, span->from, to, lane.state.segments, &Lengths::segments) == span->segments &&
                      slice(lane, span->from, to, lane.state.sync_points, &Lengths::sync_points) == span->sync_points;
    return same ? Status() : note(name, lane, {Code::corrupt, "`" + name + "` is not what the commits say"});
  }

  static LaneState without_lists(const LaneState& state) {
    return {state.lane,   state.identity, state.mode, state.seq,    state.head_hash, state.committed_at,
            state.ranges, state.exact,    {},         state.events, state.heads,     {}};
  }

  // What commits (from, to] added to a list.
  template <typename T>
  static std::vector<T> slice(const Lane& lane, std::uint64_t from, std::uint64_t to, const std::vector<T>& all,
                              std::size_t Lengths::*length) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(lane.lengths[from].*length);
    return {begin, all.begin() + static_cast<std::ptrdiff_t>(lane.lengths[to].*length)};
  }

  Status check_rollup(Lane& lane, std::uint64_t seq) {
    const std::string name = rollup_name(lane.state.lane, seq);
    see(name);
    auto rollup = read_rollup(store_, keys_, lane.state.lane, seq);
    if (!rollup) return note(name, lane, absent(name, rollup.error()));
    TRY(progressed(0));
    TRY(note_gaps(lane));
    const auto wrong = [&] { return note(name, lane, {Code::corrupt, "`" + name + "` is not what the commits say"}); };
    std::uint64_t spanned = 0;
    for (const SpanRef& span : rollup->spans) {
      const std::string span_object = span_name(lane.state.lane, span.to);
      see(span_object);
      if (!lane.span_hashes.contains(span.to)) TRY(check_span(lane, span.to));  // written meanwhile, or missing
      if (damaged_.contains(span_object)) return {};
      const auto hash = lane.span_hashes.find(span.to);
      if (hash == lane.span_hashes.end()) return wrong();
      if (span.to > seq || hash->second != span.sha256 || lane.span_begins[span.to] != spanned) return wrong();
      spanned = span.to;
    }
    if (!lane.folded) return {};
    LaneState expected = without_lists(lane.state);
    expected.segments = slice(lane, spanned, seq, lane.state.segments, &Lengths::segments);
    expected.sync_points = slice(lane, spanned, seq, lane.state.sync_points, &Lengths::sync_points);
    return expected == rollup->state ? Status() : wrong();
  }

  Runtime& runtime_;
  store::ObjectStore& store_;
  const KeyRing& keys_;
  const CheckOptions& options_;
  CheckReport report_;
  std::set<std::string, std::less<>> unseen_;  // objects that nothing has named yet
  std::set<std::string> damaged_;
  std::map<LaneId, LaneHead, std::less<>> recorded_;  // what the account lane says of the others
  std::uint64_t seen_ = 0;
  std::uint64_t done_ = 0;
  codec::Decompressor decompressor_;
};

}  // namespace

Result<CheckReport> check(Repository& repository, const CheckOptions& options) {
  Repository::State& state = *repository.state_;
  return Check(state.runtime, *state.store, state.keys, options).run();
}

}  // namespace halley::repo
