// Memory for what one step of an evaluation makes: given out quickly, taken back all at once, within bounds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include "query/bounds.h"

namespace halley::query {

class Arena {
 public:
  // `bounds` must outlive it.
  explicit Arena(Bounds& bounds) : held_(bounds), bounds_(bounds) {}

  Bounds& bounds() const { return bounds_; }

  // `bytes` of memory, aligned for anything; nullptr beyond the bounds.
  void* allocate(std::size_t bytes) {
    bytes = std::max<std::size_t>((bytes + 15) & ~std::size_t{15}, 16);
    if (bytes > static_cast<std::size_t>(end_ - next_) && !grow(bytes)) return nullptr;
    char* const at = next_;
    next_ += bytes;
    return at;
  }

  // Room for `count` elements, each made by its default constructor.
  template <typename T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* const memory = allocate(count * sizeof(T));
    return memory == nullptr ? nullptr : new (memory) T[count];
  }

  // A copy of `text`; an empty view when there is no memory.
  std::string_view copy(std::string_view text) {
    char* const at = static_cast<char*>(allocate(text.size()));
    if (at == nullptr) return {};
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

  // A place to go back to: what is given out from here on is taken back by rewind().
  struct Mark {
    std::size_t block;
    char* next;
  };
  Mark mark() const { return {current_, next_}; }
  void rewind(const Mark& mark);
  // Takes back everything that was given out.
  void reset() { rewind({0, blocks_.empty() ? nullptr : blocks_.front().memory.get()}); }

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    std::size_t size;
  };

  bool grow(std::size_t bytes);
  void enter(std::size_t block);

  Held held_;  // all blocks
  Bounds& bounds_;
  std::vector<Block> blocks_;
  std::size_t current_ = 0;  // the block that memory is given out of
  char* next_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace halley::query
