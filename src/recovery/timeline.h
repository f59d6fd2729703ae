// What can be restored: every container incarnation the repository knows, live or dropped, and its coverage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/coverage.h"
#include "repo/repository.h"

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
  std::vector<Second> sync_points;        // latest: these seconds
  std::uint64_t lsn_gaps = 0;             // gaps that capture reported; information, not a count of lost versions
  Second last_backup;                     // the agent's clock at the newest commit
  std::uint64_t versions = 0;
  std::uint64_t upserts = 0;
  std::uint64_t bytes = 0;          // of bodies
  std::uint64_t stored_bytes = 0;   // of segments
  std::vector<repo::Event> events;  // the newest ones

  std::string name() const { return database + "/" + container; }
  std::string_view exactness() const { return mode == repo::CaptureMode::latest ? "latest" : "exact"; }
};

struct Timeline {
  std::string account_id;
  std::vector<repo::Interval> definitions;    // seconds for which definitions are known
  std::vector<ContainerTimeline> containers;  // by name, then oldest first
  // The newest second to which every live container and the definitions can be restored; nothing when there is none.
  std::optional<Second> restorable_until;
  std::optional<Second> last_backup;  // the agent's clock at the newest commit of any lane; nothing: no backup exists
  std::optional<Second> newest;       // the newest restorable second of any container
};

// One pass over the heads of all lanes; no segment is read. An account nothing was captured of yet gives an empty
// timeline.
Result<Timeline> read_timeline(repo::Repository& repository);

}  // namespace halley::recovery
