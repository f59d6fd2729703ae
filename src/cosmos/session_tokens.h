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

  // What a read goes by: what was seen until then, however long it takes to be answered.
  struct Session {
    std::string rid;
    std::string token;  // of one range or, joined with commas, of several

    // Whether an answer tells of less of the same container: a replica that lags gave it. An answer without a token
    // tells nothing.
    bool is_ahead_of(std::string_view answered_rid, std::string_view answered_token) const;
  };
  // What was seen of the range; where that is nothing (a range that a split made), or `range_id` is empty, of all.
  Session seen(const std::string& container, std::string_view range_id) const;

  // The token to send with a read: that of seen(). Empty when there is none, or it is too long for a header.
  std::string for_read(const std::string& container, std::string_view range_id) const;

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
