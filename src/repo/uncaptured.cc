#include "repo/uncaptured.h"

#include <algorithm>
#include <string_view>

#include "json/value.h"
#include "json/writer.h"

namespace halley::repo {
namespace {

constexpr std::string_view kEvent = "uncaptured";

}  // namespace

std::set<std::string> uncaptured(const std::vector<Event>& events) {
  std::set<std::string> incarnations;
  const auto newest =
      std::find_if(events.rbegin(), events.rend(), [](const Event& event) { return event.kind == kEvent; });
  const auto list = newest == events.rend() ? fail(Code::not_found, "") : json::parse(newest->text);
  if (!list || !list->is_array()) return incarnations;  // or what another program may have put there
  for (const json::Value& each : list->items()) {
    if (each.is_string()) incarnations.insert(each.text());
  }
  return incarnations;
}

std::optional<Event> uncaptured_change(const std::vector<Event>& events, const std::set<std::string>& now, Second at) {
  if (now == uncaptured(events)) return std::nullopt;
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const std::string& incarnation : now) writer.string(incarnation);
  writer.end_array();
  return Event{at, std::string(kEvent), std::move(text)};
}

}  // namespace halley::repo
