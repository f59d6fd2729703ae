// A queue between threads, bounded by the bytes it holds: a producer that is ahead waits, so memory stays bounded.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "runtime/runtime.h"

namespace halley {

template <typename T>
class ByteQueue {
 public:
  // `capacity` bytes; an item larger than that passes alone.
  ByteQueue(Runtime& runtime, std::size_t capacity) : capacity_(capacity), changed_(runtime.make_condition()) {}

  // Waits for room. False when the queue was closed or `stop` was requested; the item is dropped then.
  bool push(T item, std::size_t bytes, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const bool room = changed_->wait(lock, stop, [&] { return closed_ || held_ == 0 || held_ + bytes <= capacity_; });
    if (!room || closed_ || stop.stop_requested()) return false;
    held_ += bytes;
    items_.emplace_back(std::move(item), bytes);
    changed_->notify_all();
    return true;
  }

  // Waits for an item. Nothing when the queue is closed and empty, or `stop` was requested.
  std::optional<T> pop(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const bool ready = changed_->wait(lock, stop, [&] { return closed_ || !items_.empty(); });
    if (!ready || items_.empty() || stop.stop_requested()) return std::nullopt;
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    held_ -= bytes;
    changed_->notify_all();
    return std::move(item);
  }

  // No more items come; what is queued can still be popped.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_->notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  const std::unique_ptr<Condition> changed_;
  std::deque<std::pair<T, std::size_t>> items_;
  std::size_t held_ = 0;
  bool closed_ = false;
};

}  // namespace halley
