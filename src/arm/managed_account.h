// An account as Resource Manager knows it: its settings, its backup, and the server that serves its data.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arm/answer.h"
#include "server/emulator.h"
#include "server/resource_history.h"

namespace halley::arm {

inline constexpr std::string_view kProvider = "Microsoft.DocumentDB";

struct ManagedAccount {
  std::string subscription;
  std::string resource_group;
  std::string name;
  std::vector<std::string> regions;  // the first takes the writes
  std::string instance;              // of its backup
  Second created;
  std::optional<Second> deleted;
  std::string provisioning_state = "Succeeded";
  json::Value tags = json::Value::object();

  std::shared_ptr<server::Emulator>
      emulator;  // null while the account is being made; of a deleted one it serves nobody
  std::shared_ptr<server::ResourceHistory> history = std::make_shared<server::ResourceHistory>();

  bool public_network = true;
  bool network_filter = false;  // isVirtualNetworkFilterEnabled
  json::Value ip_rules = json::Value::array();
  json::Value network_rules = json::Value::array();
  // Their properties by their ids.
  std::map<std::string, json::Value> role_definitions;
  std::map<std::string, json::Value> role_assignments;
  // Continuous backup, or else periodic.
  std::string tier;                       // "Continuous7Days"; empty = periodic
  Second reaches_back_to;                 // what is older was lost by periodic backup or a shorter tier
  std::optional<Second> migrating_since;  // to continuous backup

  json::Value restore_parameters;  // of an account that a restore made; null = it was not

  bool continuous() const { return !tier.empty(); }
  const std::string& location() const { return regions.front(); }
  std::string id() const;
  std::string restorable_id() const;

  // The first moment that can be restored.
  Second oldest(Second now) const;
  // Whether its backup is there still.
  bool restorable(Second now) const;
};

// Days of a tier; 0 when there is no such tier.
int days_of(std::string_view tier);

// As this version of the API shows it.
std::string account_json(const ManagedAccount& account, const Call& call);
std::string restorable_account_json(const ManagedAccount& account, Second now);

}  // namespace halley::arm
