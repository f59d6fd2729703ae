#include "server/partition.h"

#include <algorithm>

#include "base/check.h"

namespace halley::server {
namespace {

// A document is purged this long after it expired: what is gone for readers stays in the log's eyes for a while, as on
// the service.
constexpr std::int64_t kPurgeDelay = 5;

// What an entry adds to a page besides the text of its document.
constexpr std::size_t kEnvelopeBytes = 160;

// A canonical key ends where its JSON array ends, so key + id is unambiguous.
std::string name_of(std::string_view key, std::string_view id) {
  std::string name;
  name.reserve(key.size() + id.size());
  name += key;
  name += id;
  return name;
}

bool is_delete(Change change) { return change == Change::remove || change == Change::expire; }

}  // namespace

Partition::Partition(std::string id, cosmos::HashRange range, std::vector<std::string> parents, std::uint64_t lsn)
    : id_(std::move(id)), range_(std::move(range)), parents_(std::move(parents)), lsn_(lsn) {}

DocumentPtr Partition::find(std::string_view key, std::string_view id) const {
  const auto number = numbers_.find(name_of(key, id));
  return number == numbers_.end() ? nullptr : find(number->second);
}

DocumentPtr Partition::find(std::uint64_t number) const {
  const auto live = live_.find(number);
  return live == live_.end() ? nullptr : live->second.document;
}

std::optional<std::uint64_t> Partition::lsn_of(std::uint64_t number) const {
  const auto live = live_.find(number);
  return live == live_.end() ? std::nullopt : std::optional(log_[live->second.entry].lsn);
}

DocumentPtr Partition::find_holder(const std::string& unique_text) const {
  const auto holder = holders_.find(unique_text);
  return holder == holders_.end() ? nullptr : find(holder->second);
}

void Partition::append(Change change, std::uint64_t lsn, Second time, DocumentPtr document, const TimeToLive& ttl) {
  CHECK(lsn == lsn_ || lsn == lsn_ + 1);
  lsn_ = lsn;
  add(LogEntry{lsn, 0, time, change, false, std::move(document), std::max(reached_, time)}, ttl);
  ++unrecorded_;
}

// What is written at the end of the log: the version before it is no longer the current one.
void Partition::add(LogEntry entry, const TimeToLive& ttl) {
  entry.previous_lsn = 0;
  entry.current = !is_delete(entry.change);
  const auto live = live_.find(entry.document->number);
  if (live != live_.end()) {
    LogEntry& previous = log_[live->second.entry];
    previous.current = false;
    entry.previous_lsn = previous.lsn;
  }
  if (entry.current) note_expiry(*entry.document, ttl);
  inherit(entry);
}

std::span<const LogEntry> Partition::take_unrecorded() {
  return std::span<const LogEntry>(log_).last(std::exchange(unrecorded_, 0));
}

void Partition::release_unique_texts(const Document& document) {
  for (const std::string& text : document.unique_texts) {
    const auto holder = holders_.find(text);
    if (holder != holders_.end() && holder->second == document.number) holders_.erase(holder);
  }
}

void Partition::inherit(const LogEntry& entry) {
  const Document& document = *entry.document;
  const auto live = live_.find(document.number);
  if (live != live_.end()) {
    release_unique_texts(*live->second.document);
    live_bytes_ -= live->second.document->text.size();
  }
  if (is_delete(entry.change)) {
    live_.erase(document.number);
    numbers_.erase(name_of(document.key, document.id));
  } else {
    const bool added = live_.insert_or_assign(document.number, Live{entry.document, log_.size()}).second;
    if (added) numbers_[name_of(document.key, document.id)] = document.number;
    for (const std::string& text : document.unique_texts) holders_[text] = document.number;
    live_bytes_ += document.text.size();
  }
  reached_ = std::max(reached_, entry.reached);
  log_.push_back(entry);
}

void Partition::note_expiry(const Document& document, const TimeToLive& ttl) {
  const auto end = ttl.expiry(document);
  if (!end) return;
  const auto note = [due = *end + kPurgeDelay](std::optional<Second>& next) {
    if (!next || due < *next) next = due;
  };
  note(next_purge_);
  if (purge_walk_) note(purge_walk_->next);
}

void Partition::purge_expired(const TimeToLive& ttl, Second now) {
  if (!ttl.on() || !next_purge_ || now < *next_purge_) return;
  if (!purge_walk_) purge_walk_ = PurgeWalk{};
  std::vector<DocumentPtr> gone;
  std::size_t looked_at = 0;
  auto live = live_.upper_bound(purge_walk_->after);
  for (; live != live_.end() && looked_at < kLookedAtOnce && gone.size() < kRemovedAtOnce; ++live, ++looked_at) {
    purge_walk_->after = live->first;
    const auto end = ttl.expiry(*live->second.document);
    if (end && *end + kPurgeDelay <= now) {
      gone.push_back(live->second.document);
    } else {
      note_expiry(*live->second.document, ttl);
    }
  }
  if (live == live_.end()) {
    next_purge_ = purge_walk_->next;
    purge_walk_.reset();
  }
  for (DocumentPtr& document : gone) purge(std::move(document), ttl, now);
}

void Partition::purge(DocumentPtr document, const TimeToLive& ttl, Second now) {
  append(Change::expire, lsn_ + 1, now, std::move(document), ttl);
}

Partition::Entries Partition::read_log(std::uint64_t after, bool latest, const Scope& scope, const PageLimits& limits,
                                       const TimeToLive& ttl, Second now, std::optional<Second> since) const {
  Entries page;
  page.next = after;
  auto entry = std::upper_bound(log_.begin(), log_.end(), after,
                                [](std::uint64_t lsn, const LogEntry& e) { return lsn < e.lsn; });
  std::size_t bytes = 0;
  while (entry != log_.end()) {
    const std::size_t begin = page.entries.size();
    const std::size_t bytes_before = bytes;
    const std::uint64_t lsn = entry->lsn;
    for (; entry != log_.end() && entry->lsn == lsn; ++entry) {
      if (latest && (!entry->current || ttl.expired(*entry->document, now))) continue;
      if (!scope.matches(*entry->document) || (since && entry->reached <= *since)) continue;
      page.entries.push_back(*entry);
      bytes += kEnvelopeBytes + (is_delete(entry->change) ? 0 : entry->document->text.size());
    }
    if (begin > 0 && page.entries.size() > begin && (page.entries.size() > limits.items || bytes > limits.bytes)) {
      page.entries.resize(begin);
      bytes = bytes_before;
      return page;
    }
    page.next = lsn;
  }
  page.next = std::max(after, lsn_);
  return page;
}

std::uint64_t Partition::lsn_at(Second moment) const {
  const auto later = std::find_if(log_.begin(), log_.end(), [&](const LogEntry& e) { return e.reached > moment; });
  return later == log_.end() ? lsn_ : later->lsn - 1;
}

void Partition::walk(std::uint64_t after, const std::function<bool(const DocumentPtr&)>& each) const {
  for (auto live = live_.upper_bound(after); live != live_.end(); ++live) {
    if (!each(live->second.document)) return;
  }
}

template <typename Later>
Partition Partition::replay(const TimeToLive& ttl, const Later& is_later) const {
  Partition past(id_, range_, parents_, 0);
  past.merged_ = merged_;
  for (const LogEntry& entry : log_) {
    if (is_later(entry)) continue;
    past.lsn_ = entry.lsn;
    past.add(entry, ttl);
  }
  return past;
}

Partition Partition::as_of(Second moment, const TimeToLive& ttl) const {
  return replay(ttl, [&](const LogEntry& entry) { return entry.reached > moment; });
}

Partition Partition::as_of_lsn(std::uint64_t lsn, const TimeToLive& ttl) const {
  Partition past = replay(ttl, [&](const LogEntry& entry) { return entry.lsn > lsn; });
  past.lsn_ = lsn;
  return past;
}

std::pair<Partition, Partition> Partition::split(const std::string& at, std::string left_id,
                                                 std::string right_id) const {
  CHECK(range_.min < at && at < range_.max);
  std::vector<std::string> ancestors = parents_;
  ancestors.push_back(id_);
  Partition left(std::move(left_id), {range_.min, at}, ancestors, lsn_);
  Partition right(std::move(right_id), {at, range_.max}, ancestors, lsn_);
  for (const LogEntry& entry : log_) (left.range_.contains(entry.document->epk) ? left : right).inherit(entry);
  left.next_purge_ = next_purge_;
  right.next_purge_ = next_purge_;
  left.merged_ = merged_;
  right.merged_ = merged_;
  return {std::move(left), std::move(right)};
}

// Each half of the log keeps its LSNs, so that a continuation of either parent goes on in its part of the child.
Partition Partition::merge(const Partition& left, const Partition& right, std::string id) {
  CHECK(left.range_.max == right.range_.min);
  std::vector<std::string> ancestors = left.parents_;
  for (const std::string& parent : right.parents_) {  // the two may have come of one
    if (std::find(ancestors.begin(), ancestors.end(), parent) == ancestors.end()) ancestors.push_back(parent);
  }
  ancestors.push_back(left.id_);
  ancestors.push_back(right.id_);
  Partition child(std::move(id), {left.range_.min, right.range_.max}, std::move(ancestors),
                  std::max(left.lsn_, right.lsn_));
  child.merged_ = true;
  auto l = left.log_.begin();
  auto r = right.log_.begin();
  while (l != left.log_.end() || r != right.log_.end()) {
    const bool from_left = r == right.log_.end() || (l != left.log_.end() && l->lsn <= r->lsn);
    child.inherit(from_left ? *l++ : *r++);
  }
  child.next_purge_ = left.next_purge_;
  if (right.next_purge_ && (!child.next_purge_ || *right.next_purge_ < *child.next_purge_)) {
    child.next_purge_ = right.next_purge_;
  }
  return child;
}

bool Partition::is_or_descends_from(std::string_view range_id) const {
  return range_id == id_ || std::find(parents_.begin(), parents_.end(), range_id) != parents_.end();
}

}  // namespace halley::server
