// Users of databases and their permissions, in an account that is written to.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cosmos/client.h"
#include "recovery/definitions_at.h"

namespace halley::recovery {

// The permissions of a database's users, each with the resource it is about by name: one that was made with a link of
// _rids would name nothing, or another resource, in another account. Of documents there are no definitions that tell
// their names: a permission for one by its _rid is as it was.
Result<std::vector<repo::Definition>> named_permissions(const DefinitionsAt& definitions, std::string_view database);

// A user or permission that an account lacks, or has otherwise.
struct UserDifference {
  repo::DefinitionKey key;
  std::string definition;  // as it is sent
  bool is_there = false;
  std::string obstacle;  // why it cannot be made; empty = it can

  std::string name() const;  // "user ada of shop", "permission read of user ada of shop"
};

// Of the users and permissions those that differ in the account, each user before its permissions. What only the
// account has is not looked for. A database that is not there lacks them all.
Result<std::vector<UserDifference>> differing_users(cosmos::Client& client, const std::vector<repo::Definition>& users,
                                                    const std::vector<repo::Definition>& permissions,
                                                    std::stop_token stop);

// What to do about an obstacle.
inline constexpr std::string_view kMakeAnew = "make it anew for the document as it is called in its container";

// Makes the account's what it should be; fails with unsupported where something is in the way. Tokens are made anew by
// the service: those handed out before are of no use.
Status put_user_difference(cosmos::Client& client, const UserDifference& difference, std::stop_token stop);

}  // namespace halley::recovery
