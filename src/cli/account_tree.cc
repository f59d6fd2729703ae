#include "cli/account_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "json/document_scanner.h"

namespace halley::cli {
namespace {

namespace fs = std::filesystem;

// A FIFO would be waited for.
Status check_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? Status() : fail(Code::io, path.string() + " is no file");
}

Result<std::string> read_file(const fs::path& path) {
  TRY(check_file(path));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return fail(Code::io, "cannot read " + path.string());
  return text.str();
}

// What can't be looked into may hold a part of the account.
tl::unexpected<Error> no_sight_of(const fs::path& path, const std::error_code& error) {
  return fail(Code::io, "cannot look into " + path.string() + ": " + error.message(),
              "make it readable, or load a folder that holds the account alone");
}

Result<bool> is_there(const fs::path& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (error) return no_sight_of(path, error);
  return there;
}

// The entries of a folder that `wanted` takes, by name; none where there is no folder.
Result<std::vector<fs::path>> entries(const fs::path& folder,
                                      const std::function<Result<bool>(const fs::path&)>& wanted) {
  std::vector<fs::path> found;
  ASSIGN(const bool there, is_there(folder));
  if (!there) return found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    ASSIGN(const bool taken, wanted(at->path()));
    if (taken) found.push_back(at->path());
  }
  if (error) return no_sight_of(folder, error);
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::vector<fs::path>> folders_with(const fs::path& folder, const char* file) {
  return entries(folder, [file](const fs::path& each) { return is_there(each / file); });
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
  ASSIGN(const bool there, is_there(path));
  if (!there) return std::optional<repo::Definition>();
  ASSIGN(repo::Definition offer, read_definition(path, repo::DefinitionKind::offer));
  offer.text = "{\"content\":" + offer.text + "}";  // the file holds the content alone
  return std::optional(std::move(offer));
}

// {"users":[{"user":…,"permissions":[…]}]}, where there are any.
Status read_users(const fs::path& folder, recovery::PlannedDatabase& database) {
  const fs::path path = folder / "users.json";
  ASSIGN(const bool there, is_there(path));
  if (!there) return {};
  ASSIGN(const std::string text, read_file(path));
  const auto wrong = [&] { return fail(Code::corrupt, path.string() + " is not {\"users\":[{\"user\":…}]}"); };
  const auto value = json::parse(text);
  const json::Value* const users = value ? value->find("users") : nullptr;
  if (users == nullptr) return wrong();
  const auto definition = [&](const json::Value& each, repo::DefinitionKind kind, const std::string& parent) {
    repo::Definition made;
    made.key = {kind, database.name, parent, each.string_at("id")};
    made.text = each.to_text();
    return made;
  };
  for (const json::Value& each : users->items()) {
    const json::Value* const user = each.find("user");
    if (user == nullptr) return wrong();
    const std::string name = user->string_at("id");
    database.users.push_back(definition(*user, repo::DefinitionKind::user, ""));
    const json::Value* const permissions = each.find("permissions");
    if (permissions == nullptr) continue;
    for (const json::Value& permission : permissions->items()) {
      database.permissions.push_back(definition(permission, repo::DefinitionKind::permission, name));
    }
  }
  return {};
}

Status read_scripts(const fs::path& folder, recovery::PlannedContainer& container) {
  static constexpr std::array kKinds = {
      std::pair{"sprocs", repo::DefinitionKind::stored_procedure},
      std::pair{"triggers", repo::DefinitionKind::trigger},
      std::pair{"udfs", repo::DefinitionKind::user_defined_function},
  };
  for (const auto& [name, kind] : kKinds) {
    ASSIGN(const auto files,
           entries(folder / name, [](const fs::path& each) -> Result<bool> { return each.extension() == ".json"; }));
    for (const fs::path& path : files) {
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
  container.documents = (folder / "documents.ndjson").string();
  return container;
}

}  // namespace

Result<AccountTree> read_account_tree(const std::string& path) {
  const fs::path root(path);
  AccountTree tree;
  tree.plan.moment = recovery::Moment::newest();
  ASSIGN(const auto databases, folders_with(root, "database.json"));
  for (const fs::path& folder : databases) {
    recovery::PlannedDatabase database;
    ASSIGN(database.definition, read_definition(folder / "database.json", repo::DefinitionKind::database));
    database.name = database.definition.key.id;
    ASSIGN(database.offer, read_offer(folder));
    TRY(read_users(folder, database));
    ASSIGN(const auto containers, folders_with(folder, "container.json"));
    for (const fs::path& inner : containers) {
      ASSIGN(TreeContainer container, read_container(database.name, inner));
      tree.plan.containers.push_back(container.plan);
      tree.containers.push_back(std::move(container));
    }
    tree.plan.databases.push_back(std::move(database));
  }
  if (tree.plan.databases.empty()) {
    return fail(Code::not_found, "there is no account in the folder " + path,
                "it is expected as 'halley restore --to dir:PATH' writes it: DATABASE/database.json and so on");
  }
  return tree;
}

Status for_each_document(const TreeContainer& container,
                         const std::function<Status(const TreeDocument& document)>& each) {
  ASSIGN(const bool there, is_there(container.documents));
  if (!there) return {};  // a container without documents
  TRY(check_file(container.documents));
  std::ifstream file(container.documents, std::ios::binary);
  if (!file) return fail(Code::io, "cannot read " + container.documents);
  json::DocumentScanner scanner(container.plan.key.paths);
  std::string line;
  for (std::uint64_t number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    line.reserve(line.size() + json::kPadding);
    const auto scanned = scanner.scan_document(line);
    const auto key = scanned ? cosmos::canonical_key((*scanned)->key_values) : fail(scanned.error());
    if (!key || !(*scanned)->has_id) {
      return fail(Code::corrupt, fmt::format("{}:{}: this is no document with an id", container.documents, number));
    }
    TRY(each({*key, (*scanned)->id, line}));
  }
  if (file.bad()) return fail(Code::io, "cannot read " + container.documents);
  return {};
}

}  // namespace halley::cli
