// Recognises a feed that began anew under the same _rid: a container that was restored in place (docs/guarantees.md,
// which container).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/runtime.h"

namespace halley::capture {

// What a session token `range:version#lsn[#region=lsn…]` says; nothing for a text of another form.
struct SessionPosition {
  std::int64_t version = 0;
  std::uint64_t lsn = 0;
};
std::optional<SessionPosition> parse_session_token(std::string_view token);

// One for each container and pass. Safe from any thread.
class ForkWatch {
 public:
  enum class Verdict : std::uint8_t {
    fine,
    behind,  // the answer comes from before the continuation: it proves nothing; ask again later
    forked   // it stayed so for kForkPatience, or the token's version changed while the LSN fell
  };
  // An answer of the range to a request with a continuation that stands for `continuation_lsn`.
  Verdict judge(const std::string& range_id, std::uint64_t continuation_lsn, std::string_view session_token,
                SteadyTime now);

  // Where the service's log of the range stood at the newest answer; nothing where answers do not tell. Every write and
  // delete moves it: while it stands, nothing happened.
  std::optional<std::uint64_t> log_end(const std::string& range_id) const;

  bool found() const;  // whether any range was judged forked
  void forget();       // the container starts over

 private:
  struct Seen {
    std::optional<std::int64_t> version;
    std::optional<std::uint64_t> lsn;
    std::optional<SteadyTime> behind_since;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Seen> ranges_;
  bool found_ = false;
};

}  // namespace halley::capture
