#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace halley {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "halley: internal error: %s does not hold (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace halley
