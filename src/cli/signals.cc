#include "cli/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "runtime/runtime.h"

namespace halley::cli {
namespace {

// Wakes the waiting thread when the program ends by itself.
constexpr int kWakeUp = SIGUSR1;

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, kWakeUp);
  return set;
}

}  // namespace

StopOnSignals::StopOnSignals() {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = real_runtime().start_thread("signals", [this, set](std::stop_token ended) {
    while (!ended.stop_requested()) {
      int number = 0;
      if (sigwait(&set, &number) != 0 || number == kWakeUp) continue;
      if (source_.stop_requested()) _exit(static_cast<int>(ExitCode::interrupted));
      source_.request_stop();
    }
  });
}

StopOnSignals::~StopOnSignals() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), kWakeUp);
}

}  // namespace halley::cli
