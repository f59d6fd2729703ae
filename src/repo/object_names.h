// The names of a repository's objects (docs/repository-format.md, names).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "repo/lane.h"

namespace halley::repo {

inline constexpr std::string_view kDescriptionName = "halley.json";

std::string key_name(std::string_view key_id_hex);
std::string segment_name(std::string_view segment_id_hex);
std::string commit_name(std::string_view lane, std::uint64_t seq);
std::string rollup_name(std::string_view lane, std::uint64_t seq);
std::string span_name(std::string_view lane, std::uint64_t seq);

// Folders, with the slash behind them.
std::string commit_folder(std::string_view lane);
std::string rollup_folder(std::string_view lane);
std::string span_folder(std::string_view lane);

// The sequence number, from 1, that a name under `folder` ends in, if it is such a name.
std::optional<std::uint64_t> seq_of(std::string_view name, std::string_view folder);

// invalid_argument unless `lane` is 1 to 64 of [a-z0-9-].
Status check_lane_id(std::string_view lane);

}  // namespace halley::repo
