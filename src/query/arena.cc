#include "query/arena.h"

#include <algorithm>

namespace halley::query {
namespace {

constexpr std::size_t kFirstBlock = 16 * 1024;

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
  const std::size_t wanted = std::max({bytes, kFirstBlock, blocks_.empty() ? 0 : 2 * blocks_.back().size});
  const std::size_t size = std::min(wanted, limit_ - total_);
  if (size < bytes) {
    exhausted_ = true;
    return false;
  }
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  total_ += size;
  enter(blocks_.size() - 1);
  return true;
}

void Arena::rewind(const Mark& mark) {
  if (blocks_.empty()) return;
  enter(mark.block);
  if (mark.next != nullptr) next_ = mark.next;
}

}  // namespace halley::query
