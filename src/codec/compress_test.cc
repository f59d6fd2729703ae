#include "codec/compress.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zstd.h>

namespace halley::codec {
namespace {

constexpr std::size_t kLimit = 1 << 20;

std::string compressed(std::string_view bytes, int level = 3) {
  std::string out;
  Compressor(level).compress(bytes, out);
  return out;
}

RC_GTEST_PROP(Compress, RoundTripsBehindWhatIsThere, (std::string bytes, std::string before)) {
  std::string repeated;
  for (int i = 0; i < *rc::gen::inRange(1, 50); ++i) repeated += bytes;
  std::string frame = before;
  Compressor().compress(repeated, frame);
  RC_ASSERT(frame.substr(0, before.size()) == before);
  std::string out = before;
  RC_ASSERT(Decompressor().decompress(std::string_view(frame).substr(before.size()), repeated.size(), out).has_value());
  RC_ASSERT(out == before + repeated);
}

TEST(Compress, ObjectsServeManyFrames) {
  Compressor compressor(1);
  Decompressor decompressor;
  for (const std::size_t size : {0U, 1U, 1000U, 100000U, 10U}) {
    const std::string bytes(size, 'x');
    std::string frame;
    std::string out;
    compressor.compress(bytes, frame);
    ASSERT_TRUE(decompressor.decompress(frame, kLimit, out));
    EXPECT_EQ(out, bytes);
  }
}

TEST(Compress, FramesTellTheirSizeAndCarryNoChecksum) {
  const std::string frame = compressed("some bytes");
  EXPECT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), 10U);
  EXPECT_EQ(static_cast<unsigned char>(frame[4]) & 4, 0);  // The checksum flag of the frame header descriptor.
}

TEST(Decompress, BoundsTheSize) {
  const std::string frame = compressed(std::string(1001, 'x'));
  std::string out = "before";
  EXPECT_EQ(Decompressor().decompress(frame, 1000, out).error().code, Code::corrupt);
  EXPECT_EQ(out, "before");
  EXPECT_TRUE(Decompressor().decompress(frame, 1001, out));
}

TEST(Decompress, RefusesWhatIsNotOneWholeFrame) {
  const std::string frame = compressed("some bytes that are worth it");
  Decompressor decompressor;
  std::string out = "before";
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(decompressor.decompress(frame.substr(0, size), kLimit, out).error().code, Code::corrupt) << size;
  }
  EXPECT_EQ(decompressor.decompress(frame + "x", kLimit, out).error().code, Code::corrupt);
  EXPECT_EQ(decompressor.decompress(frame + frame, kLimit, out).error().code, Code::corrupt);
  EXPECT_EQ(decompressor.decompress("not a frame at all", kLimit, out).error().code, Code::corrupt);
  EXPECT_EQ(out, "before");
  EXPECT_TRUE(decompressor.decompress(frame, kLimit, out));  // It still works after failures.
}

TEST(Decompress, RefusesAFrameThatDoesNotTellItsSize) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string frame(100, '\0');
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), "abc", 3));
  ZSTD_freeCCtx(context);
  std::string out;
  EXPECT_EQ(Decompressor().decompress(frame, kLimit, out).error().code, Code::corrupt);
}

// Damage never crashes, and leaves nothing behind where it is noticed; that it is noticed is the work of sealing.
TEST(Decompress, SurvivesEveryFlippedBit) {
  std::string frame = compressed("some bytes, some more bytes, and some bytes again");
  Decompressor decompressor;
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << bit % 8));
    std::string out = "before";
    const Status status = decompressor.decompress(frame, kLimit, out);
    EXPECT_TRUE(status || out == "before");
    frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << bit % 8));
  }
}

}  // namespace
}  // namespace halley::codec
