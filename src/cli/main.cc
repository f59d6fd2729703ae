#include <malloc.h>
#include <unistd.h>

#include <iostream>

#include "cli/program.h"
#include "cli/signals.h"

int main(int argc, char** argv) {
  // Pages of several megabytes come and go all the time: their memory is kept rather than asked of the system again.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  const halley::cli::StopOnSignals signals;
  std::ios::sync_with_stdio(false);
  const halley::cli::Surroundings surroundings{halley::real_runtime(),
                                               halley::cli::process_variables(),
                                               std::cout,
                                               std::cerr,
                                               isatty(STDERR_FILENO) == 1,
                                               signals.token(),
                                               HALLEY_VERSION};
  return static_cast<int>(halley::cli::run_program(surroundings, std::vector<std::string>(argv + 1, argv + argc)));
}
