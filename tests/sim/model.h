// The reference model: every version of every document of one container, kept as plainly as can be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace halley::sim {

// (canonical partition key, id)
using DocumentName = std::pair<std::string, std::string>;
using Documents = std::map<DocumentName, std::string>;

class Model {
 public:
  // The container's defaultTtl: nothing = expiry off, -1 = only by a document's own ttl.
  explicit Model(std::optional<std::int64_t> default_ttl) : default_ttl_(default_ttl) {}

  void upsert(const DocumentName& name, std::string body, std::optional<std::int64_t> ttl, Second now) {
    versions_[name].push_back({now, now, std::move(body), ttl});
  }
  void remove(const DocumentName& name, Second now) {
    versions_[name].push_back({now, now, std::nullopt, std::nullopt});
  }
  // A restore in place: at `now` everything is again as it was at the end of `moment`.
  void restore_in_place(Second moment, Second now) {
    for (auto& [name, versions] : versions_) {
      const Version* const was = newest(versions, moment);
      Version again = was == nullptr ? Version{now, now, std::nullopt, std::nullopt} : *was;
      again.time = now;
      versions.push_back(std::move(again));
    }
  }

  bool is_live(const DocumentName& name, Second now) const {
    const auto found = versions_.find(name);
    return found != versions_.end() && visible(found->second, now) != nullptr;
  }

  // Whether the document was written at `first` or later, and lives at `moment`.
  bool is_as_written_since(const DocumentName& name, Second first, Second moment) const {
    const auto found = versions_.find(name);
    return found != versions_.end() && visible(found->second, moment) != nullptr &&
           newest(found->second, moment)->time >= first;
  }
  // Whether there was a time within [first, last] at which the document did not live.
  bool was_gone_within(const DocumentName& name, Second first, Second last) const {
    const auto found = versions_.find(name);
    if (found == versions_.end()) return true;
    for (const Version& version : found->second) {
      if (!version.body && version.time >= first && version.time <= last) return true;
    }
    for (Second moment = first; moment <= last; moment = moment + 1) {
      if (visible(found->second, moment) == nullptr) return true;
      const Version* const before = newest(found->second, moment - 1);  // it may be written again as it expires
      if (before != nullptr && before->body && has_expired(*before, moment)) return true;
    }
    return false;
  }

  // The documents as of the end of second `moment`.
  Documents at(Second moment) const {
    Documents documents;
    for (const auto& [name, versions] : versions_) {
      if (const std::string* body = visible(versions, moment)) documents.emplace(name, *body);
    }
    return documents;
  }

  std::string history_of_differences(const Documents& restored, const Documents& truth, Second start) const {
    std::string text;
    for (const auto& [name, versions] : versions_) {
      const auto was = truth.find(name);
      const auto is = restored.find(name);
      if (was == truth.end() ? is == restored.end() : is != restored.end() && was->second == is->second) continue;
      for (const Version& version : versions) {
        text += "model " + name.first + " " + name.second + " at " + std::to_string(version.time - start) +
                " s: " + version.body.value_or("deleted") + "\n";
      }
    }
    return text;
  }

 private:
  struct Version {
    Second time;
    Second written;                   // what expiry counts from
    std::optional<std::string> body;  // nothing = a delete
    std::optional<std::int64_t> ttl;
  };

  static const Version* newest(const std::vector<Version>& versions, Second moment) {
    const Version* newest = nullptr;
    for (const Version& version : versions) {
      if (version.time <= moment) newest = &version;
    }
    return newest;
  }

  const std::string* visible(const std::vector<Version>& versions, Second moment) const {
    const Version* const last = newest(versions, moment);
    return last == nullptr || !last->body || has_expired(*last, moment) ? nullptr : &*last->body;
  }

  bool has_expired(const Version& version, Second moment) const {
    const std::int64_t ttl = default_ttl_ ? version.ttl.value_or(*default_ttl_) : -1;
    return ttl > 0 && moment >= version.written + ttl;
  }

  std::optional<std::int64_t> default_ttl_;
  std::map<DocumentName, std::vector<Version>> versions_;
};

}  // namespace halley::sim
