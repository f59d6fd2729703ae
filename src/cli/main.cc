#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/program.h"
#include "cli/signals.h"

namespace {

// Standard streams that the program was started without stay without use: nothing else is opened under their numbers,
// and what is written to them fails.
void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1) (void)open("/dev/null", O_RDONLY);  // the lowest number that is free
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  // Keys and passwords are in memory and in the environment: neither a core file nor another process of this user gets
  // them, unless the user wants to look into a defect (docs/decisions/0011-no-core-files.md).
  if (std::getenv("HALLEY_CORE_FILES") == nullptr) prctl(PR_SET_DUMPABLE, 0);
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
