#include "server/throughput.h"

namespace halley::server {

json::Value manual_content(std::int64_t units) {
  return json::Value::object({{"offerThroughput", json::Value::integer(units)}});
}

json::Value autoscale_content(std::int64_t most) {
  return json::Value::object(
      {{"offerThroughput", json::Value::integer(most / 10)},
       {"offerAutopilotSettings", json::Value::object({{"maxThroughput", json::Value::integer(most)}})}});
}

std::optional<std::int64_t> units_of(const json::Value& content) {
  constexpr std::int64_t kLeastMaximum = 1000;
  const json::Value* const scaled = content.find("offerAutopilotSettings");
  const bool scales = scaled != nullptr && !scaled->is_null();
  const json::Value* const units = scales ? scaled->find("maxThroughput") : content.find("offerThroughput");
  const auto number = units == nullptr ? std::nullopt : units->as_integer();
  return number && *number >= (scales ? kLeastMaximum : 1) ? number : std::nullopt;
}

}  // namespace halley::server
