#include "server/account_record.h"

#include "json/writer.h"

namespace halley::server {
namespace {

// Limits for clients that plan queries themselves.
constexpr std::string_view kQueryEngine =
    R"({"maxSqlQueryInputLength":524288,"maxJoinsPerSqlQuery":10,"allowNewKeywords":true})";

// "West US" -> "westus".
std::string short_name(std::string name) {
  std::erase(name, ' ');
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

}  // namespace

std::string account_record(const AccountOptions& options, bool all_versions_feed, Topology& topology,
                           std::string_view host) {
  const Topology::Region region = topology.region_of(host);
  const std::string id = options.account_id + (region.by_name ? "-" + short_name(region.name) : "");
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("_self", "").member("id", id);
  writer.member("_rid", options.account_id + ".sql.cosmos.azure.com");
  writer.member("media", "//media/").member("addresses", "//addresses/").member("_dbs", "//dbs/");
  topology.append_locations(writer, options.https ? "https://" : "http://", host);
  writer.member_boolean("enableMultipleWriteLocations", topology.multiple_writes());
  writer.member_boolean("continuousBackupEnabled", all_versions_feed);
  writer.member_boolean("enableAllVersionsAndDeletesChangeFeed", all_versions_feed);
  writer.member_boolean("enableNRegionSynchronousCommit", false);
  writer.member_boolean("enablePerPartitionFailoverBehavior", false);
  writer.key("userReplicationPolicy").raw(R"({"asyncReplication":false,"minReplicaSetSize":3,"maxReplicasetSize":4})");
  writer.key("userConsistencyPolicy").raw(R"({"defaultConsistencyLevel":"Session"})");
  writer.key("systemReplicationPolicy").raw(R"({"minReplicaSetSize":3,"maxReplicasetSize":4})");
  writer.key("readPolicy").raw(R"({"primaryReadCoefficient":1,"secondaryReadCoefficient":1})");
  writer.member("queryEngineConfiguration", kQueryEngine).end_object();
  return out;
}

}  // namespace halley::server
