// A moment against the account as it is now. Live documents come in no useful order, so they are looked up: digests of
// the moment's documents are held in memory, for groups of buckets where there are too many.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "codec/hash.h"
#include "recovery/comparison.h"
#include "recovery/definition_diff.h"
#include "recovery/diff.h"
#include "recovery/diff_side.h"
#include "recovery/live_documents.h"

namespace halley::recovery {
namespace {

constexpr int kAttempts = 5;  // a split while the account is read begins the container anew

struct LiveContainer {
  cosmos::ContainerName name;
  cosmos::Resource resource;
  cosmos::PartitionKeyDefinition key;
};

struct HashOfHash {
  std::size_t operator()(const codec::Hash128& hash) const { return hash.low; }
};

struct HeldDocument {
  std::uint64_t digest = 0;
  Second ts;
  bool found = false;  // in the account
};
using HeldDocuments = std::unordered_map<codec::Hash128, HeldDocument, HashOfHash>;

// Finds a document among those held; its names are looked up again where they are needed.
codec::Hash128 hash_of(std::string_view partition_key, std::string_view id) {
  std::string names(partition_key);  // valid JSON, so where it ends is never in doubt
  names += id;
  return codec::xxh3_128(names);
}

Second ts_of(const json::ScannedDocument& document) {
  const std::string_view text = document.system[static_cast<std::size_t>(json::SystemProperty::ts)];
  return {text.empty() ? 0 : json::Value::number(std::string(text)).as_integer().value_or(0)};
}

// The addresses that an account record has for its regions.
std::set<std::string> addresses_of(const json::Value& account) {
  std::set<std::string> addresses;
  for (const char* locations : {"writableLocations", "readableLocations"}) {
    const json::Value* const listed = account.find(locations);
    if (listed == nullptr) continue;
    for (const json::Value& location : listed->items()) {
      addresses.insert(location.string_at("databaseAccountEndpoint"));
    }
  }
  return addresses;
}

// Ids of accounts are unique in the service, not among emulators: those are told apart by where they are.
bool is_same_account(const DiffSide& before, const cosmos::Account& account) {
  if (account.id != before.account_id) return false;
  const auto recorded = before.account ? json::parse(before.account->text) : json::Value();
  const std::set<std::string> known = recorded ? addresses_of(*recorded) : std::set<std::string>();
  const std::set<std::string> found = addresses_of(account.value);
  return known.empty() ||
         std::any_of(known.begin(), known.end(), [&](const std::string& address) { return found.contains(address); });
}

// One container, which is there now and perhaps was at the moment.
class ContainerComparison {
 public:
  ContainerComparison(repo::Repository& repository, cosmos::Client& client, const Selection& selection,
                      const LiveDiffOptions& options, DiffProgress& progress, std::stop_token stop,
                      const PlannedContainer* planned, const LiveContainer& live)
      : repository_(repository),
        client_(client),
        selection_(selection),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)),
        planned_(planned),
        live_(live) {}

  // Adds to `diff` and `list`; on `gone` all of it is to be begun anew.
  Status run(ContainerDiff& diff, DifferenceList& list) {
    const bool comparable = planned_ != nullptr && planned_->key == live_.key;
    if (planned_ != nullptr && !comparable) {
      TRY(for_each_planned(repository_, *planned_, selection_, stop_, [&](const repo::Version& version) {
        ++diff.removed;
        return list.add({DifferenceKind::removed, diff.container, version.partition_key, version.id, version.ts, {}});
      }));
      planned_ = nullptr;
    }
    const BucketDigests::Group all(BucketDigests::kBuckets, true);
    ASSIGN(const bool held, hold(all));
    if (held) return compare_group(all, diff, list);
    BucketDigests now;
    TRY(for_each_live([&](std::string_view key, const json::ScannedDocument& document) -> Status {
      now.add(key, document.id, document.digest);
      return {};
    }));
    BucketDigests then;
    TRY(for_each_then([&](const repo::Version& version) -> Status {
      then.add(version.partition_key, version.id, version.digest);
      return {};
    }));
    diff.equal += then.in_common(now);
    for (const BucketDigests::Group& group : then.differing_groups(now, options_.group_documents)) {
      TRY(hold(group));
      TRY(compare_group(group, diff, list));
    }
    return {};
  }

 private:
  Status for_each_then(const std::function<Status(const repo::Version&)>& each) {
    if (planned_ == nullptr) return {};
    return for_each_planned(repository_, *planned_, selection_, stop_, [&](const repo::Version& version) {
      progress_.documents.fetch_add(1, std::memory_order_relaxed);
      return each(version);
    });
  }

  Status for_each_live(const EachLiveDocument& each) {
    return read_live_documents(
        client_, live_.name, live_.key,
        [&](std::string_view key, const json::ScannedDocument& document) -> Status {
          if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
          progress_.documents.fetch_add(1, std::memory_order_relaxed);
          return selection_.selects_document(key, document.id) ? each(key, document) : Status();
        },
        stop_);
  }

  // Holds what the moment has in these buckets. False when that is too much for all of them together.
  Result<bool> hold(const BucketDigests::Group& group) {
    held_.clear();
    const bool whole = std::find(group.begin(), group.end(), false) == group.end();
    bool fits = true;
    Status done = for_each_then([&](const repo::Version& version) -> Status {
      if (!group[BucketDigests::bucket_of(version.partition_key, version.id)]) return {};
      if (whole && held_.size() >= options_.group_documents) {
        fits = false;
        return fail(Code::no_space, "");  // ends the reading; not told
      }
      held_[hash_of(version.partition_key, version.id)] = {version.digest, version.ts, false};
      return {};
    });
    if (!fits) {
      held_.clear();
      return false;
    }
    TRY(std::move(done));
    return true;
  }

  Status compare_group(const BucketDigests::Group& group, ContainerDiff& diff, DifferenceList& list) {
    TRY(for_each_live([&](std::string_view key, const json::ScannedDocument& document) -> Status {
      if (!group[BucketDigests::bucket_of(key, document.id)]) return {};
      const auto held = held_.find(hash_of(key, document.id));
      if (held == held_.end()) {
        ++diff.added;
        return list.add({DifferenceKind::added, diff.container, key, document.id, {}, ts_of(document)});
      }
      held->second.found = true;
      if (held->second.digest == document.digest) {
        ++diff.equal;
        return {};
      }
      ++diff.changed;
      return list.add({DifferenceKind::changed, diff.container, key, document.id, held->second.ts, ts_of(document)});
    }));
    std::erase_if(held_, [](const auto& document) { return document.second.found; });
    if (held_.empty()) return {};
    return for_each_then([&](const repo::Version& version) -> Status {
      if (!held_.contains(hash_of(version.partition_key, version.id))) return {};
      ++diff.removed;
      return list.add({DifferenceKind::removed, diff.container, version.partition_key, version.id, version.ts, {}});
    });
  }

  repo::Repository& repository_;
  cosmos::Client& client_;
  const Selection& selection_;
  const LiveDiffOptions& options_;
  DiffProgress& progress_;
  const std::stop_token stop_;
  const PlannedContainer* planned_;
  const LiveContainer& live_;
  HeldDocuments held_;
};

Selection only(const std::string& pattern) {
  Selection selection;
  selection.include = {pattern};
  return selection;
}

class LiveDiff {
 public:
  LiveDiff(repo::Repository& repository, cosmos::Client& client, const Selection& selection,
           const LiveDiffOptions& options, DiffProgress& progress, std::stop_token stop)
      : repository_(repository),
        client_(client),
        selection_(selection),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)),
        definitions_(client_, stop_) {}

  Result<DiffReport> run(const Moment& from) {
    ASSIGN(DiffSide before, DiffSide::read(repository_, from, selection_, stop_));
    SelectedPart now;
    std::map<std::string, cosmos::Resource> databases;
    ASSIGN(const auto live, list_live(now, databases));
    TRY(check_selection(selection_, before, now));
    ASSIGN(auto list, DifferenceList::create());
    DiffReport report{before.at, client_.newest_server_time(), {}, {}, before.notes, std::move(list)};
    ASSIGN(const cosmos::Account account, client_.read_account(stop_));
    same_account_ = is_same_account(before, account);
    if (!same_account_) {
      const bool same_id = account.id == before.account_id;
      report.notes.push_back("compared with " + (same_id ? "another account of the id " + account.id
                                                         : "account " + account.id + ", not " + before.account_id));
    }
    std::vector<std::string> unknown;
    std::set<std::string> names;
    for (const auto& [name, container] : before.containers) names.insert(name);
    for (const auto& [name, container] : live) names.insert(name);
    progress_.containers = names.size();
    for (const std::string& name : names) {
      ++progress_.containers_done;
      if (before.is_left_out(name)) continue;
      if (before.is_unknown(name)) {
        unknown.push_back(name);
        continue;
      }
      const auto planned = before.containers.find(name);
      const auto there = live.find(name);
      ContainerDiff empty;
      empty.container = name;
      empty.was_there = before.was_there(name);
      empty.is_there = there != live.end() || now.other_keys.contains(name);
      auto diff = compare(std::move(empty), planned == before.containers.end() ? nullptr : &planned->second,
                          there == live.end() ? nullptr : &there->second, report.documents);
      if (!diff) return fail(std::move(diff).error().in("comparing " + name));
      report.containers.push_back(std::move(*diff));
    }
    TRY(compare_databases(before, databases, unknown, report));
    TRY(tell_unknown(before, unknown, selection_, report));
    report.notes.insert(report.notes.end(), definitions_.notes().begin(), definitions_.notes().end());
    report.until = std::max(report.until, client_.newest_server_time());
    return report;
  }

 private:
  // The containers that are there and can have the partition key, and the databases that are selected whole.
  Result<std::map<std::string, LiveContainer>> list_live(SelectedPart& part,
                                                         std::map<std::string, cosmos::Resource>& whole) {
    std::map<std::string, LiveContainer> found;
    part.unknown.insert(selection_.include.begin(), selection_.include.end());
    ASSIGN(const auto databases, client_.list_databases(stop_));
    for (const cosmos::Resource& database : databases) {
      if (selection_.selects_database(database.id) && selection_.selects_all_documents()) {
        whole.emplace(database.id, database);
      }
      std::erase_if(part.unknown, [&](const auto& pattern) { return only(pattern).selects_database(database.id); });
      ASSIGN(auto containers, client_.list_containers(database.id, stop_));
      for (cosmos::Resource& container : containers) {
        std::erase_if(part.unknown,
                      [&](const auto& pattern) { return only(pattern).selects_container(database.id, container.id); });
        if (!selection_.selects_container(database.id, container.id)) continue;
        const json::Value* const key = container.value.find("partitionKey");
        if (key == nullptr) continue;  // of the old kind; nothing of it is captured either
        LiveContainer live;
        live.name = {database.id, container.id};
        ASSIGN(live.key, cosmos::PartitionKeyDefinition::parse(*key));
        live.resource = std::move(container);
        const std::string name = live.name.text();
        ASSIGN(const bool fits, selection_.fits(live.key));
        part.any_fits = part.any_fits || fits;
        if (fits) {
          found.emplace(name, std::move(live));
        } else {
          part.other_keys.insert(name);
        }
      }
    }
    return found;
  }

  Status compare_databases(DiffSide& before, const std::map<std::string, cosmos::Resource>& live,
                           std::vector<std::string>& unknown, DiffReport& report) {
    std::set<std::string> names;
    for (const auto& [name, database] : before.databases) names.insert(name);
    for (const auto& [name, database] : live) names.insert(name);
    for (const std::string& name : names) {
      if (before.is_unknown_database(name)) {
        add_unknown_database(name, unknown);
        continue;
      }
      const auto then = before.databases.find(name);
      DatabaseSide* const known = then == before.databases.end() ? nullptr : &then->second;
      const auto there = live.find(name);
      std::optional<DatabaseSide> now;
      if (there != live.end()) {
        DefinitionTexts nothing;
        ASSIGN(now, definitions_.of_database(there->second, known == nullptr ? nothing : known->texts));
      }
      ASSIGN(DatabaseDiff diff, database_difference(name, known, now ? &*now : nullptr, same_account_));
      report.databases.push_back(std::move(diff));
    }
    return {};
  }

  // A side without its container has no documents to compare: it was not there, or is one of other keys.
  Result<ContainerDiff> compare(ContainerDiff empty, const PlannedContainer* planned, const LiveContainer* live,
                                DifferenceList& list) {
    const bool both = planned != nullptr && live != nullptr;
    const bool other = both ? planned->definition.rid != live->resource.rid : empty.was_there && empty.is_there;
    empty.made_again = same_account_ && other;
    if (live == nullptr) {
      TRY(for_each_planned(repository_, *planned, selection_, stop_, [&](const repo::Version& version) {
        ++empty.removed;
        return list.add({DifferenceKind::removed, empty.container, version.partition_key, version.id, version.ts, {}});
      }));
      return empty;
    }
    if (both && selection_.selects_all_documents()) {
      ASSIGN(DefinitionTexts then, texts_of(*planned));
      ASSIGN(const auto now, definitions_.of_container(live->resource, live->name, then));
      ASSIGN(empty.definitions, definition_differences(then, now));
    }
    const std::uint64_t size = list.size();
    for (int attempt = 1;; ++attempt) {
      ContainerDiff diff = empty;
      ContainerComparison comparison(repository_, client_, selection_, options_, progress_, stop_, planned, *live);
      Status done = comparison.run(diff, list);
      if (done) return diff;
      if (done.error().code != Code::gone || attempt == kAttempts) return fail(std::move(done).error());
      TRY(list.cut_back(size));
    }
  }

  repo::Repository& repository_;
  cosmos::Client& client_;
  const Selection& selection_;
  const LiveDiffOptions& options_;
  DiffProgress& progress_;
  const std::stop_token stop_;
  LiveDefinitions definitions_;
  bool same_account_ = true;  // else containers are others anyway
};

}  // namespace

Result<DiffReport> diff_live(repo::Repository& repository, const Moment& from, cosmos::Client& client,
                             const Selection& selection, const LiveDiffOptions& options, DiffProgress& progress,
                             std::stop_token stop) {
  return LiveDiff(repository, client, selection, options, progress, std::move(stop)).run(from);
}

}  // namespace halley::recovery
