// What of the account itself is not as it was: network rules, tags, roles for data; and what else its owner should see.
#include <algorithm>
#include <array>

#include "cosmos/account_client.h"
#include "http/message.h"
#include "native/bodies.h"
#include "native/fixup_parts.h"

namespace halley::native {
namespace {

// Sent together, so that the account is not open before its rules are there.
constexpr std::array<std::string_view, 6> kNetwork = {
    "publicNetworkAccess", "ipRules",          "isVirtualNetworkFilterEnabled",
    "virtualNetworkRules", "networkAclBypass", "networkAclBypassResourceIds"};
// Settings that are compared and told, not changed: each has consequences of its own.
constexpr std::array<std::string_view, 13> kTold = {"consistencyPolicy",
                                                    "enableAutomaticFailover",
                                                    "enableMultipleWriteLocations",
                                                    "minimalTlsVersion",
                                                    "disableLocalAuth",
                                                    "disableKeyBasedMetadataWriteAccess",
                                                    "capabilities",
                                                    "cors",
                                                    "enableAnalyticalStorage",
                                                    "defaultIdentity",
                                                    "enablePartitionMerge",
                                                    "enableBurstCapacity",
                                                    "keyVaultKeyUri"};

std::string text_at(const json::Value& object, std::string_view name) {
  return object.is_object() ? object.string_at(name) : std::string();
}

// "West US, East US"
std::string region_names(const json::Value& properties) {
  std::string names;
  for (const json::Value& each : fixup_member(properties, "locations").items()) {
    names += (names.empty() ? "" : ", ") + text_at(each, "locationName");
  }
  return names;
}

const json::Value* find_named(const std::vector<json::Value>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const json::Value& each) {
    return http::equal_ignoring_case(text_at(each, "name"), name);
  });
  return found == list.end() ? nullptr : &*found;
}

class Comparison {
 public:
  Comparison(const FixupWish& wish, const AccountDescription& there, FixupPlan& plan)
      : target_(wish.target),
        target_id_(text_at(there.account, "id").empty() ? account_path(wish.target) : text_at(there.account, "id")),
        source_id_(text_at(wish.description->account, "id")),
        was_(*wish.description),
        is_(there),
        plan_(plan) {}

  void compare() {
    network();
    tags();
    for (const json::Value& each : was_.role_definitions) role_definition(each);
    for (const json::Value& each : was_.role_assignments) role_assignment(each);
    foreign_assignments();
    settings();
  }

 private:
  const json::Value& was() const { return fixup_member(was_.account, "properties"); }
  const json::Value& is() const { return fixup_member(is_.account, "properties"); }

  void step(FixupPart part, std::string what, Request request, bool replaces) {
    plan_.steps.push_back({part, target_.name, std::move(what), {std::move(request)}, replaces});
  }
  void differs_in(std::string what, std::string hint = {}) {
    plan_.differences.push_back({std::move(what), std::move(hint)});
  }

  void network() {
    json::Value rules = json::Value::object();
    std::string names;
    for (const std::string_view name : kNetwork) {
      const json::Value& rule = fixup_member(was(), name);
      if (!rule.is_null()) rules.set(name, rule);
      if (is_another(rule, fixup_member(is(), name))) names += (names.empty() ? "" : ", ") + std::string(name);
    }
    if (names.empty()) return;
    const bool opens =
        text_at(was(), "publicNetworkAccess") == "Enabled" && text_at(is(), "publicNetworkAccess") != "Enabled";
    step(FixupPart::network,
         "network rules of " + target_.name + " are others: " + names + (opens ? "; it is opened to networks" : ""),
         patch(account_path(target_), json::Value::object({{"properties", std::move(rules)}}).to_text()), true);
  }

  // Tags that only the new account has stay.
  void tags() {
    const json::Value& wanted = fixup_member(was_.account, "tags");
    if (!is_another(wanted, fixup_member(is_.account, "tags")) || says_nothing(wanted)) return;
    json::Value all = fixup_member(is_.account, "tags");
    if (!all.is_object()) all = json::Value::object();
    bool replaces = false;
    for (const auto& [name, value] : wanted.members()) {
      const json::Value* const there = all.find(name);
      replaces = replaces || (there != nullptr && is_another(value, *there));
      all.set(name, value);
    }
    step(FixupPart::tags, "tags of " + target_.name + " are others",
         patch(account_path(target_), json::Value::object({{"tags", std::move(all)}}).to_text()), replaces);
  }

  // Ids and scopes below the old account, below the new one.
  json::Value moved(const json::Value& value) const {
    if (value.is_string() && !source_id_.empty() && value.text().size() >= source_id_.size() &&
        http::equal_ignoring_case(std::string_view(value.text()).substr(0, source_id_.size()), source_id_)) {
      return json::Value::string(target_id_ + value.text().substr(source_id_.size()));
    }
    json::Value copy = value;
    for (json::Value& item : copy.items()) item = moved(item);
    return copy;
  }

  // The members of `properties` named, of what was there, for the new account.
  json::Value wanted_properties(const json::Value& resource, const std::vector<std::string_view>& names) const {
    json::Value wanted = json::Value::object();
    for (const std::string_view name : names) {
      const json::Value& value = fixup_member(fixup_member(resource, "properties"), name);
      if (!value.is_null()) wanted.set(name, moved(value));
    }
    return wanted;
  }

  void role_definition(const json::Value& resource) {
    const json::Value& properties = fixup_member(resource, "properties");
    if (text_at(properties, "type") == "BuiltInRole") return;
    const std::string id = text_at(resource, "name");
    const json::Value wanted = wanted_properties(resource, {"roleName", "assignableScopes", "permissions"});
    const json::Value* const there = find_named(is_.role_definitions, id);
    if (there != nullptr && same_role(wanted, fixup_member(*there, "properties"))) return;
    step(FixupPart::role,
         "role " + text_at(properties, "roleName") + " for data" + (there == nullptr ? " is missing" : " is another"),
         put(role_definition_path(target_, id),
             role_definition_body(text_at(wanted, "roleName"), fixup_member(wanted, "assignableScopes"),
                                  fixup_member(wanted, "permissions"))),
         there != nullptr);
  }

  void role_assignment(const json::Value& resource) {
    const std::string id = text_at(resource, "name");
    const json::Value wanted = wanted_properties(resource, {"roleDefinitionId", "scope", "principalId"});
    const json::Value* const there = find_named(is_.role_assignments, id);
    if (there != nullptr && same_role(wanted, fixup_member(*there, "properties"))) return;
    step(FixupPart::role,
         "role assignment " + id + " of " + text_at(wanted, "principalId") +
             (there == nullptr ? " is missing" : " is another"),
         put(role_assignment_path(target_, id),
             role_assignment_body(text_at(wanted, "roleDefinitionId"), text_at(wanted, "scope"),
                                  text_at(wanted, "principalId"))),
         there != nullptr);
  }

  // Ids of resources are the same whatever their case.
  static bool same_role(const json::Value& wanted, const json::Value& there) {
    const auto lower = [](const json::Value& value) {
      std::string text = value.to_text();
      std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
      return json::parse(text).value_or(json::Value());
    };
    return cosmos::says_the_same(lower(wanted), lower(there));
  }

  void foreign_assignments() {
    for (const json::Value& each : is_.role_assignments) {
      const std::string id = text_at(each, "name");
      if (find_named(was_.role_assignments, id) != nullptr) continue;
      differs_in("role assignment " + id + " of " + text_at(fixup_member(each, "properties"), "principalId") +
                     " was not there",
                 "take it away unless it is meant: az cosmosdb sql role assignment delete");
    }
  }

  void settings() {
    for (const std::string_view name : kTold) {
      const json::Value& value = fixup_member(was(), name);
      const json::Value& there = fixup_member(is(), name);
      if (value.is_null() || !is_another(value, there)) continue;
      differs_in(std::string(name) + " of " + target_.name + " is " + there.to_text() + ", was " + value.to_text());
    }
    const std::string regions = region_names(was());
    if (const std::string now = region_names(is()); now != regions) {
      differs_in("regions of " + target_.name + " are " + now + ", were " + regions, "az cosmosdb update --locations");
    }
    const std::size_t endpoints = fixup_member(was(), "privateEndpointConnections").items().size();
    if (fixup_member(is(), "privateEndpointConnections").items().size() < endpoints) {
      differs_in(std::to_string(endpoints) + " private endpoints led to the account",
                 "make them anew: az network private-endpoint create");
    }
    const json::Value& identity = fixup_member(was_.account, "identity");
    const std::string type = text_at(identity, "type");
    if (!type.empty() && type != "None" && type != text_at(fixup_member(is_.account, "identity"), "type")) {
      differs_in("the account had an identity: " + type, "az cosmosdb identity assign");
    }
    const auto tier = [](const json::Value& properties) {
      return text_at(fixup_member(fixup_member(properties, "backupPolicy"), "continuousModeProperties"), "tier");
    };
    if (!tier(was()).empty() && tier(was()) != tier(is())) {
      differs_in("backup tier of " + target_.name + " is " + tier(is()) + ", was " + tier(was()),
                 "halley native enable --tier " + tier(was()));
    }
  }

  const AccountId& target_;
  const std::string target_id_;
  const std::string source_id_;
  const AccountDescription& was_;
  const AccountDescription& is_;
  FixupPlan& plan_;
};

}  // namespace

Status compare_account(ArmClient& arm, const FixupWish& wish, FixupPlan& plan, const std::stop_token& stop) {
  if (!wish.description) return {};
  ASSIGN(const AccountDescription there, describe_account(arm, wish.target, stop));
  Comparison(wish, there, plan).compare();
  return {};
}

}  // namespace halley::native
