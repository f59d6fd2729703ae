#include "capture/backup.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/check.h"
#include "capture/container_capture.h"
#include "capture/container_selection.h"
#include "capture/definition_poll.h"
#include "capture/margins.h"
#include "repo/coverage.h"
#include "runtime/at_once.h"

namespace halley::capture {
namespace {

struct Job {
  std::unique_ptr<ContainerCapture> capture;
  std::optional<Error> failure;
};

Result<ContainerTarget> target_of(const cosmos::Account& account, const DefinitionPoll::LiveContainer& live) {
  ContainerTarget target;
  target.name = {live.container.key.database, live.container.key.id};
  target.lane = repo::lane_of(account.id, live.database, live.container);
  ASSIGN(const json::Value definition, json::parse(live.container.text));
  const json::Value* key = definition.find("partitionKey");
  if (key == nullptr) {
    return fail(Code::unsupported, "container " + target.name.text() + " has no partition key",
                "containers made without one can't be captured; copy it into a container that has one");
  }
  ASSIGN(auto key_definition, cosmos::PartitionKeyDefinition::parse(*key));
  const json::Value* instance = definition.find("restoreParameters");
  target.identity = {account.id,
                     target.name.database,
                     target.name.container,
                     live.database.rid,
                     live.container.rid,
                     instance == nullptr ? "" : instance->to_text(),
                     std::move(key_definition)};
  return target;
}

// With several write regions a region's "nothing newer" says nothing of the others, and a continuation of one region
// means another place in the next: no second could be vouched for, and a change could be missed in silence.
Status check_regions(const cosmos::Account& account) {
  if (!account.multiple_write_regions) return {};
  return fail(Code::unsupported, "the account has several write regions",
              "such accounts can't be captured; turn multiple-region writes off for it, or back up a copy");
}

// Runs `step` for every job that has not failed, several at a time.
void for_jobs(Pass& pass, std::vector<Job>& jobs, const std::function<Status(ContainerCapture&)>& step) {
  const auto each = [&](std::size_t i) -> Status {
    if (jobs[i].failure) return {};
    if (Status done = step(*jobs[i].capture); !done) jobs[i].failure = std::move(done).error();
    return {};
  };
  CHECK(run_at_once(pass.runtime, "container", jobs.size(), pass.options.containers_at_once, each).has_value());
}

// Waits until the service's clock has passed `moment`.
Status wait_beyond(Pass& pass, Second moment, std::stop_token stop) {
  while (pass.client.newest_server_time() <= moment) {
    if (!pass.runtime.sleep(kSettlePoll, stop)) return fail(Code::cancelled, "stopped");
    TRY(pass.client.read_account(stop));
  }
  return {};
}

bool in_latest_mode(const Job& job) { return !job.failure && job.capture->mode() == repo::CaptureMode::latest; }

// The second that all lanes of a pass cover, so that the account can be restored to it as a whole: that of its
// beginning; where deletes had to be looked for, the service's second now; where exactness begins later, that second.
Second common_second(Pass& pass, const std::vector<Job>& jobs) {
  Second second = pass.began;
  for (const Job& job : jobs) {
    if (job.failure) continue;
    second = std::max(second, in_latest_mode(job) ? pass.client.newest_server_time() : job.capture->exact_from());
  }
  return second;
}

// The ranges are read on until they have covered `second`; nothing: to one more 304. Without waiting nothing is proven
// of any second in latest mode.
void settle(Pass& pass, std::vector<Job>& jobs, std::optional<Second> second, std::stop_token stop) {
  for_jobs(pass, jobs, [&](ContainerCapture& capture) {
    const bool provable = second || capture.mode() == repo::CaptureMode::all_versions;
    return provable ? capture.settle(second, stop) : Status();
  });
}

std::vector<repo::LaneHead> heads_of(const std::vector<Job>& jobs) {
  std::vector<repo::LaneHead> heads;
  for (const Job& job : jobs) {
    if (auto head = job.capture->head()) heads.push_back(std::move(*head));
  }
  return heads;
}

// Whether there is anything to restore, by incarnation. Of what was interrupted that is not known.
std::map<std::string, bool> captured_of(const std::vector<Job>& jobs) {
  std::map<std::string, bool> captured;
  for (const Job& job : jobs) {
    if (job.failure && job.failure->code == Code::cancelled) continue;
    captured[job.capture->target().identity.container_rid] = job.capture->has_any();
  }
  return captured;
}

// The newest second of which the definitions are covered and every container that was there. Seconds at which there
// were others than those of this pass are passed over: made meanwhile, or dropped since.
Result<std::optional<Second>> newest_restorable(const std::vector<Job>& jobs, const DefinitionPoll& definitions) {
  if (jobs.empty()) return std::nullopt;
  std::vector<repo::Interval> seconds = definitions.known_seconds();
  std::set<std::string> captured;
  for (const Job& job : jobs) {
    seconds = repo::common(seconds, job.capture->restorable_seconds());
    captured.insert(job.capture->target().identity.container_rid);
  }
  ASSIGN(const auto alone, definitions.seconds_of_these_only(captured));
  seconds = repo::common(seconds, alone);
  return seconds.empty() ? std::nullopt : std::optional(seconds.back().until - 1);
}

// What is wrong with the definitions at the end of a pass is no failure of what the containers captured.
Status summarise(std::vector<Job>& jobs, const DefinitionPoll& definitions, const Status& polled,
                 BackupReport& report) {
  for (Job& job : jobs) {
    if (job.failure) report.incomplete.push_back({job.capture->target().name.text(), std::move(*job.failure)});
    for (const repo::Event& event : job.capture->events()) {
      report.events.push_back(job.capture->target().name.text() + ": " + event.text);
    }
  }
  if (const auto& why = definitions.undescribed()) {
    report.events.push_back("what Azure's management tells of the account was not kept: " + why->to_string());
  }
  const bool all = std::none_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.failure.has_value(); });
  if (!polled) {
    report.incomplete.push_back({"definitions", polled.error()});
  } else {
    report.incomplete.insert(report.incomplete.end(), definitions.incomplete().begin(), definitions.incomplete().end());
  }
  if (all && polled && definitions.incomplete().empty()) {
    ASSIGN(report.restorable_until, newest_restorable(jobs, definitions));
  }
  return {};
}

// Definitions are known up to the Date before a poll, exclusive: what the pass covers of documents is waited for.
Status poll_at_the_end(Pass& pass, DefinitionPoll& definitions, std::optional<Second> covered, std::stop_token stop) {
  TRY(pass.client.read_account(stop));
  if (covered) TRY(wait_beyond(pass, *covered, stop));
  return definitions.poll(stop);
}

// Patterns are looked at where everything was listed: what was not may match them.
Status check_patterns(DefinitionPoll& definitions, const BackupOptions& options, BackupReport& report) {
  if (!definitions.incomplete().empty()) return {};
  const std::vector<cosmos::ContainerName> live = definitions.live_names();
  std::vector<cosmos::ContainerName> captured;
  if (!unmatched_patterns(options.include, live).empty()) {
    ASSIGN(captured, definitions.captured_names());
  }
  ASSIGN(SelectionCheck check, check_selection(options, live, captured));
  report.incomplete = std::move(check.incomplete);
  report.events = std::move(check.events);
  return {};
}

void count(const Pass& pass, SteadyTime started, const cosmos::Charges& before, BackupReport& report) {
  const cosmos::Charges charges = pass.client.charges();
  report.documents = pass.progress.documents_kept;
  report.deletes = pass.progress.deletes_kept;
  report.bytes_read = charges.bytes_received() - before.bytes_received();
  report.bytes_stored = pass.progress.bytes_stored;
  report.commits = pass.progress.commits;
  report.request_units = charges.request_units() - before.request_units();
  report.seconds = std::chrono::duration<double>(pass.runtime.steady_now() - started).count();
}

}  // namespace

Result<BackupReport> backup(Runtime& runtime, cosmos::Client& client, repo::Repository& repository,
                            const BackupOptions& options, BackupProgress& progress, std::stop_token stop) {
  const SteadyTime started = runtime.steady_now();
  const cosmos::Charges before = client.charges();
  ASSIGN(const cosmos::Account account, client.read_account(stop));
  TRY(check_regions(account));
  Pass pass{runtime, client, repository, options, progress, client.newest_server_time()};
  ASSIGN(const auto definitions, DefinitionPoll::open(pass, account));
  pass.heads = definitions->heads();
  definitions->describe(stop);
  BackupReport report;
  TRY(definitions->poll(stop, [&] { return check_patterns(*definitions, options, report); }));
  // Definitions that were read never yet, and not now, are not known of what this pass will cover, though they be read
  // at its end.
  const std::vector<Incomplete> unknown =
      definitions->was_read_whole() ? std::vector<Incomplete>() : definitions->incomplete();

  std::vector<Job> jobs;
  pass.began = std::max(pass.began, definitions->these_since());
  for (const DefinitionPoll::LiveContainer& live : definitions->containers()) {
    auto target = target_of(account, live);
    if (!target) {
      report.incomplete.push_back(
          {live.container.key.database + "/" + live.container.key.id, std::move(target).error()});
      continue;
    }
    ASSIGN(target->expiry_changed, definitions->expiry_changed(live.container));
    jobs.push_back({std::make_unique<ContainerCapture>(pass, std::move(*target)), std::nullopt});
  }
  progress.containers = jobs.size();
  pass.several = jobs.size() > 1;
  for_jobs(pass, jobs, [&](ContainerCapture& capture) { return capture.catch_up(stop); });
  const std::optional<Second> covered = options.wait ? std::optional(common_second(pass, jobs)) : std::nullopt;
  settle(pass, jobs, covered, stop);
  for_jobs(pass, jobs, [&](ContainerCapture& capture) -> Status {
    TRY(capture.finish(covered, stop));
    ++progress.containers_done;
    return {};
  });
  TRY(definitions->record_end(heads_of(jobs), captured_of(jobs)));
  if (stop.stop_requested()) {
    return fail(Code::cancelled, "stopped", "what was committed is kept; the next backup goes on from there");
  }
  const Status polled = poll_at_the_end(pass, *definitions, covered, stop);
  if (!polled && polled.error().code == Code::cancelled) return fail(polled.error());
  TRY(summarise(jobs, *definitions, polled, report));
  if (definitions->incomplete().empty()) {
    report.incomplete.insert(report.incomplete.end(), unknown.begin(), unknown.end());
  }
  count(pass, started, before, report);
  return report;
}

}  // namespace halley::capture
