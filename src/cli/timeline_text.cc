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
  if (timeline.containers.empty()) return output.line("No container was captured yet.");
  std::size_t width = 9;
  for (const auto& container : timeline.containers) width = std::max(width, container.name().size());
  output.line(fmt::format("{:<{}}  {:<20}  {:<20}  {:>10}  {}", "CONTAINER", width, "FROM", "THROUGH", "VERSIONS",
                          "RESTORABLE"));
  for (const auto& container : timeline.containers) {
    output.line(fmt::format("{:<{}}  {:<20}  {:<20}  {:>10}  {}{}", container.name(), width,
                            moment_text(container.from), moment_text(container.through), show_count(container.versions),
                            restorable_text(container), container.live ? "" : ", dropped since"));
  }
  if (timeline.restorable_until) {
    output.line("The whole account is restorable until " + format_rfc3339(*timeline.restorable_until) + ".");
  }
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
  return code;
}

}  // namespace halley::cli
