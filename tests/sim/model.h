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
    versions_[name].push_back({now, std::move(body), ttl});
  }
  void remove(const DocumentName& name, Second now) { versions_[name].push_back({now, std::nullopt, std::nullopt}); }

  bool is_live(const DocumentName& name, Second now) const {
    const auto found = versions_.find(name);
    return found != versions_.end() && visible(found->second, now) != nullptr;
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
    std::optional<std::string> body;  // nothing = a delete
    std::optional<std::int64_t> ttl;
  };

  const std::string* visible(const std::vector<Version>& versions, Second moment) const {
    const Version* newest = nullptr;
    for (const Version& version : versions) {
      if (version.time <= moment) newest = &version;
    }
    if (newest == nullptr || !newest->body) return nullptr;
    if (default_ttl_) {
      const std::int64_t ttl = newest->ttl.value_or(*default_ttl_);
      if (ttl > 0 && moment >= newest->time + ttl) return nullptr;
    }
    return &*newest->body;
  }

  std::optional<std::int64_t> default_ttl_;
  std::map<DocumentName, std::vector<Version>> versions_;
};

}  // namespace halley::sim
