// How the partitions of a container divide and join, and what it tells of itself.
#include <fmt/format.h>

#include "server/container.h"
#include "server/hash_space.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

// How many documents are indexed anew in a second.
constexpr std::int64_t kIndexedPerSecond = 1000;

tl::unexpected<Error> busy() { return refuse(409, "A split or merge of this container is going on."); }

}  // namespace

Status Container::refuse_while_moving(std::string_view range_id) {
  if (!move_ || range_id.empty() || (range_id != move_->range_id && range_id != move_->other_id)) return {};
  if (move_->requests > 0 && --move_->requests == 0) finish_move_now();
  return refuse(410, fmt::format("The split or merge of the partition key range '{}' is completing.", range_id),
                cosmos::kCompletingMove);
}

Result<std::string> Container::place_to_split(const Partition& partition, std::string_view at) const {
  std::string place = at.empty() ? middle_of(options_.key, partition.range()) : std::string(at);
  if (place <= partition.range().min || place >= partition.range().max) {
    return refuse(400, "The range cannot be divided there.");
  }
  return place;
}

Result<std::pair<Partition*, Partition*>> Container::neighbours(std::string_view range_id, std::string_view other_id) {
  ASSIGN(Partition * left, partition_of_range(range_id));
  ASSIGN(Partition * right, partition_of_range(other_id));
  if (left->range().min > right->range().min) std::swap(left, right);
  if (left->range().max != right->range().min) return refuse(400, "The ranges are not neighbours.");
  return std::pair(left, right);
}

void Container::split_now(Partition& parent, const std::string& at) {
  touch(parent);
  record(PartitionSplit{parent.id(), at});
  divide(parent, at);
}

void Container::divide(Partition& parent, const std::string& at) {
  former_ranges_[parent.id()] = parent.range();
  auto [left, right] = parent.split(at, std::to_string(next_range_), std::to_string(next_range_ + 1));
  next_range_ += 2;
  ++ranges_version_;
  const auto place = partitions_.begin() + (&parent - partitions_.data());
  *place = std::move(left);
  partitions_.insert(place + 1, std::move(right));
}

void Container::merge_now(Partition& left, Partition& right) {
  touch(left);
  touch(right);
  record(PartitionsMerged{left.id(), right.id()});
  unite(left, right);
}

void Container::unite(Partition& left, Partition& right) {
  former_ranges_[left.id()] = left.range();
  former_ranges_[right.id()] = right.range();
  left = Partition::merge(left, right, std::to_string(next_range_++));
  partitions_.erase(partitions_.begin() + (&right - partitions_.data()));
  ++ranges_version_;
}

// Nothing else divides or joins partitions while a move is held open, so what was checked when it began still holds.
void Container::finish_move_now() {
  const Move move = std::move(*move_);
  move_.reset();
  const auto partition = partition_of_range(move.range_id);
  if (move.other_id.empty()) {
    split_now(**partition, move.at);
  } else {
    const auto both = neighbours(move.range_id, move.other_id);
    merge_now(*both->first, *both->second);
  }
}

Status Container::split(std::string_view range_id, std::string_view at) {
  const std::lock_guard lock(mutex_);
  if (move_) return busy();
  ASSIGN(Partition* const parent, partition_of_range(range_id));
  ASSIGN(const std::string place, place_to_split(*parent, at));
  split_now(*parent, place);
  return {};
}

Status Container::merge(std::string_view range_id, std::string_view other_id) {
  const std::lock_guard lock(mutex_);
  if (move_) return busy();
  ASSIGN(const auto both, neighbours(range_id, other_id));
  merge_now(*both.first, *both.second);
  return {};
}

Status Container::begin_split(std::string_view range_id, std::string_view at, std::uint64_t requests) {
  const std::lock_guard lock(mutex_);
  if (move_) return busy();
  ASSIGN(const Partition* const parent, partition_of_range(range_id));
  ASSIGN(std::string place, place_to_split(*parent, at));
  move_ = Move{parent->id(), {}, std::move(place), requests};
  return {};
}

Status Container::begin_merge(std::string_view range_id, std::string_view other_id, std::uint64_t requests) {
  const std::lock_guard lock(mutex_);
  if (move_) return busy();
  ASSIGN(const auto both, neighbours(range_id, other_id));
  move_ = Move{both.first->id(), both.second->id(), {}, requests};
  return {};
}

Status Container::finish_move() {
  const std::lock_guard lock(mutex_);
  if (!move_) return refuse(400, "No split or merge of this container is going on.");
  finish_move_now();
  return {};
}

void Container::begin_index_transformation() {
  const std::lock_guard lock(mutex_);
  index_transformation_began_ = runtime_.steady_now();
}

int Container::index_progress() {
  const std::int64_t documents = static_cast<std::int64_t>(usage().documents);
  const std::lock_guard lock(mutex_);
  if (!index_transformation_began_) return 100;
  const auto elapsed = std::chrono::duration_cast<Milliseconds>(runtime_.steady_now() - *index_transformation_began_);
  const std::int64_t indexed = elapsed.count() * kIndexedPerSecond / 1000;
  if (indexed < documents) return static_cast<int>(indexed * 100 / documents);
  index_transformation_began_.reset();
  return 100;
}

Container::Usage Container::usage() {
  const std::lock_guard lock(mutex_);
  Usage usage;
  for (const Partition& partition : partitions_) {
    usage.documents += partition.document_count();
    usage.bytes += partition.document_bytes();
  }
  return usage;
}

}  // namespace halley::server
