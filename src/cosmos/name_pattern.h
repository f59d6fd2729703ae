// Patterns of container names, as commands and the configuration take them: "db/container", in which * stands for any
// characters and ? for one, neither for "/"; "db" means "db/*". A whole name is matched, in its case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace halley::cosmos {

bool matches_container(std::string_view pattern, std::string_view database, std::string_view container);
// Whether a container is chosen: by any of `include`, of which none means all, and by none of `exclude`.
bool selects_container(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
                       std::string_view database, std::string_view container);

// Whether the pattern names every container of the database ("db", "db/*").
bool matches_whole_database(std::string_view pattern, std::string_view database);
bool any_matches_whole_database(const std::vector<std::string>& patterns, std::string_view database);

}  // namespace halley::cosmos
