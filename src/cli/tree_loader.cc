#include "cli/tree_loader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "json/document_scanner.h"
#include "recovery/restore.h"

namespace halley::cli {
namespace {

namespace fs = std::filesystem;

struct TreeContainer {
  recovery::PlannedContainer plan;
  fs::path documents;
};

struct Tree {
  recovery::RestorePlan plan;
  std::vector<TreeContainer> containers;
};

Result<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return fail(Code::io, "cannot read " + path.string());
  return text.str();
}

// The entries of a folder that `wanted` takes, by name.
template <typename Wanted>
std::vector<fs::path> entries(const fs::path& folder, const Wanted& wanted) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (wanted(entry.path())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A definition from its file; the id in it is the resource's name, whatever the file is called.
Result<repo::Definition> read_definition(const fs::path& path, repo::DefinitionKind kind) {
  repo::Definition definition;
  ASSIGN(definition.text, read_file(path));
  auto value = json::parse(definition.text);
  if (!value) return fail(std::move(value).error().in("reading " + path.string()));
  definition.key.kind = kind;
  definition.key.id = value->string_at("id");
  if (definition.key.id.empty() && kind != repo::DefinitionKind::offer) {
    return fail(Code::corrupt, path.string() + " has no id");
  }
  return definition;
}

Result<std::optional<repo::Definition>> read_offer(const fs::path& folder) {
  const fs::path path = folder / "throughput.json";
  if (!fs::exists(path)) return std::optional<repo::Definition>();
  ASSIGN(repo::Definition offer, read_definition(path, repo::DefinitionKind::offer));
  return std::optional(std::move(offer));
}

Status read_scripts(const fs::path& folder, recovery::PlannedContainer& container) {
  static constexpr std::array kKinds = {
      std::pair{"sprocs", repo::DefinitionKind::stored_procedure},
      std::pair{"triggers", repo::DefinitionKind::trigger},
      std::pair{"udfs", repo::DefinitionKind::user_defined_function},
  };
  for (const auto& [name, kind] : kKinds) {
    for (const fs::path& path :
         entries(folder / name, [](const fs::path& each) { return each.extension() == ".json"; })) {
      ASSIGN(repo::Definition script, read_definition(path, kind));
      script.key.database = container.database;
      script.key.parent = container.container;
      container.scripts.push_back(std::move(script));
    }
  }
  return {};
}

Result<TreeContainer> read_container(const std::string& database, const fs::path& folder) {
  TreeContainer container;
  recovery::PlannedContainer& plan = container.plan;
  ASSIGN(plan.definition, read_definition(folder / "container.json", repo::DefinitionKind::container));
  plan.database = plan.definition.key.database = database;
  plan.container = plan.definition.key.id;
  ASSIGN(const json::Value value, json::parse(plan.definition.text));
  const json::Value* key = value.find("partitionKey");
  if (key == nullptr) return fail(Code::corrupt, (folder / "container.json").string() + " has no partitionKey");
  ASSIGN(plan.key, cosmos::PartitionKeyDefinition::parse(*key));
  plan.expiry = recovery::ExpiryRule::of(value);
  ASSIGN(plan.offer, read_offer(folder));
  TRY(read_scripts(folder / "scripts", plan));
  container.documents = folder / "documents.ndjson";
  return container;
}

Result<Tree> read_tree(const fs::path& root) {
  Tree tree;
  tree.plan.moment = recovery::Moment::newest();
  for (const fs::path& folder :
       entries(root, [](const fs::path& each) { return fs::exists(each / "database.json"); })) {
    recovery::PlannedDatabase database;
    ASSIGN(database.definition, read_definition(folder / "database.json", repo::DefinitionKind::database));
    database.name = database.definition.key.id;
    ASSIGN(database.offer, read_offer(folder));
    for (const fs::path& inner :
         entries(folder, [](const fs::path& each) { return fs::exists(each / "container.json"); })) {
      ASSIGN(TreeContainer container, read_container(database.name, inner));
      tree.plan.containers.push_back(container.plan);
      tree.containers.push_back(std::move(container));
    }
    tree.plan.databases.push_back(std::move(database));
  }
  if (tree.plan.databases.empty()) {
    return fail(Code::not_found, "there is no account in the folder " + root.string(),
                "it is expected as 'halley restore --to dir:PATH' writes it: DATABASE/database.json and so on");
  }
  return tree;
}

Status load_documents(recovery::RestoreTarget& target, const TreeContainer& container, LoadedContainer& loaded,
                      std::stop_token stop) {
  std::ifstream file(container.documents, std::ios::binary);
  if (!file) return {};  // a container without documents
  json::DocumentScanner scanner(container.plan.key.paths);
  std::string line;
  for (std::uint64_t number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    line.reserve(line.size() + json::kPadding);
    const auto document = scanner.scan_document(line);
    auto key = document ? cosmos::canonical_key((*document)->key_values) : fail(document.error());
    if (!key || !(*document)->has_id) {
      return fail(Code::corrupt,
                  fmt::format("{}:{}: this is no document with an id", container.documents.string(), number));
    }
    TRY(target.put_document(*key, (*document)->id, line, stop));
    ++loaded.documents;
    loaded.bytes += line.size();
  }
  if (file.bad()) return fail(Code::io, "cannot read " + container.documents.string());
  return {};
}

}  // namespace

Result<LoadReport> load_tree(Runtime& runtime, cosmos::Client& client, const std::string& path, std::stop_token stop) {
  ASSIGN(const Tree tree, read_tree(path));
  recovery::RestoreProgress progress;
  const auto target = recovery::make_cosmos_target(runtime, client, {}, progress);
  std::vector<std::string> notes;
  LoadReport report;
  TRY(target->open(tree.plan, notes, stop));
  for (const auto& database : tree.plan.databases) TRY(target->put_database(database, stop));
  for (const TreeContainer& container : tree.containers) {
    LoadedContainer loaded;
    loaded.name = {container.plan.database, container.plan.container};
    TRY(target->begin_container(container.plan, stop));
    TRY(load_documents(*target, container, loaded, stop));
    TRY(target->finish_documents(stop));
    TRY(target->finish_container(container.plan, {}, stop));
    report.scripts += container.plan.scripts.size();
    report.documents += loaded.documents;
    report.bytes += loaded.bytes;
    report.containers.push_back(std::move(loaded));
  }
  TRY(target->close(stop));
  report.databases = tree.plan.databases.size();
  return report;
}

}  // namespace halley::cli
