#include "server/test_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/refusal.h"

namespace halley::server {

Result<Reply> TestDoor::serve(const Call& call) {
  if (call.method() != "POST" || call.path.size() != 2) return refuse(404, "There is no such test door.");
  const auto body = json::parse(call.request.body);
  if (!body || !body->is_object()) return refuse(400, "The body must be a JSON object.");
  if (call.path[1] == "clock") return set_clock(*body);
  if (call.path[1] == "split") return split(*body);
  if (call.path[1] == "fault") return add_fault(*body);
  if (call.path[1] == "merge") return refuse(400, "Merging partitions is not supported by this server yet.");
  return refuse(404, "There is no such test door.");
}

Result<Reply> TestDoor::set_clock(const json::Value& body) {
  VirtualClock& clock = engine_.stamps().clock();
  if (const json::Value* moment = body.find("freeze")) {
    ASSIGN(const Second second, parse_rfc3339(moment->text()));
    if (second < clock.now()) return refuse(400, "The server's clock never goes back.");
    clock.freeze(second);
  }
  if (const json::Value* seconds = body.find("advance")) {
    const auto count = seconds->as_integer();
    if (!count || *count < 0) return refuse(400, "'advance' must be a number of seconds, not negative.");
    clock.advance(*count);
  }
  return json_reply(200, fmt::format(R"({{"now":"{}"}})", format_rfc3339(clock.now())));
}

Result<Reply> TestDoor::split(const json::Value& body) {
  ASSIGN(const auto container, engine_.container(body.string_at("database"), body.string_at("container")));
  ASSIGN(const std::string at, cosmos::epk_from_hex(body.string_at("at")));
  TRY(container->split(body.string_at("range"), at));
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::add_fault(const json::Value& body) {
  using Kind = Fault::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 5> kKinds = {{{"throttle", Kind::throttle},
                                                                        {"drop", Kind::drop},
                                                                        {"lose_reply", Kind::lose_reply},
                                                                        {"truncate", Kind::truncate},
                                                                        {"status", Kind::status}}};
  const std::lock_guard lock(mutex_);
  if (body.find("clear") != nullptr) {
    faults_.clear();
    return json_reply(200, "{}");
  }
  const std::string name = body.string_at("kind");
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.first == name; });
  if (kind == kKinds.end()) return refuse(400, fmt::format("The kind of fault '{}' is not known.", name));
  const auto number = [&](std::string_view member, std::int64_t otherwise) {
    const json::Value* value = body.find(member);
    return static_cast<int>(value == nullptr ? otherwise : value->as_integer().value_or(otherwise));
  };
  faults_.push_back(
      {kind->second, number("count", 1), number("status", 503), number("sub_status", 0), body.string_at("match")});
  return json_reply(200, "{}");
}

std::optional<Fault> TestDoor::next_fault(const http::ServerRequest& request) {
  const std::lock_guard lock(mutex_);
  if (faults_.empty()) return std::nullopt;
  const std::string line = fmt::format("{} {}", request.method, request.target);
  const auto fault = std::find_if(faults_.begin(), faults_.end(),
                                  [&](const Fault& f) { return line.find(f.match) != std::string::npos; });
  if (fault == faults_.end()) return std::nullopt;
  Fault suffered = *fault;
  if (--fault->count <= 0) faults_.erase(fault);
  return suffered;
}

}  // namespace halley::server
