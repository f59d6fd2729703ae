#include "cli/timeline_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/figures.h"
#include "repo/interval.h"

namespace halley::cli {
namespace {

std::string moment_text(const std::optional<Second>& moment) { return moment ? format_rfc3339(*moment) : "-"; }

std::string restorable_text(const recovery::ContainerTimeline& container) {
  // The mode may have changed, and more than once: both kinds count, whatever it is now.
  const std::size_t points = repo::seconds_outside(container.sync_points, container.intervals).size();
  const std::string sync_points = show_number_of(points, "sync point");
  if (container.intervals.empty()) return points == 0 ? "nothing yet" : sync_points;
  std::string text = "every second";
  if (container.intervals.size() > 1) {
    text += fmt::format(" of {} intervals", container.intervals.size());
  } else {
    const repo::Interval& all = container.intervals.front();
    if (container.from != all.from) text += " from " + format_rfc3339(all.from);
    if (container.through != all.until - 1) text += " through " + format_rfc3339(all.until - 1);
  }
  return points == 0 ? text : text + ", and " + sync_points;
}

}  // namespace

void print_timeline(Output& output, const recovery::Timeline& timeline) {
  const auto uncovered = timeline.without_lane();
  if (timeline.containers.empty() && uncovered.empty()) return output.line("No container was captured yet.");
  std::size_t width = 9;
  for (const auto& container : timeline.containers) width = std::max(width, container.name().size());
  for (const auto& container : uncovered) width = std::max(width, container.name.size());
  output.line(fmt::format("{:<{}}  {:<20}  {:<20}  {:>10}  {}", "CONTAINER", width, "FROM", "THROUGH", "VERSIONS",
                          "RESTORABLE"));
  for (const auto& container : timeline.containers) {
    output.line(fmt::format("{:<{}}  {:<20}  {:<20}  {:>10}  {}{}", container.name(), width,
                            moment_text(container.from), moment_text(container.through), show_count(container.versions),
                            restorable_text(container), container.live ? "" : ", dropped since"));
  }
  for (const auto& container : uncovered) {
    output.line(fmt::format("{:<{}}  {:<20}  {:<20}  {:>10}  nothing yet", container.name, width, "-", "-", 0));
  }
  std::string scope = scope_text(timeline);
  scope.front() = 'T';
  if (timeline.restorable_until) {
    output.line(scope + " is restorable until " + format_rfc3339(*timeline.restorable_until) + ".");
  } else if (!timeline.taken_in.everything()) {
    output.line(scope + " has no second in common to which it is restorable.");
  }
}

std::string scope_text(const recovery::Timeline& timeline) {
  if (timeline.taken_in.everything()) return "the whole account";
  return "the part of the account that backups take in (" + timeline.taken_in.text() + ")";
}

void write_scope(json::Writer& writer, const recovery::Timeline& timeline) {
  writer.key("selection");
  if (timeline.taken_in.everything()) {
    writer.null();
  } else {
    writer.begin_object().key("include").strings(timeline.taken_in.include);
    writer.key("exclude").strings(timeline.taken_in.exclude).end_object();
  }
  writer.key("uncovered").begin_array();
  for (const recovery::UncoveredContainer& container : timeline.uncovered) {
    writer.begin_object().member("container", container.name).member("incarnation", container.incarnation);
    writer.member("since", format_rfc3339(container.since)).member_boolean("missed", container.missed).end_object();
  }
  writer.end_array();
}

ExitCode conclude(Output& output, const recovery::Timeline& timeline) {
  ExitCode code = ExitCode::success;
  const auto tell = [&](const std::string& what, const std::string& damage) {
    if (damage.empty()) return;
    output.note("lost: the newest backups of " + what + ": " + damage);
    code = ExitCode::incomplete;
  };
  tell("the account's definitions", timeline.damage);
  for (const auto& container : timeline.containers) tell(container.name(), container.damage);
  for (const auto& container : timeline.uncovered) {
    if (!container.missed) continue;
    output.note("not captured: " + container.name + ", though backups take it in: run `halley backup`, which says why");
    code = ExitCode::incomplete;
  }
  return code;
}

}  // namespace halley::cli
