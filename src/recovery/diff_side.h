// One side of a comparison: the databases and containers of a moment, by name.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "recovery/definition_diff.h"
#include "recovery/documents.h"
#include "repo/selection_history.h"

namespace halley::recovery {

// What a selection finds on one side.
struct SelectedPart {
  std::set<std::string> unknown;     // patterns that select nothing
  bool any_fits = false;             // documents of a selected container can have the partition key
  std::set<std::string> other_keys;  // containers whose documents can't: there, and without a document to compare
};

struct DiffSide {
  // Fails as make_plan(), but for patterns that select nothing and partition keys that no container can have: whether
  // these are wrong, check_selection() tells.
  static Result<DiffSide> read(repo::Repository& repository, const Moment& moment, const Selection& selection,
                               std::stop_token stop);

  // Whether the container was there, but nothing of it can be said.
  bool is_left_out(const std::string& name) const {
    return defined.contains(name) && !containers.contains(name) && !part.other_keys.contains(name);
  }
  bool was_there(const std::string& name) const { return containers.contains(name) || part.other_keys.contains(name); }

  // Whether backups left it out, and know nothing of it: it may have been there.
  bool is_unknown(const std::string& container) const;
  bool is_unknown_database(const std::string& name) const;

  Second at;
  std::string account_id;
  std::optional<repo::Definition> account;
  std::map<std::string, PlannedContainer> containers;
  std::map<std::string, DatabaseSide> databases;  // those that are selected whole, with all documents
  SelectedPart part;
  std::set<std::string> defined;  // all containers that were there, whether or not they can be restored
  repo::TakenIn taken_in;         // by the backups of the moment
  std::vector<std::string> notes;
  std::map<std::string, Error> nothing_there;  // of each unknown pattern
};

// Fails with not_found when a pattern selects nothing on either side, with invalid_argument when neither has a
// container that can have documents of the partition key.
Status check_selection(const Selection& selection, const DiffSide& before, const SelectedPart& after);

// Adds a database to names of containers that are unknown, unless some are of it.
void add_unknown_database(const std::string& name, std::vector<std::string>& unknown);

// The note of what was not compared, since backups left it out, by name; fails with outside_coverage where that is all
// that was asked for.
Status tell_unknown(const DiffSide& side, const std::vector<std::string>& unknown, const Selection& selection,
                    DiffReport& report);

// Gives the documents of a planned container to `each`, without bodies; its first error stops.
Status for_each_planned(repo::Repository& repository, const PlannedContainer& container, const Selection& selection,
                        const std::stop_token& stop, const std::function<Status(const repo::Version&)>& each);

}  // namespace halley::recovery
