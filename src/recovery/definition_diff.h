// Definitions of databases and containers, and what belongs to them, compared.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "recovery/diff.h"

namespace halley::recovery {

// Texts by kind and id ("user/permission" of a permission). Throughput is there only where it is set, as
// throughput_text() gives it.
using DefinitionTexts = std::map<std::pair<repo::DefinitionKind, std::string>, std::string>;

// What an offer sets, without what the service adds to it; empty = nothing.
Result<std::string> throughput_text(std::string_view offer);
void add_throughput(std::string text, DefinitionTexts& texts);

// Of a container: its own, its throughput and its scripts.
Result<DefinitionTexts> texts_of(const PlannedContainer& container);

// A database: its own definition, its throughput, its users and their permissions.
struct DatabaseSide {
  std::string rid;
  DefinitionTexts texts;
  DefinitionTexts named;  // permissions whose text is another one where the resource is called by its name
};

// The definitions that the account has, for comparison with those of a backup.
class LiveDefinitions {
 public:
  LiveDefinitions(cosmos::Client& client, std::stop_token stop) : client_(client), stop_(std::move(stop)) {}

  // Take out of `before` what the service refuses to tell.
  Result<DefinitionTexts> of_container(const cosmos::Resource& container, const cosmos::ContainerName& name,
                                       DefinitionTexts& before);
  Result<DatabaseSide> of_database(const cosmos::Resource& database, DefinitionTexts& before);

  // What was refused.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  Status add_throughput_of(const std::string& rid, DefinitionTexts& texts, DefinitionTexts& before);
  Status add_users(const std::string& database, DefinitionTexts& texts);

  cosmos::Client& client_;
  const std::stop_token stop_;
  std::optional<std::map<std::string, std::string>> throughput_;  // by _rid of what it is for, once it was asked for
  bool throughput_refused_ = false;
  std::vector<std::string> notes_;
};

// What differs, members that the service adds (`_…`) left out.
Result<std::vector<DefinitionDifference>> definition_differences(const DefinitionTexts& before,
                                                                 const DefinitionTexts& after);

// Nothing = it was not there. Where `same_account`, another _rid is another database.
Result<DatabaseDiff> database_difference(const std::string& name, const DatabaseSide* before, const DatabaseSide* after,
                                         bool same_account);

}  // namespace halley::recovery
