// Turning continuous backup on, and choosing how far back it reaches.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "native/account.h"
#include "native/request.h"

namespace halley::native {

// Steps follow one another: the service takes one change of an account at a time, and of its backup no other with it.
struct EnableStep {
  Request request;
  std::string what;     // "changing kraftd-db to continuous backup"
  std::string warning;  // what cannot be taken back, and must be agreed to; empty = nothing
};

// What it takes to get from `account` to the tier (nothing: whatever it has, else 30 days) and, if wanted, the
// all-versions feed; empty when it is there already. Fails with precondition while something else changes the account.
Result<std::vector<EnableStep>> plan_enable(const AccountState& account, std::optional<Tier> tier, bool all_versions);

}  // namespace halley::native
