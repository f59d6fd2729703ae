#include "recovery/diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "recovery/definition_diff.h"
#include "recovery/diff_side.h"
#include "repo/key_order.h"

namespace halley::recovery {
namespace {

// One side's documents, the next of them at hand.
class Side {
 public:
  Side(Documents documents, const PlannedContainer& container)
      : documents_(std::move(documents)), keys_(container.key) {}

  Result<bool> next() {
    ASSIGN(there_, documents_.next(version_));
    return there_;
  }
  bool there() const { return there_; }
  const repo::Version& version() const { return version_; }

  // Less than zero where this side's document stands before the other's.
  Result<int> compare(Side& other) {
    if (version_.partition_key != other.version_.partition_key) {
      ASSIGN(const std::string_view mine, keys_.of(version_.partition_key));
      ASSIGN(const std::string_view theirs, other.keys_.of(other.version_.partition_key));
      const int by_hash = mine.compare(theirs);
      return by_hash != 0 ? by_hash : version_.partition_key.compare(other.version_.partition_key);
    }
    return version_.id.compare(other.version_.id);
  }

 private:
  Documents documents_;
  repo::EffectiveKeys keys_;
  repo::Version version_;
  bool there_ = false;
};

class MomentDiff {
 public:
  MomentDiff(repo::Repository& repository, const Selection& selection, DiffProgress& progress, std::stop_token stop)
      : repository_(repository), selection_(selection), progress_(progress), stop_(std::move(stop)) {}

  Result<DiffReport> run(const Moment& from, const Moment& until) {
    ASSIGN(DiffSide before, DiffSide::read(repository_, from, selection_, stop_));
    ASSIGN(DiffSide after, DiffSide::read(repository_, until, selection_, stop_));
    TRY(check_selection(selection_, before, after.part));
    ASSIGN(auto list, DifferenceList::create());
    DiffReport report{before.at, after.at, {}, {}, before.notes, std::move(list)};
    for (const std::string& note : after.notes) {
      if (std::find(report.notes.begin(), report.notes.end(), note) == report.notes.end()) report.notes.push_back(note);
    }
    std::map<std::string, std::pair<const PlannedContainer*, const PlannedContainer*>> pairs;
    for (const auto& [name, container] : before.containers) pairs[name].first = &container;
    for (const auto& [name, container] : after.containers) pairs[name].second = &container;
    progress_.containers = pairs.size();
    const DiffSide& earlier = before.at <= after.at ? before : after;
    std::vector<std::string> unknown;
    for (const auto& [name, pair] : pairs) {
      ++progress_.containers_done;
      if ((pair.first == nullptr && before.is_left_out(name)) || (pair.second == nullptr && after.is_left_out(name))) {
        continue;
      }
      if (earlier.is_unknown(name)) {
        unknown.push_back(name);
        continue;
      }
      ContainerDiff empty;
      empty.container = name;
      empty.was_there = before.was_there(name);
      empty.is_there = after.was_there(name);
      auto diff = compare(std::move(empty), pair.first, pair.second, report.documents);
      if (!diff) return fail(std::move(diff).error().in("comparing " + name));
      report.containers.push_back(std::move(*diff));
    }
    TRY(compare_databases(before, after, earlier, unknown, report));
    TRY(tell_unknown(earlier, unknown, selection_, report));
    return report;
  }

 private:
  static Status compare_databases(const DiffSide& before, const DiffSide& after, const DiffSide& earlier,
                                  std::vector<std::string>& unknown, DiffReport& report) {
    std::set<std::string> names;
    for (const auto& [name, database] : before.databases) names.insert(name);
    for (const auto& [name, database] : after.databases) names.insert(name);
    for (const std::string& name : names) {
      if (earlier.is_unknown_database(name)) {
        add_unknown_database(name, unknown);
        continue;
      }
      const auto old_one = before.databases.find(name);
      const auto new_one = after.databases.find(name);
      ASSIGN(DatabaseDiff diff,
             database_difference(name, old_one == before.databases.end() ? nullptr : &old_one->second,
                                 new_one == after.databases.end() ? nullptr : &new_one->second, true));
      report.databases.push_back(std::move(diff));
    }
    return {};
  }

  // A side without a plan has no documents to compare: the container was not there, or is one of other keys.
  Result<ContainerDiff> compare(ContainerDiff diff, const PlannedContainer* before, const PlannedContainer* after,
                                DifferenceList& list) {
    const bool both = before != nullptr && after != nullptr;
    diff.made_again = both ? before->lane != after->lane : diff.was_there && diff.is_there;
    if (both && selection_.selects_all_documents()) {
      ASSIGN(const auto old_texts, texts_of(*before));
      ASSIGN(const auto new_texts, texts_of(*after));
      ASSIGN(diff.definitions, definition_differences(old_texts, new_texts));
    }
    if (both && before->key == after->key) {
      TRY(merge(*before, *after, diff, list));
      return diff;
    }
    // Keys of different kinds have no order in common: no document of the one is one of the other.
    if (before != nullptr) TRY(list_all(*before, DifferenceKind::removed, diff, list));
    if (after != nullptr) TRY(list_all(*after, DifferenceKind::added, diff, list));
    return diff;
  }

  Status merge(const PlannedContainer& before, const PlannedContainer& after, ContainerDiff& diff,
               DifferenceList& list) {
    ASSIGN(Documents old_documents, Documents::open(repository_, before, selection_, false, stop_));
    ASSIGN(Documents new_documents, Documents::open(repository_, after, selection_, false, stop_));
    Side old_side(std::move(old_documents), before);
    Side new_side(std::move(new_documents), after);
    TRY(old_side.next());
    TRY(new_side.next());
    while (old_side.there() || new_side.there()) {
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      int order = old_side.there() ? -1 : 1;
      if (old_side.there() && new_side.there()) {
        ASSIGN(order, old_side.compare(new_side));
      }
      TRY(add(order, old_side.version(), new_side.version(), diff, list));
      progress_.documents.fetch_add(order == 0 ? 2 : 1, std::memory_order_relaxed);
      if (order <= 0) TRY(old_side.next());
      if (order >= 0) TRY(new_side.next());
    }
    return {};
  }

  Status add(int order, const repo::Version& before, const repo::Version& after, ContainerDiff& diff,
             DifferenceList& list) {
    if (order == 0 && before.digest == after.digest) {
      ++diff.equal;
      return {};
    }
    if (order < 0) {
      ++diff.removed;
      return list.add({DifferenceKind::removed, diff.container, before.partition_key, before.id, before.ts, {}});
    }
    if (order > 0) {
      ++diff.added;
      return list.add({DifferenceKind::added, diff.container, after.partition_key, after.id, {}, after.ts});
    }
    ++diff.changed;
    return list.add({DifferenceKind::changed, diff.container, after.partition_key, after.id, before.ts, after.ts});
  }

  Status list_all(const PlannedContainer& container, DifferenceKind kind, ContainerDiff& diff, DifferenceList& list) {
    const int order = kind == DifferenceKind::removed ? -1 : 1;
    return for_each_planned(repository_, container, selection_, stop_, [&](const repo::Version& version) {
      progress_.documents.fetch_add(1, std::memory_order_relaxed);
      return add(order, version, version, diff, list);
    });
  }

  repo::Repository& repository_;
  const Selection& selection_;
  DiffProgress& progress_;
  const std::stop_token stop_;
};

}  // namespace

bool DiffReport::differs() const {
  const auto differs = [](const auto& each) { return each.differs(); };
  return std::any_of(containers.begin(), containers.end(), differs) ||
         std::any_of(databases.begin(), databases.end(), differs);
}

Result<DiffReport> diff_moments(repo::Repository& repository, const Moment& from, const Moment& until,
                                const Selection& selection, DiffProgress& progress, std::stop_token stop) {
  return MomentDiff(repository, selection, progress, std::move(stop)).run(from, until);
}

}  // namespace halley::recovery
