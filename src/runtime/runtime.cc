#include "runtime/runtime.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>

#include "base/check.h"

namespace halley {
namespace {

class RealCondition final : public Condition {
 public:
  bool wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop,
            const std::function<bool()>& ready) override {
    return changed_.wait(lock, stop, ready);
  }
  void notify_all() override { changed_.notify_all(); }

 private:
  std::condition_variable_any changed_;
};

class RealRuntime final : public Runtime {
 public:
  std::chrono::system_clock::time_point wall_now() override { return std::chrono::system_clock::now(); }
  SteadyTime steady_now() override { return std::chrono::steady_clock::now(); }

  bool sleep(Milliseconds duration, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any wakeup;
    std::unique_lock lock(mutex);
    wakeup.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }

  void fill_random(std::span<unsigned char> out) override {
    CHECK(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
  }

  Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) override {
    auto run = [name = std::move(name), body = std::move(body)](std::stop_token stop) {
      pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
      body(std::move(stop));
    };
    try {
      return Thread(std::jthread(std::move(run)));
    } catch (const std::system_error& error) {
      return fail(Code::io, "can't start a thread: " + error.code().message(),
                  "allow more of them (`ulimit -u`, or the limit of processes of the container or service)");
    }
  }

  std::unique_ptr<Condition> make_condition() override { return std::make_unique<RealCondition>(); }
};

}  // namespace

Second Runtime::wall_second() {
  return {std::chrono::floor<std::chrono::seconds>(wall_now().time_since_epoch()).count()};
}

std::string Runtime::random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  fill_random({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  return bytes;
}

std::uint64_t Runtime::random_u64() {
  std::uint64_t value = 0;
  fill_random({reinterpret_cast<unsigned char*>(&value), sizeof value});
  return value;
}

Runtime& real_runtime() {
  static auto* const runtime = new RealRuntime;
  return *runtime;
}

}  // namespace halley
