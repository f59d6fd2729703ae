#include "codec/compress.h"

#include <zstd.h>

#include "base/check.h"

namespace halley::codec {

struct Compressor::State {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::unique_ptr<char[]>
      room;  // for the largest that compressed bytes can be; a string would fill it with zeros first
  std::size_t room_size = 0;
  ~State() { ZSTD_freeCCtx(context); }
};

Compressor::Compressor(int level) : state_(std::make_unique<State>()) {
  CHECK(state_->context != nullptr);
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(state_->context, ZSTD_c_compressionLevel, level)));
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(state_->context, ZSTD_c_contentSizeFlag, 1)));
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(state_->context, ZSTD_c_checksumFlag, 0)));
}

Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;

void Compressor::compress(std::string_view bytes, std::string& out) {
  State& state = *state_;
  const std::size_t bound = ZSTD_compressBound(bytes.size());
  if (state.room_size < bound) {
    state.room.reset(new char[bound]);
    state.room_size = bound;
  }
  const std::size_t written = ZSTD_compress2(state.context, state.room.get(), bound, bytes.data(), bytes.size());
  CHECK(!ZSTD_isError(written));  // The destination is large enough; what is left is being out of memory.
  out.append(state.room.get(), written);
}

Result<std::uint64_t> content_size(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
    return fail(Code::corrupt, "the size of the compressed content is not told");
  }
  return size;
}

struct Decompressor::State {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ~State() { ZSTD_freeDCtx(context); }
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) { CHECK(state_->context != nullptr); }
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;

Status Decompressor::decompress(std::string_view frame, std::size_t limit, std::string& out) {
  const std::size_t frame_size = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(frame_size) || frame_size != frame.size()) {
    return fail(Code::corrupt, "the compressed bytes are not one whole zstd frame");
  }
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > limit) {
    return fail(Code::corrupt, "the size of the compressed content is not told or too large");
  }
  const std::size_t before = out.size();
  out.resize(before + size);
  const std::size_t written =
      ZSTD_decompressDCtx(state_->context, out.data() + before, size, frame.data(), frame.size());
  if (ZSTD_isError(written) || written != size) {
    out.resize(before);
    return fail(Code::corrupt, "the compressed bytes are damaged");
  }
  return {};
}

}  // namespace halley::codec
