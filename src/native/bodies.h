// What is sent with requests to Resource Manager.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "native/paths.h"

namespace halley::native {

// Days of continuous backup, as accounts call them.
enum class Tier { days7, days30, days35 };
std::string_view tier_name(Tier tier);
// "Continuous30Days", "30d" or "30", without case. Fails with invalid_argument, naming what there is.
Result<Tier> parse_tier(const std::string& text);
int tier_days(Tier tier);
// The version of the API that knows the tier.
std::string_view tier_api(Tier tier);

// Nothing else may be changed by the same request: the service refuses that.
std::string backup_policy_body(Tier tier);
std::string all_versions_body(bool on);

std::string latest_backup_body(const std::string& location);

// Of a new account made from a backup.
struct AccountRestore {
  RestorableId source;
  std::string location;  // of the account that the backup is of
  std::string region;    // where the new account is made: one that the backup is in
  Second at;
  std::map<std::string, std::vector<std::string>> databases;  // with their containers; none of them: everything
  bool public_network = false;                                // open to public networks as soon as it is there
  bool keep_time_to_live = false;                             // else documents do not expire there
};
std::string account_restore_body(const AccountRestore& restore);
std::string_view account_restore_api(const AccountRestore& restore);

// Of a database or container that was deleted, in its own account.
struct ResourceRestore {
  RestorableId source;
  Second at;
  bool keep_time_to_live = true;
};
std::string resource_restore_body(const std::string& id, const ResourceRestore& restore);
std::string_view resource_restore_api(const ResourceRestore& restore);

std::string manual_throughput_body(std::int64_t request_units);
std::string autoscale_throughput_body(std::int64_t most_request_units);

// `definition`: as the account itself shows it ({"id":…,"body":…}).
std::string script_body(const json::Value& definition);

// `resource`: the whole definition, as the account itself shows it, without what the service adds.
std::string container_body(const json::Value& resource);

std::string role_definition_body(const std::string& name, const json::Value& assignable_scopes,
                                 const json::Value& permissions);
std::string role_assignment_body(const std::string& definition_id, const std::string& scope,
                                 const std::string& principal);

// "2026-01-17T10:00:00.000Z", as moments are sent in bodies, and "2026-01-17 10:00:00+00:00", as in queries.
std::string body_time(Second moment);
std::string query_time(Second moment);

}  // namespace halley::native
