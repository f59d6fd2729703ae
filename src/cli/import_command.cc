// halley import: documents of a file into a container.
#include <fmt/core.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "cli/progress.h"
#include "json/writer.h"
#include "recovery/import.h"

namespace halley::cli {
namespace {

ProgressSample sample(const recovery::ImportProgress& progress, std::optional<std::uint64_t> size) {
  ProgressSample now;
  now.bar = fmt::format("{} {} documents, {}", progress_gauge(progress.bytes, size.value_or(0)),
                        show_count(progress.documents), show_bytes(progress.bytes));
  json::Writer writer(now.json);
  writer.begin_object().key("documents").unsigned_integer(progress.documents);
  writer.key("bytes").unsigned_integer(progress.bytes);
  if (size) writer.key("size").unsigned_integer(*size);
  writer.key("throttled").unsigned_integer(progress.throttled).end_object();
  return now;
}

Result<cosmos::ContainerName> container_of(const Arguments& arguments) {
  ASSIGN(const std::string name, arguments.required("--container"));
  if (arguments.all("--container").size() > 1) {
    return fail(Code::invalid_argument, "--container is given more than once", "import into one container at a time");
  }
  return parse_container_name(name);
}

Result<recovery::ImportFormat> format_of(const Arguments& arguments) {
  const auto format = arguments.find("--format");
  if (!format) return recovery::ImportFormat::guess;
  if (*format == "json") return recovery::ImportFormat::json;
  if (*format == "ndjson") return recovery::ImportFormat::ndjson;
  return fail(Code::invalid_argument, "the format is json or ndjson, not '" + *format + "'");
}

Result<recovery::ImportOptions> options_of(const Arguments& arguments) {
  recovery::ImportOptions options;
  options.dry_run = arguments.has("--dry-run");
  const std::string existing = arguments.find("--existing").value_or("replace");
  options.keep_existing = existing == "keep";
  if (existing == "keep" || existing == "replace") return options;
  return fail(Code::invalid_argument, "--existing is replace or keep, not '" + existing + "'");
}

std::string place_of(const recovery::ImportProblem& problem) {
  if (problem.line > 0) return fmt::format("line {}, byte {}", problem.line, problem.offset);
  std::string text;
  if (problem.id.empty()) return text;
  json::append_string(text, problem.id);
  return text + " of " + problem.partition_key;
}

void print_problems(Output& output, const recovery::ImportReport& report) {
  for (const recovery::ImportProblem& problem : report.problems) {
    const std::string place = place_of(problem);
    output.note("not imported: " + place + (place.empty() ? "" : ": ") + problem.why);
  }
  if (report.problem_count > report.problems.size()) {
    output.note("and " + show_number_of(report.problem_count - report.problems.size(), "problem") + " more");
  }
  if (report.without_key > 0) {
    output.note("note: " + show_number_of(report.without_key, "document") +
                " without a value at a partition key path: is it the right container?");
  }
}

std::string report_json(const recovery::ImportReport& report, const recovery::ImportOptions& options,
                        const cosmos::ContainerName& name, const recovery::ImportProgress& progress, double units) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", name.text());
  writer.member("format", report.format == recovery::ImportFormat::ndjson ? "ndjson" : "json");
  writer.member_boolean("dry_run", options.dry_run).key("documents").unsigned_integer(report.documents);
  writer.key("written").unsigned_integer(report.written).key("kept").unsigned_integer(report.kept);
  writer.key("without_key").unsigned_integer(report.without_key).key("bytes").unsigned_integer(report.bytes);
  writer.key("request_units").real(units).key("throttled").unsigned_integer(progress.throttled);
  writer.key("seconds").real(report.seconds).member_boolean("read_whole", report.read_whole);
  writer.key("problem_count").unsigned_integer(report.problem_count).key("problems").begin_array();
  for (const recovery::ImportProblem& problem : report.problems) {
    writer.begin_object();
    if (problem.line > 0) {
      writer.key("line").unsigned_integer(problem.line).key("byte").unsigned_integer(problem.offset);
    }
    if (!problem.id.empty()) writer.member("id", problem.id);
    if (!problem.partition_key.empty()) writer.key("partition_key").raw(problem.partition_key);
    writer.member("why", problem.why).end_object();
  }
  writer.end_array().end_object();
  return json;
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const cosmos::ContainerName name, container_of(context.arguments));
  ASSIGN(const std::string input, context.arguments.required("--input"));
  ASSIGN(const recovery::ImportFormat format, format_of(context.arguments));
  ASSIGN(const recovery::ImportOptions options, options_of(context.arguments));
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(recovery::ImportReader reader, recovery::ImportReader::open(input, format, context.stop));
  ASSIGN(const OpenAccount account, open_target_account(context, configuration));
  recovery::ImportProgress progress;
  Result<recovery::ImportReport> report;
  {
    const auto size = reader.size();
    const ProgressDisplay display(context.runtime, context.output, [&] { return sample(progress, size); });
    report =
        recovery::import_documents(context.runtime, *account.client, name, reader, options, progress, context.stop);
  }
  if (!report) {
    Error error = std::move(report).error();
    if (error.hint.empty() && progress.documents > 0) {
      error.hint = "some of it may be written: the same command again completes it";
    }
    return fail(std::move(error));
  }
  const double units = account.client->charges().request_units();
  print_problems(context.output, *report);
  context.output.line(fmt::format(
      "{} {} of {} into {}, {} in {}, {}.{}", options.dry_run ? "Would import" : "Imported",
      show_count(report->written), show_number_of(report->documents, "document"), name.text(),
      show_bytes(report->bytes), show_seconds(report->seconds), show_units(units),
      report->kept > 0 ? " " + show_number_of(report->kept, "document") + " that were there are kept." : ""));
  context.output.result(report_json(*report, options, name, progress, units));
  return report->problem_count > 0 ? ExitCode::incomplete : ExitCode::success;
}

}  // namespace

Command import_command() {
  return {"import",
          "documents of a file into a container of an account",
          "Writes the documents of a file that 'halley export' or 'halley restore --to dir:' wrote into a\n"
          "container, which must exist: JSON with `items`, a JSON array, or NDJSON, which all is taken for\n"
          "that begins neither as an export nor as an array, unless --format says. What was interrupted is\n"
          "completed by the same command. Documents that cannot be written are named and the others go on; the\n"
          "exit code is 3 then. Of a document that the file has several times the last remains, with\n"
          "--existing keep the first. --dry-run reads and checks the whole file.",
          "  halley import --container shop/orders --input orders.json \\\n"
          "      --target-endpoint https://shop2.documents.azure.com:443/ --target-key-env TARGET_KEY\n"
          "  halley import --container shop/orders --input restored/shop/orders/documents.ndjson \\\n"
          "      --existing keep --target-endpoint http://127.0.0.1:8081/ --target-key-file key",
          {},
          OptionNames{"--container", "--input", "--format", "--existing", "--dry-run", "--target-endpoint",
                      "--target-key-env", "--target-key-file", "--ca", "--insecure-tls"},
          run,
          {{"--container", "the container, one at a time"}}};
}

}  // namespace halley::cli
