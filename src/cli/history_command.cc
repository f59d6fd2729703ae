// halley history: every version of one document.
#include <fmt/core.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "json/writer.h"
#include "recovery/history.h"

namespace halley::cli {
namespace {

constexpr std::size_t kShownOfAValue = 100;  // bytes, to people

std::string entry_json(const recovery::HistoryEntry& entry) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("time", format_rfc3339(entry.time));
  writer.member("operation", recovery::happening_name(entry.happening));
  if (entry.uncertain()) writer.member("after", format_rfc3339(entry.since));
  writer.member("incarnation", entry.incarnation->rid).member("rid", entry.rid).member("etag", entry.etag);
  writer.member("ts", format_rfc3339(entry.ts)).key("lsn").unsigned_integer(entry.lsn);
  writer.key("difference");
  if (entry.happening == recovery::Happening::changed || entry.happening == recovery::Happening::rewritten) {
    std::string patch;
    json::append_patch(patch, entry.changes);
    writer.raw(patch);
  } else {
    writer.null();
  }
  writer.key("document");
  if (entry.text.empty()) {
    writer.null();
  } else {
    writer.raw(entry.text);
  }
  writer.end_object();
  return json;
}

// The beginning of a value, whole characters only.
std::string shown(std::string_view value) {
  if (value.size() <= kShownOfAValue) return std::string(value);
  std::size_t end = kShownOfAValue;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return std::string(value.substr(0, end)) + "… (" + show_bytes(value.size()) + ")";
}

std::string shown(const json::Change& change) {
  const std::string path = change.path.empty() ? "(the whole document)" : change.path;
  if (change.kind == json::Change::Kind::added) return "    + " + path + ": " + shown(change.after);
  if (change.kind == json::Change::Kind::removed) return "    - " + path + ": " + shown(change.before);
  return "    ~ " + path + ": " + shown(change.before) + " -> " + shown(change.after);
}

std::string headline(const recovery::HistoryEntry& entry) {
  std::string text = format_rfc3339(entry.time) + "  " + std::string(recovery::happening_name(entry.happening));
  if (entry.uncertain()) text += ", some time after " + format_rfc3339(entry.since);
  if (!entry.body.empty()) text += ", " + show_bytes(entry.body.size());
  return text;
}

Status print(Output& output, const recovery::HistoryEntry& entry) {
  if (output.json()) return output.item(entry_json(entry));
  TRY(output.item(headline(entry)));
  for (const json::Change& change : entry.changes) TRY(output.item(shown(change)));
  return {};
}

void conclude(Output& output, const cosmos::ContainerName& name, const std::string& id,
              const recovery::HistoryReport& report) {
  if (report.expired_by) {
    output.note("note: by " + format_rfc3339(*report.expired_by) + " it had expired (time to live)");
  }
  if (report.gaps) {
    output.note("note: captured in latest-version mode: versions between two backups are not known");
  }
  for (const std::string& loss : report.losses) output.note("lost: " + loss);
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", name.text()).member("id", id);
  writer.key("partition_key").raw(report.partition_key).key("versions").unsigned_integer(report.versions);
  writer.member("exactness", report.gaps ? "latest" : "exact");
  if (report.expired_by) writer.member("expired_by", format_rfc3339(*report.expired_by));
  writer.key("lost").strings(report.losses).end_object();
  output.result(json);
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const cosmos::ContainerName name, parse_container_name(*context.arguments.find("DB/NAME")));
  recovery::HistoryQuery query{name.database, name.container, {}, {}, {}, {}};
  ASSIGN(query.id, context.arguments.required("--id"));
  if (context.arguments.all("--id").size() > 1) return fail(Code::invalid_argument, "--id is given more than once");
  if (const auto key = context.arguments.find("--partition-key")) {
    ASSIGN(query.partition_key, parse_partition_key(*key));
  }
  ASSIGN(const Bounds bounds, bounds_of(context));
  query.from = bounds.from;
  query.until = bounds.until;
  ASSIGN(const std::uint64_t limit, limit_of(context));
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  std::uint64_t printed = 0;
  Status taken;
  const auto each = [&](const recovery::HistoryEntry& entry) {
    taken = print(context.output, entry);
    return taken && ++printed < limit;
  };
  ASSIGN(const auto report, recovery::document_history(*repository, query, each, context.stop));
  TRY(std::move(taken));
  conclude(context.output, name, query.id, report);
  return report.losses.empty() ? ExitCode::success : ExitCode::incomplete;
}

}  // namespace

Command history_command() {
  return {"history",
          "every version of one document",
          "Lists the versions of a document, the newest first, and what each changed in the one before it: + added,\n"
          "- removed, ~ changed. Deletes are listed too, and versions in containers of that name that were dropped;\n"
          "what a new base has only read again is no version.\n"
          "With --json each line has the document and the difference as a JSON Patch (RFC 6902).\n"
          "Without --partition-key the id is looked for under all keys: slower, and refused when there are several.",
          "  halley history shop/orders --id 4711 --partition-key '\"customer-9\"'\n"
          "  halley history shop/orders --id 4711 --from -1d --json",
          {{"DB/NAME", "the container"}},
          OptionNames{"--id", "--partition-key", "--from", "--until", "--limit"} + repository_options(),
          run};
}

}  // namespace halley::cli
