// What every fuzz target defines: takes any bytes; a crash, a sanitizer's report or a failed CHECK is a finding.
#pragma once

#include <string_view>

namespace halley {

void fuzz_one(std::string_view input);

}  // namespace halley
