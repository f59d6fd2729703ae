#include "cli/demo_edits.h"

#include <algorithm>
#include <array>

namespace halley::cli {
namespace {

constexpr std::string_view kNonsense = "[object Object]";

Status cancelled_by(const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
  return {};
}

cosmos::ContainerName name_of(const TreeContainer& container) {
  return {container.plan.database, container.plan.container};
}

// What an ordinary edit leaves: the document with a revision number.
Result<std::string> revised(const TreeDocument& document, int revision) {
  ASSIGN(json::Value value, json::parse(document.text));
  value.set("revision", json::Value::integer(revision));
  return value.to_text();
}

// The same document once more, under another id.
Result<std::string> copied(const TreeDocument& document, const std::string& id) {
  ASSIGN(json::Value value, json::parse(document.text));
  value.set("id", json::Value::string(id));
  return value.to_text();
}

// Documents of such a container cannot be made alike.
Result<bool> has_unique_keys(const TreeContainer& container) {
  ASSIGN(const json::Value definition, json::parse(container.plan.definition.text));
  const json::Value* const policy = definition.find("uniqueKeyPolicy");
  const json::Value* const keys = policy == nullptr ? nullptr : policy->find("uniqueKeys");
  return keys != nullptr && keys->is_array() && !keys->items().empty();
}

// The names of a document that the deployment may overwrite: the partition key says where it is, and stays.
Result<std::vector<std::string>> texts_of(const TreeContainer& container) {
  std::vector<std::string> texts;
  ASSIGN(const bool unique, has_unique_keys(container));
  if (unique) return texts;
  for (const char* name : {"name", "text", "flavor", "artist"}) {
    const auto& paths = container.plan.key.paths;
    const bool in_key = std::any_of(paths.begin(), paths.end(),
                                    [&](const auto& path) { return !path.empty() && path.front() == name; });
    if (!in_key) texts.emplace_back(name);
  }
  return texts;
}

// What the faulty deployment makes of a document.
Result<std::string> spoiled(const TreeDocument& document, const std::vector<std::string>& texts) {
  ASSIGN(json::Value value, json::parse(document.text));
  bool any = false;
  for (const std::string& name : texts) {
    if (value.find(name) == nullptr) continue;
    value.set(name, json::Value::string(std::string(kNonsense)));
    any = true;
  }
  if (!any) value.set("faultyDeployment", json::Value::string(std::string(kNonsense)));
  return value.to_text();
}

Status break_procedures(cosmos::Client& client, const TreeContainer& container, std::stop_token stop) {
  for (const repo::Definition& script : container.plan.scripts) {
    if (script.key.kind != repo::DefinitionKind::stored_procedure) continue;
    ASSIGN(json::Value definition, json::parse(script.text));
    definition.set("body", json::Value::string("function () { throw new Error('not implemented'); }"));
    TRY(client.put_script(name_of(container), cosmos::ScriptKind::stored_procedure, definition.to_text(), stop));
  }
  return {};
}

}  // namespace

Result<Edits> ordinary_work(cosmos::Client& client, const TreeContainer& container, int shift, std::stop_token stop) {
  const cosmos::ContainerName name = name_of(container);
  ASSIGN(const bool unique, has_unique_keys(container));
  Edits edits;
  int index = 0;
  const auto edit = [&](const TreeDocument& document) -> Status {
    TRY(cancelled_by(stop));
    ++index;
    if (index % 100 == 7 * shift) {
      ASSIGN(const std::string body, revised(document, shift));
      TRY(client.upsert_document(name, document.partition_key, body, stop));
      ++edits.written;
    } else if (index % 500 == 13 * shift && !unique) {
      ASSIGN(const std::string body, copied(document, std::string(document.id) + "." + std::to_string(shift)));
      TRY(client.upsert_document(name, document.partition_key, body, stop));
      ++edits.written;
    } else if (index % 400 == 11 * shift) {
      TRY(client.delete_document(name, document.id, document.partition_key, stop));
      ++edits.deleted;
    }
    return {};
  };
  TRY(for_each_document(container, edit));
  return edits;
}

Result<FaultyDeployment> faulty_deployment(cosmos::Client& client, const TreeContainer& container,
                                           std::stop_token stop) {
  const cosmos::ContainerName name = name_of(container);
  ASSIGN(const std::vector<std::string> texts, texts_of(container));
  FaultyDeployment done;
  std::size_t index = 0;
  const auto spoil = [&](const TreeDocument& document) -> Status {
    TRY(cancelled_by(stop));
    ++index;
    if (index % kSpoiledOneOf == 0) {
      ASSIGN(const std::string body, spoiled(document, texts));
      TRY(client.upsert_document(name, document.partition_key, body, stop));
      ++done.edits.written;
      done.example_id = document.id;
      done.example_key = document.partition_key;
    } else if (index % 41 == 0) {
      TRY(client.delete_document(name, document.id, document.partition_key, stop));
      ++done.edits.deleted;
    }
    return {};
  };
  TRY(for_each_document(container, spoil));
  TRY(break_procedures(client, container, stop));
  return done;
}

}  // namespace halley::cli
