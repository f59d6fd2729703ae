#include "recovery/definition_diff.h"

#include <set>

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

DefinitionTexts::key_type throughput_key() { return {repo::DefinitionKind::offer, "offer"}; }

// The service has answered that it does not tell; any other failure ends the comparison.
bool is_refusal(const Error& error) {
  return error.status == 400 || error.status == 401 || error.status == 403 || error.status == 404;
}

}  // namespace

Result<std::string> throughput_text(std::string_view offer) {
  repo::Definition definition;
  definition.text = offer;
  ASSIGN(const http::Headers headers, throughput_headers(definition));
  if (const std::string* const manual = headers.find("x-ms-offer-throughput")) return "{\"manual\":" + *manual + "}";
  const std::string* const autoscale = headers.find("x-ms-cosmos-offer-autopilot-settings");
  return autoscale == nullptr ? std::string() : "{\"autoscale\":" + *autoscale + "}";
}

void add_throughput(std::string text, DefinitionTexts& texts) {
  if (!text.empty()) texts[throughput_key()] = std::move(text);
}

Result<DefinitionTexts> texts_of(const PlannedContainer& container) {
  DefinitionTexts texts;
  if (container.offer) {
    ASSIGN(std::string throughput, throughput_text(container.offer->text));
    add_throughput(std::move(throughput), texts);
  }
  texts[{repo::DefinitionKind::container, container.container}] = container.definition.text;
  for (const repo::Definition& script : container.scripts) texts[{script.key.kind, script.key.id}] = script.text;
  return texts;
}

Result<DefinitionTexts> LiveDefinitions::of_container(const cosmos::Resource& container,
                                                      const cosmos::ContainerName& name, DefinitionTexts& before) {
  DefinitionTexts texts;
  TRY(add_throughput_of(container.rid, texts, before));
  texts[{repo::DefinitionKind::container, name.container}] = container.text;
  using Kinds = std::pair<cosmos::ScriptKind, repo::DefinitionKind>;
  for (const auto& [script, kind] :
       {Kinds{cosmos::ScriptKind::stored_procedure, repo::DefinitionKind::stored_procedure},
        Kinds{cosmos::ScriptKind::trigger, repo::DefinitionKind::trigger},
        Kinds{cosmos::ScriptKind::user_defined_function, repo::DefinitionKind::user_defined_function}}) {
    ASSIGN(const auto listed, client_.list_scripts(name, script, stop_));
    for (const cosmos::Resource& each : listed) texts[{kind, each.id}] = each.text;
  }
  return texts;
}

Status LiveDefinitions::add_throughput_of(const std::string& rid, DefinitionTexts& texts, DefinitionTexts& before) {
  if (!throughput_ && !throughput_refused_) {
    const auto offers = client_.list_offers(stop_);
    if (!offers && !is_refusal(offers.error())) return fail(offers.error());
    if (offers) {
      throughput_.emplace();
      for (const cosmos::Resource& offer : *offers) {
        ASSIGN((*throughput_)[offer.value.string_at("offerResourceId")], throughput_text(offer.text));
      }
    } else {
      throughput_refused_ = true;
      notes_.push_back("throughput is not compared: " + offers.error().to_string());
    }
  }
  if (throughput_refused_) {
    before.erase(throughput_key());
  } else if (const auto found = throughput_->find(rid); found != throughput_->end()) {
    add_throughput(found->second, texts);
  }
  return {};
}

Status LiveDefinitions::add_users(const std::string& database, DefinitionTexts& texts) {
  ASSIGN(const auto users, client_.list_users(database, stop_));
  for (const cosmos::Resource& user : users) {
    texts[{repo::DefinitionKind::user, user.id}] = user.text;
    ASSIGN(const auto permissions, client_.list_permissions(database, user.id, stop_));
    for (const cosmos::Resource& each : permissions) {
      texts[{repo::DefinitionKind::permission, user.id + "/" + each.id}] = each.text;
    }
  }
  return {};
}

Result<DatabaseSide> LiveDefinitions::of_database(const cosmos::Resource& database, DefinitionTexts& before) {
  DatabaseSide side;
  side.rid = database.rid;
  TRY(add_throughput_of(database.rid, side.texts, before));
  const Status listed = add_users(database.id, side.texts);
  if (!listed && !is_refusal(listed.error())) return fail(listed.error());
  if (!listed) {
    notes_.push_back("users and permissions of " + database.id + " are not compared: " + listed.error().to_string());
    const auto is_of_users = [](const auto& each) {
      return each.first.first == repo::DefinitionKind::user || each.first.first == repo::DefinitionKind::permission;
    };
    std::erase_if(side.texts, is_of_users);
    std::erase_if(before, is_of_users);
  }
  side.texts[{repo::DefinitionKind::database, database.id}] = database.text;
  return side;
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

Result<DatabaseDiff> database_difference(const std::string& name, const DatabaseSide* before, const DatabaseSide* after,
                                         bool same_account) {
  DatabaseDiff diff;
  diff.database = name;
  diff.was_there = before != nullptr;
  diff.is_there = after != nullptr;
  if (!diff.was_there || !diff.is_there) return diff;
  diff.made_again = same_account && before->rid != after->rid;
  ASSIGN(diff.definitions, definition_differences(before->texts, after->texts));
  std::set<std::pair<repo::DefinitionKind, std::string>> same_by_name;
  for (const DefinitionDifference& each : diff.definitions) {
    const auto named = before->named.find({each.what, each.id});
    if (each.kind != DifferenceKind::changed || named == before->named.end()) continue;
    ASSIGN(const bool same, mean_the_same(named->second, after->texts.at(named->first)));
    if (same) same_by_name.insert(named->first);
  }
  std::erase_if(diff.definitions, [&](const auto& each) { return same_by_name.contains({each.what, each.id}); });
  return diff;
}

}  // namespace halley::recovery
