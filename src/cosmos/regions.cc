#include "cosmos/regions.h"

#include <algorithm>

namespace halley::cosmos {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// "West US 2" and "westus2" name the same region.
std::string region_key(std::string_view name) {
  std::string key = lower(name);
  std::erase(key, ' ');
  return key;
}

// The same endpoint in the same words: lower-case, with its port, without a slash at its end.
std::string same_words(std::string_view endpoint) {
  std::string text = lower(endpoint);
  while (text.ends_with('/')) text.pop_back();
  const std::size_t host = text.find("://") + 3;
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && colon >= host && text.find(']', colon) == std::string::npos;
  return has_port ? text : text + (text.starts_with("https:") ? ":443" : ":80");
}

bool names_a_host(std::string_view base) {
  const std::size_t scheme = base.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view host = base.substr(scheme + 3);
  return !host.empty() && host.find_first_of("/?#@\\ \t\r\n") == std::string_view::npos;
}

bool is_since(const std::map<std::string, SteadyTime, std::less<>>& since, const std::string& base, SteadyTime now) {
  const auto found = since.find(same_words(base));
  return found != since.end() && now - found->second < Regions::kDownFor;
}

}  // namespace

Regions::Regions(std::string given, std::vector<std::string> preferred)
    : given_(std::move(given)), preferred_([&] {
        for (std::string& name : preferred) name = region_key(name);
        return std::move(preferred);
      }()) {}

std::vector<Regions::Location> Regions::locations(const json::Value& record, std::string_view member) const {
  std::vector<Location> found;
  const json::Value* list = record.find(member);
  if (list == nullptr) return found;
  for (const json::Value& each : list->items()) {
    std::string base = each.string_at("databaseAccountEndpoint");
    while (base.ends_with('/')) base.pop_back();
    const bool secure = base.starts_with("https://");
    // What is signed does not go out in the clear because a record says so.
    if (!secure && (given_.starts_with("https://") || !base.starts_with("http://"))) continue;
    if (names_a_host(base)) found.push_back({region_key(each.string_at("name")), std::move(base)});
  }
  return found;
}

void Regions::learn(const json::Value& account_record) {
  std::vector<Location> writable = locations(account_record, "writableLocations");
  std::vector<Location> readable = locations(account_record, "readableLocations");
  const std::lock_guard lock(mutex_);
  if (writable.empty() && readable.empty()) return;  // The answer of a region that is being removed.
  writable_ = std::move(writable);
  readable_ = std::move(readable);
}

std::string Regions::global_id(std::string id, const std::string& base) const {
  const std::lock_guard lock(mutex_);
  for (const auto* list : {&writable_, &readable_}) {
    for (const Location& location : *list) {
      const std::string suffix = "-" + location.name;
      if (same_words(location.base) != same_words(base) || !id.ends_with(suffix) || id == suffix) continue;
      id.resize(id.size() - suffix.size());
      return id;
    }
  }
  return id;
}

bool Regions::takes_writes(std::string_view base) const {
  const std::string words = same_words(base);
  const auto is_it = [&](const Location& location) { return same_words(location.base) == words; };
  return std::any_of(writable_.begin(), writable_.end(), is_it) ||
         std::none_of(readable_.begin(), readable_.end(), is_it);
}

std::vector<std::string> Regions::candidates(Effect effect) const {
  std::vector<std::string> bases;
  std::vector<std::string> seen;
  const auto add = [&](const std::string& base) {
    std::string words = same_words(base);
    if (std::find(seen.begin(), seen.end(), words) != seen.end()) return;
    seen.push_back(std::move(words));
    bases.push_back(base);
  };
  if (effect == Effect::read) {
    for (const std::string& name : preferred_) {
      for (const Location& location : readable_) {
        if (location.name == name) add(location.base);
      }
    }
    add(given_);
  } else if (writable_.empty() || takes_writes(given_)) {
    add(given_);
  }
  for (const Location& location : writable_) add(location.base);
  if (effect == Effect::read) {
    for (const Location& location : readable_) add(location.base);
  }
  return bases;
}

Regions::Place Regions::choose(Effect effect, const std::vector<std::string>& tried, SteadyTime now,
                               const std::vector<std::string>& ask_last) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> bases = candidates(effect);
  const auto down = std::stable_partition(bases.begin(), bases.end(), [&](const std::string& base) {
    return !is_since(down_, base, now) && (effect == Effect::read || !is_since(read_only_, base, now));
  });
  std::stable_partition(bases.begin(), down, [&](const std::string& base) {
    return std::find(ask_last.begin(), ask_last.end(), base) == ask_last.end();
  });
  const auto fresh = std::find_if(bases.begin(), bases.end(), [&](const std::string& base) {
    return std::find(tried.begin(), tried.end(), base) == tried.end();
  });
  const std::string& base = fresh == bases.end() ? bases.front() : *fresh;
  return {base, takes_writes(base)};
}

std::string Regions::in_one_text(const std::vector<Location>& writable, const std::vector<Location>& readable) {
  std::string text;
  if (readable.size() < 2) return text;
  for (const Location& location : writable) text += same_words(location.base) + "\n";
  return text;
}

std::string Regions::where_writes_go() const {
  const std::lock_guard lock(mutex_);
  return in_one_text(writable_, readable_);
}

std::string Regions::where_writes_go(const json::Value& account_record) const {
  return in_one_text(locations(account_record, "writableLocations"), locations(account_record, "readableLocations"));
}

std::vector<std::string> Regions::write_endpoints() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> bases;
  if (takes_writes(given_)) bases.push_back(given_);
  for (const Location& location : writable_) bases.push_back(location.base);
  return bases;
}

std::size_t Regions::count(Effect effect) const {
  const std::lock_guard lock(mutex_);
  return candidates(effect).size();
}

void Regions::mark_down(const std::string& base, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  down_[same_words(base)] = now;
}

void Regions::mark_read_only(const std::string& base, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  read_only_[same_words(base)] = now;
}

}  // namespace halley::cosmos
