// zstd. Contexts are kept between calls; use one object per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::codec {

class Compressor {
 public:
  explicit Compressor(int level = 3);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  // Appends one zstd frame (with content size, without checksum: sealing authenticates) to `out`.
  void compress(std::string_view bytes, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// How large the content of a zstd frame is, as the frame itself tells; corrupt where it does not.
Result<std::uint64_t> content_size(std::string_view frame);

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  // Appends the content of one whole zstd frame to `out`. `limit` bounds the content's size: a larger one, or bytes
  // that are not such a frame, is corrupt and leaves `out` as it was.
  Status decompress(std::string_view frame, std::size_t limit, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace halley::codec
