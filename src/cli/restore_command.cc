// halley restore: an account, or a part of it, as of a moment.
#include <fmt/core.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "cli/progress.h"
#include "cli/restore_text.h"
#include "cli/restore_using.h"
#include "json/writer.h"
#include "recovery/restore.h"

namespace halley::cli {
namespace {

Result<recovery::Selection> selection_of(const Arguments& arguments) {
  recovery::Selection selection;
  selection.include = arguments.all("--database");
  for (const std::string& database : selection.include) {
    if (database.find('/') != std::string::npos) {
      return fail(Code::invalid_argument, "'" + database + "' is no database name", "use --container for DB/NAME");
    }
  }
  for (const std::string& name : arguments.all("--container")) {
    TRY(parse_container_name(name));
    selection.include.push_back(name);
  }
  selection.exclude = arguments.all("--exclude");
  if (const auto key = arguments.find("--partition-key")) {
    ASSIGN(selection.partition_key, parse_partition_key(*key));
  }
  selection.ids = arguments.all("--id");
  return selection;
}

ProgressSample sample(const recovery::RestoreProgress& progress) {
  ProgressSample now;
  now.bar = fmt::format("{} {} of {} containers, {} documents, {} written, {} compared",
                        progress_gauge(progress.containers_done, progress.containers), progress.containers_done.load(),
                        progress.containers.load(), show_count(progress.documents), show_bytes(progress.bytes),
                        show_count(progress.compared));
  json::Writer writer(now.json);
  writer.begin_object();
  writer.key("containers").unsigned_integer(progress.containers);
  writer.key("containers_done").unsigned_integer(progress.containers_done);
  writer.key("documents").unsigned_integer(progress.documents);
  writer.key("bytes").unsigned_integer(progress.bytes);
  writer.key("compared").unsigned_integer(progress.compared);
  writer.key("throttled").unsigned_integer(progress.throttled);
  writer.end_object();
  return now;
}

// Where --to says, and what it needs while it is written to.
struct Place {
  bool to_files = false;
  recovery::RestoreProgress progress;
  OpenAccount account;
  std::unique_ptr<recovery::RestoreTarget> target;
};

Status open_place(Context& context, const Configuration& configuration, const std::string& to, Place& place) {
  place.to_files = to != "cosmos";
  if (place.to_files) {
    place.target = recovery::make_directory_target(to.substr(4));
    return {};
  }
  ASSIGN(place.account, open_target_account(context, configuration));
  recovery::CosmosTargetOptions options;
  options.resume = context.arguments.has("--resume");
  place.target = recovery::make_cosmos_target(context.runtime, *place.account.client, options, place.progress);
  return {};
}

Status rehearse(Context& context, repo::Repository& repository, const recovery::RestorePlan& plan, Place& place) {
  ASSIGN(const auto notes, recovery::rehearse(repository, plan, *place.target, context.stop));
  ASSIGN(const RestoreSize most, size_of(repository, plan));
  print_plan(context.output, plan, most, place.to_files, notes);
  return {};
}

Status apply(Context& context, repo::Repository& repository, const recovery::RestorePlan& plan, Place& place) {
  recovery::RestoreProgress& progress = place.progress;
  Result<recovery::RestoreReport> report;
  {
    const ProgressDisplay display(context.runtime, context.output, [&] { return sample(progress); });
    report = recovery::restore(context.runtime, repository, plan, *place.target, progress, context.stop);
  }
  if (!report) return fail(std::move(report).error());
  print_restored(context.output, *report);
  return {};
}

Status check_place(const std::string& to) {
  if (to == "cosmos" || (to.starts_with("dir:") && to.size() > 4)) return {};
  return fail(Code::invalid_argument, "'" + to + "' is nowhere to restore to", "give --to dir:PATH or --to cosmos");
}

// Files need no account to write to, and an interrupted restore to them is gone on with by itself.
Status check_options_of_place(const Arguments& arguments, const std::string& to) {
  TRY(check_place(to));
  if (to == "cosmos") return {};
  for (const std::string_view option :
       {"--resume", "--target-endpoint", "--target-key-env", "--target-key-file", "--ca", "--insecure-tls"}) {
    if (!arguments.has(option)) continue;
    return fail(Code::invalid_argument, std::string(option) + " goes with --to cosmos only",
                option == "--resume" ? "the same restore to files completes an interrupted one without it" : "");
  }
  return {};
}

// What only Azure's restore takes, and the comparison with it.
OptionNames options_of_using() {
  return OptionNames{"--yes",      "--wait",     "--to-account",     "--to-resource-group",
                     "--location", "--instance", "--public-network", "--keep-ttl"} +
         azure_options();
}

Status check_using(const Arguments& arguments) {
  if (arguments.has("--using")) return {};
  for (const std::string_view option : options_of_using()) {
    if (!arguments.has(option)) continue;
    return fail(Code::invalid_argument, std::string(option) + " goes with --using only",
                "--using native is Azure's own restore, --using auto compares it with the repository");
  }
  return {};
}

Result<ExitCode> run(Context& context) {
  TRY(check_using(context.arguments));
  if (const auto to = context.arguments.find("--to")) TRY(check_options_of_place(context.arguments, *to));
  ASSIGN(const recovery::Selection selection, selection_of(context.arguments));
  ASSIGN(const recovery::Moment moment, moment_of(context));
  ASSIGN(const Configuration configuration, load_configuration(context));
  const auto way = context.arguments.find("--using");
  if (!way) TRY(context.arguments.required("--to"));
  auto opened = open_repository(context, configuration);
  if (way) {
    ASSIGN(const auto done, restore_using(context, configuration, selection, moment, opened, *way));
    if (done) return *done;
  }
  ASSIGN(const auto repository, std::move(opened));
  ASSIGN(const std::string to, context.arguments.required("--to"));
  recovery::PlanOptions options;
  options.approximate = context.arguments.has("--approximate");
  options.stop = context.stop;
  ASSIGN(const recovery::RestorePlan plan, recovery::make_plan(*repository, moment, selection, options));
  if (plan.databases.empty() && !selection.exclude.empty()) {
    return fail(Code::not_found, "nothing is selected: --exclude leaves nothing as of " + moment.text(),
                "exclude less; `halley ls` lists what there was");
  }
  Place place;
  TRY(open_place(context, configuration, to, place));
  TRY(context.arguments.has("--dry-run") ? rehearse(context, *repository, plan, place)
                                         : apply(context, *repository, plan, place));
  return ExitCode::success;
}

}  // namespace

Command restore_command() {
  return {
      "restore",
      "bring back the account or a part of it as of a moment",
      "Restores the account, databases, containers, a partition or documents as they were at a moment: to files, or\n"
      "into an account, whose documents are read back and compared. A moment that cannot be restored exactly is\n"
      "refused with exit code 20, naming the nearest ones that can. --using compares that with Azure's own restore of\n"
      "the account that [native] in the configuration names: what each covers, how exactly, and about how long it\n"
      "takes and what it costs by the table [prices]; and takes the one it names, or for auto, once that is agreed\n"
      "to, the one that is exact, else the quicker. Azure's makes a new account, whatever account --to cosmos names,\n"
      "and no files: not with --to dir:. An age in --at is counted back from when the command began.\n"
      "--dry-run looks at the repository and the target as the restore would before it writes, says how much there\n"
      "is at most, and changes nothing.",
      "  halley restore --at 2026-01-17T10:00:00Z --to dir:/tmp/shop\n"
      "  halley restore --at -2h --container shop/orders --to cosmos \\\n"
      "      --target-endpoint https://shop2.documents.azure.com:443/ --target-key-env TARGET_KEY\n"
      "  halley restore --at -2h --using auto --to cosmos --target-endpoint https://shop2.documents.azure.com:443/ \\\n"
      "      --target-key-env TARGET_KEY --to-account shop3\n"
      "  halley restore --container shop/orders --partition-key '[\"4711\"]' --to dir:/tmp/4711",
      {},
      OptionNames{"--at", "--to", "--database", "--container", "--exclude", "--partition-key", "--id", "--approximate",
                  "--dry-run", "--target-endpoint", "--target-key-env", "--target-key-file", "--resume", "--using",
                  "--ca", "--insecure-tls"} +
          options_of_using() + repository_options(),
      run};
}

}  // namespace halley::cli
