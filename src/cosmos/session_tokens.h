// What this client has seen of each partition key range, so that a later read is not answered by a replica that is
// further behind (docs/wire-protocol.md, session tokens). Safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace halley::cosmos {

class SessionTokens {
 public:
  // The version, which rises when the range's replicas change and counts more than the LSN; the LSN.
  using Position = std::pair<std::int64_t, std::uint64_t>;

  // Takes over the token of an answer about `container` (its name as text). `rid`, where it is known, is the
  // container's: another one than before means that it was made again, and what was seen of the old one is forgotten.
  // Texts that are no token are passed over.
  void learn(const std::string& container, std::string_view rid, std::string_view token);

  // The token to send with a read: that of the range; where it has none (a range that a split made), or `range_id` is
  // empty, those of all ranges seen. Empty when there is none, or they are too long for a header.
  std::string for_read(const std::string& container, std::string_view range_id) const;

  // Whether the token of an answer is older than what was seen of one of its ranges: a replica that lags gave it.
  bool is_behind(const std::string& container, std::string_view token) const;

  // Forgets what was seen of a container.
  void forget(const std::string& container);

 private:
  struct Seen {
    Position position;
    std::string text;  // as received, behind "range:"
  };
  struct Container {
    std::string rid;
    std::map<std::string, Seen, std::less<>> ranges;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Container> containers_;
};

}  // namespace halley::cosmos
