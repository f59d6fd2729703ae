// halley timeline: what can be restored.
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/moment_writer.h"
#include "cli/timeline_text.h"
#include "recovery/timeline.h"

namespace halley::cli {
namespace {

void write_container(json::Writer& writer, const recovery::ContainerTimeline& container) {
  writer.begin_object().member("container", container.name()).member("incarnation", container.incarnation);
  writer.key("from");
  write_moment(writer, container.from);
  writer.key("through");
  write_moment(writer, container.through);
  writer.member("exactness", container.exactness()).key("lsn_gaps").unsigned_integer(container.gap_events);
  writer.key("sync_points").begin_array();
  for (const Second moment : container.sync_points) writer.string(format_rfc3339(moment));
  writer.end_array().key("intervals");
  write_intervals(writer, container.intervals);
  writer.member_boolean("live", container.live);
  writer.key("last_backup");
  write_moment(writer, container.last_backup);
  writer.key("versions").unsigned_integer(container.versions);
  writer.key("stored_bytes").unsigned_integer(container.stored_bytes);
  writer.key("events").begin_array();
  for (const repo::Event& event : container.events) {
    writer.begin_object().member("at", format_rfc3339(event.at)).member("kind", event.kind).member("text", event.text);
    writer.end_object();
  }
  writer.end_array().member("damage", container.damage).end_object();
}

std::string timeline_json(const recovery::Timeline& timeline) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("account", timeline.account_id).key("restorable_until");
  write_moment(writer, timeline.restorable_until);
  writer.key("definitions");
  write_intervals(writer, timeline.definitions);
  writer.key("containers").begin_array();
  for (const auto& container : timeline.containers) write_container(writer, container);
  writer.end_array();
  write_scope(writer, timeline);
  writer.member("damage", timeline.damage).end_object();
  return json;
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(const recovery::Timeline timeline, recovery::read_timeline(*repository));
  if (!context.output.json()) print_timeline(context.output, timeline);
  context.output.json_line(timeline_json(timeline));
  return conclude(context.output, timeline);
}

}  // namespace

Command timeline_command() {
  return {
      "timeline",
      "what can be restored: coverage by container",
      "Shows for every container, dropped ones too, from when through when it can be restored, and how exactly:\n"
      "to every second, or to the sync points that its backups left, or to both where their mode changed; --json\n"
      "lists the intervals and sync points, and under exactness the kind that the newest backup added. Where backups\n"
      "are lost or damaged, or took a container in and captured nothing of it, it says so and exits with 3. The last\n"
      "line is of all that the newest backup took in: the whole account, or the part that it was told to.",
      "  halley timeline\n"
      "  halley timeline --json",
      {},
      repository_options(),
      run};
}

}  // namespace halley::cli
