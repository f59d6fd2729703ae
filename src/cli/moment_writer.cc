#include "cli/moment_writer.h"

namespace halley::cli {

void write_moment(json::Writer& writer, const std::optional<Second>& moment) {
  if (moment) {
    writer.string(format_rfc3339(*moment));
  } else {
    writer.null();
  }
}

void write_intervals(json::Writer& writer, const std::vector<repo::Interval>& intervals) {
  writer.begin_array();
  for (const repo::Interval& interval : intervals) {
    writer.begin_object().member("from", format_rfc3339(interval.from));
    writer.member("through", format_rfc3339(interval.until - 1)).end_object();
  }
  writer.end_array();
}

}  // namespace halley::cli
