#include "query/arena.h"

#include <algorithm>

namespace halley::query {
namespace {

constexpr std::size_t kFirstBlock = 16 * 1024;
constexpr std::size_t kLargestGrowth = 4UL * 1024 * 1024;

}  // namespace

void Arena::enter(std::size_t block) {
  current_ = block;
  next_ = blocks_[block].memory.get();
  end_ = next_ + blocks_[block].size;
}

bool Arena::grow(std::size_t bytes) {
  while (current_ + 1 < blocks_.size()) {
    enter(current_ + 1);
    if (blocks_[current_].size >= bytes) return true;
  }
  const std::size_t larger = blocks_.empty() ? kFirstBlock : std::min(2 * blocks_.back().size, kLargestGrowth);
  const std::size_t size = std::max(bytes, std::min(larger, bounds_.memory_left()));
  if (!held_.add(size)) return false;
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  enter(blocks_.size() - 1);
  return true;
}

void Arena::rewind(const Mark& mark) {
  if (blocks_.empty()) return;
  enter(mark.block);
  if (mark.next != nullptr) next_ = mark.next;
}

}  // namespace halley::query
