// The pages of a read feed, one after the other.
#pragma once

#include <functional>
#include <string_view>

#include "cosmos/client.h"

namespace halley::cosmos {

// Reads the read feed of one partition key range from its beginning to its end and gives every page to `each`. Fails
// with what reading or `each` fails with: gone when the range was split or merged meanwhile; what was given then is a
// part, and the container is to be read anew.
Status read_range(Client& client, const ContainerName& name, std::string_view range_id,
                  const std::function<Status(const ReadPage&)>& each, std::stop_token stop);

}  // namespace halley::cosmos
