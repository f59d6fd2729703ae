// Names of containers, keys and moments as commands take them.
#pragma once

#include <string>

#include "cli/command.h"
#include "cosmos/client.h"
#include "recovery/moment.h"
#include "recovery/selection.h"
#include "repo/repository.h"

namespace halley::cli {

// "db/container". Fails with invalid_argument.
Result<cosmos::ContainerName> parse_container_name(const std::string& text);

// The canonical text of --partition-key, a JSON array or one JSON value. Fails with invalid_argument.
Result<std::string> parse_partition_key(const std::string& text);

// --at, or the newest state when it is not given.
Result<recovery::Moment> moment_of(const Context& context);

// The moments of --from and --until as bounds: nothing where one is not given, or is the newest state to end at.
// Refuses the newest state to begin at, and an end before the beginning.
struct Bounds {
  std::optional<Second> from;
  std::optional<Second> until;
};
Result<Bounds> bounds_of(const Context& context);

// --limit, or no limit.
Result<std::uint64_t> limit_of(const Context& context);

}  // namespace halley::cli
