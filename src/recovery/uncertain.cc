#include "recovery/uncertain.h"

#include "recovery/outside.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kNamed = 100;  // documents named one by one

bool is_uncertain(const repo::Version& version, Second moment, Second until) {
  if (version.time <= moment) return false;
  if (version.operation == repo::Operation::upsert) return version.time <= until;
  return version.since <= moment;
}

}  // namespace

Result<std::vector<std::string>> uncertain_notes(repo::Repository& repository, const repo::LaneState& lane,
                                                 Second moment) {
  const std::string name = lane.identity.database + "/" + lane.identity.container;
  const repo::Nearest nearest = repo::nearest(repo::restorable_seconds(lane), moment);
  std::vector<std::string> notes = {name + ": " + format_rfc3339(moment) + " is outside coverage; " +
                                    nearest_text(nearest)};
  if (!nearest.after) {
    notes.push_back(name + ": changes after the newest backup and up to the moment are not known");
    return notes;
  }
  repo::ReadOptions options;
  options.bodies = false;
  ASSIGN(const auto stream, repository.versions(lane, options));
  std::uint64_t count = 0;
  std::string key;
  std::string id;
  repo::Version version;
  while (true) {
    ASSIGN(const bool more, stream->next(version));
    if (!more) break;
    if (!is_uncertain(version, moment, *nearest.after)) continue;
    if (version.partition_key == key && version.id == id) continue;
    key = version.partition_key;
    id = version.id;
    if (++count <= kNamed) notes.push_back(name + ": may not be as it was: '" + id + "' of " + key);
  }
  if (count > kNamed)
    notes.push_back(name + ": and " + std::to_string(count - kNamed) + " more may not be as they were");
  return notes;
}

}  // namespace halley::recovery
