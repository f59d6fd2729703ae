#include "repo/object_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "codec/hash.h"

namespace halley::repo {
namespace {

constexpr std::size_t kSeqDigits = 12;

std::string numbered(const std::string& folder, std::uint64_t seq) {
  return fmt::format("{}{:0{}}", folder, seq, kSeqDigits);
}

}  // namespace

std::string key_name(std::string_view key_id_hex) { return "keys/" + std::string(key_id_hex); }

std::string segment_name(std::string_view segment_id_hex) {
  return fmt::format("segments/{}/{}", segment_id_hex.substr(0, 2), segment_id_hex);
}

std::string commit_folder(std::string_view lane) { return fmt::format("lanes/{}/", lane); }
std::string rollup_folder(std::string_view lane) { return fmt::format("rollups/{}/", lane); }
std::string span_folder(std::string_view lane) { return fmt::format("spans/{}/", lane); }

std::string commit_name(std::string_view lane, std::uint64_t seq) { return numbered(commit_folder(lane), seq); }
std::string rollup_name(std::string_view lane, std::uint64_t seq) { return numbered(rollup_folder(lane), seq); }
std::string span_name(std::string_view lane, std::uint64_t seq) { return numbered(span_folder(lane), seq); }

std::optional<std::uint64_t> seq_of(std::string_view name, std::string_view folder) {
  if (!name.starts_with(folder)) return std::nullopt;
  const std::string_view digits = name.substr(folder.size());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.size() != kSeqDigits || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::uint64_t seq = 0;
  for (const char digit : digits) seq = seq * 10 + static_cast<std::uint64_t>(digit - '0');
  if (seq == 0) return std::nullopt;
  return seq;
}

Status check_lane_id(std::string_view lane) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (lane.empty() || lane.size() > 64 || !std::all_of(lane.begin(), lane.end(), allowed)) {
    return fail(Code::invalid_argument, fmt::format("`{}` is no lane id", lane));
  }
  return {};
}

LaneId container_lane(std::string_view account_id, std::string_view database_rid, std::string_view container_rid,
                      std::string_view restore_instance) {
  std::string identity;
  for (const std::string_view part : {account_id, database_rid, container_rid, restore_instance}) {
    put_string(identity, part);
  }
  return "c-" + to_hex(codec::sha256(identity)).substr(0, 32);
}

}  // namespace halley::repo
