#include "runtime/at_once.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace halley {

Result<std::vector<Thread>> start_workers(Runtime& runtime, const std::string& name, std::size_t count,
                                          const std::function<void(std::stop_token)>& work) {
  std::vector<Thread> threads;
  while (threads.size() < count) {
    auto thread = runtime.start_thread(name, work);
    if (!thread && threads.empty()) return fail(std::move(thread).error());
    if (!thread) break;
    threads.push_back(*std::move(thread));
  }
  return threads;
}

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
  } else if (const auto threads = start_workers(runtime, name, workers, work); !threads) {
    work({});
  }
  if (failure) return fail(*std::move(failure));
  return {};
}

}  // namespace halley
