// A restore plan: which definitions and which cut of which lanes make an account, or a part of it, as of a moment. A
// plan reads and decides; it changes nothing.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "recovery/expiry.h"
#include "recovery/moment.h"
#include "recovery/selection.h"
#include "recovery/uncertain.h"
#include "repo/definitions.h"
#include "repo/repository.h"

namespace halley::recovery {

struct PlannedContainer {
  std::string database;
  std::string container;
  repo::LaneId lane;
  repo::Cut cut;
  Second at;  // the moment of the cut: the one asked for, or for `latest` the newest captured
  cosmos::PartitionKeyDefinition key;
  ExpiryRule expiry;  // in force at `at`
  repo::Definition definition;
  std::optional<repo::Definition> offer;
  std::vector<repo::Definition> scripts;
  bool approximate = false;  // the moment is outside coverage, and the plan was asked to go on
  // What to tell of lost backups: of its own, behind what the plan takes; by plan_container() also of the definitions.
  std::vector<std::string> losses;

  std::string name() const { return database + "/" + container; }
};

struct PlannedDatabase {
  std::string name;
  repo::Definition definition;
  std::optional<repo::Definition> offer;
  bool whole = false;  // all of it is selected, not only some of its documents or of the containers of the moment
  std::vector<repo::Definition> users;  // restored to an account where the database is whole
  std::vector<repo::Definition> permissions;
  // Containers without a partition key, whose documents can't be captured; of restores to files only.
  std::vector<repo::Definition> undocumented;
};

struct RestorePlan {
  std::string repository_id;
  std::string account_id;
  Moment moment;
  Second at;  // of the definitions
  Selection selection;
  std::optional<repo::Definition> account;
  std::vector<PlannedDatabase> databases;
  std::vector<PlannedContainer> containers;  // sorted by name
  std::vector<std::string>
      notes;  // what the owner should know, e.g. documents that an approximate restore is unsure of
  std::vector<std::string> losses;  // of the notes those that tell of lost backups, behind what the plan takes
};

struct PlanOptions {
  // Go on where the moment is outside coverage: the plan takes what was captured up to it and `notes` name the
  // documents that may not be as they were. A moment before the first backup is refused all the same.
  bool approximate = false;
  // make_plan() fails with cancelled once this is asked for: a plan at a sync point reads the keys of its lanes.
  std::stop_token stop = {};
};

// A container that is selected but not named is left out, and a note tells so, when it has no partition key, and for
// `latest` (or approximately) when nothing of it was captured, as of one that was made while the newest backup ran;
// when it is named, that is unsupported or outside_coverage.
//
// Fails with corrupt, naming the container, when its lane was captured and is lost; for `latest` also when its newest
// commits are, or are damaged. The hint names the moments that are left of all, and how to leave out what is lost. A
// moment before these is planned, and a note tells of them.
//
// Fails with outside_coverage when the definitions or any selected container can't be brought to the moment: the
// message names which, the hint the nearest moments that are good for the whole selection. Fails with not_found when
// nothing at the moment is selected by one of the patterns, invalid_argument when no container has the partition key's
// shape.
Result<RestorePlan> make_plan(repo::Repository& repository, const Moment& moment, const Selection& selection,
                              const PlanOptions& options = {});

// What completes an interrupted restore of the plan, for hints: the same with its moment told (an age would be another
// by then), and " with …" as it is given. `latest` stays the same only until another backup has run.
std::string how_to_complete(const RestorePlan& plan, std::string_view with);

// The plan of one container that must exist at the moment.
Result<PlannedContainer> plan_container(repo::Repository& repository, const Moment& moment, std::string_view database,
                                        std::string_view container);

// What a restore of a planned container tells of lost backups and of documents that may not be as they were; of these
// only the one that is asked about, if one is. Where the cut is a sync point's, or the plan approximate, the keys of
// the lane are read to find them; cancelled once it is asked to stop.
Result<std::vector<std::string>> notes_of(repo::Repository& repository, const PlannedContainer& planned,
                                          const DocumentName* only = nullptr, std::stop_token stop = {});

}  // namespace halley::recovery
