#include "testing/sim_runtime.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace halley::testing {
namespace {

constexpr std::uint64_t kRestlessnessLevels = 16;

}  // namespace

struct SimRuntime::Task {
  enum class State : std::uint8_t { ready, sleeping, waiting, ended };

  std::string name;
  State state = State::ready;
  Milliseconds wakes_at{0};         // while it sleeps
  const void* waits_for = nullptr;  // while it waits
  bool has_baton = false;
  std::condition_variable baton;
};

class SimRuntime::SimCondition final : public Condition {
 public:
  explicit SimCondition(SimRuntime& runtime) : runtime_(runtime) {}

  bool wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop,
            const std::function<bool()>& ready) override {
    while (!ready()) {
      if (stop.stop_requested()) return false;
      lock.unlock();
      runtime_.wait_on(this, stop, nullptr);
      lock.lock();
    }
    return true;
  }
  void notify_all() override { runtime_.notify(this); }

 private:
  SimRuntime& runtime_;
};

SimRuntime::SimRuntime(Second start, std::uint64_t seed)
    : start_(start), choices_(seed), bytes_(~seed), restlessness_(choices_() % (kRestlessnessLevels / 2)) {
  tasks_.push_back(std::make_unique<Task>());
  current_ = tasks_.back().get();
  current_->name = "main";
  current_->has_baton = true;
}

SimRuntime::~SimRuntime() { CHECK(tasks_.size() == 1); }

std::chrono::system_clock::time_point SimRuntime::wall_now() {
  const std::lock_guard lock(mutex_);
  return std::chrono::system_clock::time_point(std::chrono::seconds(start_.value) + elapsed_);
}

SteadyTime SimRuntime::steady_now() {
  const std::lock_guard lock(mutex_);
  return SteadyTime(std::chrono::hours(1) + elapsed_);
}

void SimRuntime::fill_random(std::span<unsigned char> out) {
  const std::lock_guard lock(mutex_);
  for (unsigned char& byte : out) byte = static_cast<unsigned char>(bytes_() >> 56);
}

bool SimRuntime::sleep(Milliseconds duration, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (stop.stop_requested()) return false;
  current_->state = Task::State::sleeping;
  current_->wakes_at = elapsed_ + std::max(duration, Milliseconds(0));
  suspend(lock, stop);
  return !stop.stop_requested();
}

Result<Thread> SimRuntime::start_thread(std::string name, std::function<void(std::stop_token)> body) {
  Task* task = nullptr;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::make_unique<Task>());
    task = tasks_.back().get();
    task->name = std::move(name) + " #" + std::to_string(++started_);
  }
  // Shared with the handle, which may outlive the task.
  auto ended = std::make_shared<bool>(false);
  std::jthread thread([this, task, ended, body = std::move(body)](std::stop_token stop) {
    {
      std::unique_lock lock(mutex_);
      task->baton.wait(lock, [&] { return task->has_baton; });
    }
    body(std::move(stop));
    std::unique_lock lock(mutex_);
    *ended = true;
    task->state = Task::State::ended;
    for (const auto& other : tasks_) {
      if (other->state == Task::State::waiting && other->waits_for == ended.get()) wake(*other);
    }
    choose_next();
  });
  yield();
  return Thread(std::move(thread), [this, ended] { wait_on(ended.get(), {}, [&] { return *ended; }); });
}

std::unique_ptr<Condition> SimRuntime::make_condition() { return std::make_unique<SimCondition>(*this); }

void SimRuntime::yield() {
  std::unique_lock lock(mutex_);
  if (tasks_.size() == 1 || choices_() % kRestlessnessLevels > restlessness_) return;
  pass_on(lock);
}

void SimRuntime::note(std::string_view what) {
  const std::lock_guard lock(mutex_);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : what) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  mix(hash);
  ++notes_;
  if (!printing_) return;
  std::printf("%8.3f s %-14s %.*s\n", static_cast<double>(elapsed_.count()) / 1000, current_->name.c_str(),
              static_cast<int>(what.size()), what.data());
}

void SimRuntime::mix(std::uint64_t value) {
  digest_ = (digest_ ^ value) * 0x9e3779b97f4a7c15;
  digest_ ^= digest_ >> 32;
}

void SimRuntime::wake(Task& task) {
  task.state = Task::State::ready;
  task.waits_for = nullptr;
}

void SimRuntime::notify(const void* what) {
  const std::lock_guard lock(mutex_);
  for (const auto& task : tasks_) {
    if (task->state == Task::State::waiting && task->waits_for == what) wake(*task);
  }
}

// Waits for a notification of `what`, unless it is `ready` already, or for a stop.
void SimRuntime::wait_on(const void* what, const std::stop_token& stop, const std::function<bool()>& ready) {
  std::unique_lock lock(mutex_);
  if (ready && ready()) return;
  current_->state = Task::State::waiting;
  current_->waits_for = what;
  suspend(lock, stop);
}

// Passes the baton on until this thread is woken and chosen again, or a stop is requested and it is chosen again.
void SimRuntime::suspend(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  Task& self = *current_;
  lock.unlock();
  // Runs on whatever thread requests the stop, which has the baton.
  const std::stop_callback woken(stop, [this, &self] {
    const std::lock_guard held(mutex_);
    if (self.state == Task::State::sleeping || self.state == Task::State::waiting) wake(self);
  });
  lock.lock();
  pass_on(lock);
  lock.unlock();  // the callback may be at work, and its end is awaited
}

void SimRuntime::pass_on(std::unique_lock<std::mutex>& lock) {
  Task& self = *current_;
  if (&choose_next() == &self) return;
  self.baton.wait(lock, [&] { return self.has_baton; });
}

// Gives the baton to a thread that can go on, this one perhaps. A task that has ended goes.
SimRuntime::Task& SimRuntime::choose_next() {
  Task* const before = current_;
  before->has_baton = false;
  if (before->state == Task::State::ended) {
    std::erase_if(tasks_, [&](const auto& task) { return task.get() == before; });
  }
  const auto is_ready = [](const auto& task) { return task->state == Task::State::ready; };
  auto count = static_cast<std::uint64_t>(std::count_if(tasks_.begin(), tasks_.end(), is_ready));
  if (count == 0) {
    move_time();
    count = static_cast<std::uint64_t>(std::count_if(tasks_.begin(), tasks_.end(), is_ready));
  }
  std::uint64_t chosen = count == 1 ? 0 : choices_() % count;
  mix(chosen * 31 + count);
  auto next = std::find_if(tasks_.begin(), tasks_.end(), is_ready);
  for (; chosen > 0; --chosen) next = std::find_if(next + 1, tasks_.end(), is_ready);
  current_ = next->get();
  current_->has_baton = true;
  current_->baton.notify_one();
  return *current_;
}

// To where the first sleepers wake.
void SimRuntime::move_time() {
  const Task* first = nullptr;
  for (const auto& task : tasks_) {
    if (task->state == Task::State::sleeping && (first == nullptr || task->wakes_at < first->wakes_at)) {
      first = task.get();
    }
  }
  if (first == nullptr) stand_still();
  elapsed_ = std::max(elapsed_, first->wakes_at);
  mix(static_cast<std::uint64_t>(elapsed_.count()));
  for (const auto& task : tasks_) {
    if (task->state == Task::State::sleeping && task->wakes_at <= elapsed_) wake(*task);
  }
}

void SimRuntime::stand_still() {
  std::fprintf(stderr, "standstill: nobody can go on, and nobody sleeps\n");
  for (const auto& task : tasks_) std::fprintf(stderr, "  %s waits for %p\n", task->name.c_str(), task->waits_for);
  std::abort();
}

}  // namespace halley::testing
