#include "repo/version_batch.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace halley::repo {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

}  // namespace

std::string& VersionBatch::adopt(std::string page) {
  bytes_ += page.capacity();
  pages_.push_back(std::make_unique<std::string>(std::move(page)));
  return *pages_.back();
}

std::string_view VersionBatch::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > chunk_left_) {
    const std::size_t size = std::max(kChunk, text.size());
    chunks_.emplace_back(new char[size]);
    chunk_at_ = chunks_.back().get();
    chunk_left_ = size;
    bytes_ += size;
  }
  std::memcpy(chunk_at_, text.data(), text.size());
  const std::string_view kept(chunk_at_, text.size());
  chunk_at_ += text.size();
  chunk_left_ -= text.size();
  return kept;
}

std::span<const json::ValuePlace> VersionBatch::keep(std::span<const json::ValuePlace> places) {
  // A chunk begins at an even address, and where one of an odd size is made nothing of it is left.
  constexpr std::size_t kAlignment = alignof(json::ValuePlace);
  static_assert(kChunk % kAlignment == 0);
  const std::size_t odd = chunk_left_ % kAlignment;
  chunk_at_ += odd;
  chunk_left_ -= odd;
  const std::string_view kept =
      keep(std::string_view(reinterpret_cast<const char*>(places.data()), places.size_bytes()));
  return {reinterpret_cast<const json::ValuePlace*>(kept.data()), places.size()};
}

void VersionBatch::clear() {
  std::vector<Version> versions = std::move(versions_);
  *this = VersionBatch();
  versions.clear();
  versions_ = std::move(versions);
}

void VersionBatch::absorb(VersionBatch&& other) {
  std::move(other.pages_.begin(), other.pages_.end(), std::back_inserter(pages_));
  std::move(other.chunks_.begin(), other.chunks_.end(), std::back_inserter(chunks_));
  versions_.insert(versions_.end(), other.versions_.begin(), other.versions_.end());
  bytes_ += other.bytes_;
  other.clear();
}

}  // namespace halley::repo
