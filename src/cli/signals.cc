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

// A signal that comes so soon after the first is the same wish: `timeout` signals the program, then its whole group.
constexpr Milliseconds kSameWish{500};

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
    SteadyTime first;
    while (!ended.stop_requested()) {
      int number = 0;
      if (sigwait(&set, &number) != 0 || number == kWakeUp) continue;
      const SteadyTime now = real_runtime().steady_now();
      if (!source_.stop_requested()) {
        first = now;
        source_.request_stop();
      } else if (now - first >= kSameWish) {
        _exit(static_cast<int>(ExitCode::interrupted));
      }
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
