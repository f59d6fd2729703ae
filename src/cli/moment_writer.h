// Moments in JSON output.
#pragma once

#include <optional>
#include <vector>

#include "json/writer.h"
#include "repo/coverage.h"

namespace halley::cli {

// RFC 3339, or null.
void write_moment(json::Writer& writer, const std::optional<Second>& moment);

// [{"from":…,"through":…}], both inclusive.
void write_intervals(json::Writer& writer, const std::vector<repo::Interval>& intervals);

}  // namespace halley::cli
