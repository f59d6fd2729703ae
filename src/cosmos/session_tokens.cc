#include "cosmos/session_tokens.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace halley::cosmos {
namespace {

constexpr std::size_t kMaxToken = 512;        // Of one range; the service's have some tens of bytes.
constexpr std::size_t kMaxJoined = 4 * 1024;  // Of several ranges, in one header.
constexpr std::size_t kMaxRanges = 10'000;    // Of one container that are remembered.

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

using Position = SessionTokens::Position;

// "version#lsn[#region=lsn…]" -> version and LSN.
std::optional<Position> parse_position(std::string_view text) {
  const std::size_t hash = text.find('#');
  if (hash == std::string_view::npos) return std::nullopt;
  const auto version = number<std::int64_t>(text.substr(0, hash));
  const std::string_view rest = text.substr(hash + 1);
  const auto lsn = number<std::uint64_t>(rest.substr(0, std::min(rest.find('#'), rest.size())));
  if (!version || !lsn) return std::nullopt;
  return Position(*version, *lsn);
}

// Calls `each` with range, position and text of each part of a token that is one.
template <typename Each>
void for_each_range(std::string_view token, const Each& each) {
  while (!token.empty()) {
    const std::size_t comma = std::min(token.find(','), token.size());
    const std::string_view one = token.substr(0, comma);
    token.remove_prefix(std::min(comma + 1, token.size()));
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos || colon == 0 || one.size() > kMaxToken) continue;
    const std::string_view text = one.substr(colon + 1);
    if (const auto position = parse_position(text)) each(one.substr(0, colon), *position, text);
  }
}

}  // namespace

void SessionTokens::learn(const std::string& container, std::string_view rid, std::string_view token) {
  if (token.empty()) return;
  const std::lock_guard lock(mutex_);
  Container& seen = containers_[container];
  if (!rid.empty() && seen.rid != rid) {
    if (!seen.rid.empty()) seen.ranges.clear();
    seen.rid = rid;
  }
  for_each_range(token, [&](std::string_view range, Position position, std::string_view text) {
    const auto held = seen.ranges.find(range);
    if (held == seen.ranges.end()) {
      if (seen.ranges.size() >= kMaxRanges) seen.ranges.clear();
      seen.ranges.emplace(range, Seen{position, std::string(text)});
    } else if (held->second.position < position) {
      held->second = {position, std::string(text)};
    }
  });
}

bool SessionTokens::Session::is_ahead_of(std::string_view answered_rid, std::string_view answered_token) const {
  if (!rid.empty() && !answered_rid.empty() && rid != answered_rid) return false;
  bool ahead = false;
  for_each_range(answered_token, [&](std::string_view range, Position answered, std::string_view) {
    for_each_range(token, [&](std::string_view other, Position position, std::string_view) {
      ahead = ahead || (other == range && answered < position);
    });
  });
  return ahead;
}

SessionTokens::Session SessionTokens::seen(const std::string& container, std::string_view range_id) const {
  const std::lock_guard lock(mutex_);
  const auto seen = containers_.find(container);
  if (seen == containers_.end()) return {};
  const auto& ranges = seen->second.ranges;
  if (const auto own = ranges.find(range_id); own != ranges.end()) {
    return {seen->second.rid, own->first + ":" + own->second.text};
  }
  std::string joined;
  for (const auto& [range, position] : ranges) joined += (joined.empty() ? "" : ",") + range + ":" + position.text;
  return {seen->second.rid, std::move(joined)};
}

std::string SessionTokens::for_read(const std::string& container, std::string_view range_id) const {
  std::string token = seen(container, range_id).token;
  return token.size() > kMaxJoined ? std::string() : token;
}

void SessionTokens::forget(const std::string& container) {
  const std::lock_guard lock(mutex_);
  containers_.erase(container);
}

}  // namespace halley::cosmos
