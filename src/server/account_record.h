// The answer to GET /: what the account is and where it is reached.
#pragma once

#include <string>
#include <string_view>

#include "server/emulator.h"
#include "server/topology.h"

namespace halley::server {

// `host` is the request's Host header: clients go on with the endpoints this names, so where a region has no host of
// its own it is the one they came by. Asked at a region by its own host, the region's name is part of the id.
std::string account_record(const AccountOptions& options, bool all_versions_feed, Topology& topology,
                           std::string_view host);

}  // namespace halley::server
