// What can be restored: every container incarnation the repository knows, live or dropped, and its coverage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/coverage.h"
#include "repo/repository.h"
#include "repo/selection_history.h"

namespace halley::recovery {

struct ContainerTimeline {
  repo::LaneId lane;
  std::string database;
  std::string container;
  std::string incarnation;  // the container's _rid
  repo::CaptureMode mode = repo::CaptureMode::all_versions;
  bool live = false;  // it was there when definitions were last read

  std::optional<Second> from;             // the first restorable second
  std::optional<Second> through;          // the last one, inclusive
  std::vector<repo::Interval> intervals;  // exact: every second in them
  std::vector<Second> sync_points;        // these seconds, of which some may be exact as well
  std::uint64_t gap_events = 0;           // `events` that tell of a gap in the feed; not a count of lost versions
  std::optional<Second> last_backup;      // the agent's clock at the newest commit; nothing: none can be read
  std::uint64_t versions = 0;
  std::uint64_t upserts = 0;
  std::uint64_t bytes = 0;          // of bodies
  std::uint64_t stored_bytes = 0;   // of segments
  std::vector<repo::Event> events;  // the newest 1,000
  std::string damage;               // why no more is known of it, where commits are lost or damaged

  std::string name() const { return database + "/" + container; }
  std::string_view exactness() const {  // of what the newest backup captured; what is older may be of the other kind
    return mode == repo::CaptureMode::latest ? "latest" : "exact";
  }
};

// A container that is there, that backups take in, and of which no second can be restored.
struct UncoveredContainer {
  std::string name;
  std::string incarnation;
  Second since;  // when its definition was made
  // Not even `latest` can be restored of it, and the newest backup that took it in and came to its end could not
  // capture anything of it.
  bool missed = false;
};

struct Timeline {
  std::string account_id;
  std::string damage;  // why no more is known of the definitions, where commits are lost or damaged
  std::vector<repo::Interval> definitions;    // seconds for which definitions are known
  std::vector<ContainerTimeline> containers;  // by name, then oldest first
  std::vector<UncoveredContainer> uncovered;  // by name; not those without a partition key
  repo::TakenIn taken_in;                     // by the newest backup; what it left out may be there unseen
  // The newest second to which all that is taken in can be restored, with every container that is live now, and those
  // that were there then; nothing when there is none, as when a live one is uncovered. Containers without a partition
  // key do not count: restores leave them out.
  std::optional<Second> restorable_until;
  std::optional<Second> last_backup;  // the agent's clock at the newest commit of any lane; nothing: no backup exists
  std::optional<Second> newest;       // the newest restorable second of any container

  // Of the uncovered ones those of which there is no lane either, so that they are not among `containers`.
  std::vector<UncoveredContainer> without_lane() const;
};

// One pass over the heads of all lanes, two where a container was dropped; of segments only those of the definitions
// are read. An account nothing was captured of yet gives an empty timeline. A lane with commits that are lost or
// damaged is told up to them; one of which nothing can be read by its name alone.
Result<Timeline> read_timeline(repo::Repository& repository);

}  // namespace halley::recovery
