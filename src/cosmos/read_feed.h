// The pages of a read feed, one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "cosmos/client.h"

namespace halley::cosmos {

// The continuations that one list gave so far, by their hashes: a list that gives one again would never end.
class Continuations {
 public:
  // Fails with corrupt where `continuation` was given before; `what` names the list. An empty one is the end.
  Status add(std::string_view continuation, std::string_view what);

 private:
  std::set<std::pair<std::uint64_t, std::uint64_t>> hashes_;
};

// Reads the read feed of one partition key range from its beginning to its end and gives every page to `each`. Fails
// with what reading or `each` fails with: gone when the range was split or merged meanwhile; what was given then is a
// part, and the container is to be read anew.
Status read_range(Client& client, const ContainerName& name, std::string_view range_id,
                  const std::function<Status(const ReadPage&)>& each, std::stop_token stop);

}  // namespace halley::cosmos
