#include "runtime/at_once.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace halley {

Status run_at_once(Runtime& runtime, const std::string& name, std::size_t count, std::size_t at_once,
                   const std::function<Status(std::size_t number)>& step) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::optional<Error> failure;
  std::size_t failed_number = count;
  const auto work = [&](const std::stop_token&) {
    while (!failed) {
      const std::size_t number = next++;
      if (number >= count) return;
      Status done = step(number);
      if (done) continue;
      const std::lock_guard lock(mutex);
      failed = true;
      if (number > failed_number) continue;
      failed_number = number;
      failure = std::move(done).error();
    }
  };
  const std::size_t workers = std::min(count, at_once);
  if (workers <= 1) {
    work({});
  } else {
    std::vector<Thread> threads;
    for (std::size_t i = 0; i < workers; ++i) threads.push_back(runtime.start_thread(name, work));
  }
  if (failure) return fail(*std::move(failure));
  return {};
}

}  // namespace halley
