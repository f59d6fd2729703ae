// Definitions as they are sent to a target or written to a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "repo/definitions.h"

namespace halley::recovery {

// The definition without the members that the service adds (those whose names begin with `_`) and without
// `held_back`, everything else as it stands, known or not. Fails with corrupt for what is not a JSON object.
Result<std::string> plain_definition(std::string_view text, const std::vector<std::string_view>& held_back = {});

// plain_definition() of `text`, with the members `names` of the object `from` in place of its own.
Result<std::string> with_members_of(std::string_view from, std::string_view text,
                                    const std::vector<std::string_view>& names);

// The headers that give a new database or container the throughput of `offer`. None when the offer has none.
Result<http::Headers> throughput_headers(const repo::Definition& offer);

// Names of members of `planned` that `found` lacks or has otherwise (numbers and strings compared by value; a null is
// the same as nothing), and of those that only `found` has and its owner put there, such as defaultTtl
// (cosmos/owners_members.h); what else only `found` has is the target's own. Leaves out those that begin with `_`,
// and `held_back`.
Result<std::vector<std::string>> differing_members(std::string_view planned, std::string_view found,
                                                   const std::vector<std::string_view>& held_back = {});

}  // namespace halley::recovery
