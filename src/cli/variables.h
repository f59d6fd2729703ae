// The environment variables of the process, as a function so that tests can give their own.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace halley::cli {

// The value of a variable; nothing when it is not set, or set to nothing.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

Variables process_variables();

}  // namespace halley::cli
