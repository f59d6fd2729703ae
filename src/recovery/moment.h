// The moment a question is about: `--at` and friends.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "repo/repository.h"

namespace halley::recovery {

// A second of server time, or the newest state captured.
struct Moment {
  bool latest = false;
  Second at;  // meaningless for `latest`

  static Moment newest() { return {true, {}}; }
  static Moment of(Second second) { return {false, second}; }
  std::string text() const;  // RFC 3339 or "latest"
};

// Parses RFC 3339 (a fraction is floored), `latest`, or an age such as `-2h` or `-3d12h`, which counts back from the
// newest restorable second of any container of the repository (never from this machine's clock). Fails with
// invalid_argument for other texts, and with outside_coverage for an age where nothing is restorable yet. Lanes are
// read for ages only.
Result<Moment> parse_moment(repo::Repository& repository, std::string_view text);

}  // namespace halley::recovery
