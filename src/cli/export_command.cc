// halley export: an offline copy of a container.
#include <fmt/core.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "cli/progress.h"
#include "json/writer.h"
#include "recovery/export.h"

namespace halley::cli {
namespace {

Result<recovery::ExportOptions> options_of(const Arguments& arguments) {
  recovery::ExportOptions options;
  const std::string format = arguments.find("--format").value_or("json");
  if (format == "ndjson") {
    options.format = recovery::ExportFormat::ndjson;
  } else if (format != "json") {
    return fail(Code::invalid_argument, "the format is json or ndjson, not '" + format + "'");
  }
  options.system_properties = arguments.has("--system-properties");
  return options;
}

Result<cosmos::ContainerName> container_of(const Arguments& arguments) {
  ASSIGN(const std::string name, arguments.required("--container"));
  if (arguments.all("--container").size() > 1) {
    return fail(Code::invalid_argument, "--container is given more than once", "export one container at a time");
  }
  return parse_container_name(name);
}

Result<recovery::OutputFile> open_output(const std::string& path) {
  if (path == "-") return recovery::OutputFile::to_descriptor(STDOUT_FILENO, "standard output");
  return recovery::OutputFile::create_new(path);
}

ProgressSample sample(const recovery::ExportProgress& progress) {
  ProgressSample now;
  now.bar = fmt::format("{} documents, {}", show_count(progress.documents), show_bytes(progress.bytes));
  json::Writer writer(now.json);
  writer.begin_object().key("documents").unsigned_integer(progress.documents);
  writer.key("bytes").unsigned_integer(progress.bytes).end_object();
  return now;
}

Result<recovery::ExportReport> run_export(Context& context, const cosmos::ContainerName& name,
                                          const recovery::ExportOptions& options, const std::string& path,
                                          recovery::ExportProgress& progress, std::vector<std::string>& notes) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  if (context.arguments.has("--live")) {
    if (context.arguments.has("--at")) return fail(Code::invalid_argument, "give --at or --live, not both");
    ASSIGN(recovery::OutputFile out, open_output(path));
    ASSIGN(const OpenAccount account, open_account(context, configuration));
    return recovery::export_live(context.runtime, *account.client, name, options, out, progress, context.stop);
  }
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(const recovery::Moment moment, moment_of(context));
  ASSIGN(const auto container, recovery::plan_container(*repository, moment, name.database, name.container));
  ASSIGN(notes, recovery::notes_of(*repository, container, nullptr, context.stop));
  ASSIGN(recovery::OutputFile out, open_output(path));
  return recovery::export_moment(context.runtime, *repository, container, options, out, progress, context.stop);
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const cosmos::ContainerName name, container_of(context.arguments));
  ASSIGN(const std::string path, context.arguments.required("--output"));
  ASSIGN(const recovery::ExportOptions options, options_of(context.arguments));
  recovery::ExportProgress progress;
  std::vector<std::string> notes;
  Result<recovery::ExportReport> report;
  {
    // Standard output belongs to the documents when they go there.
    std::optional<ProgressDisplay> display;
    if (path != "-") display.emplace(context.runtime, context.output, [&] { return sample(progress); });
    report = run_export(context, name, options, path, progress, notes);
  }
  if (!report) return fail(std::move(report).error());
  for (const std::string& note : notes) context.output.note("note: " + note);
  const std::string summary =
      fmt::format("Exported {} of {} as of {}, {}.", show_number_of(report->documents, "document"), name.text(),
                  format_rfc3339(report->at), show_bytes(report->bytes));
  if (path == "-") {
    context.output.note(summary);
    return ExitCode::success;
  }
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", name.text()).member("output", path);
  writer.member("at", format_rfc3339(report->at)).key("documents").unsigned_integer(report->documents);
  writer.key("bytes").unsigned_integer(report->bytes).key("notes").strings(notes).end_object();
  context.output.line(summary);
  context.output.result(json);
  return ExitCode::success;
}

}  // namespace

Command export_command() {
  return {"export",
          "an offline JSON or NDJSON copy of a container",
          "Writes a container as of a moment, or with --live as it is in the account now, to one new file,\n"
          "beside which NAME.partial is there until it is whole: another export to the name is refused\n"
          "meanwhile. With --output - the documents go to standard output, and nothing else does: errors are on\n"
          "standard error, also with --json. In a JSON file the number after `count` is set last, into room that\n"
          "was left for it; so there may be spaces before it.",
          "  halley export --container shop/orders --output orders.json\n"
          "  halley export --container shop/orders --at -1d --format ndjson --output - | gzip > orders.ndjson.gz\n"
          "  halley export --container shop/orders --live --output orders.json",
          {},
          OptionNames{"--container", "--output", "--at", "--live", "--format", "--system-properties"} +
              account_options() + repository_options(),
          run,
          {{"--container", "the container, one at a time"}}};
}

}  // namespace halley::cli
