// The lanes that hold the documents of named containers, dropped ones included.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recovery/selection.h"
#include "repo/repository.h"

namespace halley::recovery {

// A container as it was from its creation to its drop, known by its _rid.
struct Incarnation {
  std::string database;
  std::string container;
  std::string rid;
  repo::LaneId lane;
  Second seen;                    // when it was there first, as far as known
  std::optional<Second> dropped;  // nothing: it was there when definitions were last read
  // Where its lane stood at the end of the last pass; nothing where no pass has ended since it was made.
  std::optional<repo::LaneHead> recorded;
  bool lets_expire = false;  // time to live was on in it at any time

  std::string name() const { return database + "/" + container; }
};

// Every incarnation of the containers selected that something was captured of, by name and newest first; also those
// whose lanes are lost since. That the newest definitions are lost is said in `losses`. Fails with not_found naming the
// pattern that selects none, outside_coverage where nothing has been backed up yet.
Result<std::vector<Incarnation>> incarnations(repo::Repository& repository, const Selection& selection,
                                              std::vector<std::string>& losses);

// The lane of an incarnation, nothing where it is lost or none of it can be read. What is lost of it is said in
// `losses`.
Result<std::optional<repo::LaneState>> read_lane(repo::Repository& repository, const Incarnation& incarnation,
                                                 std::vector<std::string>& losses);

}  // namespace halley::recovery
