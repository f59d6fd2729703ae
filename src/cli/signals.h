// SIGINT and SIGTERM as a stop token.
#pragma once

#include <stop_token>

#include "runtime/thread.h"

namespace halley::cli {

// To be made before any other thread is started: they inherit that both signals are blocked. The first signal asks to
// stop; another one, half a second later or more, ends the process at once with 130. What comes sooner is the same
// wish. SIGPIPE and SIGXFSZ are ignored: writes fail instead.
class StopOnSignals {
 public:
  StopOnSignals();
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  Thread thread_;
};

}  // namespace halley::cli
