// halley diff: two moments, or a moment and the account as it is.
#include <fmt/core.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "cli/progress.h"
#include "json/writer.h"
#include "recovery/diff.h"

namespace halley::cli {
namespace {

using recovery::ContainerDiff;
using recovery::DifferenceKind;
using recovery::DocumentDifference;

ProgressSample sample(const recovery::DiffProgress& progress) {
  ProgressSample now;
  now.bar =
      fmt::format("{} {} of {} containers, {} documents", progress_gauge(progress.containers_done, progress.containers),
                  progress.containers_done.load(), progress.containers.load(), show_count(progress.documents));
  json::Writer writer(now.json);
  writer.begin_object();
  writer.key("containers").unsigned_integer(progress.containers);
  writer.key("containers_done").unsigned_integer(progress.containers_done);
  writer.key("documents").unsigned_integer(progress.documents).end_object();
  return now;
}

// What became of the container or database itself.
template <typename Diff>
std::string_view fate_of(const Diff& diff) {
  if (!diff.was_there) return "added";
  if (!diff.is_there) return "removed";
  return diff.made_again ? "made_again" : "kept";
}

using Definitions = std::vector<recovery::DefinitionDifference>;

void write_definitions(json::Writer& writer, const Definitions& definitions) {
  writer.key("definitions").begin_array();
  for (const auto& each : definitions) {
    writer.begin_object().member("what", repo::definition_kind_name(each.what)).member("id", each.id);
    writer.member("difference", recovery::difference_name(each.kind)).end_object();
  }
  writer.end_array();
}

void write_counts(json::Writer& writer, const ContainerDiff& diff) {
  writer.member("container", diff.container).member("is", fate_of(diff));
  writer.key("added").unsigned_integer(diff.added).key("removed").unsigned_integer(diff.removed);
  writer.key("changed").unsigned_integer(diff.changed).key("equal").unsigned_integer(diff.equal);
  write_definitions(writer, diff.definitions);
}

Status print_definitions(Output& output, const std::string& of, const Definitions& definitions) {
  for (const auto& each : definitions) {
    const bool throughput = each.what == repo::DefinitionKind::offer;
    const std::string what =
        throughput ? "throughput" : std::string(repo::definition_kind_name(each.what)) + " " + each.id;
    TRY(output.item(fmt::format("{}: {} {}", of, what, recovery::difference_name(each.kind))));
  }
  return {};
}

// Databases are told of where they differ, for most are told of by their containers.
Status print_database(Output& output, const recovery::DatabaseDiff& diff, bool alone) {
  if (!diff.differs() && !alone) return {};
  if (output.json()) {
    std::string json;
    json::Writer writer(json);
    writer.begin_object().key("database").begin_object().member("database", diff.database).member("is", fate_of(diff));
    write_definitions(writer, diff.definitions);
    writer.end_object().end_object();
    return output.item(std::move(json));
  }
  if (!diff.differs()) return output.item(diff.database + ": equal");
  if (!diff.was_there) TRY(output.item(diff.database + ": the database was not there"));
  if (!diff.is_there) TRY(output.item(diff.database + ": the database is gone"));
  if (diff.made_again) TRY(output.item(diff.database + ": the database was dropped and made again"));
  return print_definitions(output, diff.database, diff.definitions);
}

Status print_counts(Output& output, const ContainerDiff& diff) {
  if (output.json()) {
    std::string json;
    json::Writer writer(json);
    writer.begin_object().key("counts").begin_object();
    write_counts(writer, diff);
    writer.end_object().end_object();
    return output.item(std::move(json));
  }
  if (!diff.differs()) return output.item(diff.container + ": equal, " + show_number_of(diff.equal, "document"));
  std::string text =
      fmt::format("{}: {} added, {} removed, {} changed, {} equal", diff.container, show_count(diff.added),
                  show_count(diff.removed), show_count(diff.changed), show_count(diff.equal));
  if (!diff.was_there) text += "; the container was not there";
  if (!diff.is_there) text += "; the container is gone";
  if (diff.made_again) text += "; the container was dropped and made again";
  TRY(output.item(std::move(text)));
  return print_definitions(output, diff.container, diff.definitions);
}

Status print_document(Output& output, const DocumentDifference& difference) {
  const bool was_there = difference.kind != DifferenceKind::added;
  const bool is_there = difference.kind != DifferenceKind::removed;
  std::string text;
  if (!output.json()) {
    const char* const mark = !was_there ? "+" : is_there ? "~" : "-";
    text = fmt::format("{}  {}  {}  {}  ", mark, format_rfc3339(is_there ? difference.after : difference.before),
                       difference.container, difference.partition_key);
    json::append_string(text, difference.id);  // in quotes, for an id may hold anything
    return output.item(std::move(text));
  }
  json::Writer writer(text);
  writer.begin_object().member("difference", recovery::difference_name(difference.kind));
  writer.member("container", difference.container).member("id", difference.id);
  writer.key("partition_key").raw(difference.partition_key);
  if (was_there) writer.member("before", format_rfc3339(difference.before));
  if (is_there) writer.member("after", format_rfc3339(difference.after));
  writer.end_object();
  return output.item(std::move(text));
}

// The list, as far as --limit goes.
Status print_documents(Output& output, const recovery::DiffReport& report, std::uint64_t limit) {
  std::uint64_t left = limit;
  bool cut = false;
  TRY(report.documents.for_each([&](const DocumentDifference& difference) -> Status {
    if (left == 0) {
      cut = true;
      return {};
    }
    --left;
    return print_document(output, difference);
  }));
  if (cut) output.note("note: only the first " + show_number_of(limit, "difference") + " are listed");
  return {};
}

void conclude(Output& output, const recovery::DiffReport& report, bool live, double request_units) {
  ContainerDiff total;
  std::uint64_t definitions = 0;
  for (const ContainerDiff& each : report.containers) {
    total.added += each.added;
    total.removed += each.removed;
    total.changed += each.changed;
    total.equal += each.equal;
    definitions += each.definitions.size();
  }
  for (const auto& each : report.databases) definitions += each.definitions.size();
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("from", format_rfc3339(report.from)).member("until", format_rfc3339(report.until));
  writer.member_boolean("live", live).member_boolean("differs", report.differs());
  writer.key("containers").unsigned_integer(report.containers.size());
  writer.key("databases").unsigned_integer(report.databases.size());
  writer.key("added").unsigned_integer(total.added).key("removed").unsigned_integer(total.removed);
  writer.key("changed").unsigned_integer(total.changed).key("equal").unsigned_integer(total.equal);
  writer.key("definitions").unsigned_integer(definitions);
  if (live) writer.key("request_units").real(request_units);
  writer.key("notes").begin_array();
  for (const std::string& note : report.notes) {
    writer.string(note);
    output.note("note: " + note);
  }
  writer.end_array().end_object();
  output.result(json);
}

Result<recovery::DiffReport> compare(Context& context, repo::Repository& repository,
                                     const recovery::Selection& selection, cosmos::Client* live) {
  const Arguments& arguments = context.arguments;
  ASSIGN(const auto from,
         recovery::parse_moment(context.runtime.wall_second(), arguments.find("--from").value_or("latest")));
  ASSIGN(const auto until,
         recovery::parse_moment(context.runtime.wall_second(), arguments.find("--until").value_or("latest")));
  recovery::DiffProgress progress;
  const ProgressDisplay display(context.runtime, context.output, [&] { return sample(progress); });
  return live != nullptr ? recovery::diff_live(repository, from, *live, selection, {}, progress, context.stop)
                         : recovery::diff_moments(repository, from, until, selection, progress, context.stop);
}

// What a comparison of a part leaves out.
std::string uncompared(const recovery::Selection& selection) {
  if (!selection.selects_all_documents()) return "documents alone are compared, no definitions";
  const std::string what = selection.include.empty() ? "" : selection.include.front();
  const bool whole = what.find('/') == std::string::npos || what.ends_with("/*");
  return whole ? "" : "the database's own throughput, users and permissions are not compared: name it alone for that";
}

Result<ExitCode> run(Context& context) {
  const Arguments& arguments = context.arguments;
  const bool live = arguments.has("--live");
  if (live && arguments.has("--until")) return fail(Code::invalid_argument, "give --until or --live, not both");
  if (!live && !arguments.has("--from")) {
    return fail(Code::invalid_argument, "--from is missing", "give --from WHEN [--until WHEN], or --live");
  }
  recovery::Selection selection;
  if (const auto what = arguments.find("DB[/NAME]")) selection.include = {*what};
  if (const auto key = arguments.find("--partition-key")) {
    ASSIGN(selection.partition_key, parse_partition_key(*key));
  }
  ASSIGN(const std::uint64_t limit, limit_of(context));
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  OpenAccount account;
  if (live) {
    ASSIGN(account, open_account(context, configuration));
  }
  ASSIGN(auto report, compare(context, *repository, selection, account.client.get()));
  if (const std::string part = uncompared(selection); !part.empty()) report.notes.push_back(part);
  for (const auto& each : report.databases) TRY(print_database(context.output, each, report.containers.empty()));
  for (const ContainerDiff& each : report.containers) TRY(print_counts(context.output, each));
  TRY(print_documents(context.output, report, limit));
  conclude(context.output, report, live, live ? account.client->charges().request_units() : 0);
  return report.differs() ? ExitCode::damage : ExitCode::success;
}

}  // namespace

Command diff_command() {
  return {
      "diff",
      "what is different between two moments, or a moment and the account",
      "Compares the documents of two moments, or with --live of a moment (default: the newest captured) and the\n"
      "account as it is now, and with them the definitions, throughput and scripts of containers. Where a database is\n"
      "taken whole, its throughput, users and permissions are compared too. Not compared are definitions where\n"
      "--partition-key selects documents, settings of the account, and what backups leave out; notes say so.\n"
      "Prints what differs of databases, the counts of each container, then each document: + added, - removed, ~\n"
      "changed ('halley history' shows how). Documents are compared by what they mean: order of properties and\n"
      "spelling of numbers do not count. Exit code 0: equal, 4: different.",
      "  halley diff shop/orders --from 2026-01-17T10:00:00Z --until 2026-01-17T11:00:00Z\n"
      "  halley diff --from -1d --limit 100\n"
      "  halley diff shop --live",
      {{"DB[/NAME]", "a database or a container, with * (default: everything)", false}},
      OptionNames{"--from", "--until", "--live", "--partition-key", "--limit"} + account_options() +
          repository_options(),
      run};
}

}  // namespace halley::cli
