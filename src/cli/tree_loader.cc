#include "cli/tree_loader.h"

#include "recovery/restore.h"

namespace halley::cli {
namespace {

Result<LoadedContainer> load_container(recovery::RestoreTarget& target, const TreeContainer& container,
                                       std::stop_token stop) {
  LoadedContainer loaded;
  loaded.name = {container.plan.database, container.plan.container};
  TRY(target.begin_container(container.plan, stop));
  const auto load = [&](const TreeDocument& document) -> Status {
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    ++loaded.documents;
    loaded.bytes += document.text.size();
    return target.put_document(document.partition_key, document.id, document.text, stop);
  };
  TRY(for_each_document(container, load));
  TRY(target.finish_documents(stop));
  TRY(target.finish_container(container.plan, {}, stop));
  return loaded;
}

}  // namespace

Result<LoadReport> load_tree(Runtime& runtime, cosmos::Client& client, const AccountTree& tree, std::stop_token stop) {
  recovery::RestoreProgress progress;
  const auto target = recovery::make_cosmos_target(runtime, client, {}, progress);
  std::vector<std::string> notes;
  LoadReport report;
  TRY(target->open(tree.plan, notes, stop));
  for (const auto& database : tree.plan.databases) TRY(target->put_database(database, stop));
  for (const TreeContainer& container : tree.containers) {
    ASSIGN(LoadedContainer loaded, load_container(*target, container, stop));
    report.scripts += container.plan.scripts.size();
    report.documents += loaded.documents;
    report.bytes += loaded.bytes;
    report.containers.push_back(std::move(loaded));
  }
  TRY(target->close(stop));
  report.databases = tree.plan.databases.size();
  return report;
}

Status load_users(server::Engine& engine, const AccountTree& tree) {
  for (const recovery::PlannedDatabase& database : tree.plan.databases) {
    for (const repo::Definition& user : database.users) {
      ASSIGN(json::Value definition, json::parse(user.text));
      auto made = engine.create({"dbs", database.name}, server::ResourceKind::user, std::move(definition));
      if (!made) return fail(std::move(made).error().in("creating the user " + user.key.id));
    }
    for (const repo::Definition& permission : database.permissions) {
      ASSIGN(json::Value definition, json::parse(permission.text));
      auto made = engine.create({"dbs", database.name, "users", permission.key.parent},
                                server::ResourceKind::permission, std::move(definition));
      if (!made) return fail(std::move(made).error().in("creating the permission " + permission.key.id));
    }
  }
  return {};
}

}  // namespace halley::cli
