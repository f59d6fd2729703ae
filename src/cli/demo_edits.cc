#include "cli/demo_edits.h"

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

// What the faulty deployment makes of a document.
Result<std::string> spoiled(const TreeDocument& document) {
  ASSIGN(json::Value value, json::parse(document.text));
  for (const std::string_view property : {"name", "text", "flavor", "artist"}) {
    if (value.find(property) != nullptr) value.set(property, json::Value::string(std::string(kNonsense)));
  }
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
  Edits edits;
  int index = 0;
  const auto edit = [&](const TreeDocument& document) -> Status {
    TRY(cancelled_by(stop));
    ++index;
    if (index % 100 == 7 * shift) {
      ASSIGN(const std::string body, revised(document, shift));
      TRY(client.upsert_document(name, document.partition_key, body, stop));
      ++edits.written;
    } else if (index % 500 == 13 * shift) {
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
  FaultyDeployment done;
  int index = 0;
  const auto spoil = [&](const TreeDocument& document) -> Status {
    TRY(cancelled_by(stop));
    ++index;
    if (index % 5 == 0) {
      ASSIGN(const std::string body, spoiled(document));
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
