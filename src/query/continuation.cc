#include "query/continuation.h"

#include "codec/base64.h"
#include "json/value.h"
#include "json/writer.h"

namespace halley::query {

std::string Continuation::text() const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("kind").unsigned_integer(static_cast<std::uint64_t>(kind)).key("number").unsigned_integer(number);
  if (row) writer.key("row").unsigned_integer(*row);
  if (skipped > 0) writer.key("skipped").unsigned_integer(skipped);
  if (given > 0) writer.key("given").unsigned_integer(given);
  if (!keys.empty()) {
    writer.key("keys").begin_array();
    for (const KeptValue& key : keys) writer.raw("[" + key.json() + "]");
    writer.end_array();
  }
  writer.end_object();
  return codec::base64_encode(out);
}

Result<Continuation> Continuation::parse(std::string_view text) {
  const auto bad = [] { return fail(Code::invalid_argument, "The continuation is not one of this query."); };
  const auto decoded = codec::base64_decode(text);
  const auto value = decoded ? json::parse(*decoded) : Result<json::Value>(fail(decoded.error()));
  if (!value || !value->is_object()) return bad();
  const auto number_at = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const json::Value* member = value->find(name);
    const auto whole = member != nullptr ? member->as_integer() : std::nullopt;
    return whole && *whole >= 0 ? std::optional<std::uint64_t>(*whole) : std::nullopt;
  };
  Continuation continuation;
  const auto kind = number_at("kind");
  const auto number = number_at("number");
  if (!kind || *kind > static_cast<std::uint64_t>(Kind::count) || !number) return bad();
  continuation.kind = static_cast<Kind>(*kind);
  continuation.number = *number;
  continuation.row = number_at("row");
  continuation.skipped = number_at("skipped").value_or(0);
  continuation.given = number_at("given").value_or(0);
  if (const json::Value* keys = value->find("keys"); keys != nullptr) {
    for (const json::Value& key : keys->items()) {
      if (!key.is_array() || key.items().size() > 1) return bad();
      continuation.keys.push_back(key.items().empty() ? KeptValue()
                                                      : KeptValue::of_json(key.items().front().to_text()));
    }
  }
  return continuation;
}

}  // namespace halley::query
