// One side of a comparison: the containers of a moment, by name.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recovery/documents.h"

namespace halley::recovery {

struct DiffSide {
  // Fails as make_plan(), but for not_found, which is kept in `missing`.
  static Result<DiffSide> read(repo::Repository& repository, const Moment& moment, const Selection& selection);

  // Whether the container was there, but nothing of it can be said.
  bool is_left_out(const std::string& name) const { return defined.contains(name) && !containers.contains(name); }

  Second at;
  std::string account_id;
  std::optional<repo::Definition> account;
  std::map<std::string, PlannedContainer> containers;
  std::set<std::string> defined;  // all that were there, whether or not they can be restored
  std::vector<std::string> notes;
  std::optional<Error> missing;  // nothing was there under one of the names
};

// Gives the documents of a planned container to `each`, without bodies; its first error stops.
Status for_each_planned(repo::Repository& repository, const PlannedContainer& container, const Selection& selection,
                        const std::stop_token& stop, const std::function<Status(const repo::Version&)>& each);

}  // namespace halley::recovery
