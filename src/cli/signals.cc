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
  signal(SIGXFSZ, SIG_IGN);  // Beyond `ulimit -f` writes fail, as on a disk that is full.
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  auto started = real_runtime().start_thread("signals", [this, set](std::stop_token ended) {
    while (!ended.stop_requested()) {
      int number = 0;
      if (sigwait(&set, &number) != 0 || number == kWakeUp) continue;
      if (source_.stop_requested()) _exit(static_cast<int>(ExitCode::interrupted));
      source_.request_stop();
    }
  });
  if (started) {
    thread_ = *std::move(started);
  } else {
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // They end the program, as they do by themselves.
  }
}

StopOnSignals::~StopOnSignals() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), kWakeUp);
}

}  // namespace halley::cli
