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
};

std::uint64_t stored_bytes(const recovery::Timeline& timeline) {
  std::uint64_t bytes = 0;
  for (const auto& container : timeline.containers) bytes += container.stored_bytes;
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
  writer.key("stored_bytes").unsigned_integer(stored_bytes(standing.timeline)).key("containers").begin_array();
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
  writer.end_array().member("damage", standing.timeline.damage).end_object();
  return json;
}

void print_standing(Output& output, const Standing& standing) {
  const auto& containers = standing.timeline.containers;
  output.line("repository  " + standing.repository.id() + " at " + standing.place);
  output.line("account     " + (standing.timeline.account_id.empty() ? "none yet" : standing.timeline.account_id));
  output.line("stored      " + show_bytes(stored_bytes(standing.timeline)));
  if (standing.timeline.restorable_until) {
    output.line("restorable  until " + format_rfc3339(*standing.timeline.restorable_until));
  }
  if (containers.empty()) return output.line("No container was captured yet: run 'halley backup'.");
  std::size_t width = 9;
  for (const auto& container : containers) width = std::max(width, container.name().size());
  output.line();
  output.line(fmt::format("{:<{}}  {:<20}  {:>8}  {:>10}  {:>10}", "CONTAINER", width, "LAST BACKUP", "LAG", "VERSIONS",
                          "STORED"));
  for (const auto& container : containers) {
    const std::string behind = !container.live      ? "dropped"
                               : !container.through ? "-"
                                                    : show_age(lag(*container.through, standing.now));
    output.line(fmt::format("{:<{}}  {:<20}  {:>8}  {:>10}  {:>10}", container.name(), width,
                            container.last_backup ? format_rfc3339(*container.last_backup) : "-", behind,
                            show_count(container.versions), show_bytes(container.stored_bytes)));
  }
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(recovery::Timeline timeline, recovery::read_timeline(*repository));
  const Standing standing{*repository, repository->store().description(), std::move(timeline),
                          context.runtime.wall_second()};
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
      "behind the present its restorable moments end, and what it takes up. Where backups are lost\n"
      "or damaged, it says so and exits with 3.",
      "  halley status\n"
      "  halley status --json",
      {},
      repository_options(),
      run};
}

}  // namespace halley::cli
