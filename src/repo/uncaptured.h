// Containers that a pass of backup took in and captured nothing of, as events of the account's lane tell them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repo/lane.h"

namespace halley::repo {

// Their incarnations, as of the newest pass that came to its end. What it left out is as the passes before it found it.
std::set<std::string> uncaptured(const std::vector<Event>& events);

// The event to add where they are others now.
std::optional<Event> uncaptured_change(const std::vector<Event>& events, const std::set<std::string>& now, Second at);

}  // namespace halley::repo
