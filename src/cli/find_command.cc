// halley find: documents by key, id and time of change.
#include <fmt/core.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "json/writer.h"
#include "recovery/find.h"

namespace halley::cli {
namespace {

std::string_view operation_name(repo::Operation operation) {
  if (operation == repo::Operation::remove) return "deleted";
  return operation == repo::Operation::expire ? "expired" : "written";
}

bool is_uncertain(const recovery::FoundKey& found) {
  return found.operation == repo::Operation::remove && found.since != found.time;
}

std::string found_json(const recovery::FoundKey& found) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", found.container).member("id", found.id);
  writer.key("partition_key").raw(found.partition_key).member("operation", operation_name(found.operation));
  writer.member("time", format_rfc3339(found.time));
  if (is_uncertain(found)) writer.member("after", format_rfc3339(found.since));
  writer.member("first", format_rfc3339(found.first)).key("changes").unsigned_integer(found.changes).end_object();
  return json;
}

std::string found_text(const recovery::FoundKey& found) {
  std::string text = fmt::format("{}  {}  {}  {}  ", format_rfc3339(found.time), operation_name(found.operation),
                                 found.container, found.partition_key);
  json::append_string(text, found.id);  // in quotes, for an id may hold anything
  if (found.changes > 1) text += fmt::format("  ({} changes)", show_count(found.changes));
  if (is_uncertain(found)) text += "  (some time after " + format_rfc3339(found.since) + ")";
  return text;
}

Result<recovery::FindQuery> query_of(const Arguments& arguments) {
  recovery::FindQuery query;
  if (const auto what = arguments.find("DB[/NAME]")) query.selection.include = {*what};
  if (const auto key = arguments.find("--partition-key")) {
    ASSIGN(query.selection.partition_key, parse_partition_key(*key));
  }
  query.selection.ids = arguments.all("--id");
  query.id_prefix = arguments.find("--id-prefix").value_or("");
  return query;
}

void conclude(Output& output, const recovery::FindReport& report, bool between) {
  for (const std::string& note : report.notes) output.note("note: " + note);
  for (const std::string& loss : report.losses) output.note("lost: " + loss);
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("documents").unsigned_integer(report.documents);
  if (between) {
    writer.key("through");
    report.through ? writer.string(format_rfc3339(*report.through)) : writer.null();
  }
  writer.key("notes").strings(report.notes).key("lost").strings(report.losses).end_object();
  output.result(json);
}

Result<ExitCode> run(Context& context) {
  const bool between = context.arguments.has("--from") || context.arguments.has("--until");
  if (between && context.arguments.has("--at")) {
    return fail(Code::invalid_argument, "give --at, or --from and --until, not both",
                "--at lists what was there, --from and --until what changed");
  }
  ASSIGN(const recovery::FindQuery query, query_of(context.arguments));
  ASSIGN(const Bounds bounds, bounds_of(context));
  ASSIGN(const std::uint64_t limit, limit_of(context));
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  std::uint64_t printed = 0;
  Status taken;
  const auto each = [&](const recovery::FoundKey& found) {
    taken = context.output.item(context.output.json() ? found_json(found) : found_text(found));
    return taken && ++printed < limit;
  };
  recovery::FindReport report;
  if (between) {
    ASSIGN(report, recovery::find_changes(*repository, bounds.from, bounds.until, query, each, context.stop));
  } else {
    ASSIGN(const recovery::Moment moment, moment_of(context));
    ASSIGN(report, recovery::find_documents(*repository, moment, query, each, context.stop));
  }
  TRY(std::move(taken));
  conclude(context.output, report, between);
  return report.losses.empty() ? ExitCode::success : ExitCode::incomplete;
}

}  // namespace

Command find_command() {
  return {
      "find",
      "documents by id, partition key or time of change",
      "Lists the documents that were there at a moment; with --from or --until those that were written, deleted or\n"
      "expired between two moments (both included), in dropped containers too: time of the newest change, what it\n"
      "was, container, partition key, id. What a new base has only read again was not written. Notes say where\n"
      "changes may be missing: not all of that time is covered, or documents expire there, which is listed once their\n"
      "removal was captured; where backups are lost, they are named, and the exit code is 3. Bodies are not read.",
      "  halley find shop/orders --id-prefix 2026-01-\n"
      "  halley find shop --from 2026-01-17T10:00:00Z --until 2026-01-17T10:05:00Z\n"
      "  halley find --id 4711 --at -1d\n"
      "  halley find shop/orders --partition-key '\"customer-9\"' --from -1h --json",
      {{"DB[/NAME]", "a database or a container, with * (default: everything)", false}},
      OptionNames{"--id", "--id-prefix", "--partition-key", "--at", "--from", "--until", "--limit"} +
          repository_options(),
      run};
}

}  // namespace halley::cli
