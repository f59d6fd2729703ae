// CHECK: assertions about this program, on in every build. Never applied to data from disk or wire: that is
// Code::corrupt.
#pragma once

namespace halley {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace halley

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) ::halley::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
