// halley backup: one pass of capture.
#include <fmt/core.h>
#include <malloc.h>

#include "capture/backup.h"
#include "cli/access.h"
#include "cli/account_events.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/moment_writer.h"
#include "cli/progress.h"
#include "json/writer.h"

namespace halley::cli {
namespace {

Result<capture::BackupOptions> options_of(const Arguments& arguments, const Configuration& configuration) {
  capture::BackupOptions options;
  options.include = arguments.has("--include") ? arguments.all("--include") : configuration.include;
  options.exclude = arguments.has("--exclude") ? arguments.all("--exclude") : configuration.exclude;
  ASSIGN(options.mode, parse_mode(arguments.find("--mode").value_or(configuration.mode)));
  options.wait = !arguments.has("--no-wait");
  return options;
}

ProgressSample sample(const capture::BackupProgress& progress) {
  ProgressSample now;
  now.bar = fmt::format("{} {} of {} containers, {} documents, {} read, {} stored",
                        progress_gauge(progress.containers_done, progress.containers), progress.containers_done.load(),
                        progress.containers.load(), show_count(progress.documents), show_bytes(progress.bytes_read),
                        show_bytes(progress.bytes_stored));
  json::Writer writer(now.json);
  writer.begin_object();
  writer.key("containers").unsigned_integer(progress.containers);
  writer.key("containers_done").unsigned_integer(progress.containers_done);
  writer.key("documents").unsigned_integer(progress.documents);
  writer.key("deletes").unsigned_integer(progress.deletes);
  writer.key("bytes_read").unsigned_integer(progress.bytes_read);
  writer.key("bytes_stored").unsigned_integer(progress.bytes_stored);
  writer.key("commits").unsigned_integer(progress.commits);
  writer.end_object();
  return now;
}

std::string report_json(const capture::BackupReport& report, const std::vector<native::AccountEvent>& account) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  writer.key("documents").unsigned_integer(report.documents).key("deletes").unsigned_integer(report.deletes);
  writer.key("bytes_read").unsigned_integer(report.bytes_read);
  writer.key("bytes_stored").unsigned_integer(report.bytes_stored);
  writer.key("request_units").real(report.request_units).key("commits").unsigned_integer(report.commits);
  writer.key("seconds").real(report.seconds).key("restorable_until");
  write_moment(writer, report.restorable_until);
  writer.key("incomplete").begin_array();
  for (const capture::Incomplete& each : report.incomplete) {
    writer.begin_object().member("what", each.what).member("code", code_name(each.error.code));
    writer.member("message", each.error.to_string()).member("hint", hint_of(each.error)).end_object();
  }
  writer.end_array().key("events").strings(report.events).key("account_events");
  write_events(writer, account);
  writer.end_object();
  return json;
}

void print_report(Output& output, const capture::BackupReport& report, bool everything) {
  output.line(fmt::format("Captured {} and {} in {}: {} read, {} stored, {}.",
                          show_number_of(report.documents, "document"), show_number_of(report.deletes, "delete"),
                          show_seconds(report.seconds), show_bytes(report.bytes_read), show_bytes(report.bytes_stored),
                          show_units(report.request_units)));
  if (report.restorable_until) {
    const std::string_view what = everything ? "Restorable" : "What was selected is restorable";
    output.line(fmt::format("{} until {}.", what, format_rfc3339(*report.restorable_until)));
  }
  for (const std::string& event : report.events) output.note("note: " + event);
  for (const capture::Incomplete& each : report.incomplete) {
    output.note("incomplete: " + each.what + ": " + each.error.to_string());
    if (const std::string hint = hint_of(each.error); !hint.empty()) output.note("hint: " + hint);
  }
}

// Few threads, which hand pages of several megabytes to each other: from one heap that grows in large steps their
// memory comes again and again, and in huge pages (http/curl_transport.cc asks for them).
void share_one_heap() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 64 << 20);
}

// What goes with a backup where Resource Manager is configured. Nothing of it makes a backup fail.
class Management {
 public:
  Management(Context& context, const Configuration& configuration) : context_(context), configuration_(configuration) {
    auto id = account_of(context, configuration);
    if (!id) return;
    id_ = *std::move(id);
    azure_ = open_azure(context, configuration);
  }

  void keep_description(capture::BackupOptions& options) {
    if (!id_) return;
    options.describe = [this](const std::stop_token& stop) -> Result<std::string> {
      if (!azure_) return fail(azure_.error());
      ASSIGN(const native::AccountDescription description, native::describe_account(*(*azure_)->arm, *id_, stop));
      return description.to_text();
    };
  }

  // What is not as it should be with the account. That it cannot be told is a note only.
  std::vector<native::AccountEvent> events() {
    if (!id_ || !azure_) return {};
    auto events = account_events(context_, configuration_, *(*azure_)->arm, *id_);
    if (events) return *std::move(events);
    context_.output.note("note: Azure's own backup was not looked at: " + events.error().to_string());
    return {};
  }

 private:
  Context& context_;
  const Configuration& configuration_;
  std::optional<native::AccountId> id_;
  Result<std::unique_ptr<Azure>> azure_;
};

ExitCode ending_of(const capture::BackupReport& report) {
  std::vector<Error> left_out;
  for (const capture::Incomplete& each : report.incomplete) left_out.push_back(each.error);
  return exit_code_of(left_out);
}

Result<ExitCode> run(Context& context) {
  share_one_heap();
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(capture::BackupOptions options, options_of(context.arguments, configuration));
  ASSIGN(const OpenAccount account, open_account(context, configuration));
  ASSIGN(const auto repository, open_repository(context, configuration));
  Management management(context, configuration);
  management.keep_description(options);
  capture::BackupProgress progress;
  Result<capture::BackupReport> report;
  {
    const ProgressDisplay display(context.runtime, context.output, [&] { return sample(progress); });
    report = capture::backup(context.runtime, *account.client, *repository, options, progress, context.stop);
  }
  if (!report && report.error().code == Code::already_exists) {
    context.output.error(
        Error(report.error()).with_hint("another backup writes to this repository: wait until it has ended"));
    return ExitCode::locked;
  }
  if (!report) return fail(std::move(report).error());
  const auto account_events = management.events();
  for (const native::AccountEvent& event : account_events) context.output.note(event_text(event));
  const bool everything = options.include.empty() && options.exclude.empty();
  if (!context.output.json()) print_report(context.output, *report, everything);
  context.output.result(report_json(*report, account_events));
  return ending_of(*report);
}

}  // namespace

Command backup_command() {
  return {
      "backup",
      "catch up with an account: everything the first time, afterwards the changes",
      "Captures databases, containers, scripts and every change of their documents since the last backup; the first\n"
      "time, everything. It lasts at least some seconds, until the moment it began at can be restored (--no-wait\n"
      "skips that). Interrupted, the next backup goes on where this one was. Exit code 11 says that another one wrote\n"
      "at the same time, and that nothing else was in the way: run it again once that has ended.\n"
      "An --include that matches no container, and never did, is told and ends with 3, all others being captured; "
      "that\n"
      "no container is selected at all is a mistake (2). What is dropped meanwhile stays in the repository.\n"
      "Where [native] in the configuration names the account, what Resource Manager tells of it is kept, too: network\n"
      "rules, roles for data, tags; and lines with ! say what is not as it should be with Azure's own backup.",
      "  halley backup\n"
      "  halley backup --include 'shop/*' --exclude shop/cache\n"
      "  halley backup --endpoint https://shop.documents.azure.com:443/ --key-env COSMOS_KEY --repo /backup/shop "
      "--json",
      {},
      OptionNames{"--include", "--exclude", "--mode", "--no-wait"} + account_options() + repository_options(),
      run};
}

}  // namespace halley::cli
