// A thread that Runtime::start_thread() started.
#pragma once

#include <functional>
#include <thread>
#include <utility>

namespace halley {

// As std::jthread: the destructor requests a stop and joins. The wait for the end goes through the runtime.
class Thread {
 public:
  Thread() = default;
  // `await_end`, where given, returns once the thread's work is done: what blocks a join is waited for there.
  explicit Thread(std::jthread thread, std::function<void()> await_end = {})
      : thread_(std::move(thread)), await_end_(std::move(await_end)) {}
  Thread(Thread&& other) noexcept = default;
  Thread& operator=(Thread&& other) noexcept {
    if (this == &other) return *this;
    end();
    thread_ = std::move(other.thread_);
    await_end_ = std::move(other.await_end_);
    return *this;
  }
  ~Thread() { end(); }

  bool joinable() const { return thread_.joinable(); }
  std::jthread::native_handle_type native_handle() { return thread_.native_handle(); }
  void request_stop() { thread_.request_stop(); }
  void join() {
    if (await_end_) await_end_();
    thread_.join();
  }

 private:
  void end() {
    if (!joinable()) return;
    request_stop();
    join();
  }

  std::jthread thread_;
  std::function<void()> await_end_;
};

}  // namespace halley
