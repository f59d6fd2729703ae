// Tells how far a command is while it works: a bar on a terminal, lines with --json, else nothing.
#pragma once

#include <functional>
#include <string>

#include "cli/output.h"
#include "runtime/runtime.h"

namespace halley::cli {

struct ProgressSample {
  std::string bar;   // for a terminal
  std::string json;  // an object
};

// Asks `sample` (on a thread of its own) and shows it: five times a second on a terminal, once a second with --json.
// Ends, and removes the bar, when it is destroyed.
class ProgressDisplay {
 public:
  ProgressDisplay(Runtime& runtime, Output& output, std::function<ProgressSample()> sample);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  Output& output_;
  Thread thread_;
};

// "[########------------]"; `whole` 0 counts as not begun.
std::string progress_gauge(std::uint64_t done, std::uint64_t whole);

}  // namespace halley::cli
