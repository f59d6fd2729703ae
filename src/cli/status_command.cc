// halley status: where the repository stands.
#include <fmt/core.h>

#include <algorithm>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/moment_writer.h"
#include "cli/timeline_text.h"
#include "recovery/timeline.h"

namespace halley::cli {
namespace {

struct Standing {
  const repo::Repository& repository;
  std::string place;
  recovery::Timeline timeline;
  Second now;
  std::uint64_t stored_bytes;  // all objects: commits, rollups and keys as well as data
};

Result<std::uint64_t> stored_bytes(store::ObjectStore& store, const std::stop_token& stop) {
  std::uint64_t bytes = 0;
  ASSIGN(const auto names, store.list("", "", store::kNoLimit));
  for (const std::string& name : names) {
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    const auto size = store.size(name);
    if (!size && size.error().code == Code::not_found) continue;  // removed since
    if (!size) return fail(size.error());
    bytes += *size;
  }
  return bytes;
}

// How far behind this machine's clock what can be restored is.
std::int64_t lag(Second through, Second now) { return std::max<std::int64_t>(0, now - through); }

std::string standing_json(const Standing& standing) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("repository", standing.repository.id()).member("place", standing.place);
  writer.member("account", standing.timeline.account_id).key("restorable_until");
  write_moment(writer, standing.timeline.restorable_until);
  writer.key("stored_bytes").unsigned_integer(standing.stored_bytes).key("containers").begin_array();
  for (const auto& container : standing.timeline.containers) {
    writer.begin_object().member("container", container.name()).member("incarnation", container.incarnation);
    writer.member_boolean("live", container.live).key("last_backup");
    write_moment(writer, container.last_backup);
    writer.key("through");
    write_moment(writer, container.through);
    writer.key("lag_seconds");
    if (container.through) {
      writer.integer(lag(*container.through, standing.now));
    } else {
      writer.null();
    }
    writer.key("versions").unsigned_integer(container.versions).key("bytes").unsigned_integer(container.bytes);
    writer.key("stored_bytes").unsigned_integer(container.stored_bytes);
    writer.member("damage", container.damage).end_object();
  }
  writer.end_array();
  write_scope(writer, standing.timeline);
  writer.member("damage", standing.timeline.damage).end_object();
  return json;
}

void print_standing(Output& output, const Standing& standing) {
  const auto& containers = standing.timeline.containers;
  output.line("repository  " + standing.repository.id() + " at " + standing.place);
  output.line("account     " + (standing.timeline.account_id.empty() ? "none yet" : standing.timeline.account_id));
  output.line("stored      " + show_bytes(standing.stored_bytes));
  if (standing.timeline.restorable_until) {
    const std::string scope = standing.timeline.taken_in.everything() ? "" : ": " + scope_text(standing.timeline);
    output.line("restorable  until " + format_rfc3339(*standing.timeline.restorable_until) + scope);
  }
  const auto uncovered = standing.timeline.without_lane();
  if (containers.empty() && uncovered.empty())
    return output.line("No container was captured yet: run 'halley backup'.");
  std::size_t width = 9;
  for (const auto& container : containers) width = std::max(width, container.name().size());
  for (const auto& container : uncovered) width = std::max(width, container.name.size());
  output.line();
  output.line(fmt::format("{:<{}}  {:<20}  {:>8}  {:>10}  {:>10}", "CONTAINER", width, "LAST BACKUP", "LAG", "VERSIONS",
                          "DATA"));
  for (const auto& container : containers) {
    const std::string behind = !container.live      ? "dropped"
                               : !container.through ? "-"
                                                    : show_age(lag(*container.through, standing.now));
    output.line(fmt::format("{:<{}}  {:<20}  {:>8}  {:>10}  {:>10}", container.name(), width,
                            container.last_backup ? format_rfc3339(*container.last_backup) : "-", behind,
                            show_count(container.versions), show_bytes(container.stored_bytes)));
  }
  for (const auto& container : uncovered) {
    output.line(
        fmt::format("{:<{}}  {:<20}  {:>8}  {:>10}  {:>10}", container.name, width, "never", "-", 0, show_bytes(0)));
  }
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(recovery::Timeline timeline, recovery::read_timeline(*repository));
  ASSIGN(const std::uint64_t stored, stored_bytes(repository->store(), context.stop));
  const Standing standing{*repository, repository->store().description(), std::move(timeline),
                          context.runtime.wall_second(), stored};
  if (!context.output.json()) print_standing(context.output, standing);
  context.output.result(standing_json(standing));
  return conclude(context.output, standing.timeline);
}

}  // namespace

Command status_command() {
  return {
      "status",
      "where the repository stands: last backups, lag, sizes",
      "Shows the repository, the account it belongs to, and for each container when it was last backed up, how far\n"
      "behind the present its restorable moments end, and what its documents take up in the\n"
      "repository; \"stored\" is all of that, commits and keys too. Where backups are lost\n"
      "or damaged, or took a container in and captured nothing of it, it says so and exits with 3.",
      "  halley status\n"
      "  halley status --json",
      {},
      repository_options(),
      run};
}

}  // namespace halley::cli
