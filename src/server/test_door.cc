#include "server/test_door.h"

#include <fmt/format.h>

#include "server/refusal.h"

namespace halley::server {
namespace {

constexpr std::int64_t kMostSeconds = 100LL * 366 * 86400;

tl::unexpected<Error> no_such_door() { return refuse(404, "There is no such test door."); }

Result<std::int64_t> whole_number(const json::Value& value, std::string_view name, std::int64_t lowest,
                                  std::int64_t highest) {
  const auto number = value.as_integer();
  if (number && *number >= lowest && *number <= highest) return *number;
  return refuse(400, fmt::format("'{}' must be a whole number from {} to {}.", name, lowest, highest));
}

Result<Second> moment_of(const json::Value* value) {
  if (value == nullptr) return refuse(400, "A moment is missing.");
  const auto second = parse_rfc3339(value->text());
  if (!second) return refuse(400, fmt::format("'{}' is not a moment like 2026-01-17T10:00:00Z.", value->text()));
  return *second;
}

// For how many requests a split or merge is held open; nothing when it is done at once.
Result<std::optional<std::uint64_t>> hold_of(const json::Value& body) {
  const json::Value* hold = body.find("hold");
  if (hold == nullptr) return std::optional<std::uint64_t>();
  ASSIGN(const std::int64_t requests, whole_number(*hold, "hold", 0, 1'000'000));
  return std::optional<std::uint64_t>(static_cast<std::uint64_t>(requests));
}

}  // namespace

Result<Reply> TestDoor::serve(const Call& call) {
  if (call.path.size() != 2) return no_such_door();
  const std::string& door = call.path[1];
  if (door == "fault" && call.method() == "GET") return json_reply(200, faults_.describe());
  if (call.method() != "POST") return no_such_door();
  const auto body = json::parse(call.request.body);
  if (!body || !body->is_object()) return refuse(400, "The body must be a JSON object.");
  if (door == "clock") return set_clock(*body);
  if (door == "split") return split(*body);
  if (door == "merge") return merge(*body);
  if (door == "finish") return finish(*body);
  if (door == "conflict") return add_conflict(*body);
  if (door == "fork") return fork(*body);
  if (door == "budget") return set_budget(*body);
  if (door == "region") return set_region(*body);
  if (door == "fault") return set_fault(*body);
  return no_such_door();
}

Result<Reply> TestDoor::set_clock(const json::Value& body) {
  VirtualClock& clock = engine_.stamps().clock();
  if (const json::Value* moment = body.find("freeze")) {
    ASSIGN(const Second second, moment_of(moment));
    clock.freeze(second);
  }
  if (const json::Value* seconds = body.find("advance")) {
    ASSIGN(const std::int64_t count, whole_number(*seconds, "advance", -kMostSeconds, kMostSeconds));
    clock.advance(count);
  }
  return json_reply(200, fmt::format(R"({{"now":"{}"}})", format_rfc3339(clock.now())));
}

Result<Reply> TestDoor::split(const json::Value& body) {
  ASSIGN(const auto container, engine_.container(body.string_at("database"), body.string_at("container")));
  const auto at = cosmos::epk_from_hex(body.string_at("at"));
  if (!at) return refuse(400, "'at' must be a place in the hash space, in hex.");
  ASSIGN(const auto held, hold_of(body));
  TRY(held ? container->begin_split(body.string_at("range"), *at, *held)
           : container->split(body.string_at("range"), *at));
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::merge(const json::Value& body) {
  ASSIGN(const auto container, engine_.container(body.string_at("database"), body.string_at("container")));
  const json::Value* ranges = body.find("ranges");
  if (ranges == nullptr || ranges->items().size() != 2) return refuse(400, "'ranges' must name two ranges.");
  const std::string& one = ranges->items()[0].text();
  const std::string& other = ranges->items()[1].text();
  ASSIGN(const auto held, hold_of(body));
  TRY(held ? container->begin_merge(one, other, *held) : container->merge(one, other));
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::finish(const json::Value& body) {
  ASSIGN(const auto container, engine_.container(body.string_at("database"), body.string_at("container")));
  TRY(container->finish_move());
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::add_conflict(const json::Value& body) {
  if (!topology_.multiple_writes()) return refuse(400, "Only an account with several write regions has conflicts.");
  const std::string operation = body.string_at("operation", "replace");
  if (operation != "create" && operation != "replace" && operation != "delete") {
    return refuse(400, "The operation of a conflict is create, replace or delete.");
  }
  const std::string database = body.string_at("database");
  ASSIGN(const auto container, engine_.container(database, body.string_at("container")));
  const json::Value* key = body.find("key");
  auto canonical = cosmos::canonical_key(key == nullptr ? "" : key->to_text());
  if (!canonical) return refuse(400, "'key' must be a partition key, an array.");
  ItemOperation read;
  read.id = body.string_at("id");
  read.key = std::move(*canonical);
  ASSIGN(const auto present, container->run(read));
  ASSIGN(const json::Value document, json::parse(present.result.document->text));
  const json::Value* content = body.find("content");
  json::Value conflict = json::Value::object({{"resourceType", json::Value::string("document")},
                                              {"operationType", json::Value::string(operation)},
                                              {"resourceId", json::Value::string(document.string_at("_rid"))}});
  if (content != nullptr) conflict.set("content", json::Value::string(content->to_text()));
  conflict.set("conflict_lsn", json::Value::integer(static_cast<std::int64_t>(present.position.lsn)));
  ASSIGN(const ResourceView made,
         engine_.add_conflict({"dbs", database, "colls", body.string_at("container")}, std::move(conflict)));
  return json_reply(200, *made.text);
}

Result<Reply> TestDoor::fork(const json::Value& body) {
  ASSIGN(const auto container, engine_.container(body.string_at("database"), body.string_at("container")));
  ASSIGN(const Second moment, moment_of(body.find("at")));
  container->restore_in_place(moment);
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::set_budget(const json::Value& body) {
  ASSIGN(const auto container, engine_.container(body.string_at("database"), body.string_at("container")));
  const json::Value* units = body.find("request_units");
  if (units == nullptr) return refuse(400, "'request_units' is missing.");
  ASSIGN(const std::int64_t limit, whole_number(*units, "request_units", 0, 100'000'000));
  container->budget().set_limit(limit);
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::set_region(const json::Value& body) {
  using State = Topology::State;
  if (const json::Value* multiple = body.find("multiple_writes")) {
    if (!multiple->as_bool()) return refuse(400, "'multiple_writes' must be true or false.");
    topology_.set_multiple_writes(*multiple->as_bool());
    return json_reply(200, "{}");
  }
  const std::string name = body.string_at("name");
  // Asked first, so that nothing is done by halves.
  const std::string state = body.string_at("state");
  if (!state.empty() && state != "up" && state != "down" && state != "removed") {
    return refuse(400, fmt::format("The state '{}' is not up, down or removed.", state));
  }
  std::int64_t behind = 0;
  const json::Value* const lag = body.find("behind");
  if (lag != nullptr) {
    ASSIGN(behind, whole_number(*lag, "behind", 0, INT64_MAX));
  }
  bool known = topology_.knows(name);
  if (known && !state.empty()) {
    known = topology_.set_state(name, state == "up" ? State::up : state == "down" ? State::down : State::removed);
  }
  if (known && lag != nullptr) known = topology_.set_behind(name, static_cast<std::uint64_t>(behind));
  if (const json::Value* writes = body.find("writes");
      known && writes != nullptr && writes->as_bool().value_or(false)) {
    known = topology_.set_write_region(name);
  }
  if (!known) return refuse(404, fmt::format("There is no region '{}'.", name));
  return json_reply(200, "{}");
}

Result<Reply> TestDoor::set_fault(const json::Value& body) {
  if (body.find("clear") != nullptr) {
    faults_.clear();
    return json_reply(200, "{}");
  }
  ASSIGN(Fault fault, parse_fault(body));
  faults_.arm(std::move(fault));
  return json_reply(200, "{}");
}

}  // namespace halley::server
