#include "cli/account_snapshot.h"

#include <array>

#include "cosmos/read_feed.h"
#include "json/document_scanner.h"

namespace halley::cli {
namespace {

Result<std::uint64_t> definition_digest(const cosmos::Resource& resource) {
  json::Value kept = json::Value::object();
  for (const auto& [name, value] : resource.value.members()) {
    if (!name.starts_with('_')) kept.set(name, value);
  }
  return json::value_digest(kept.to_text());
}

Status add_definition(AccountSnapshot& snapshot, const std::string& name, const cosmos::Resource& resource) {
  ASSIGN(snapshot.definitions[name], definition_digest(resource));
  return {};
}

Status add_scripts(cosmos::Client& client, const cosmos::ContainerName& name, AccountSnapshot& snapshot,
                   std::stop_token stop) {
  static constexpr std::array kKinds = {
      std::pair{cosmos::ScriptKind::stored_procedure, "stored procedure "},
      std::pair{cosmos::ScriptKind::trigger, "trigger "},
      std::pair{cosmos::ScriptKind::user_defined_function, "function "},
  };
  for (const auto& [kind, words] : kKinds) {
    ASSIGN(const auto scripts, client.list_scripts(name, kind, stop));
    for (const cosmos::Resource& script : scripts) {
      TRY(add_definition(snapshot, words + name.text() + "/" + script.id, script));
    }
  }
  return {};
}

Status add_documents(cosmos::Client& client, const cosmos::ContainerName& name,
                     const cosmos::PartitionKeyDefinition& key, AccountSnapshot& snapshot, std::stop_token stop) {
  auto& documents = snapshot.documents[name.text()];
  json::DocumentScanner scanner(key.paths);
  const auto add = [&](json::ScannedDocument& document) -> Status {
    ASSIGN(const std::string key_text, cosmos::canonical_key(document.key_values));
    documents[key_text + " " + std::string(document.id)] = document.digest;
    return {};
  };
  ASSIGN(const auto ranges, client.partition_key_ranges(name, stop));
  for (const cosmos::PartitionKeyRange& range : ranges) {
    const auto scan = [&](const cosmos::ReadPage& page) { return scanner.scan_page(page.body, false, add); };
    TRY(cosmos::read_range(client, name, range.id, scan, stop));
  }
  return {};
}

Status add_container(cosmos::Client& client, const cosmos::ContainerName& name, const cosmos::Resource& container,
                     AccountSnapshot& snapshot, std::stop_token stop) {
  TRY(add_definition(snapshot, "container " + name.text(), container));
  TRY(add_scripts(client, name, snapshot, stop));
  const json::Value* const key_value = container.value.find("partitionKey");
  if (key_value == nullptr) return fail(Code::corrupt, "container " + name.text() + " has no partition key");
  ASSIGN(const auto key, cosmos::PartitionKeyDefinition::parse(*key_value));
  return add_documents(client, name, key, snapshot, stop);
}

// Compares two maps by name; what `what` is called in a difference.
std::uint64_t compare(const std::map<std::string, std::uint64_t>& expected,
                      const std::map<std::string, std::uint64_t>& found, const std::string& what,
                      std::vector<std::string>& differences) {
  std::uint64_t equal = 0;
  for (const auto& [name, digest] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) {
      differences.push_back("missing: " + what + name);
    } else if (other->second != digest) {
      differences.push_back("other content: " + what + name);
    } else {
      ++equal;
    }
  }
  for (const auto& [name, digest] : found) {
    if (!expected.contains(name)) differences.push_back("not expected: " + what + name);
  }
  return equal;
}

}  // namespace

std::uint64_t AccountSnapshot::document_count() const {
  std::uint64_t count = 0;
  for (const auto& [name, container] : documents) count += container.size();
  return count;
}

Result<AccountSnapshot> take_snapshot(cosmos::Client& client, std::stop_token stop) {
  AccountSnapshot snapshot;
  ASSIGN(const auto databases, client.list_databases(stop));
  for (const cosmos::Resource& database : databases) {
    TRY(add_definition(snapshot, "database " + database.id, database));
    ASSIGN(const auto containers, client.list_containers(database.id, stop));
    for (const cosmos::Resource& container : containers) {
      TRY(add_container(client, {database.id, container.id}, container, snapshot, stop));
    }
  }
  return snapshot;
}

SnapshotComparison compare_snapshots(const AccountSnapshot& expected, const AccountSnapshot& found) {
  static const std::map<std::string, std::uint64_t> kNone;
  SnapshotComparison result;
  result.equal_definitions = compare(expected.definitions, found.definitions, "", result.differences);
  for (const auto& [name, documents] : expected.documents) {
    const auto other = found.documents.find(name);
    result.equal_documents += compare(documents, other == found.documents.end() ? kNone : other->second,
                                      "document of " + name + ": ", result.differences);
  }
  return result;
}

}  // namespace halley::cli
