// The moment a question is about: `--at` and friends.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace halley::recovery {

// A second of server time, or the newest state captured.
struct Moment {
  bool latest = false;
  Second at;  // meaningless for `latest`

  static Moment newest() { return {true, {}}; }
  static Moment of(Second second) { return {false, second}; }
  std::string text() const;  // RFC 3339 or "latest"
};

// Parses RFC 3339 (a fraction is floored), `latest`, or an age such as `-2h` or `-3d12h`, which counts back from `now`,
// so that one within the time since the last backup is outside coverage. Fails with invalid_argument for other texts.
Result<Moment> parse_moment(Second now, std::string_view text);

}  // namespace halley::recovery
