#include "server/account_record.h"

#include "json/writer.h"

namespace halley::server {
namespace {

// Limits for clients that plan queries themselves.
constexpr std::string_view kQueryEngine =
    R"({"maxSqlQueryInputLength":524288,"maxJoinsPerSqlQuery":10,"allowNewKeywords":true})";

void append_locations(json::Writer& writer, std::string_view name, std::string_view endpoint) {
  writer.key(name).begin_array().begin_object();
  writer.member("name", "Local").member("databaseAccountEndpoint", endpoint).end_object().end_array();
}

}  // namespace

std::string account_record(const AccountOptions& options, std::string_view host) {
  std::string endpoint = options.https ? "https://" : "http://";
  endpoint += host;
  endpoint += '/';
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("_self", "").member("id", options.account_id);
  writer.member("_rid", options.account_id + ".sql.cosmos.azure.com");
  writer.member("media", "//media/").member("addresses", "//addresses/").member("_dbs", "//dbs/");
  append_locations(writer, "writableLocations", endpoint);
  append_locations(writer, "readableLocations", endpoint);
  writer.member_boolean("enableMultipleWriteLocations", false);
  writer.member_boolean("continuousBackupEnabled", options.all_versions_feed);
  writer.member_boolean("enableAllVersionsAndDeletesChangeFeed", options.all_versions_feed);
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
