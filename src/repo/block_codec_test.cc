#include "repo/block_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <numeric>

#include "repo/block_bodies.h"
#include "repo/sealed_object.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

constexpr std::uint8_t kSegmentFormat = newest_format(ObjectKind::segment);

std::string container_rid() { return {'\x10', '\x82', '\x4C', '\x04', '\xD5', '\xC5', '\x83', '\xDA'}; }

// Texts that are often of a special form, often not.
rc::Gen<std::string> any_text() { return rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }
rc::Gen<std::string> any_rid() {
  return rc::gen::oneOf(rc::gen::just(std::string("EIMBANvVg9oBAAAAAAAAAA==")), rc::gen::just(std::string()),
                        any_text(),
                        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                                     [](std::uint64_t number) {
                                       std::string bytes = container_rid();
                                       put_u64(bytes, number);
                                       std::string text;
                                       append_rid(text, reinterpret_cast<const unsigned char*>(bytes.data()));
                                       return text;
                                     }),
                        rc::gen::just(std::string("EIMBANvVg9oBAAAAAAAAAB==")),   // not canonical
                        rc::gen::just(std::string("XXXBANvVg9oBAAAAAAAAAA==")));  // of another container
}
rc::Gen<std::string> any_etag() {
  return rc::gen::oneOf(rc::gen::just(std::string("\"0000d826-0000-0700-0000-5f3e0a1c0000\"")), any_text(),
                        rc::gen::just(std::string("\"0000D826-0000-0700-0000-5F3E0A1C0000\"")),
                        rc::gen::just(std::string("0000d826-0000-0700-0000-5f3e0a1c0000")),
                        rc::gen::just(std::string("\"0000d8260-000-0700-0000-5f3e0a1c0000\"")),
                        rc::gen::just(std::string()));
}

rc::Gen<OwnedVersion> any_version() {
  return rc::gen::exec([] {
    OwnedVersion v;
    v.id = *rc::gen::oneOf(any_text(), rc::gen::element<std::string>("a", "b"));
    v.partition_key = *rc::gen::oneOf(any_text(), rc::gen::just("[\"" + v.id + "\"]"),
                                      rc::gen::element<std::string>("[1]", "", "[\"\"]"));
    v.rid = *any_rid();
    v.etag = *any_etag();
    v.body = *rc::gen::oneOf(any_text(), rc::gen::just("{\"id\":\"" + v.id + "\"}"), rc::gen::just(v.id),
                             rc::gen::just("{\"a\":1,\"id\":\"" + v.id + "\",\"b\":[]}"));
    v.version.ts = {*rc::gen::arbitrary<std::int64_t>()};
    v.version.time = {*rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(), rc::gen::just(v.version.ts.value))};
    v.version.since = {*rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(), rc::gen::just(v.version.time.value))};
    v.version.position = {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint64_t>()};
    v.version.operation = *rc::gen::element(Operation::upsert, Operation::remove, Operation::expire);
    v.version.layout = *rc::gen::arbitrary<std::uint8_t>();
    v.version.digest = *rc::gen::arbitrary<std::uint64_t>();
    return v;
  });
}

struct EncodedBlock {
  std::vector<OwnedVersion> owned;
  std::string frame, bodies;
};

EncodedBlock encode(std::vector<OwnedVersion> owned, const std::string& rid) {
  std::vector<Version> versions;
  for (const OwnedVersion& v : owned) versions.push_back(v.view());
  std::vector<std::uint32_t> order(versions.size());
  std::iota(order.begin(), order.end(), 0U);
  BlockEncoder encoder(rid, 1);
  std::string frame(encoder.encode(versions, order));
  return {std::move(owned), std::move(frame), encoder.bodies()};
}

TEST(BlockCodecTest, GivesBackEveryFieldOfEveryVersion) {
  EXPECT_TRUE(rc::check([] {
    const std::string rid = *rc::gen::element(container_rid(), std::string());
    const EncodedBlock block = encode(*rc::gen::container<std::vector<OwnedVersion>>(any_version()), rid);
    BlockDecoder decoder(rid);
    codec::Decompressor decompressor;
    const auto decoded = decoder.decode(block.frame, block.owned.size(), kSegmentFormat, decompressor);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(decoder.count() == block.owned.size());
    RC_ASSERT(decoder.templates() == 0u);
    BlockBodies bodies;
    RC_ASSERT(bodies.load(decoder, block.bodies).has_value());
    for (std::size_t i = 0; i < block.owned.size(); ++i) {
      OwnedVersion expected = block.owned[i];
      const auto body = bodies.body(i);
      RC_ASSERT(body.has_value() && *body == expected.body);
      RC_ASSERT(decoder.has_body(i) == !expected.body.empty());
      expected.body.clear();
      const json::ValuePlace place;
      Version version;
      version.values = {&place, 1};  // as of another version, before
      decoder.read(i, version);
      RC_ASSERT(OwnedVersion(version) == expected);
      RC_ASSERT(version.values.empty());
      RC_ASSERT(decoder.time(i) == expected.version.time);
      RC_ASSERT(decoder.position(i) == expected.version.position);
    }
  }));
}

TEST(BlockCodecTest, KeepsUsualNamesSmall) {
  std::vector<OwnedVersion> versions;
  for (std::uint64_t i = 0; i < 1000; ++i) versions.push_back(write_of("k", "d" + std::to_string(i % 10), i));
  // Digests cannot be made smaller; everything else of these hardly weighs anything.
  EXPECT_LT(encode(versions, container_rid()).frame.size(), 8 * 1000 + 3000u);
}

// A decoder never trusts: wrong bytes are corrupt, or decode to something, but are never read outside.
TEST(BlockCodecTest, SurvivesAnyColumns) {
  EXPECT_TRUE(rc::check([] {
    const EncodedBlock block =
        encode(*rc::gen::nonEmpty(rc::gen::container<std::vector<OwnedVersion>>(any_version())), container_rid());
    ByteReader reader(block.frame);
    const std::string digests(reader.bytes(reader.u32()));
    codec::Decompressor decompressor;
    std::string columns;
    RC_ASSERT(decompressor.decompress(reader.rest(), 1 << 24, columns).has_value());
    const auto at = *rc::gen::inRange<std::size_t>(0, columns.size());
    if (*rc::gen::arbitrary<bool>())
      columns.resize(at);
    else
      columns[at] = *rc::gen::arbitrary<char>();
    std::string frame;
    put_u32(frame, static_cast<std::uint32_t>(digests.size()));
    frame += digests;
    codec::Compressor(1).compress(columns, frame);
    BlockDecoder decoder(container_rid());
    if (!decoder.decode(frame, block.owned.size(), kSegmentFormat, decompressor)) return;
    BlockBodies bodies;
    const bool fit = bodies.load(decoder, block.bodies).has_value();
    for (std::size_t i = 0; i < decoder.count(); ++i) {
      Version version;
      decoder.read(i, version);
      RC_ASSERT(OwnedVersion(version).id.size() <= columns.size());
      if (const auto body = fit ? bodies.body(i) : ""; body)
        RC_ASSERT(body->size() <= block.bodies.size() + columns.size());
    }
  }));
}

TEST(ColumnsTest, PlanesGiveBackEveryInteger) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint64_t>& values) {
    std::string out;
    put_planes(out, values);
    ByteReader in(out);
    std::vector<std::uint64_t> read;
    get_planes(in, values.size(), read);
    RC_ASSERT(in.finish("planes").has_value());
    RC_ASSERT(read == values);
  }));
}

// Of every text that differs in one character from a usual one: it is usual too, and comes back, or it is refused.
TEST(ColumnsTest, OnlyLowerCaseGuidsAreUsualEtags) {
  const std::string usual = "\"0123d826-4567-89ab-cdef-5f3e0a1c0000\"";
  for (std::size_t at = 0; at < usual.size(); ++at) {
    const bool is_digit = usual[at] != '"' && usual[at] != '-';
    for (int c = 0; c < 256; ++c) {
      std::string text = usual;
      text[at] = static_cast<char>(c);
      const bool expected = is_digit ? c != 0 && std::strchr("0123456789abcdef", c) != nullptr : text[at] == usual[at];
      unsigned char bytes[kGuidSize];
      ASSERT_EQ(parse_etag(text, bytes), expected) << text;
      if (!expected) continue;
      std::string back;
      append_etag(back, bytes);
      ASSERT_EQ(back, text);
    }
  }
}

TEST(ColumnsTest, OnlyCanonicalBase64IsAUsualRid) {
  const std::string usual = "EIMBANvVg9oBAz09+-xyAA==";
  for (std::size_t at = 0; at < usual.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string text = usual;
      text[at] = static_cast<char>(c);
      const char* const digits = at < 21    ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
                                 : at == 21 ? "AQgw"
                                            : "=";
      const bool expected = c != 0 && std::strchr(digits, c) != nullptr;
      unsigned char bytes[kRidSize];
      ASSERT_EQ(parse_rid(text, bytes), expected) << text;
      if (!expected) continue;
      std::string back;
      append_rid(back, bytes);
      ASSERT_EQ(back, text);
    }
  }
}

TEST(ColumnsTest, PlanesOfEqualValuesAreOneValue) {
  std::string out;
  put_planes(out, std::vector<std::uint64_t>(1000, 77));
  EXPECT_EQ(out.size(), 2u);
}

}  // namespace
}  // namespace halley::repo
