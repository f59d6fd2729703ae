#include "recovery/definition_diff.h"

#include "json/document_scanner.h"
#include "recovery/definition_text.h"

namespace halley::recovery {
namespace {

Result<bool> mean_the_same(const std::string& a, const std::string& b) {
  ASSIGN(const std::string left, plain_definition(a));
  ASSIGN(const std::string right, plain_definition(b));
  ASSIGN(const std::uint64_t left_digest, json::value_digest(left));
  ASSIGN(const std::uint64_t right_digest, json::value_digest(right));
  return left_digest == right_digest;
}

}  // namespace

DefinitionTexts texts_of(const PlannedContainer& container) {
  DefinitionTexts texts;
  texts[{repo::DefinitionKind::container, container.container}] = container.definition.text;
  for (const repo::Definition& script : container.scripts) texts[{script.key.kind, script.key.id}] = script.text;
  return texts;
}

Result<DefinitionTexts> read_texts(cosmos::Client& client, const cosmos::Resource& container,
                                   const cosmos::ContainerName& name, std::stop_token stop) {
  DefinitionTexts texts;
  texts[{repo::DefinitionKind::container, name.container}] = container.text;
  using Kinds = std::pair<cosmos::ScriptKind, repo::DefinitionKind>;
  for (const auto& [script, kind] :
       {Kinds{cosmos::ScriptKind::stored_procedure, repo::DefinitionKind::stored_procedure},
        Kinds{cosmos::ScriptKind::trigger, repo::DefinitionKind::trigger},
        Kinds{cosmos::ScriptKind::user_defined_function, repo::DefinitionKind::user_defined_function}}) {
    ASSIGN(const auto listed, client.list_scripts(name, script, stop));
    for (const cosmos::Resource& each : listed) texts[{kind, each.id}] = each.text;
  }
  return texts;
}

Result<std::vector<DefinitionDifference>> definition_differences(const DefinitionTexts& before,
                                                                 const DefinitionTexts& after) {
  std::vector<DefinitionDifference> differences;
  for (const auto& [key, text] : before) {
    const auto there = after.find(key);
    if (there == after.end()) {
      differences.push_back({key.first, key.second, DifferenceKind::removed});
      continue;
    }
    ASSIGN(const bool same, mean_the_same(text, there->second));
    if (!same) differences.push_back({key.first, key.second, DifferenceKind::changed});
  }
  for (const auto& [key, text] : after) {
    if (!before.contains(key)) differences.push_back({key.first, key.second, DifferenceKind::added});
  }
  return differences;
}

}  // namespace halley::recovery
