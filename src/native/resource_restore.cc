#include "native/resource_restore.h"

#include <algorithm>
#include <map>
#include <set>

namespace halley::native {
namespace {

// Finds out what there is and was, once for each database.
class Planner {
 public:
  Planner(ArmClient& arm, const AccountState& account, const ResourceRestoreWish& wish, std::stop_token stop)
      : arm_(arm), account_(account), wish_(wish), stop_(std::move(stop)) {}

  Status start() {
    ASSIGN(const auto names, database_names(arm_, account_.id, stop_));
    live_databases_.insert(names.begin(), names.end());
    ASSIGN(database_events_, database_events(arm_, account_.backup(), stop_));
    return {};
  }

  Status add(const DeletedResource& resource) {
    return resource.container.empty() ? add_database(resource.database, false) : add_container(resource);
  }

  std::vector<ResourceRestoreStep> steps() && {
    std::stable_sort(steps_.begin(), steps_.end(), [](const auto& a, const auto& b) {
      return a.resource.container.empty() > b.resource.container.empty();
    });
    return std::move(steps_);
  }

 private:
  Status add_database(const std::string& database, bool implied) {
    if (planned({database, {}})) return {};
    if (live_databases_.contains(database)) return refuse_live("database " + database);
    const auto deletion = deletion_of(database_events_, database);
    ASSIGN(const Second at, moment_of("database " + database, deletion, database_events_, database));
    push({database, {}}, at, implied);
    return wish_.with_containers && !implied ? add_its_containers(database, deletion->event.rid, at) : Status();
  }

  // A shared-throughput database brings its containers itself: asking for one of those again is refused by the service,
  // which is why only containers that are still missing when their turn comes are asked for (restore_resources).
  Status add_its_containers(const std::string& database, const std::string& rid, Second at) {
    ASSIGN(const auto there, resources_at(arm_, account_.backup(), account_.write_region(), at, stop_));
    const auto found = there.find(database);
    if (found == there.end()) return {};
    ASSIGN(const auto events, container_events(arm_, account_.backup(), rid, stop_));
    for (const std::string& container : found->second) {
      // Gone with its database, not before it.
      const auto deletion = deletion_of(events, container);
      push({database, container}, deletion ? std::min(at, deletion->last_second()) : at, true);
    }
    return {};
  }

  Status add_container(const DeletedResource& resource) {
    if (planned(resource)) return {};
    const bool database_is_there = live_databases_.contains(resource.database);
    std::string rid;
    if (database_is_there) {
      ASSIGN(const auto live, container_names(arm_, account_.id, resource.database, stop_));
      if (std::find(live.begin(), live.end(), resource.container) != live.end()) {
        return refuse_live("container " + resource.name());
      }
    } else {
      TRY(add_database(resource.database, true));
    }
    for (const ResourceEvent& event : database_events_) {
      if (rid.empty() && event.name == resource.database) rid = event.rid;
    }
    if (rid.empty()) return fail(Code::not_found, "the backup knows no database called " + resource.database);
    ASSIGN(const auto events, container_events(arm_, account_.backup(), rid, stop_));
    auto deletion = deletion_of(events, resource.container);
    if (!deletion) deletion = gone_with_its_database(events, resource);
    ASSIGN(const Second at, moment_of("container " + resource.name(), deletion, events, resource.container));
    push(resource, at, false);
    return {};
  }

  // A container that went with its database need not have an event of its own. The database may be back since.
  std::optional<Deletion> gone_with_its_database(const std::vector<ResourceEvent>& events,
                                                 const DeletedResource& resource) const {
    const auto last =
        std::find_if(events.begin(), events.end(), [&](const auto& event) { return event.name == resource.container; });
    const auto parent = std::find_if(database_events_.begin(), database_events_.end(), [&](const auto& event) {
      return event.name == resource.database && event.is_delete();
    });
    if (parent == database_events_.end() || last == events.end() || last->at > parent->at) return std::nullopt;
    ResourceEvent event = *parent;
    event.name = resource.container;
    event.rid = last->rid;
    return Deletion{std::move(event)};
  }

  // The moment to restore a deleted resource to; an error when that is not possible.
  Result<Second> moment_of(const std::string& what, const std::optional<Deletion>& deletion,
                           const std::vector<ResourceEvent>& events, const std::string& name) const {
    if (!deletion) {
      return fail(Code::not_found, "no deleted " + what + " is known to the backup of " + account_.id.name,
                  "'halley native restorable' lists what was deleted");
    }
    const ResourceEvent& event = deletion->event;
    if (!event.can_undelete.empty() && event.can_undelete != "restorable" && event.can_undelete != "invalid") {
      const std::string why = event.reason.empty() ? event.can_undelete : event.reason;
      return fail(Code::precondition, "the " + what + " cannot be restored in its account: " + why,
                  "restore it into a new account: 'halley native restore --databases'");
    }
    const Second at = wish_.at.value_or(deletion->last_second());
    std::optional<Second> made;
    for (const ResourceEvent& each : events) {
      if (each.name == name && each.rid == event.rid && !each.is_delete())
        made = std::min(made.value_or(each.at), each.at);
    }
    if (at <= deletion->last_second() && (!made || at >= *made)) return at;
    return fail(Code::outside_coverage,
                "the " + what + " was not there at " + format_rfc3339(at) + ", but " +
                    (made ? "from " + format_rfc3339(*made) + " " : "") + "until " +
                    format_rfc3339(deletion->last_second()),
                "leave --at away for the last second before it was deleted");
  }

  tl::unexpected<Error> refuse_live(const std::string& what) const {
    return fail(Code::already_exists, "the " + what + " is there: only what was deleted is restored in its account",
                "for an earlier state of it: 'halley native restore' into a new account, or 'halley restore'");
  }

  bool planned(const DeletedResource& resource) const {
    return std::any_of(steps_.begin(), steps_.end(),
                       [&](const auto& step) { return step.resource.name() == resource.name(); });
  }

  void push(const DeletedResource& resource, Second at, bool implied) {
    if (planned(resource)) return;
    const ResourceRestore restore{account_.backup(), at, wish_.keep_time_to_live};
    const bool database = resource.container.empty();
    std::string path = database ? database_path(account_.id, resource.database)
                                : container_path(account_.id, resource.database, resource.container);
    std::string body = resource_restore_body(database ? resource.database : resource.container, restore);
    steps_.push_back({resource, at, implied, put(std::move(path), std::move(body), resource_restore_api(restore))});
  }

  ArmClient& arm_;
  const AccountState& account_;
  const ResourceRestoreWish& wish_;
  const std::stop_token stop_;
  std::set<std::string> live_databases_;
  std::vector<ResourceEvent> database_events_;
  std::vector<ResourceRestoreStep> steps_;
};

// The steps on their way.
class Runner {
 public:
  Runner(ArmClient& arm, const std::vector<ResourceRestoreStep>& steps, std::stop_token stop)
      : arm_(arm), steps_(steps), stop_(std::move(stop)) {
    for (const ResourceRestoreStep& step : steps) outcomes_.push_back({step.resource, step.at, {}, {}});
  }

  // Carries out the steps [first, last).
  Status run(std::size_t first, std::size_t last, bool wait, const std::function<void(const Operation&)>& begun,
             const OnProgress& progress) {
    std::size_t next = first;
    while (next < last || !running_.empty()) {
      while (next < last && running_.size() < kRestoresAtOnce) begin(next++, begun);
      if (!wait && next == last) {
        running_.clear();
        break;
      }
      if (running_.empty()) continue;
      const Milliseconds pause = look_at_all(progress);
      if (!running_.empty() && !arm_.runtime().sleep(pause, stop_)) {
        return fail(Code::cancelled, "stopped while waiting; the restores that were begun go on");
      }
    }
    return {};
  }

  void skip_containers_of_failed() {
    for (ResourceRestoreOutcome& outcome : outcomes_) {
      if (outcome.resource.container.empty()) continue;
      for (const ResourceRestoreOutcome& parent : outcomes_) {
        if (parent.failure && parent.resource.container.empty() &&
            parent.resource.database == outcome.resource.database) {
          outcome.failure = Error(Code::precondition, "its database did not come back");
        }
      }
    }
  }

  std::vector<ResourceRestoreOutcome> outcomes() && { return std::move(outcomes_); }

 private:
  void begin(std::size_t index, const std::function<void(const Operation&)>& begun) {
    const ResourceRestoreStep& step = steps_[index];
    ResourceRestoreOutcome& outcome = outcomes_[index];
    if (outcome.failure) return;
    const std::string what = "restoring " + step.resource.name();
    // What its database brought along need not be asked for.
    if (step.implied && !step.resource.container.empty()) {
      const auto there = arm_.send(get(step.request.path), "looking for " + step.resource.name(), stop_);
      if (there) return;
      if (there.error().code != Code::not_found) {
        outcome.failure = there.error();
        return;
      }
    }
    auto operation = arm_.begin(step.request, what, stop_);
    if (!operation) {
      outcome.failure = std::move(operation).error();
      return;
    }
    if (!*operation) return;
    outcome.operation = **operation;
    if (begun) begun(*outcome.operation);
    running_.push_back({index, 0});
  }

  // Gives how long to wait before the next look.
  Milliseconds look_at_all(const OnProgress& progress) {
    constexpr int kMaxFailedLooks = 10;
    Milliseconds pause = arm_.interval();
    std::erase_if(running_, [&](Running& each) {
      ResourceRestoreOutcome& outcome = outcomes_[each.index];
      const auto state = arm_.look(*outcome.operation, stop_);
      if (!state) {
        const bool passing = state.error().code == Code::unavailable || state.error().code == Code::throttled;
        if (passing && ++each.failed_looks <= kMaxFailedLooks) return false;
        outcome.failure = state.error();
        return true;
      }
      each.failed_looks = 0;
      if (progress) progress(*outcome.operation, state->status);
      if (state->wait) pause = std::min(pause, std::max(*state->wait, Milliseconds(200)));
      return state->done;
    });
    return pause;
  }

  struct Running {
    std::size_t index;
    int failed_looks;
  };
  ArmClient& arm_;
  const std::vector<ResourceRestoreStep>& steps_;
  const std::stop_token stop_;
  std::vector<ResourceRestoreOutcome> outcomes_;
  std::vector<Running> running_;
};

}  // namespace

Result<std::vector<ResourceRestoreStep>> plan_resource_restore(ArmClient& arm, const AccountState& account,
                                                               const ResourceRestoreWish& wish, std::stop_token stop) {
  if (!account.continuous) {
    return fail(Code::precondition,
                "the account " + account.id.name +
                    " has periodic backup: only Azure's support "
                    "can restore from it",
                "'halley native enable' changes it to continuous backup for the future");
  }
  Planner planner(arm, account, wish, std::move(stop));
  TRY(planner.start());
  for (const DeletedResource& resource : wish.resources) TRY(planner.add(resource));
  return std::move(planner).steps();
}

Result<std::vector<ResourceRestoreOutcome>> restore_resources(ArmClient& arm,
                                                              const std::vector<ResourceRestoreStep>& steps, bool wait,
                                                              const std::function<void(const Operation&)>& begun,
                                                              const OnProgress& progress, std::stop_token stop) {
  const auto containers =
      std::find_if(steps.begin(), steps.end(), [](const auto& step) { return !step.resource.container.empty(); });
  const auto databases = static_cast<std::size_t>(containers - steps.begin());
  Runner runner(arm, steps, std::move(stop));
  TRY(runner.run(0, databases, wait || databases < steps.size(), begun, progress));
  runner.skip_containers_of_failed();
  TRY(runner.run(databases, steps.size(), wait, begun, progress));
  return std::move(runner).outcomes();
}

}  // namespace halley::native
