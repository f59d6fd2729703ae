// Reading from what may keep its reader waiting, pipes and terminals among it, until a stop is asked for.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace halley {

// Opens a file to read, without waiting for whoever is to write to it: read_input() does. The descriptor, or -1 and
// errno.
int open_input(const std::string& path);

// Waits for bytes and reads them; 0 at the end. Fails with cancelled on stop, else with io and the system's reason
// alone.
Result<std::size_t> read_input(int descriptor, std::span<char> into, const std::stop_token& stop);

// All there is up to the end. Fails with invalid_argument where that is more than so many bytes, and as read_input().
Result<std::string> read_all_input(int descriptor, std::size_t most, const std::stop_token& stop);

}  // namespace halley
