#include "capture/selection_history.h"

#include <algorithm>

#include "cosmos/name_pattern.h"
#include "json/value.h"
#include "json/writer.h"

namespace halley::capture {
namespace {

using repo::DefinitionKey;
using repo::DefinitionKind;

constexpr std::string_view kEvent = "selection";

std::vector<std::string> texts_at(const json::Value& value, std::string_view name) {
  std::vector<std::string> texts;
  const json::Value* const list = value.find(name);
  if (list == nullptr || !list->is_array()) return texts;
  for (const json::Value& item : list->items()) texts.push_back(item.is_string() ? item.text() : "");
  return texts;
}

// Whether the pattern may name a container of the database.
bool is_of_database(std::string_view pattern, std::string_view database) {
  return cosmos::matches_whole_database(pattern.substr(0, pattern.find('/')), database);
}

}  // namespace

SelectionHistory::SelectionHistory(const std::vector<repo::Event>& events) {
  for (const repo::Event& event : events) {
    if (event.kind != kEvent) continue;
    const auto patterns = json::parse(event.text);
    if (!patterns) continue;
    selections_.push_back({event.at, texts_at(*patterns, "include"), texts_at(*patterns, "exclude")});
  }
}

std::optional<repo::Event> SelectionHistory::change(const BackupOptions& options, Second known) const {
  const Selection now{known, options.include, options.exclude};
  const Selection before = selections_.empty() ? Selection() : selections_.back();
  if (now.include == before.include && now.exclude == before.exclude) return std::nullopt;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("include").strings(now.include).key("exclude").strings(now.exclude).end_object();
  return repo::Event{known, std::string(kEvent), std::move(text)};
}

std::optional<Second> SelectionHistory::last_look(const DefinitionKey& key, Second known) const {
  for (auto selection = selections_.rbegin(); selection != selections_.rend(); ++selection) {
    if (selection->takes_in(key)) return known;
    known = selection->from;
  }
  return known == Second{} ? std::nullopt : std::optional(known);
}

bool SelectionHistory::Selection::takes_in(const DefinitionKey& key) const {
  if (key.database.empty() && key.kind != DefinitionKind::database) return true;
  const std::string& database = key.kind == DefinitionKind::database ? key.id : key.database;
  const bool of_users = key.kind == DefinitionKind::user || key.kind == DefinitionKind::permission;
  const std::string& container = key.kind == DefinitionKind::container ? key.id : key.parent;
  if (container.empty() || of_users) {  // of the database
    return include.empty() || std::any_of(include.begin(), include.end(), [&](const std::string& pattern) {
             return is_of_database(pattern, database);
           });
  }
  return cosmos::selects_container(include, exclude, database, container);
}

}  // namespace halley::capture
