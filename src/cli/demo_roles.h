// Which container of a tree plays which part in the demonstration, whatever tree it is.
#pragma once

#include <optional>
#include <string>

#include "cli/account_tree.h"
#include "cosmos/client.h"

namespace halley::cli {

struct DemoRoles {
  cosmos::ContainerName spoiled;                 // what the faulty deployment overwrites
  std::optional<cosmos::ContainerName> dropped;  // meanwhile, on purpose; none where there is only one
  std::optional<std::string> dropped_database;   // by mistake; none where there is only one
};

// Spoiled is what has stored procedures to break, and of these, or else of all, what has most documents; dropped is the
// smallest of the others, in the same database if there is one. Fails with invalid_argument where no container has
// enough documents for one to be overwritten.
Result<DemoRoles> choose_roles(const AccountTree& tree);

}  // namespace halley::cli
