// What one run of a query may do and hold: queries come from outside, and what they ask for can grow without end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace halley::query {

// What a set takes for a text besides it.
inline constexpr std::size_t kDistinctBytes = 64;

class Bounds {
 public:
  Bounds(std::uint64_t steps, std::size_t memory) : steps_(steps), memory_(memory) {}

  // Takes steps, of some nanoseconds each. False when more are asked for than are left, and from then on.
  bool spend(std::uint64_t steps) {
    if (steps > steps_) out_of_steps_ = true;
    steps_ -= std::min(steps, steps_);
    return !out_of_steps_;
  }
  // Takes memory, until it is let go. False, with nothing taken, when more is asked for than is left.
  bool hold(std::size_t bytes) {
    if (!has_room(bytes)) return false;
    memory_ -= bytes;
    return true;
  }
  void let_go(std::size_t bytes) { memory_ += bytes; }
  // Whether so much could be held: for what is made for a moment.
  bool has_room(std::size_t bytes) {
    if (bytes > memory_) out_of_memory_ = true;
    return bytes <= memory_;
  }

  std::size_t memory_left() const { return memory_; }
  // Whether a bound was reached; what was computed since counts for nothing.
  bool out_of_steps() const { return out_of_steps_; }
  bool out_of_memory() const { return out_of_memory_; }
  bool reached() const { return out_of_steps_ || out_of_memory_; }

 private:
  std::uint64_t steps_;
  std::size_t memory_;
  bool out_of_steps_ = false;
  bool out_of_memory_ = false;
};

// What one owner holds: let go when the owner goes.
class Held {
 public:
  explicit Held(Bounds& bounds) : bounds_(bounds) {}
  ~Held() { bounds_.let_go(bytes_); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  bool add(std::size_t bytes) {
    const bool held = bounds_.hold(bytes);
    if (held) bytes_ += bytes;
    return held;
  }
  void remove(std::size_t bytes) {
    bounds_.let_go(bytes);
    bytes_ -= bytes;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  Bounds& bounds_;
  std::size_t bytes_ = 0;
};

}  // namespace halley::query
