// What Resource Manager tells of an account beside its data, as one JSON object that a backup keeps and a restored
// account is compared with:
//   {"account":<the account as the service shows it>,"sqlRoleDefinitions":[…],"sqlRoleAssignments":[…]}
#pragma once

#include <string>
#include <vector>

#include "native/arm_client.h"
#include "native/paths.h"

namespace halley::native {

struct AccountDescription {
  json::Value account;
  std::vector<json::Value> role_definitions;  // those built in, too
  std::vector<json::Value> role_assignments;

  std::string to_text() const;  // equal ones are equal texts, in whatever order members were told
};

// Reads it, without what is a secret.
Result<AccountDescription> describe_account(ArmClient& arm, const AccountId& account, std::stop_token stop);

// Of to_text(). Fails with corrupt.
Result<AccountDescription> parse_description(const std::string& text);

}  // namespace halley::native
