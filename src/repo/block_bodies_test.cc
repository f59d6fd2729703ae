// Bodies taken apart and put together again: through the encoder and the decoder of a block, as segments have them.
#include "repo/block_bodies.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <functional>
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

Encoded encode(const std::vector<Version>& versions, BlockEncoder& encoder) {
  std::vector<std::uint32_t> order(versions.size());
  std::iota(order.begin(), order.end(), 0U);
  std::string frame(encoder.encode(versions, order));
  return {std::move(frame), encoder.bodies(), versions.size()};
}

Encoded encode(const std::vector<Version>& versions) {
  BlockEncoder encoder({}, 1);
  return encode(versions, encoder);
}

void decode(const Encoded& block, BlockDecoder& decoder, std::uint8_t format = kFormat) {
  codec::Decompressor decompressor;
  const auto decoded = decoder.decode(block.frame, block.count, format, decompressor);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
}

// Blocks that go through one writer and one reader.
class Blocks {
 public:
  // Every body comes back as it was; gives how many templates there are.
  std::size_t expect_round_trip(const std::vector<Version>& versions) {
    const Encoded block = encode(versions, encoder_);
    decode(block, decoder_);
    EXPECT_TRUE(bodies_.load(decoder_, block.content));
    for (std::size_t i = 0; i < versions.size(); ++i) {
      const auto body = bodies_.body(i);
      EXPECT_TRUE(body) << body.error().to_string();
      if (body) {
        EXPECT_TRUE(*body == versions[i].body) << i;
      }
      EXPECT_EQ(decoder_.has_body(i), !versions[i].body.empty());
    }
    EXPECT_TRUE(bodies_.finish());
    return decoder_.templates();
  }
  BodySplitter::Effort effort() const { return encoder_.splitter().effort(); }

 private:
  BlockEncoder encoder_{{}, 1};
  BlockDecoder decoder_{{}};
  BlockBodies bodies_;
};

std::size_t expect_round_trip(const std::vector<Version>& versions) { return Blocks().expect_round_trip(versions); }

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

// A member's name of so many bytes, unlike that of any other number.
std::string name(std::size_t number, std::size_t size) {
  std::string text = std::to_string(number);
  return '"' + text.append(size - text.size(), '_') + '"';
}

// What one writer learnt of a block is not taken for the next, whether it is still kept or not. Nor what one reader has
// of it: blocks are larger and smaller than those before.
TEST(BlockBodies, OfOneBlockSayNothingOfTheNext) {
  Blocks blocks;
  std::size_t resets = 0;
  for (std::size_t round = 0; round < 24; ++round) {
    Documents documents;
    for (std::size_t i = 0; i < 40; ++i) {
      documents.add(R"({"id":"a","n":)" + std::to_string(i) + ",\"r" + std::to_string(i % 2 * round) + "\":\"x\"}");
    }
    const std::size_t large = round % 3 * 15;
    for (std::size_t i = 0; i < large; ++i) documents.add("{\"id\":\"a\"," + name(i, 90'000 + i + 30 * round) + ":{}}");
    const std::size_t before = blocks.effort().templates;
    EXPECT_EQ(blocks.expect_round_trip(documents.versions()), (round == 0 ? 1 : 2) + large);
    if (blocks.effort().templates < before) ++resets;
  }
  EXPECT_GT(resets, 0u);
}

// What writers keep of documents none of which is like another. `block` makes the bodies of a block by its number, and
// `kept` is what there is most of.
void expect_bounded(std::size_t BodySplitter::Effort::*kept, std::size_t bound,
                    const std::function<void(std::size_t block, Documents& documents)>& block) {
  Blocks blocks;
  std::size_t resets = 0;
  for (std::size_t number = 0; resets < 2; ++number) {
    ASSERT_LT(number, 40U);
    Documents documents;
    block(number, documents);
    std::size_t bytes = 0;
    for (const Version& version : documents.versions()) bytes += version.body.size();
    const BodySplitter::Effort before = blocks.effort();
    const bool is_full = before.*kept >= bound;
    EXPECT_GT(blocks.expect_round_trip(documents.versions()), 0U);
    const BodySplitter::Effort after = blocks.effort();
    EXPECT_EQ(after.*kept < before.*kept, is_full) << number;  // let go of there, and not before
    EXPECT_LE(after.templates, BodySplitter::kMaxTemplates + documents.versions().size());
    EXPECT_LE(after.hashes, BodySplitter::kMaxTemplates + documents.versions().size());
    EXPECT_LE(after.columns, BodySplitter::kMaxColumns + bytes);
    EXPECT_LE(after.room, BodySplitter::kMaxRoom + 4 * bytes);
    if (is_full) ++resets;
  }
}

TEST(BodySplitter, KeepsNoMoreTemplatesThanItMay) {
  expect_bounded(&BodySplitter::Effort::templates, BodySplitter::kMaxTemplates,
                 [](std::size_t block, Documents& documents) {
                   for (std::size_t form = block * 1100; form < (block + 1) * 1100; ++form) {
                     const std::size_t sizes = form / BodySplitter::kMaxAlike;  // of so many forms the same
                     const std::string text = R"({"id":"x",)" + name(form, 10 + sizes % 40) + R"(:{},"n":1,)" +
                                              name(form, 10 + sizes / 40) + R"(:{},"o":2})";
                     for (int copy = 0; copy < 2; ++copy) documents.add(text);
                   }
                 });
}

TEST(BodySplitter, KeepsNoMoreHashesThanItMay) {
  expect_bounded(&BodySplitter::Effort::hashes, BodySplitter::kMaxTemplates,
                 [](std::size_t block, Documents& documents) {
                   for (std::size_t form = block * 1500; form < (block + 1) * 1500; ++form) {
                     documents.add(R"({"id":"x",)" + name(form, 10 + form % 150) + R"(:{},"n":1,)" +
                                   name(form, 10 + form / 150) + R"(:{},"o":2})");
                   }
                 });
}

TEST(BodySplitter, KeepsNoMoreColumnsThanItMay) {
  expect_bounded(&BodySplitter::Effort::columns, BodySplitter::kMaxColumns,
                 [](std::size_t block, Documents& documents) {
                   for (std::size_t form = 0; form < 30; ++form) {
                     std::string text = R"({"id":"x")";
                     for (std::size_t i = 0; i < 100; ++i) {
                       text += "," + name((block * 30 + form) * 100 + i, 10 + form) + ":1";
                     }
                     documents.add(text + "}");
                   }
                 });
}

TEST(BodySplitter, KeepsNoMoreRoomForTemplatesThanItMay) {
  expect_bounded(&BodySplitter::Effort::room, BodySplitter::kMaxRoom, [](std::size_t block, Documents& documents) {
    for (std::size_t i = 0; i < 30; ++i) {
      documents.add(R"({"id":"x",)" + name(i, 60'000 + block * 30 + i) + ":{}}");
    }
  });
}

// A template is its text and the columns of its values, of which documents that are all numbers have as much.
TEST(BodySplitter, KeepsNoMoreRoomForTheColumnsOfTemplatesThanItMay) {
  const auto add_numbers = [](std::size_t count, Documents& documents) {
    std::string text = R"({"id":"x","a":[0)";
    while (--count > 0) text += ",0";
    documents.add(text + "]}");
  };
  expect_bounded(&BodySplitter::Effort::room, BodySplitter::kMaxRoom, [&](std::size_t block, Documents& documents) {
    for (std::size_t i = 0; i < 16; ++i) add_numbers(20'000 + block * 16 + i, documents);
  });
  Documents documents;
  for (const std::size_t count : {20'000U, 19'000U}) add_numbers(count, documents);
  BodySplitter splitter;
  EXPECT_EQ(splitter.add(documents.versions()[0]), 1U);
  splitter.clear();
  const std::size_t before = splitter.effort().room;
  EXPECT_EQ(splitter.add(documents.versions()[1]), 1U);  // whose values have room already
  EXPECT_GE(splitter.effort().room - before, 19'000 * (2 + sizeof(std::uint32_t)));
}

TEST(BodySplitter, KeepsNoMoreRoomForValuesThanItMay) {
  expect_bounded(&BodySplitter::Effort::room, BodySplitter::kMaxRoom, [](std::size_t block, Documents& documents) {
    for (std::size_t i = 0; i < 30; ++i) {
      documents.add(R"({"id":"x",)" + name(block, 10 + i) + ":\"" + std::string(60'000, 'v') + "\"}");
    }
  });
}

// Members named by something of one length, as a GUID is, make templates of one hash.
TEST(BodySplitter, ComparesABodyWithFewTemplates) {
  for (const char* const value : {":true}}", ":{}}}"}) {
    Blocks blocks;
    std::size_t number = 0;
    for (std::size_t round = 1; round <= 3; ++round) {
      Documents documents;
      for (int i = 0; i < 2000; ++i) documents.add(R"({"id":"x","m":{)" + name(number++, 36) + value);
      EXPECT_EQ(blocks.expect_round_trip(documents.versions()), BodySplitter::kMaxAlike);
      EXPECT_EQ(blocks.effort().templates, BodySplitter::kMaxAlike);
      EXPECT_EQ(blocks.effort().hashes, 1U);
      // With each that is kept, and with the one that is made of it.
      EXPECT_LE(blocks.effort().compared, number * (BodySplitter::kMaxAlike + 1));
    }
    // One that many documents have is found among them.
    Documents documents;
    for (int i = 0; i < 40; ++i) documents.add(R"({"id":"x","m":{)" + name(number, 36) + value);
    EXPECT_EQ(blocks.expect_round_trip(documents.versions()), 1U);
  }
}

TEST(BodySplitterDeathTest, TakesNoValueFromOutsideOfABody) {
  Documents documents;
  documents.add(R"({"id":"x","n":1})");
  Version version = documents.versions().front();
  version.body.remove_suffix(3);
  EXPECT_DEATH(BodySplitter().add(version), "body.size");
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
    Documents small;
    const std::string value(block_.content.size() / 2 / kEnough, 'n');
    for (std::size_t i = 0; i < kEnough; ++i) small.add("{\"n\":\"" + value + "\"}");
    small_ = encode(small.versions());
    decode(small_, small_decoder_);
  }

  // Whether all of it is found sound. What is not must be corrupt, and what comes is no larger than it can be. The
  // room that bodies are put together in is large enough by little: it was made for a smaller block.
  bool read(std::string_view content) {
    BlockBodies bodies;
    if (bodies.load(small_decoder_, small_.content)) (void)bodies.body(0);
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
  Encoded block_, small_;
  BlockDecoder decoder_{{}}, small_decoder_{{}};
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

// Bodies that have one template of two values.
std::string of_two_columns(std::string_view slots, std::string_view first, std::string_view second) {
  std::string content;
  put_varint(content, 1);
  put_string(content, std::string{'[', kSlot, ',', kSlot, ']', kTemplateEnd});
  content += slots;
  for (const std::uint64_t number : {std::size_t{2}, first.size(), second.size()}) put_varint(content, number);
  return content.append(first).append(second);
}

// A value without an end is not read on into the next column: that would be more than there is room for, where the room
// is that of a block before.
TEST(BlockBodies, OfAColumnWithoutAnEndAreCorrupt) {
  Documents documents;
  for (std::size_t i = 0; i < kEnough; ++i) documents.add(R"({"n":1})");
  const Encoded block = encode(documents.versions());
  BlockDecoder decoder({});
  decode(block, decoder);
  ASSERT_EQ(decoder.templates(), 1u);
  BlockBodies bodies;
  const std::string before = of_two_columns("\x01\x02", "1\n", std::string(1'000'000, '2') + "\n");
  ASSERT_TRUE(bodies.load(decoder, before));
  EXPECT_EQ(bodies.body(0).value(), "[1," + std::string(1'000'000, '2') + "]");
  for (const std::string_view first : {"x", "xxxxxxx", "xxxxxxxx", "xxxxxxxxx", ""}) {
    const std::string content = of_two_columns("\x02\x01", first, std::string(1'900'000, '2') + "\n");
    ASSERT_TRUE(bodies.load(decoder, content));
    const auto body = bodies.body(0);
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, Code::corrupt);
  }
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
