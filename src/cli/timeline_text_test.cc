#include "cli/timeline_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace halley::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

recovery::ContainerTimeline container_with(const std::vector<repo::Interval>& intervals,
                                           const std::vector<Second>& sync_points) {
  recovery::ContainerTimeline container;
  container.database = "big";
  container.container = "docs";
  container.live = true;
  container.intervals = intervals;
  container.sync_points = sync_points;
  std::vector<repo::Interval> all = intervals;
  for (const Second point : sync_points) all.push_back({point, point + 1});
  all = repo::joined(std::move(all));
  if (all.empty()) return container;
  container.from = all.front().from;
  container.through = all.back().until - 1;
  return container;
}

// The line of one container, whatever its mode is now: what was captured in the other one counts as well.
std::string line_of(const std::vector<repo::Interval>& intervals, const std::vector<Second>& sync_points) {
  std::string line;
  for (const auto mode : {repo::CaptureMode::latest, repo::CaptureMode::all_versions}) {
    recovery::Timeline timeline;
    timeline.containers = {container_with(intervals, sync_points)};
    timeline.containers[0].mode = mode;
    std::ostringstream out;
    std::ostringstream err;
    Output output(out, err, false, false);
    print_timeline(output, timeline);
    std::string said = out.str();
    said = said.substr(said.find('\n') + 1);
    EXPECT_TRUE(line.empty() || line == said) << said;
    line = said;
  }
  return line;
}

TEST(TimelineText, SaysWhichSecondsOfTheSpanCanBeRestored) {
  EXPECT_THAT(line_of({}, {}), EndsWith("nothing yet\n"));
  EXPECT_THAT(line_of({{{100}, {200}}}, {}), EndsWith("  every second\n"));
  EXPECT_THAT(line_of({{{100}, {200}}, {{300}, {400}}}, {}), EndsWith("  every second of 2 intervals\n"));
  EXPECT_THAT(line_of({}, {{100}}), EndsWith("  1 sync point\n"));
  EXPECT_THAT(line_of({}, {{100}, {100}, {200}}), EndsWith("  2 sync points\n"));
}

TEST(TimelineText, SaysBothOfAContainerWhoseModeChanged) {
  const std::string later = line_of({{{100}, {200}}}, {{50}});
  EXPECT_THAT(later, HasSubstr(format_rfc3339({50}) + "  " + format_rfc3339({199})));
  EXPECT_THAT(later, EndsWith("  every second from " + format_rfc3339({100}) + ", and 1 sync point\n"));
  EXPECT_THAT(line_of({{{100}, {200}}}, {{250}, {300}}),
              EndsWith("  every second through " + format_rfc3339({199}) + ", and 2 sync points\n"));
  EXPECT_THAT(line_of({{{100}, {200}}}, {{50}, {300}}),
              EndsWith("  every second from " + format_rfc3339({100}) + " through " + format_rfc3339({199}) +
                       ", and 2 sync points\n"));
  EXPECT_THAT(line_of({{{100}, {200}}, {{300}, {400}}}, {{150}, {250}}),
              EndsWith("  every second of 2 intervals, and 1 sync point\n"))
      << "150 is exact";
}

std::pair<std::string, ExitCode> said_of(const recovery::Timeline& timeline) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err, false, false);
  print_timeline(output, timeline);
  const ExitCode code = conclude(output, timeline);
  return {out.str() + err.str(), code};
}

TEST(TimelineText, NamesTheContainersOfWhichNothingWasCaptured) {
  recovery::Timeline timeline;
  timeline.uncovered = {{"shop/b", "rid", {100}, false}};
  EXPECT_THAT(said_of(timeline).first,
              EndsWith("\nshop/b     -                     -                              0  nothing yet\n"));
  EXPECT_EQ(said_of(timeline).second, ExitCode::success);
  timeline.uncovered[0].missed = true;
  EXPECT_THAT(said_of(timeline).first, HasSubstr("not captured: shop/b, though backups take it in"));
  EXPECT_EQ(said_of(timeline).second, ExitCode::incomplete);
  auto begun = container_with({}, {});
  begun.database = "shop";
  begun.container = "b";
  begun.incarnation = "rid";
  timeline.containers = {begun};
  const std::string said = said_of(timeline).first;
  EXPECT_EQ(said.find("nothing yet"), said.rfind("nothing yet")) << "once, where there is a lane of it";
}

TEST(TimelineText, CallsAPartNoWholeAccount) {
  recovery::Timeline timeline;
  timeline.containers = {container_with({{{100}, {200}}}, {})};
  timeline.restorable_until = Second{199};
  EXPECT_THAT(said_of(timeline).first, HasSubstr("\nThe whole account is restorable until "));
  timeline.taken_in.include = {"big/docs"};
  EXPECT_THAT(said_of(timeline).first,
              HasSubstr("\nThe part of the account that backups take in (--include 'big/docs') is restorable until "));
}

}  // namespace
}  // namespace halley::cli
