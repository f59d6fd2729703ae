#include "capture/fork_watch.h"

#include <algorithm>
#include <charconv>

#include "capture/margins.h"

namespace halley::capture {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<SessionPosition> parse_session_token(std::string_view token) {
  const std::size_t colon = token.find(':');
  const std::size_t hash = token.find('#');
  if (colon == std::string_view::npos || hash == std::string_view::npos || hash < colon) return std::nullopt;
  const auto version = number<std::int64_t>(token.substr(colon + 1, hash - colon - 1));
  const std::string_view rest = token.substr(hash + 1);
  const auto lsn = number<std::uint64_t>(rest.substr(0, std::min(rest.find('#'), rest.size())));
  if (!version || !lsn) return std::nullopt;
  return SessionPosition{*version, *lsn};
}

ForkWatch::Verdict ForkWatch::judge(const std::string& range_id, std::uint64_t continuation_lsn,
                                    std::string_view session_token, SteadyTime now) {
  const auto position = parse_session_token(session_token);
  const std::lock_guard lock(mutex_);
  Seen& seen = ranges_[range_id];
  seen.lsn.reset();
  if (!position) return Verdict::fine;
  const bool other_version = seen.version && *seen.version != position->version;
  if (position->lsn >= continuation_lsn) {
    seen = {position->version, position->lsn, std::nullopt};
    return Verdict::fine;
  }
  if (!seen.behind_since) seen.behind_since = now;
  if (!other_version && now - *seen.behind_since < kForkPatience) return Verdict::behind;
  found_ = true;
  return Verdict::forked;
}

std::optional<std::uint64_t> ForkWatch::log_end(const std::string& range_id) const {
  const std::lock_guard lock(mutex_);
  const auto seen = ranges_.find(range_id);
  return seen == ranges_.end() ? std::nullopt : seen->second.lsn;
}

bool ForkWatch::found() const {
  const std::lock_guard lock(mutex_);
  return found_;
}

void ForkWatch::forget() {
  const std::lock_guard lock(mutex_);
  ranges_.clear();
  found_ = false;
}

}  // namespace halley::capture
