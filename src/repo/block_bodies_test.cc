// Bodies taken apart and put together again: through the encoder and the decoder of a block, as segments have them.
#include "repo/block_bodies.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <numeric>
#include <random>

#include "json/document_scanner.h"
#include "repo/body_splitter.h"
#include "repo/sealed_object.h"
#include "repo/template_paths.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

constexpr std::uint8_t kFormat = newest_format(ObjectKind::segment);
constexpr std::size_t kEnough = 16;  // bodies for a block to take any apart

// Versions of documents as a backup has them: ids are views of bodies, and places are told.
class Documents {
 public:
  void add(std::string text) {
    std::string& body = texts_.emplace_back(std::move(text));
    body.reserve(body.size() + json::kPadding);
    const auto scanned = scanner_.scan_document(body);
    ASSERT_TRUE(scanned) << scanned.error().to_string() << body;
    Version version;
    version.id = batch_.keep((*scanned)->id);
    const std::string_view id = (*scanned)->id;
    if (id.data() >= body.data() && id.data() < body.data() + body.size()) version.id = id;
    version.partition_key = "[1]";
    version.body = body;
    version.values = batch_.keep((*scanned)->values);
    versions_.push_back(version);
  }
  void add_removal(std::string_view id) {
    Version version;
    version.id = id;
    version.partition_key = "[1]";
    version.operation = Operation::remove;
    versions_.push_back(version);
  }
  std::vector<Version>& versions() { return versions_; }

 private:
  json::DocumentScanner scanner_{{{"partition"}}};
  std::deque<std::string> texts_;
  VersionBatch batch_;
  std::vector<Version> versions_;
};

struct Encoded {
  std::string frame, content;
  std::size_t count = 0;
};

Encoded encode(const std::vector<Version>& versions) {
  std::vector<std::uint32_t> order(versions.size());
  std::iota(order.begin(), order.end(), 0U);
  BlockEncoder encoder({}, 1);
  std::string frame(encoder.encode(versions, order));
  return {std::move(frame), encoder.bodies(), versions.size()};
}

void decode(const Encoded& block, BlockDecoder& decoder, std::uint8_t format = kFormat) {
  codec::Decompressor decompressor;
  const auto decoded = decoder.decode(block.frame, block.count, format, decompressor);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
}

// Every body comes back as it was; gives how many templates there are.
std::size_t expect_round_trip(const std::vector<Version>& versions) {
  const Encoded block = encode(versions);
  BlockDecoder decoder({});
  decode(block, decoder);
  BlockBodies bodies;
  EXPECT_TRUE(bodies.load(decoder, block.content));
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const auto body = bodies.body(i);
    EXPECT_TRUE(body) << body.error().to_string();
    if (body) {
      EXPECT_EQ(*body, versions[i].body);
    }
    EXPECT_EQ(decoder.has_body(i), !versions[i].body.empty());
  }
  EXPECT_TRUE(bodies.finish());
  return decoder.templates();
}

TEST(BlockBodies, AreThoseThatWereTakenApart) {
  Documents documents;
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    documents.add(R"({"id":"d)" + n + R"(","n":)" + n + R"(,"of":{"a":[1,)" + n + R"(,"x"],"b":null,"c":true},"t":"–)" +
                  n + "\"}");
  }
  EXPECT_EQ(expect_round_trip(documents.versions()), 1u);
  // Names and punctuation once, and no id at all.
  const Encoded block = encode(documents.versions());
  EXPECT_LT(block.content.size(), 300 * 34u);
  EXPECT_EQ(block.content.find("d17"), std::string::npos);
  EXPECT_EQ(block.content.find("\"of\""), block.content.rfind("\"of\""));
}

TEST(BlockBodies, OfHardDocumentsComeBack) {
  const std::string hard[] = {
      R"({"id":"a"})",
      R"({ "id" : "a" ,	"b" : [ ] , "c" : { } })",
      "{\n  \"id\": \"a\",\r\n  \"b\": [1, 2.50, -0, 1E+2]\n}",
      R"({"id":"\u0061","a\"b":"\"","a\\":"\\","\u0061":"\n\u0000"})",
      R"({"id":"a","id":"b","id":"b"})",
      R"({"a":1,"a":1,"a":{"a":1,"a":[1]},"id":"x"})",
      R"({"id":"a","list":[[],[[]],[[1],[2,[3]]],{},[{}],[{"a":1},{"a":2}]]})",
      R"({"":"","id":""})",
      R"({"id":7})",
      R"({"a":[]})",
      R"({"id":"[\"a\"]","x":"{\"a\":1}","y":":,[]{}"})",
      "{\"id\":\"\x7F\xC3\xA9\xF0\x9F\x90\x8B\",\"\xE2\x80\xA8\":\"\xE2\x80\xA9\"}",
      R"({"id":"a","ids":"a","b":"a"})",
      R"({"id":"a","big":")" + std::string(70'000, 'x') + R"("})",
      R"({"id":"a",")" + std::string(70'000, 'n') + R"(":1})",
      R"({"id":"a","deep":)" + std::string(120, '[') + "1" + std::string(120, ']') + "}",
      R"({"id":"a","long":")" + std::string(5'000, 'y') + R"(","last":12345678901234567890.5})",
  };
  Documents documents;
  for (int copy = 0; copy < 3; ++copy) {
    for (const std::string& text : hard) documents.add(text);
    documents.add_removal("gone");
  }
  EXPECT_GT(expect_round_trip(documents.versions()), 10u);
}

// Texts of documents: the form is drawn by one seed, the values by another, so that several can be of one form.
class ArbitraryText {
 public:
  ArbitraryText(std::uint64_t form, std::uint64_t values) : form_(form), values_(values) {}

  std::string value(int depth) {
    static constexpr const char* kScalars[] = {"null", "true",         "-0.50e+3",       "0",
                                               "\"\"", "\"\\\"\\\\\"", "\"\\u0000é,]\"", "7"};
    const std::size_t kind = below(form_, depth == 0 ? 2 : 5);
    if (kind < 2) return kScalars[below(values_, std::size(kScalars))];
    std::string text = kind == 2 ? "[" : "{";
    for (std::size_t i = 0, count = below(form_, 5); i < count; ++i) {
      if (i > 0) text += ',';
      text += space();
      if (kind != 2) text += kNames[below(form_, std::size(kNames))] + space() + ":";
      text += value(depth - 1) + space();
    }
    return text + (kind == 2 ? "]" : "}");
  }
  std::string document() {
    std::string text = "{" + space() + "\"id\":\"d" + std::to_string(below(values_, 100)) + "\"";
    for (std::size_t i = below(form_, 4); i > 0; --i) text += ",\"m" + std::to_string(i) + "\":" + value(4);
    return text + space() + "}";
  }

 private:
  static constexpr const char* kNames[] = {"\"a\"", "\"id\"", "\"\"", "\"\\\"\\u0041\"", "\"名\"", "\"[{:,\""};
  static std::size_t below(std::mt19937_64& random, std::size_t bound) { return random() % bound; }
  std::string space() { return below(form_, 8) == 0 ? " \r\n\t" : ""; }

  std::mt19937_64 form_, values_;
};

RC_GTEST_PROP(BlockBodies, OfArbitraryDocumentsComeBack, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  Documents documents;
  const std::uint64_t forms = random() % 8 + 1;
  for (std::uint64_t left = kEnough + random() % 60; left > 0; --left) {
    if (random() % 10 == 0) documents.add_removal("x");
    documents.add(ArbitraryText(seed ^ random() % forms, random()).document());
  }
  const std::size_t templates = expect_round_trip(documents.versions());
  RC_ASSERT(templates > 0U && templates <= forms);
}

TEST(BlockBodies, AreFoundInAnyOrder) {
  Documents documents;
  for (int i = 0; i < 50; ++i) {
    documents.add((i % 3 == 0 ? R"({"id":"a","n":)" : R"({"m":["s"],"id":"b","n":)") + std::to_string(i) + "}");
    if (i % 7 == 0) documents.versions().back().values = {};
  }
  const Encoded block = encode(documents.versions());
  BlockDecoder decoder({});
  decode(block, decoder);
  BlockBodies bodies;
  ASSERT_TRUE(bodies.load(decoder, block.content));
  for (const std::size_t i : {49U, 3U, 4U, 20U, 20U, 21U, 7U, 0U, 49U}) {
    const auto body = bodies.body(i);
    ASSERT_TRUE(body);
    EXPECT_EQ(*body, documents.versions()[i].body);
  }
  EXPECT_TRUE(bodies.finish());
}

TEST(BlockBodies, StayWholeWhereTakingThemApartGainsNothing) {
  Documents few;
  for (std::size_t i = 1; i < kEnough; ++i) few.add(R"({"id":"a","n":1})");
  EXPECT_EQ(expect_round_trip(few.versions()), 0u);
  few.add(R"({"id":"a","n":1})");
  EXPECT_EQ(expect_round_trip(few.versions()), 1u);

  Documents unlike;
  for (int i = 0; i < 400; ++i) unlike.add(R"({"id":"a","n)" + std::to_string(i) + R"(":1})");
  EXPECT_LE(expect_round_trip(unlike.versions()), 32u + 400 / 2);

  Documents untold;
  for (std::size_t i = 0; i < kEnough; ++i) {
    untold.add(R"({"id":"a","n":1})");
    untold.versions().back().values = {};
  }
  EXPECT_EQ(expect_round_trip(untold.versions()), 0u);
}

// What one encoder learnt of a block is not taken for the next.
TEST(BlockBodies, OfOneBlockSayNothingOfTheNext) {
  BlockEncoder encoder({}, 1);
  for (int round = 0; round < 4; ++round) {
    Documents documents;
    for (int i = 0; i < 40; ++i) {
      documents.add(R"({"id":"a","n":)" + std::to_string(i) + ",\"r" + std::to_string(i % 2 * round) + "\":\"x\"}");
    }
    std::vector<std::uint32_t> order(40);
    std::iota(order.begin(), order.end(), 0U);
    const std::string frame(encoder.encode(documents.versions(), order));
    const Encoded block{frame, encoder.bodies(), 40};
    BlockDecoder decoder({});
    decode(block, decoder);
    EXPECT_EQ(decoder.templates(), round == 0 ? 1u : 2u);
    BlockBodies bodies;
    ASSERT_TRUE(bodies.load(decoder, block.content));
    for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(bodies.body(i).value(), documents.versions()[i].body);
  }
}

class DamagedBodies : public ::testing::Test {
 protected:
  DamagedBodies() {
    for (int i = 0; i < 40; ++i) {
      documents_.add(R"({"id":"d)" + std::to_string(i) + R"(","v":[)" + std::to_string(i * 77) +
                     R"(,"x"],"w":"text"})");
      if (i % 5 == 0) documents_.versions().back().values = {};
      if (i % 3 == 0) documents_.add(R"({"id":"e","other":{"k":null}})");
    }
    block_ = encode(documents_.versions());
    decode(block_, decoder_);
  }

  // Whether all of it is found sound. What is not must be corrupt, and what comes is no larger than it can be.
  bool read(std::string_view content) {
    BlockBodies bodies;
    const auto loaded = bodies.load(decoder_, content);
    if (!loaded) {
      EXPECT_EQ(loaded.error().code, Code::corrupt);
    }
    if (!loaded) return false;
    bool sound = true;
    for (std::size_t i = 0; i < decoder_.count(); ++i) {
      const auto body = bodies.body(i);
      if (!body) {
        EXPECT_EQ(body.error().code, Code::corrupt);
      }
      sound = sound && body;
      if (body) {
        EXPECT_LE(body->size(), 2 * content.size() + 100);
      }
    }
    return sound && bodies.finish();
  }

  Documents documents_;
  Encoded block_;
  BlockDecoder decoder_{{}};
};

TEST_F(DamagedBodies, AreCorruptOrOthersButNeverReadOutside) {
  ASSERT_TRUE(read(block_.content));
  for (std::size_t at = 0; at < block_.content.size(); ++at) {
    for (const int change : {0x01, 0x0A, 0x20, 0x80, 0xFF}) {
      std::string content = block_.content;
      content[at] = static_cast<char>(content[at] ^ change);
      read(content);
    }
  }
}

TEST_F(DamagedBodies, AreCorruptWhereBytesAreMissingOrTooMany) {
  for (std::size_t size = 0; size < block_.content.size(); ++size) {
    const std::string content = block_.content.substr(0, size);  // of this size in memory, too
    EXPECT_FALSE(read(content)) << size;
  }
  EXPECT_FALSE(read(block_.content + "\n"));
}

TEST(BlockBodies, ThatWouldBeTooLargeAreRefused) {
  Documents documents;
  for (int i = 0; i < 1000; ++i) documents.add(R"({"n":1})");
  const Encoded block = encode(documents.versions());
  BlockDecoder decoder({});
  decode(block, decoder);
  const auto load = [&](const std::string& text, std::size_t ids) {
    std::string content;
    put_varint(content, 1);
    put_string(content, text + kSlot + kTemplateEnd);
    content += std::string(ids, '\0');
    for (const std::uint64_t number : {1U, 1U, 2000U}) put_varint(content, number);
    for (int i = 0; i < 1000; ++i) content += "1\n";
    BlockBodies bodies;
    const auto loaded = bodies.load(decoder, content);
    if (!loaded) {
      EXPECT_EQ(loaded.error().code, Code::corrupt);
    }
    return loaded.has_value();
  };
  EXPECT_TRUE(load(std::string(1000, 'n'), 0));
  EXPECT_FALSE(load(std::string(300'000, 'n'), 0));
  EXPECT_TRUE(load(std::string(100, kSlot), 100));
  EXPECT_FALSE(load(std::string(100'000, kSlot), 100'000));  // each an empty id in quotation marks
}

TEST(TemplatePaths, AreThoseOfTheDocument) {
  std::vector<std::uint64_t> paths;
  ASSERT_TRUE(
      read_paths("{\"a\":\x01"
                 ",\"b\":{\"a\":\x01"
                 ",\"a\":\x01"
                 "},\"c\":[\x01"
                 ",\x01"
                 ",[\x01"
                 "]],\"a\":\x01"
                 "}",
                 paths));
  ASSERT_EQ(paths.size(), 7u);
  EXPECT_EQ(paths[0], paths[6]);
  EXPECT_EQ(paths[1], paths[2]);
  EXPECT_EQ(paths[3], paths[4]);
  EXPECT_NE(paths[0], paths[1]);
  EXPECT_NE(paths[3], paths[5]);
  EXPECT_NE(paths[0], paths[3]);
  for (const std::string_view text :
       {"{", "{]", "}", "{\"a", "{\"a\\\"", "[\"a\"]", "\"a\":1", "{\"a\":\x02}", "{\"\x01\":1}"}) {
    EXPECT_FALSE(read_paths(text, paths)) << text;
  }
}

}  // namespace
}  // namespace halley::repo
