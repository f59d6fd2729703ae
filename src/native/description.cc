#include "native/description.h"

#include <algorithm>
#include <array>

namespace halley::native {
namespace {

// Answers to reading do not have these today; should that change, they stay out of repositories.
constexpr std::array<std::string_view, 6> kSecrets = {"primaryMasterKey",         "secondaryMasterKey",
                                                      "primaryReadonlyMasterKey", "secondaryReadonlyMasterKey",
                                                      "primaryConnectionString",  "connectionStrings"};

void drop_secrets(json::Value& value) {
  for (const std::string_view name : kSecrets) value.erase(name);
  for (auto& [name, member] : value.members()) drop_secrets(member);
  for (json::Value& item : value.items()) drop_secrets(item);
}

// The order of members says nothing, and must not make another version of what they are in.
void sort_members(json::Value& value) {
  std::stable_sort(value.members().begin(), value.members().end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [name, member] : value.members()) sort_members(member);
  for (json::Value& item : value.items()) sort_members(item);
}

Result<std::vector<json::Value>> list_at(const json::Value& object, std::string_view name) {
  const json::Value* const list = object.find(name);
  if (list == nullptr || !list->is_array()) {
    return fail(Code::corrupt, "the description of the account has no " + std::string(name));
  }
  return list->items();
}

}  // namespace

std::string AccountDescription::to_text() const {
  json::Value value = json::Value::object({{"account", account},
                                           {"sqlRoleDefinitions", json::Value::array(role_definitions)},
                                           {"sqlRoleAssignments", json::Value::array(role_assignments)}});
  sort_members(value);
  return value.to_text();
}

Result<AccountDescription> describe_account(ArmClient& arm, const AccountId& account, std::stop_token stop) {
  AccountDescription description;
  ASSIGN(description.account, arm.send(get(account_path(account)), "reading the account " + account.name, stop));
  if (!description.account.is_object()) return fail(Code::corrupt, "Resource Manager's answer is no account");
  drop_secrets(description.account);
  ASSIGN(description.role_definitions,
         arm.list(get(role_definitions_path(account)), "listing the roles for data of " + account.name, stop));
  ASSIGN(description.role_assignments,
         arm.list(get(role_assignments_path(account)), "listing who has roles for data of " + account.name, stop));
  // Nor does the order of these lists say anything.
  const auto by_id = [](const json::Value& a, const json::Value& b) {
    return a.is_object() && b.is_object() && a.string_at("id") < b.string_at("id");
  };
  std::sort(description.role_definitions.begin(), description.role_definitions.end(), by_id);
  std::sort(description.role_assignments.begin(), description.role_assignments.end(), by_id);
  return description;
}

Result<AccountDescription> parse_description(const std::string& text) {
  ASSIGN(const json::Value value, json::parse(text));
  const json::Value* const account = value.is_object() ? value.find("account") : nullptr;
  if (account == nullptr || !account->is_object()) return fail(Code::corrupt, "the description has no account");
  AccountDescription description;
  description.account = *account;
  ASSIGN(description.role_definitions, list_at(value, "sqlRoleDefinitions"));
  ASSIGN(description.role_assignments, list_at(value, "sqlRoleAssignments"));
  return description;
}

}  // namespace halley::native
