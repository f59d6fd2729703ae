#include "repo/repository.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/hash.h"
#include "repo/key_ring.h"
#include "repo/lane_history.h"
#include "repo/merged_stream.h"
#include "repo/object_names.h"
#include "repo/repository_state.h"

namespace halley::repo {

namespace {

constexpr std::size_t kNamesAtOnce = 1000;
constexpr char kBehindSlash = '/' + 1;

}  // namespace

Repository::Repository(std::unique_ptr<State> state) : state_(std::move(state)) {}
Repository::~Repository() = default;

Result<std::unique_ptr<Repository>> Repository::create(Runtime& runtime, std::unique_ptr<store::ObjectStore> store,
                                                       std::string_view password, RepositoryOptions options) {
  ASSIGN(KeyRing keys, KeyRing::create(runtime, *store, password, options.password_cost));
  return std::unique_ptr<Repository>(
      new Repository(std::make_unique<State>(runtime, std::move(store), std::move(keys), options)));
}

Result<std::unique_ptr<Repository>> Repository::open(Runtime& runtime, std::unique_ptr<store::ObjectStore> store,
                                                     std::string_view password, RepositoryOptions options) {
  ASSIGN(KeyRing keys, KeyRing::open(*store, password));
  return std::unique_ptr<Repository>(
      new Repository(std::make_unique<State>(runtime, std::move(store), std::move(keys), options)));
}

const std::string& Repository::id() const { return state_->id; }
store::ObjectStore& Repository::store() { return *state_->store; }

Result<std::vector<LaneId>> Repository::lanes() {
  const std::string prefix = "lanes/";
  std::vector<LaneId> lanes;
  for (std::string after;;) {
    ASSIGN(const std::vector<std::string> names, state_->store->list(prefix, after, kNamesAtOnce));
    for (const std::string& name : names) {
      const std::size_t slash = name.find('/', prefix.size());
      if (slash == std::string::npos) continue;  // a file among the lanes is of none
      LaneId lane = name.substr(prefix.size(), slash - prefix.size());
      // The names of one lane stand together.
      if ((lanes.empty() || lanes.back() != lane) && check_lane_id(lane)) lanes.push_back(std::move(lane));
    }
    if (names.size() < kNamesAtOnce) return lanes;
    // On behind the lane that the page ends in.
    after = names.back();
    const std::size_t slash = after.find('/', prefix.size());
    if (slash != std::string::npos) after = after.substr(0, slash) + kBehindSlash;
  }
}

Result<LaneState> Repository::read_lane(const LaneId& lane) {
  ASSIGN(LaneHistory history, read_lane_history(*state_->store, state_->keys, lane));
  if (history.damage && history.state.seq == 0) return fail(std::move(*history.damage));
  if (history.damage) history.state.damage = history.damage->to_string();
  return std::move(history.state);
}

namespace {

// Why nothing can be written to a lane, and what its owner can do.
Error blocked(const LaneState& lane, Error damage) {
  const std::string next = commit_name(lane.lane, lane.seq + 1);
  damage.hint =
      "'halley verify' names all that is damaged. Bring `" + next +
      "` back from another copy of the repository. Where there is none, move it and what stands behind it in " +
      commit_folder(lane.lane) + " out of the repository: backups then go on from what is left.";
  return damage;
}

}  // namespace

Result<std::unique_ptr<LaneWriter>> Repository::open_writer(const LaneId& lane, const LaneIdentity& identity) {
  auto history = read_lane_history(*state_->store, state_->keys, lane);
  if (!history && history.error().code != Code::not_found) return fail(history.error());
  if (!history) {
    history = LaneHistory{};
    history->state.lane = lane;
    history->state.identity = identity;
  } else if (history->damage) {
    return fail(blocked(history->state, std::move(*history->damage)));
  } else if (history->state.identity != identity) {
    return fail(Code::precondition, "lane " + lane + " is of another container than the one now captured");
  }
  return std::unique_ptr<LaneWriter>(new LaneWriter(std::make_unique<LaneWriter::State>(*state_, std::move(*history))));
}

Result<std::unique_ptr<VersionStream>> Repository::versions(const LaneState& lane, const ReadOptions& options) {
  return MergedStream::open({state_->runtime, *state_->store, state_->keys, state_->options.held_bytes}, lane, options,
                            false);
}

Result<std::unique_ptr<VersionStream>> Repository::snapshot(const LaneState& lane, const ReadOptions& options) {
  return MergedStream::open({state_->runtime, *state_->store, state_->keys, state_->options.held_bytes}, lane, options,
                            true);
}

Result<std::size_t> Repository::streams_at_once(const LaneState& lane, const ReadOptions& options) {
  const std::size_t most = state_->options.held_bytes;
  ASSIGN(const std::uint64_t needed,
         MergedStream::needed({state_->runtime, *state_->store, state_->keys, most}, lane, options));
  return std::max<std::size_t>(1, most / std::max<std::uint64_t>(needed, 1));
}

}  // namespace halley::repo
