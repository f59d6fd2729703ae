#include "cli/progress.h"

#include <algorithm>
#include <utility>

namespace halley::cli {

ProgressDisplay::ProgressDisplay(Runtime& runtime, Output& output, std::function<ProgressSample()> sample)
    : output_(output) {
  if (!output.json() && !output.terminal()) return;
  const Milliseconds interval{output.json() ? 1000 : 200};
  auto started =
      runtime.start_thread("progress", [&runtime, &output, interval, sample = std::move(sample)](std::stop_token stop) {
        while (runtime.sleep(interval, stop)) {
          const ProgressSample now = sample();
          output.progress(now.bar, now.json);
        }
      });
  if (started) thread_ = *std::move(started);  // The work goes on without a display, too.
}

ProgressDisplay::~ProgressDisplay() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  output_.clear_progress();
}

std::string progress_gauge(std::uint64_t done, std::uint64_t whole) {
  constexpr std::uint64_t kWidth = 20;
  const std::uint64_t filled = whole == 0 ? 0 : std::min(kWidth, done * kWidth / whole);
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '-') + "]";
}

}  // namespace halley::cli
