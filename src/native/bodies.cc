#include "native/bodies.h"

#include <array>

#include "http/message.h"
#include "json/writer.h"
#include "native/request.h"

namespace halley::native {
namespace {

constexpr std::array<std::string_view, 3> kTierNames = {"Continuous7Days", "Continuous30Days", "Continuous35Days"};
constexpr std::array<int, 3> kTierDays = {7, 30, 35};

void restore_point(json::Writer& writer, const RestorableId& source, Second at) {
  writer.member("restoreSource", restorable_account_path(source)).member("restoreTimestampInUtc", body_time(at));
}

}  // namespace

std::string_view tier_name(Tier tier) { return kTierNames[static_cast<std::size_t>(tier)]; }
int tier_days(Tier tier) { return kTierDays[static_cast<std::size_t>(tier)]; }

Result<Tier> parse_tier(const std::string& text) {
  for (const Tier tier : {Tier::days7, Tier::days30, Tier::days35}) {
    const std::string days = std::to_string(tier_days(tier));
    if (http::equal_ignoring_case(text, tier_name(tier)) || text == days || text == days + "d") return tier;
  }
  return fail(Code::invalid_argument, "there is no backup tier '" + text + "'",
              "there are Continuous7Days, Continuous30Days and Continuous35Days");
}

std::string_view tier_api(Tier tier) { return tier == Tier::days35 ? api::kLongTier : api::kGeneral; }

std::string backup_policy_body(Tier tier) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("properties").begin_object();
  writer.key("apiProperties").begin_object().end_object();
  writer.key("backupPolicy").begin_object().member("type", "Continuous");
  writer.key("continuousModeProperties").begin_object().member("tier", tier_name(tier)).end_object();
  writer.end_object().end_object().end_object();
  return json;
}

std::string all_versions_body(bool on) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("properties").begin_object();
  writer.member_boolean("enableAllVersionsAndDeletesChangeFeed", on).end_object().end_object();
  return json;
}

std::string latest_backup_body(const std::string& location) {
  std::string json;
  json::Writer(json).begin_object().member("location", location).end_object();
  return json;
}

std::string account_restore_body(const AccountRestore& restore) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("location", restore.location).member("kind", "GlobalDocumentDB");
  writer.key("properties").begin_object().key("locations").begin_array();
  writer.begin_object().member("locationName", restore.region).member_integer("failoverPriority", 0).end_object();
  writer.end_array().member("databaseAccountOfferType", "Standard");
  writer.key("apiProperties").begin_object().end_object();
  writer.member("createMode", "Restore").key("restoreParameters").begin_object();
  restore_point(writer, restore.source, restore.at);
  writer.member("restoreMode", "PointInTime");
  if (!restore.keep_time_to_live) writer.member_boolean("restoreWithTtlDisabled", true);
  if (!restore.databases.empty()) {
    writer.key("databasesToRestore").begin_array();
    for (const auto& [database, containers] : restore.databases) {
      writer.begin_object().member("databaseName", database).key("collectionNames").begin_array();
      for (const std::string& container : containers) writer.string(container);
      writer.end_array().end_object();
    }
    writer.end_array();
  }
  writer.end_object();
  if (!restore.public_network) writer.member("publicNetworkAccess", "Disabled");
  writer.end_object().end_object();
  return json;
}

std::string_view account_restore_api(const AccountRestore& restore) {
  return restore.keep_time_to_live ? api::kGeneral : api::kTimeToLive;
}

std::string resource_restore_body(const std::string& id, const ResourceRestore& restore) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("properties").begin_object().key("resource").begin_object().member("id", id);
  writer.key("restoreParameters").begin_object();
  restore_point(writer, restore.source, restore.at);
  if (!restore.keep_time_to_live) writer.member_boolean("restoreWithTtlDisabled", true);
  writer.end_object().member("createMode", "Restore").end_object().end_object().end_object();
  return json;
}

std::string_view resource_restore_api(const ResourceRestore& restore) {
  return restore.keep_time_to_live ? api::kGeneral : api::kTimeToLive;
}

std::string manual_throughput_body(std::int64_t request_units) {
  return R"({"properties":{"resource":{"throughput":)" + std::to_string(request_units) + "}}}";
}

std::string autoscale_throughput_body(std::int64_t most_request_units) {
  return R"({"properties":{"resource":{"autoscaleSettings":{"maxThroughput":)" + std::to_string(most_request_units) +
         "}}}}";
}

std::string script_body(const json::Value& definition) {
  json::Value resource = json::Value::object();
  for (const auto& [name, value] : definition.members()) {
    if (!name.starts_with('_')) resource.set(name, value);
  }
  return container_body(resource);
}

std::string container_body(const json::Value& resource) {
  return R"({"properties":{"resource":)" + resource.to_text() + R"(,"options":{}}})";
}

std::string role_definition_body(const std::string& name, const json::Value& assignable_scopes,
                                 const json::Value& permissions) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("properties").begin_object().member("roleName", name).member("type", "CustomRole");
  writer.key("assignableScopes").raw(assignable_scopes.to_text());
  writer.key("permissions").raw(permissions.to_text()).end_object().end_object();
  return json;
}

std::string role_assignment_body(const std::string& definition_id, const std::string& scope,
                                 const std::string& principal) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("properties").begin_object().member("roleDefinitionId", definition_id);
  writer.member("scope", scope).member("principalId", principal).end_object().end_object();
  return json;
}

std::string body_time(Second moment) {
  std::string text = format_rfc3339(moment);
  return text.replace(text.size() - 1, 1, ".000Z");
}

std::string query_time(Second moment) {
  std::string text = format_rfc3339(moment);
  text[10] = ' ';
  return text.replace(text.size() - 1, 1, "+00:00");
}

}  // namespace halley::native
