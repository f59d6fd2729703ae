// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace halley::cli {

std::string show_count(std::uint64_t count);   // 1,234,567
std::string show_bytes(std::uint64_t bytes);   // 512 B, 1.5 KB, 34.2 MB (powers of 1000)
std::string show_seconds(double seconds);      // 0.3 s, 12.4 s, 3 min 20 s, 2 h 5 min
std::string show_age(std::int64_t seconds);    // 12 s, 3 min, 2 h, 5 d
std::string show_units(double request_units);  // 12,345 RU
// "1 document", "2 documents"
std::string show_number_of(std::uint64_t count, const std::string& singular);

}  // namespace halley::cli
