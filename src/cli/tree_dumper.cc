#include "cli/tree_dumper.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "cosmos/link.h"
#include "json/document_scanner.h"
#include "recovery/restore.h"
#include "server/engine.h"
#include "server/exchange.h"

namespace halley::cli {
namespace {

using repo::DefinitionKind;
using server::ResourceKind;

constexpr std::size_t kContainerSegments = 4;  // dbs/D/colls/C

// Of the names of a resource in its engine: "dbs/D/colls/C", as they are.
std::vector<std::string> segments_of(std::string_view names) {
  std::vector<std::string> segments;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find('/', begin), names.size());
    segments.emplace_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

struct LiveContainer {
  recovery::PlannedContainer plan;
  std::shared_ptr<server::Container> container;
};

// Reads the definitions of an account out of its engine.
class AccountReader {
 public:
  explicit AccountReader(server::Engine& engine) : engine_(engine) {}

  Status read(recovery::RestorePlan& plan, std::vector<LiveContainer>& containers) {
    TRY(read_offers());
    ASSIGN(const auto databases, list({}, ResourceKind::database, {DefinitionKind::database, "", "", ""}));
    for (const repo::Definition& definition : databases) {
      recovery::PlannedDatabase database;
      database.name = definition.key.id;
      database.definition = definition;
      database.offer = offer_of(definition.rid);
      TRY(read_users(database));
      TRY(read_containers(database.name, containers));
      plan.databases.push_back(std::move(database));
    }
    for (const LiveContainer& each : containers) plan.containers.push_back(each.plan);
    return {};
  }

 private:
  using Path = server::Engine::Path;

  Result<std::vector<repo::Definition>> list(const Path& parent, ResourceKind kind, repo::DefinitionKey key) {
    ASSIGN(const auto listing, engine_.list(parent, kind));
    std::vector<repo::Definition> definitions;
    for (const auto& text : listing.texts) {
      ASSIGN(const json::Value value, json::parse(*text));
      repo::Definition definition;
      key.id = value.string_at("id");
      definition.key = key;
      definition.rid = value.string_at("_rid");
      definition.text = *text;
      definitions.push_back(std::move(definition));
    }
    return definitions;
  }

  Status read_offers() {
    ASSIGN(auto offers, list({}, ResourceKind::offer, {DefinitionKind::offer, "", "", ""}));
    for (repo::Definition& offer : offers) {
      ASSIGN(const json::Value value, json::parse(offer.text));
      offers_[value.string_at("offerResourceId")] = std::move(offer);
    }
    return {};
  }

  std::optional<repo::Definition> offer_of(const std::string& rid) const {
    const auto found = offers_.find(rid);
    return found == offers_.end() ? std::nullopt : std::optional(found->second);
  }

  Status read_users(recovery::PlannedDatabase& database) {
    const Path path = {"dbs", database.name};
    ASSIGN(database.users, list(path, ResourceKind::user, {DefinitionKind::user, database.name, "", ""}));
    for (const repo::Definition& user : database.users) {
      ASSIGN(auto permissions, list({"dbs", database.name, "users", user.key.id}, ResourceKind::permission,
                                    {DefinitionKind::permission, database.name, user.key.id, ""}));
      for (repo::Definition& permission : permissions) {
        ASSIGN(permission.text, permission_by_names(permission.text));
        database.permissions.push_back(std::move(permission));
      }
    }
    return {};
  }

  // Rids are of this run: a permission that names its resource by them names it by ids, and by the key of a document.
  Result<std::string> permission_by_names(const std::string& text) {
    ASSIGN(json::Value permission, json::parse(text));
    const auto path = server::split_target(permission.string_at("resource"));
    if (!path || path->size() < kContainerSegments) return text;
    const auto container = engine_.find({path->begin(), path->begin() + kContainerSegments});
    if (!container || container->container == nullptr) return text;
    const auto inside = engine_.find(*path);
    Path names = segments_of(inside ? inside->names : container->names);
    if (path->size() == kContainerSegments + 2 && path->at(kContainerSegments) == "docs") {
      const auto document = container->container->name_of(path->back());
      names.insert(names.end(), {"docs", document ? document->first : path->back()});
      if (document && permission.find("resourcePartitionKey") == nullptr) {
        ASSIGN(json::Value key, json::parse(document->second));
        permission.set("resourcePartitionKey", std::move(key));
      }
    }
    permission.set("resource", json::Value::string(cosmos::link_of(names)));
    return permission.to_text();
  }

  Status read_containers(const std::string& database, std::vector<LiveContainer>& containers) {
    static constexpr std::array kScripts = {std::pair{ResourceKind::sproc, DefinitionKind::stored_procedure},
                                            std::pair{ResourceKind::trigger, DefinitionKind::trigger},
                                            std::pair{ResourceKind::udf, DefinitionKind::user_defined_function}};
    ASSIGN(auto definitions,
           list({"dbs", database}, ResourceKind::container, {DefinitionKind::container, database, "", ""}));
    for (repo::Definition& definition : definitions) {
      LiveContainer each;
      each.plan.database = database;
      each.plan.container = definition.key.id;
      each.plan.offer = offer_of(definition.rid);
      for (const auto& [resource, script] : kScripts) {
        ASSIGN(auto scripts, list({"dbs", database, "colls", definition.key.id}, resource,
                                  {script, database, definition.key.id, ""}));
        std::move(scripts.begin(), scripts.end(), std::back_inserter(each.plan.scripts));
      }
      ASSIGN(each.container, engine_.container(database, definition.key.id));
      each.plan.definition = std::move(definition);
      containers.push_back(std::move(each));
    }
    return {};
  }

  server::Engine& engine_;
  std::map<std::string, repo::Definition> offers_;  // by the rid of their resource
};

// In the order of the hash space, as restores write them.
Result<std::uint64_t> dump_container(const LiveContainer& live, recovery::RestoreTarget& target) {
  TRY(target.begin_container(live.plan, {}));
  auto documents = live.container->live_documents();
  std::sort(documents.begin(), documents.end(), [](const server::DocumentPtr& a, const server::DocumentPtr& b) {
    return std::tie(a->epk, a->key, a->id) < std::tie(b->epk, b->key, b->id);
  });
  for (const server::DocumentPtr& document : documents) {
    ASSIGN(const std::string body, json::without_members(document->text, {json::kSystemPropertyNames.begin(),
                                                                          json::kSystemPropertyNames.end()}));
    TRY(target.put_document(document->key, document->id, body, {}));
  }
  TRY(target.finish_documents({}));
  TRY(target.read_back(live.plan, [](auto, auto, auto) {}, {}));
  TRY(target.finish_container(live.plan, {}, {}));
  return documents.size();
}

}  // namespace

Status check_dump_directory(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) || std::filesystem::is_empty(path, error)) return {};
  return fail(Code::invalid_argument, path + " is not an empty directory",
              "--dump writes to a directory that is empty or does not exist");
}

Result<DumpReport> dump_tree(server::Emulator& emulator, const std::string& path) {
  recovery::RestorePlan plan;
  std::vector<LiveContainer> containers;
  plan.moment = recovery::Moment::newest();
  plan.account.emplace();
  plan.account->text = emulator.account_record();
  TRY(AccountReader(emulator.account().engine()).read(plan, containers));
  const auto target = recovery::make_directory_target(path);
  std::vector<std::string> notes;
  DumpReport report;
  TRY(target->open(plan, notes, {}));
  for (const auto& database : plan.databases) TRY(target->put_database(database, {}));
  for (const LiveContainer& container : containers) {
    ASSIGN(const std::uint64_t documents, dump_container(container, *target));
    report.documents += documents;
  }
  TRY(target->close({}));
  report.databases = plan.databases.size();
  report.containers = containers.size();
  return report;
}

}  // namespace halley::cli
