#include "identity/token_source.h"

#include <utility>

namespace halley::identity {
namespace {

constexpr std::int64_t kLeastLife = 30;
constexpr std::int64_t kRefreshPause = 30;  // after a refresh that failed while the token is still good

}  // namespace

TokenSource::TokenSource(Runtime& runtime, std::vector<Way> ways)
    : runtime_(runtime), ways_(std::move(ways)), fetched_(runtime.make_condition()) {}

Result<std::string> TokenSource::token(const std::string& scope, std::stop_token stop) {
  Second now = runtime_.wall_second();
  std::unique_lock lock(mutex_);
  Held& held = held_[scope];
  bool good = false;
  while (true) {
    good = !held.token.text.empty() && held.token.expires - now >= kLeastLife;
    if (good && (held.fetching || now < held.token.refresh_from)) return held.token.text;
    if (!held.fetching) break;
    const std::uint64_t seen = held.fetches;
    if (!fetched_->wait(lock, stop, [&] { return held.fetches != seen; })) {
      return fail(Code::cancelled, "stopped while waiting for a token");
    }
    // What stopped the other caller need not stop this one.
    if (held.failure && held.failure->code != Code::cancelled) return fail(*held.failure);
    // Its token may have been used and refused since.
    if (!held.failure && !held.token.text.empty()) return held.token.text;
    now = runtime_.wall_second();
  }
  held.fetching = true;
  lock.unlock();
  auto fetched = fetch(scope, stop);
  now = runtime_.wall_second();
  lock.lock();
  held.fetching = false;
  ++held.fetches;
  held.failure.reset();
  if (fetched) {
    held.token = *std::move(fetched);
  } else if (good && held.token.expires - now >= kLeastLife) {
    held.token.refresh_from = now + kRefreshPause;
  } else {
    held.failure = std::move(fetched).error();
  }
  auto result = held.failure ? Result<std::string>(fail(*held.failure)) : Result<std::string>(held.token.text);
  lock.unlock();
  fetched_->notify_all();
  return result;
}

void TokenSource::forget(const std::string& scope, const std::string& token) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(scope);
  if (found != held_.end() && found->second.token.text == token) found->second.token = {};
}

std::string TokenSource::way() const {
  const std::lock_guard lock(mutex_);
  return chosen_ ? ways_[*chosen_].name : std::string();
}

Result<AccessToken> TokenSource::fetch(const std::string& scope, const std::stop_token& stop) {
  std::optional<std::size_t> chosen;
  {
    const std::lock_guard lock(mutex_);
    chosen = chosen_;
  }
  std::string tried;
  for (std::size_t i = chosen.value_or(0); i < ways_.size(); ++i) {
    const Way& way = ways_[i];
    if (!tried.empty()) tried += "; ";
    tried += way.name + ": ";
    if (!way.credential) {
      tried += way.absent;
      continue;
    }
    auto token = way.credential->fetch(scope, stop);
    if (token) {
      const std::lock_guard lock(mutex_);
      chosen_ = i;
      return token;
    }
    Error error = std::move(token).error();
    if (chosen || error.code != Code::not_found) return fail(std::move(error).in("signing in to Azure by " + way.name));
    tried += error.to_string();
  }
  return fail(Code::unauthorized, "no way to sign in to Azure: " + tried,
              "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run 'az login'");
}

}  // namespace halley::identity
