// The reference model: every version of every document of one container, kept as plainly as can be.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace halley::sim {

// (canonical partition key, id)
using DocumentName = std::pair<std::string, std::string>;
using Documents = std::map<DocumentName, std::string>;
using TimeToLive = std::optional<std::int64_t>;  // nothing = expiry off, -1 = only by a document's own ttl

class Model {
 public:
  // With the container's defaultTtl at the beginning.
  explicit Model(TimeToLive default_ttl) : rules_{{Second{0}, default_ttl}} {}

  void upsert(const DocumentName& name, std::string body, TimeToLive ttl, Second now) {
    add(name, {now, now, now, std::move(body), ttl, now});
  }
  void remove(const DocumentName& name, Second now) { add(name, {now, now, now, std::nullopt, std::nullopt, now}); }

  // The service's clock showed `before`, and shows `now` next, which may be earlier.
  void set_clock(Second before, Second now) {
    newest_ = std::max(newest_, before);
    if (now >= before) return;
    ends_.push_back(before);
    begins_.push_back(now);
  }

  // The container's defaultTtl is another one from `now` on. `is_there` tells of a document whether it is stored still,
  // expired or not: what was purged does not come back.
  template <typename IsThere>
  void set_default_ttl(TimeToLive ttl, Second now, const IsThere& is_there) {
    for (auto& [name, versions] : versions_) {
      if (versions.back().body && !is_there(name)) remove(name, now);
    }
    rules_.push_back({now, ttl});
  }
  TimeToLive default_ttl() const { return rules_.back().ttl; }
  TimeToLive default_ttl_at(Second moment) const {
    const Rule* rule = &rules_.front();
    for (const Rule& each : rules_) {
      if (each.since <= moment) rule = &each;
    }
    return rule->ttl;
  }

  // A restore in place: at `now` everything is again as it was at the end of `moment`.
  void restore_in_place(Second moment, Second now) {
    for (auto& [name, versions] : versions_) {
      const Version* const was = newest(versions, moment);
      Version again = was == nullptr ? Version{now, now, now, std::nullopt, std::nullopt, now} : *was;
      again.time = now;
      again.latest = now;
      again.shown = now;
      again.era = ends_.size();
      versions.push_back(std::move(again));
    }
  }

  bool is_live(const DocumentName& name, Second now) const {
    const auto found = versions_.find(name);
    return found != versions_.end() && is_visible(found->second.back(), now);
  }

  // Whether the document was written at `first` or later, and lives at `moment`.
  bool is_as_written_since(const DocumentName& name, Second first, Second moment) const {
    const auto found = versions_.find(name);
    if (found == versions_.end()) return false;
    const Version* const last = newest(found->second, moment);
    return last != nullptr && is_visible(*last, moment) && last->time >= first;
  }
  // Whether there was a time within [first, last] at which the document did not live.
  bool was_gone_within(const DocumentName& name, Second first, Second last) const {
    const auto found = versions_.find(name);
    if (found == versions_.end()) return true;
    for (const Version& version : found->second) {
      if (!version.body && version.time >= first && version.time <= last) return true;
    }
    for (Second moment = first; moment <= last; moment = moment + 1) {
      const Version* const then = newest(found->second, moment);
      if (then == nullptr || !is_visible(*then, moment)) return true;
      const Version* const before = newest(found->second, moment - 1);  // it may be written again as it expires
      if (before != nullptr && before->body && has_expired(*before, moment)) return true;
    }
    return false;
  }

  // The documents as of the end of second `moment`.
  Documents at(Second moment) const {
    Documents documents;
    for (const auto& [name, versions] : versions_) {
      const Version* const last = newest(versions, moment);
      if (last != nullptr && is_visible(*last, moment)) documents.emplace(name, *last->body);
    }
    return documents;
  }

  // What a document (nothing: none) may be restored as: what it was. Where the service's clock was set back over the
  // moment, what it was any time that the clock showed it, and by any order of time that the ranges may have seen.
  bool may_be(const DocumentName& name, const std::optional<std::string>& body, Second moment) const {
    const auto found = versions_.find(name);
    if (found == versions_.end()) return !body;
    const std::vector<Version>& versions = found->second;
    std::size_t first = versions.size();  // behind the newest that is surely of the moment or before it
    while (first > 0 && versions[first - 1].latest > moment) --first;
    if (first == 0 && !body) return true;
    for (std::size_t i = first == 0 ? 0 : first - 1; i < versions.size(); ++i) {
      if (versions[i].time > moment) continue;
      const bool visible = is_visible(versions[i], moment);
      if (visible ? body == versions[i].body : !body) return true;
    }
    return was_by_clock(versions, body, moment);
  }
  std::vector<DocumentName> names() const {
    std::vector<DocumentName> names;
    for (const auto& [name, versions] : versions_) names.push_back(name);
    return names;
  }

  std::string history_of(const DocumentName& name, Second start) const {
    std::string text;
    const auto found = versions_.find(name);
    if (found == versions_.end()) return text;
    for (const Version& version : found->second) {
      text += "model " + name.first + " " + name.second + " at " + std::to_string(version.time - start) +
              (version.latest == version.time ? "" : ".." + std::to_string(version.latest - start)) + " s, written " +
              std::to_string(version.written - start) + " s: " + version.body.value_or("deleted") + "\n";
    }
    return text;
  }

  std::string history_of_differences(const Documents& restored, const Documents& truth, Second start) const {
    std::string text;
    for (const auto& [name, versions] : versions_) {
      const auto was = truth.find(name);
      const auto is = restored.find(name);
      if (was == truth.end() ? is == restored.end() : is != restored.end() && was->second == is->second) continue;
      text += history_of(name, start);
    }
    return text;
  }
  std::string rules(Second start) const {
    std::string text = "model defaultTtl";
    for (const Rule& rule : rules_) {
      text += rule.since == Second{0} ? " " : ", from " + std::to_string(rule.since - start) + " s ";
      text += rule.ttl ? std::to_string(*rule.ttl) : "off";
    }
    return text + "\n";
  }

 private:
  struct Version {
    Second time;                      // never before that of the version before
    Second latest;                    // the newest time seen in the container so far: its range may have seen it, too
    Second written;                   // what expiry counts from
    std::optional<std::string> body;  // nothing = a delete
    TimeToLive ttl;
    Second shown{};       // what the clock showed
    std::size_t era = 0;  // how often it had been set back
  };
  struct Rule {
    Second since;
    TimeToLive ttl;
  };

  // Whether a version had expired when the clock was set back into an era: then it may have been purged by that time.
  bool was_expired_before(const Version& version, std::size_t era) const {
    for (std::size_t before = version.era; before < era && before < ends_.size(); ++before) {
      if (!is_visible(version, ends_[before])) return true;
    }
    return false;
  }

  // Of a second that came several times: whether the document was so at the end of one of them.
  bool was_by_clock(const std::vector<Version>& versions, const std::optional<std::string>& body, Second moment) const {
    for (std::size_t era = 0; !ends_.empty() && era < begins_.size(); ++era) {
      if (moment < begins_[era] || (era < ends_.size() && moment > ends_[era])) continue;
      const Version* then = nullptr;
      for (const Version& version : versions) {
        if (version.era < era || (version.era == era && version.shown <= moment)) then = &version;
      }
      const bool visible = then != nullptr && is_visible(*then, moment);
      if (visible ? body == then->body : !body) return true;
      if (!body && then != nullptr && was_expired_before(*then, era)) return true;
    }
    return false;
  }

  void add(const DocumentName& name, Version version) {
    std::vector<Version>& versions = versions_[name];
    version.shown = version.time;
    version.era = ends_.size();
    newest_ = std::max(newest_, version.time);
    version.latest = newest_;
    if (!versions.empty()) version.time = std::max(version.time, versions.back().time);
    versions.push_back(std::move(version));
  }

  static const Version* newest(const std::vector<Version>& versions, Second moment) {
    const Version* newest = nullptr;
    for (const Version& version : versions) {
      if (version.time <= moment) newest = &version;
    }
    return newest;
  }

  bool is_visible(const Version& version, Second moment) const { return version.body && !has_expired(version, moment); }

  bool has_expired(const Version& version, Second moment) const {
    const TimeToLive default_ttl = default_ttl_at(moment);
    const std::int64_t ttl = default_ttl ? version.ttl.value_or(*default_ttl) : -1;
    return ttl > 0 && moment >= version.written + ttl;
  }

  std::vector<Rule> rules_;
  std::map<DocumentName, std::vector<Version>> versions_;
  Second newest_;
  std::vector<Second> begins_{{std::numeric_limits<std::int64_t>::min()}};  // of the eras between steps back
  std::vector<Second> ends_;
};

}  // namespace halley::sim
