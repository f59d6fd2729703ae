#include "repo/selection_history.h"

#include <algorithm>
#include <string_view>

#include "cosmos/name_pattern.h"
#include "json/value.h"
#include "json/writer.h"

namespace halley::repo {
namespace {

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

bool TakenIn::has(const DefinitionKey& key) const {
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

std::string TakenIn::text() const {
  std::string text;
  const auto add = [&](std::string_view option, const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      if (!text.empty()) text += ' ';
      text += option;
      text += " '" + pattern + "'";
    }
  };
  add("--include", include);
  add("--exclude", exclude);
  return text;
}

SelectionHistory::SelectionHistory(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (event.kind != kEvent) continue;
    const auto patterns = json::parse(event.text);
    if (!patterns) continue;
    changes_.push_back({event.at, {texts_at(*patterns, "include"), texts_at(*patterns, "exclude")}});
  }
}

std::optional<Event> SelectionHistory::change(const TakenIn& now, Second known) const {
  if (now == newest()) return std::nullopt;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("include").strings(now.include).key("exclude").strings(now.exclude).end_object();
  return Event{known, std::string(kEvent), std::move(text)};
}

std::optional<Second> SelectionHistory::last_look(const DefinitionKey& key, Second known) const {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->taken_in.has(key)) return known;
    known = change->from;
  }
  return known == Second{} ? std::nullopt : std::optional(known);
}

TakenIn SelectionHistory::newest() const { return changes_.empty() ? TakenIn() : changes_.back().taken_in; }

TakenIn SelectionHistory::at(Second moment) const {
  const auto after =
      std::find_if(changes_.begin(), changes_.end(), [&](const Change& change) { return change.from > moment; });
  return after == changes_.begin() ? TakenIn() : std::prev(after)->taken_in;
}

}  // namespace halley::repo
