// "Did you mean": the known name that is closest to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halley::cli {

// Nothing when none is close (more than a third of the letters differ, and the one is no beginning of the other).
std::optional<std::string> nearest_name(std::string_view mistyped, const std::vector<std::string>& known);

// "did you mean 'NAME'?", or empty.
std::string nearest_hint(std::string_view mistyped, const std::vector<std::string>& known);

}  // namespace halley::cli
