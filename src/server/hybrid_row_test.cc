// The bytes of HybridRow, and what becomes of input that is not as it must be.
#include "server/hybrid_row.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "base/bytes.h"

namespace halley::server::hybrid_row {
namespace {

// Two presence bytes, every type, every storage.
constexpr std::array kColumns = {Column{Type::int32, Storage::fixed},     Column{Type::uint32, Storage::fixed, false},
                                 Column{Type::float64, Storage::fixed},   Column{Type::utf8, Storage::variable},
                                 Column{Type::binary, Storage::variable}, Column{Type::utf8, Storage::variable},
                                 Column{Type::utf8, Storage::variable},   Column{Type::utf8, Storage::variable},
                                 Column{Type::utf8, Storage::variable},   Column{Type::binary, Storage::variable},
                                 Column{Type::boolean, Storage::sparse},  Column{Type::int32, Storage::sparse},
                                 Column{Type::uint32, Storage::sparse},   Column{Type::float64, Storage::sparse},
                                 Column{Type::utf8, Storage::sparse},     Column{Type::binary, Storage::sparse}};
constexpr Schema kSchema{77, kColumns};

constexpr std::array kResultColumns = {Column{Type::int32, Storage::fixed},   Column{Type::int32, Storage::fixed},
                                       Column{Type::utf8, Storage::variable}, Column{Type::binary, Storage::variable},
                                       Column{Type::uint32, Storage::sparse}, Column{Type::float64, Storage::sparse}};
constexpr Schema kResult{2145473649u, kResultColumns};

std::string bytes(std::string_view hex) { return *from_hex(hex); }

std::string written(const Schema& schema, const Row& row) {
  std::string out;
  append_row(out, schema, row);
  return out;
}

TEST(HybridRow, WritesTheKnownBytes) {
  std::string stream;
  append_stream_header(stream);
  EXPECT_EQ(to_hex(stream), "81f0d8ff7f010a000000");
  const std::string row = written(kResult, {201, Value(), std::string_view("\"e\""), Value(), Value(), 1.0});
  EXPECT_EQ(to_hex(row), "817154e17f05c900000000000000032265221006000000000000f03f");
  stream.clear();
  append_record(stream, row);
  EXPECT_EQ(to_hex(stream).substr(0, 26), "81f1d8ff7f1c000000ff4e88f1");
}

// A presence bit that is not set still leaves the fixed column its place.
TEST(HybridRow, NullsAreNoValues) {
  const std::string row = written(kResult, {201, Value(), Value(), Value(), Value(), Value()});
  EXPECT_EQ(to_hex(row), "817154e17f01c900000000000000");
  const auto read = read_row(row, kResult);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)[0], Value(201));
  EXPECT_EQ((*read)[1], Value());
}

TEST(HybridRow, PassesOverWhatItDoesNotKnow) {
  const std::string row = written(kResult, {200, 0, Value(), Value(), Value(), Value()});
  // A path that stands in the row itself (7 tokens are the schema's: 0 and six columns), then one of the schema's.
  const char* const kUnknown[] = {
      "140878026161",                                // utf8 at the path "x"
      "1508780100",                                  // binary
      "010878",                                      // null
      "030878",                                      // true
      "0808780102030405060708",                      // int64
      "0d08788101",                                  // a varint
      "130a787878000102030405060708090a0b0c0d0e0f",  // a guid at the path "xxx"
      "1100000102030405060708090a0b0c0d0e0f",        // a decimal at the empty path
      "070201000000",                                // a column that is not a sparse one
  };
  for (const char* unknown : kUnknown) {
    const auto read = read_row(row + bytes(unknown) + bytes("0b0539300000"), kResult);
    ASSERT_TRUE(read) << unknown << " " << read.error().message;
    EXPECT_EQ((*read)[4], Value(12345u)) << unknown;
  }
  const auto scope = read_row(row + bytes("1e0878") + bytes("46"), kResult);
  ASSERT_FALSE(scope);
  EXPECT_EQ(scope.error().status, 400);
}

TEST(HybridRow, ASparseColumnHasItsType) {
  const std::string row = written(kResult, {200, 0, Value(), Value(), Value(), Value()});
  EXPECT_EQ((*read_row(row + bytes("0105"), kResult))[4], Value());  // null
  for (const char* wrong : {"070501000000",
                            "1405"
                            "0161",
                            "0305"}) {
    const auto read = read_row(row + bytes(wrong), kResult);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().status, 400);
  }
}

TEST(HybridRow, AStreamMayHaveSeveralSegmentsAndTheirComments) {
  const std::string row = written(kSchema, Row(kColumns.size()));
  std::string stream = bytes("81f0d8ff7f010e00000014020161");  // 14 bytes, with a comment "a"
  append_record(stream, row);
  append_stream_header(stream);
  append_record(stream, row);
  append_record(stream, "");
  const auto records = read_records(stream);
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(*records, (std::vector<std::string_view>{row, row, ""}));
}

rc::Gen<Row> arbitrary_row(const std::vector<std::string>& texts) {
  return rc::gen::exec([&texts] {
    Row row;
    for (const Column& column : kColumns) {
      const bool must = column.storage == Storage::fixed && !column.nullable;
      if (!must && *rc::gen::arbitrary<bool>()) {
        row.emplace_back();
        continue;
      }
      switch (column.type) {
        case Type::boolean:
          row.emplace_back(*rc::gen::arbitrary<bool>());
          break;
        case Type::int32:
          row.emplace_back(*rc::gen::arbitrary<std::int32_t>());
          break;
        case Type::uint32:
          row.emplace_back(*rc::gen::arbitrary<std::uint32_t>());
          break;
        case Type::float64:
          row.emplace_back(*rc::gen::arbitrary<double>());
          break;
        case Type::utf8:
        case Type::binary:
          row.emplace_back(std::string_view(texts[*rc::gen::inRange<std::size_t>(0, texts.size())]));
          break;
      }
    }
    return row;
  });
}

const std::vector<std::string>& some_texts() {
  static const std::vector<std::string> texts = {"",
                                                 "a",
                                                 std::string(1, '\0'),
                                                 "\xF0\x9F\x8C\x92",
                                                 std::string(127, 'x'),
                                                 std::string(128, 'y'),
                                                 std::string(20000, '\x81')};
  return texts;
}

RC_GTEST_PROP(HybridRow, WhatIsWrittenIsRead, ()) {
  const Row row = *arbitrary_row(some_texts());
  const std::string out = written(kSchema, row);
  const auto read = read_row(out, kSchema);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == row);
  RC_ASSERT(written(kSchema, *read) == out);
}

RC_GTEST_PROP(HybridRow, WhatIsPutInAStreamIsFoundInIt, ()) {
  const auto rows = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(some_texts()));
  std::string stream;
  append_stream_header(stream);
  for (const std::string& row : rows) append_record(stream, row);
  const auto records = read_records(stream);
  RC_ASSERT(records.has_value());
  RC_ASSERT(std::equal(records->begin(), records->end(), rows.begin(), rows.end()));
}

// Every truncation and every flipped bit of a stream: refused, or no record differs (the checksum covers rows only).
TEST(HybridRow, DamageIsRefused) {
  const std::string row = written(kResult, {201, 0, std::string_view("\"e\""), std::string_view("{}"), 5u, 1.0});
  std::string stream;
  append_stream_header(stream);
  append_record(stream, row);
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const auto records = read_records(std::string_view(stream).substr(0, size));
    if (records && records->empty()) continue;  // cut between header and record
    ASSERT_FALSE(records) << size;
    EXPECT_EQ(records.error().status, 400) << size;
  }
  for (std::size_t bit = 0; bit < stream.size() * 8; ++bit) {
    std::string damaged = stream;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto records = read_records(damaged);
    if (!records) {
      EXPECT_EQ(records.error().status, 400) << bit;
    } else {
      // Without its presence bit the segment's length is not needed.
      EXPECT_EQ(*records, std::vector<std::string_view>{row}) << bit;
    }
  }
}

TEST(HybridRow, EveryShorterRowIsRefusedOrEndsBetweenColumns) {
  const Row row = {201, 0, std::string_view("\"e\""), std::string_view("{}"), 5u, 1.0};
  const std::string whole = written(kResult, row);
  const std::size_t placed = written(kResult, {row[0], row[1], row[2], row[3], Value(), Value()}).size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_row(std::string_view(whole).substr(0, size), kResult);
    const bool between_columns = size == placed || size == placed + 6;
    EXPECT_EQ(read.has_value(), between_columns) << size;
  }
}

}  // namespace
}  // namespace halley::server::hybrid_row
