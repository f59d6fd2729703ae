// The definitions of an account as of a moment, and what belongs to what in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cosmos/partition_key.h"
#include "recovery/moment.h"
#include "repo/definitions.h"

namespace halley::recovery {

// The note that the newest definitions of an account lane are lost; none where all of them can be read.
std::vector<std::string> lost_definitions(const repo::LaneState& account);

class DefinitionsAt {
 public:
  // Fails with outside_coverage when definitions are not known for the moment, with corrupt for `latest` when the
  // newest are lost; `approximate` goes on then with what was known up to it, but not where they were first read after
  // the moment.
  static Result<DefinitionsAt> read(repo::Repository& repository, const Moment& moment, bool approximate);

  Second at() const { return at_; }
  bool exact() const { return exact_; }  // false: gone on with beyond coverage
  const repo::LaneState& account_lane() const { return lane_; }
  // The note that newer definitions are lost, if they are.
  std::vector<std::string> losses() const { return lost_definitions(lane_); }
  const std::string& account_id() const { return lane_.identity.account_id; }

  using Each = std::vector<const repo::Definition*>;
  const repo::Definition* find(const repo::DefinitionKey& key) const;
  // Whether a pattern selects a container of these, or a database whole.
  bool has(const std::string& pattern) const;
  const repo::Definition* account() const;
  const repo::Definition* description() const;  // what Resource Manager told of the account; nullptr = it was not kept
  Each databases() const { return of_kind(repo::DefinitionKind::database); }
  Each containers() const { return of_kind(repo::DefinitionKind::container); }
  const repo::Definition* database(std::string_view name) const;
  const repo::Definition* container(std::string_view database, std::string_view name) const;
  const repo::Definition* offer(std::string_view database, std::string_view container) const;  // "" for the database's
  Each scripts(std::string_view database, std::string_view container) const;
  Each users(std::string_view database) const;
  Each permissions(std::string_view database) const;

  // What was found changed, made or dropped (an empty text) by a read after the moment, while the read before it was
  // earlier: from `since` to `time` nothing tells what was in force. In key order; empty for `latest`.
  Result<std::vector<repo::Definition>> uncertain(repo::Repository& repository) const;

 private:
  Each of_kind(repo::DefinitionKind kind) const;

  repo::LaneState lane_;
  Second at_;
  bool exact_ = true;
  bool latest_ = false;
  std::vector<repo::Definition> all_;  // in key order
};

// The partition key of a container's definition. Fails with unsupported where it has none.
Result<cosmos::PartitionKeyDefinition> partition_key_of(const repo::Definition& container);

// "there is a, b and 3 more", for hints; empty without names.
std::string what_there_is(const std::vector<std::string>& names);

// "it was there from … until …" for the container or database, newest incarnation first; empty when it never was.
Result<std::string> when_it_was_there(repo::Repository& repository, const repo::LaneState& account,
                                      std::string_view database, std::string_view container);

// That nothing of `definitions` is selected by the pattern: not_found, with when it was there, or what there is.
Error nothing_there(repo::Repository& repository, const DefinitionsAt& definitions, std::string_view pattern);

}  // namespace halley::recovery
