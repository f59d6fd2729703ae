#include "cli/demo.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/figures.h"
#include "cli/moment_writer.h"
#include "cli/progress.h"
#include "cli/timeline_text.h"
#include "cli/tree_loader.h"
#include "recovery/get.h"
#include "recovery/timeline.h"
#include "store/url.h"

namespace halley::cli {
namespace {

constexpr int kShifts = 3;
constexpr std::int64_t kShiftSeconds = 20 * 60;
constexpr int kPartitions = 2;

double seconds_since(Runtime& runtime, SteadyTime began) {
  return std::chrono::duration<double>(runtime.steady_now() - began).count();
}

bool is_container(const TreeContainer& container, const cosmos::ContainerName& name) {
  return container.plan.database == name.database && container.plan.container == name.container;
}

std::string what_it_is(const TreeContainer& container) {
  const recovery::PlannedContainer& plan = container.plan;
  std::string text = plan.key.kind == cosmos::KeyKind::multi_hash ? ", hierarchical key" : "";
  if (plan.expiry.enabled()) text += ", time to live";
  if (!plan.scripts.empty()) text += fmt::format(", {} scripts", plan.scripts.size());
  return text;
}

std::string clock_text(Second moment) { return format_rfc3339(moment).substr(11); }

// The beginning of a document, on one line.
std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 150;
  return text.size() <= kShown ? text : fmt::format("{}…", std::string_view(text).substr(0, kShown));
}

std::string backup_text(const capture::BackupReport& report) {
  return fmt::format("{} and {} deletes or expiries, {} read, {} stored, {}, {}",
                     show_number_of(report.documents, "document"), show_count(report.deletes),
                     show_bytes(report.bytes_read), show_bytes(report.bytes_stored), show_units(report.request_units),
                     show_seconds(report.seconds));
}

}  // namespace

Demo::Demo(Context& context, AccountTree tree, DemoRoles roles, std::string folder, std::string password)
    : context_(context),
      tree_(std::move(tree)),
      roles_(std::move(roles)),
      folder_(std::move(folder)),
      password_(std::move(password)) {}

void Demo::title(const std::string& text) {
  context_.output.line();
  context_.output.line(fmt::format("{}. {}", ++chapter_, text));
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member_integer("chapter", chapter_).member("title", text).end_object();
  if (context_.output.json()) context_.output.progress("", json);
}

void Demo::say(const std::string& text) { context_.output.line("   " + text); }

Result<ExitCode> Demo::run() {
  const SteadyTime began = context_.runtime.steady_now();
  context_.output.line("Halley: an account is backed up, lost, and brought back to the second.");
  context_.output.line(
      "Everything runs on this machine; the clock of the server is moved forward, so an hour takes seconds.");
  TRY(load());
  TRY(first_backup());
  TRY(working_hour());
  TRY(disaster());
  TRY(show_timeline());
  TRY(restore());
  TRY(compare());
  TRY(show_document());
  close_story(seconds_since(context_.runtime, began));
  return comparison_.differences.empty() ? ExitCode::success : ExitCode::damage;
}

Result<Demo::Account> Demo::start_account(const std::string& id) {
  server::EmulatorOptions options;
  options.account.account_id = id;
  options.account.partitions = kPartitions;
  Account account;
  ASSIGN(account.server, server::Emulator::start(context_.runtime, std::move(options)));
  ASSIGN(account.access, connect(context_.runtime, account.server->endpoint(), account.server->key(), {}));
  return account;
}

Status Demo::load() {
  title("An account with real documents");
  ASSIGN(source_, start_account("halley-demo"));
  say(fmt::format("The embedded server is account halley-demo at {}, {} physical partitions a container.",
                  source_.server->endpoint(), kPartitions));
  const SteadyTime began = context_.runtime.steady_now();
  ASSIGN(const LoadReport report, load_tree(context_.runtime, source_.client(), tree_, context_.stop));
  for (std::size_t i = 0; i < report.containers.size(); ++i) {
    const LoadedContainer& loaded = report.containers[i];
    say(fmt::format("{:<15} {:>7} documents, {:>8}{}", loaded.name.text(), show_count(loaded.documents),
                    show_bytes(loaded.bytes), what_it_is(tree_.containers[i])));
  }
  say(fmt::format("Loaded {} ({}) in {} and {} in {}.", show_number_of(report.documents, "document"),
                  show_bytes(report.bytes), show_number_of(report.databases, "database"),
                  show_number_of(report.containers.size(), "container"),
                  show_seconds(seconds_since(context_.runtime, began))));
  return {};
}

Status Demo::first_backup() {
  title("The first backup takes everything");
  ASSIGN(auto store, store::open_store(folder_, true));
  ASSIGN(repository_, repo::Repository::create(context_.runtime, std::move(store), password_));
  say("An encrypted repository at " + repository_->store().description() + ".");
  ASSIGN(const capture::BackupReport report, back_up(true));
  say(backup_text(report) + ".");
  if (report.restorable_until) say("From here to the newest backup every second can be brought back.");
  return {};
}

Result<capture::BackupReport> Demo::back_up(bool wait) {
  capture::BackupOptions options;
  options.wait = wait;
  capture::BackupProgress progress;
  Result<capture::BackupReport> report;
  // A client of its own, as the command has: what it read and was charged is the backup's alone.
  ASSIGN(const OpenAccount account, connect(context_.runtime, source_.server->endpoint(), source_.server->key(), {}));
  {
    const ProgressDisplay display(context_.runtime, context_.output, [&] {
      return ProgressSample{fmt::format("   {} documents captured, {} stored", show_count(progress.documents),
                                        show_bytes(progress.bytes_stored)),
                            fmt::format("{{\"documents\":{}}}", progress.documents.load())};
    });
    report = capture::backup(context_.runtime, *account.client, *repository_, options, progress, context_.stop);
  }
  if (!report) return fail(std::move(report).error().in("backing up"));
  if (!report->incomplete.empty()) {
    const capture::Incomplete& first = report->incomplete.front();
    return fail(Error(first.error).in("backing up " + first.what));
  }
  ++backups_;
  captured_.documents += report->documents;
  captured_.deletes += report->deletes;
  captured_.bytes_read += report->bytes_read;
  captured_.bytes_stored += report->bytes_stored;
  captured_.request_units += report->request_units;
  captured_.commits += report->commits;
  return report;
}

Result<Edits> Demo::work_shift(int shift) {
  Edits all;
  for (const TreeContainer& container : tree_.containers) {
    if (shift == kShifts && roles_.dropped && is_container(container, *roles_.dropped)) continue;  // it is gone by then
    ASSIGN(const Edits edits, ordinary_work(source_.client(), container, shift, context_.stop));
    all.written += edits.written;
    all.deleted += edits.deleted;
  }
  return all;
}

Status Demo::working_hour() {
  title("An hour of ordinary work, and a backup every 20 minutes");
  for (int shift = 1; shift <= kShifts; ++shift) {
    source_.clock().advance(kShiftSeconds);
    ASSIGN(const Edits edits, work_shift(shift));
    std::string text = fmt::format("{} written, {} deleted", show_count(edits.written), show_count(edits.deleted));
    if (shift == kShifts - 1 && roles_.dropped) {
      TRY(source_.client().delete_container(*roles_.dropped, context_.stop));
      text += ", container " + roles_.dropped->text() + " dropped";
    }
    say(fmt::format("{}  {}", clock_text(source_.clock().now()), text));
    ASSIGN(const capture::BackupReport report, back_up(false));
    say(fmt::format("{:>9}  backup: {}", "", backup_text(report)));
  }
  return {};
}

Status Demo::disaster() {
  title("Disaster");
  source_.clock().advance(30);
  ASSIGN(truth_, take_snapshot(source_.client(), context_.stop));
  source_.clock().advance(2);
  lost_at_ = source_.clock().now();
  for (const TreeContainer& container : tree_.containers) {
    if (!is_container(container, roles_.spoiled)) continue;
    ASSIGN(deployment_, faulty_deployment(source_.client(), container, context_.stop));
  }
  say(fmt::format("{}  a faulty deployment overwrites {} of {}, deletes {} and breaks its stored procedures",
                  clock_text(lost_at_), show_number_of(deployment_.edits.written, "document"), roles_.spoiled.text(),
                  show_count(deployment_.edits.deleted)));
  source_.clock().advance(60);
  say(fmt::format("{}  the backup of the hour runs, and captures the damage", clock_text(source_.clock().now())));
  ASSIGN(const capture::BackupReport report, back_up(false));
  say(fmt::format("{:>9}  backup: {}", "", backup_text(report)));
  if (!roles_.dropped_database) return {};
  source_.clock().advance(60);
  TRY(source_.client().delete_database(*roles_.dropped_database, context_.stop));
  say(fmt::format("{}  somebody drops the database {} in the wrong window", clock_text(source_.clock().now()),
                  *roles_.dropped_database));
  return {};
}

Status Demo::show_timeline() {
  title("What can be brought back: halley timeline");
  repository_.reset();
  ASSIGN(repository_, open_repository());
  ASSIGN(const recovery::Timeline timeline, recovery::read_timeline(*repository_));
  if (!context_.output.json()) print_timeline(context_.output, timeline);
  return {};
}

Result<std::unique_ptr<repo::Repository>> Demo::open_repository() {
  ASSIGN(auto store, store::open_store(folder_, false));
  return repo::Repository::open(context_.runtime, std::move(store), password_);
}

Status Demo::restore() {
  const Second moment = lost_at_ - 1;
  title("The account as of " + format_rfc3339(moment) + ", one second before, into another account");
  ASSIGN(target_, start_account("halley-demo-restored"));
  say(fmt::format("Into account halley-demo-restored at {}.", target_.server->endpoint()));
  ASSIGN(const recovery::RestorePlan plan,
         recovery::make_plan(*repository_, recovery::Moment::of(moment), {}, {.stop = context_.stop}));
  recovery::RestoreProgress progress;
  const auto target = recovery::make_cosmos_target(context_.runtime, target_.client(), {}, progress);
  {
    const ProgressDisplay display(context_.runtime, context_.output, [&] {
      return ProgressSample{
          fmt::format("   {} {} of {} containers, {} documents",
                      progress_gauge(progress.containers_done, progress.containers), progress.containers_done.load(),
                      progress.containers.load(), show_count(progress.documents)),
          fmt::format("{{\"documents\":{}}}", progress.documents.load())};
    });
    auto report = recovery::restore(context_.runtime, *repository_, plan, *target, progress, context_.stop);
    if (!report) return fail(std::move(report).error().in("restoring"));
    restored_ = *std::move(report);
  }
  for (const recovery::RestoredContainer& each : restored_.containers) {
    say(fmt::format("{:<15} {:>7} documents, {:>8}{}", each.database + "/" + each.container, show_count(each.documents),
                    show_bytes(each.bytes),
                    each.expired == 0 ? "" : fmt::format(", {} had expired by then", show_count(each.expired))));
  }
  restore_units_ = target_.client().charges().request_units();
  say(fmt::format("Restored {} and {} in {}, {}.", show_number_of(restored_.documents, "document"),
                  show_number_of(restored_.scripts, "script"), show_seconds(restored_.seconds),
                  show_units(restore_units_)));
  return {};
}

Status Demo::compare() {
  title("Compared with what the account held at that second");
  ASSIGN(const AccountSnapshot found, take_snapshot(target_.client(), context_.stop));
  comparison_ = compare_snapshots(truth_, found);
  say(fmt::format("{} of {} documents are equal, value by value.", show_count(comparison_.equal_documents),
                  show_count(truth_.document_count())));
  say(fmt::format("{} of {} databases, containers and scripts are equal.", comparison_.equal_definitions,
                  truth_.definitions.size()));
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(kShown, comparison_.differences.size()); ++i) {
    say("DIFFERENT: " + comparison_.differences[i]);
  }
  return {};
}

Result<std::string> Demo::document_at(repo::Repository& repository, const recovery::Moment& moment) {
  ASSIGN(const auto found, recovery::get_document(repository, moment, roles_.spoiled.database, roles_.spoiled.container,
                                                  deployment_.example_id, deployment_.example_key, context_.stop));
  return found.text;
}

Status Demo::show_document() {
  title("One document: halley get " + roles_.spoiled.text() + " --id " + deployment_.example_id);
  ASSIGN(const std::string now, document_at(*repository_, recovery::Moment::newest()));
  const SteadyTime began = context_.runtime.steady_now();
  ASSIGN(const std::string before, document_at(*repository_, recovery::Moment::of(lost_at_ - 1)));
  const double seconds = seconds_since(context_.runtime, began);
  say("now:       " + shortened(now));
  say("as it was: " + shortened(before));
  say(fmt::format("Found in {:.0f} ms.", seconds * 1000));
  if (now == before) return fail(Code::difference, "the document is not as it was before the faulty deployment");
  ASSIGN(const std::string scratch, json::without_members(before, {"_rid", "_self", "_etag", "_attachments", "_ts"}));
  TRY(source_.client().upsert_document(roles_.spoiled, deployment_.example_key, scratch, context_.stop));
  say("And written back into the live account.");
  return {};
}

void Demo::close_story(double seconds) {
  Output& output = context_.output;
  const bool equal = comparison_.differences.empty();
  output.line();
  output.line(equal ? "Everything came back." : "NOT everything came back.");
  output.line(fmt::format("   backups      {}: {} and {}, {} read, {}", backups_,
                          show_number_of(captured_.documents, "document"), show_number_of(captured_.deletes, "delete"),
                          show_bytes(captured_.bytes_read), show_units(captured_.request_units)));
  output.line(fmt::format("   repository   {}, {:.0f} % of what was read", show_bytes(captured_.bytes_stored),
                          100.0 * static_cast<double>(captured_.bytes_stored) /
                              static_cast<double>(std::max<std::uint64_t>(1, captured_.bytes_read))));
  output.line(fmt::format("   restore      {}, {}, {} in {}", show_number_of(restored_.documents, "document"),
                          show_bytes(restored_.bytes), show_units(restore_units_), show_seconds(restored_.seconds)));
  output.line(fmt::format("   differences  {}", comparison_.differences.size()));
  output.line(fmt::format("   in all       {}", show_seconds(seconds)));

  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("at", format_rfc3339(lost_at_ - 1)).member_integer("backups", backups_);
  writer.key("captured_documents").unsigned_integer(captured_.documents);
  writer.key("captured_deletes").unsigned_integer(captured_.deletes);
  writer.key("bytes_read").unsigned_integer(captured_.bytes_read);
  writer.key("bytes_stored").unsigned_integer(captured_.bytes_stored);
  writer.key("request_units").real(captured_.request_units + restore_units_);
  writer.key("restored_documents").unsigned_integer(restored_.documents);
  writer.key("equal_documents").unsigned_integer(comparison_.equal_documents);
  writer.key("equal_definitions").unsigned_integer(comparison_.equal_definitions);
  writer.key("differences").strings(comparison_.differences).key("seconds").real(seconds).end_object();
  output.result(json);
}

}  // namespace halley::cli
