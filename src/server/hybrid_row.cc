#include "server/hybrid_row.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <boost/crc.hpp>

#include "base/bytes.h"
#include "base/check.h"
#include "server/refusal.h"

namespace halley::server::hybrid_row {
namespace {

constexpr std::size_t kHeadBytes = 5;  // version and schema id

constexpr std::array kSegmentColumns = {Column{Type::int32, Storage::fixed}, Column{Type::utf8, Storage::sparse},
                                        Column{Type::utf8, Storage::sparse}};
constexpr Schema kSegment{2147473648u, kSegmentColumns};
constexpr std::size_t kSegmentBytes = kHeadBytes + 1 + 4;  // without its sparse columns
constexpr std::array kRecordColumns = {Column{Type::int32, Storage::fixed, false},
                                       Column{Type::uint32, Storage::fixed, false}};
constexpr Schema kRecord{2147473649u, kRecordColumns};
constexpr std::size_t kRecordBytes = kHeadBytes + 4 + 4;

// What a type of a sparse column is called in a row, and how long its values are.
enum class TypeCode : std::uint8_t {
  null = 1,
  boolean_false = 2,
  boolean_true = 3,
  int32 = 7,
  uint32 = 11,
  var_int = 13,
  var_uint = 14,
  float64 = 16,
  utf8 = 20,
  binary = 21,
};

// The length of values that this server has no use for but can pass over; index is the type code.
constexpr std::array<std::int8_t, 25> kFixedLengths = {-1, 0,  0, 0, -1, 1, 2,  4,  8,  1,  2, 4, 8,
                                                       -1, -1, 4, 8, 16, 8, 16, -1, -1, 16, 8, 12};

std::uint32_t crc32(std::string_view bytes) {
  boost::crc_32_type crc;  // IEEE 802.3
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

tl::unexpected<Error> malformed(std::string_view what) {
  return refuse(400, fmt::format("The binary batch is malformed: {}.", what));
}

bool has_presence_bit(const Column& column) {
  return column.storage == Storage::variable || (column.storage == Storage::fixed && column.nullable);
}

bool is_text(Type type) { return type == Type::utf8 || type == Type::binary; }

bool holds(const Value& value) { return !std::holds_alternative<std::monostate>(value); }

void append_fixed(std::string& out, Type type, const Value& value) {
  if (type == Type::int32) {
    const auto* number = std::get_if<std::int32_t>(&value);
    put_u32(out, number == nullptr ? 0 : static_cast<std::uint32_t>(*number));
  } else if (type == Type::uint32) {
    const auto* number = std::get_if<std::uint32_t>(&value);
    put_u32(out, number == nullptr ? 0 : *number);
  } else {
    CHECK(type == Type::float64);
    const auto* number = std::get_if<double>(&value);
    put_u64(out, number == nullptr ? 0 : std::bit_cast<std::uint64_t>(*number));
  }
}

TypeCode code_of(Type type, const Value& value) {
  switch (type) {
    case Type::boolean:
      return std::get<bool>(value) ? TypeCode::boolean_true : TypeCode::boolean_false;
    case Type::int32:
      return TypeCode::int32;
    case Type::uint32:
      return TypeCode::uint32;
    case Type::float64:
      return TypeCode::float64;
    case Type::utf8:
      return TypeCode::utf8;
    case Type::binary:
      return TypeCode::binary;
  }
  return TypeCode::null;
}

void append_sparse(std::string& out, std::size_t token, Type type, const Value& value) {
  put_u8(out, static_cast<std::uint8_t>(code_of(type, value)));
  put_varint(out, token);
  if (is_text(type)) {
    put_string(out, std::get<std::string_view>(value));
  } else if (type != Type::boolean) {
    append_fixed(out, type, value);
  }
}

// Reads one row off a reader.
class RowReader {
 public:
  RowReader(std::string_view bytes, const Schema& schema) : reader_(bytes), schema_(schema) {}

  Result<Row> read() {
    if (reader_.bytes(1) != std::string_view(&kVersion, 1)) return malformed("a row does not begin with 0x81");
    if (reader_.u32() != schema_.id) return malformed(fmt::format("a row is not of the schema {}", schema_.id));
    row_.resize(schema_.columns.size());
    read_placed();
    while (!reader_.failed() && !reader_.at_end()) TRY(read_sparse());
    if (reader_.failed()) return malformed("a row ends too early");
    return std::move(row_);
  }

 private:
  void read_placed() {
    std::size_t bits = 0;
    for (const Column& column : schema_.columns) bits += has_presence_bit(column) ? 1u : 0u;
    const std::string_view presence = reader_.bytes((bits + 7) / 8);
    if (reader_.failed()) return;
    std::size_t bit = 0;
    for (std::size_t i = 0; i < schema_.columns.size(); ++i) {
      const Column& column = schema_.columns[i];
      if (column.storage == Storage::sparse) continue;
      const bool present = !has_presence_bit(column) || ((presence[bit / 8] >> (bit % 8)) & 1) != 0;
      if (has_presence_bit(column)) ++bit;
      // A fixed column occupies its place all the same.
      if (present || column.storage == Storage::fixed) {
        const Value value = read_value(column.type);
        if (present) row_[i] = value;
      }
    }
  }

  Value read_value(Type type) {
    switch (type) {
      case Type::int32:
        return static_cast<std::int32_t>(reader_.u32());
      case Type::uint32:
        return reader_.u32();
      case Type::float64:
        return std::bit_cast<double>(reader_.u64());
      case Type::utf8:
      case Type::binary:
        return reader_.string();
      case Type::boolean:
        break;
    }
    return {};
  }

  Status read_sparse() {
    const auto code = static_cast<TypeCode>(reader_.u8());
    const std::uint64_t token = reader_.varint();
    // Token 0 is the empty path, then come the columns; what is beyond is the length of a path that stands here itself.
    const std::size_t tokens = schema_.columns.size() + 1;
    if (token >= tokens) reader_.bytes(token - tokens);
    if (reader_.failed()) return malformed("a row ends too early");
    const auto index = static_cast<std::size_t>(token) - 1;
    if (token == 0 || token >= tokens || schema_.columns[index].storage != Storage::sparse) return pass_over(code);
    Value& value = row_[index];
    const Type type = schema_.columns[index].type;
    if (code == TypeCode::null) return {};
    if (type == Type::boolean && (code == TypeCode::boolean_true || code == TypeCode::boolean_false)) {
      value = code == TypeCode::boolean_true;
      return {};
    }
    if (type == Type::boolean || code != code_of(type, {})) {
      return malformed(fmt::format("column {} has the wrong type {}", token, static_cast<int>(code)));
    }
    value = read_value(type);
    return {};
  }

  Status pass_over(TypeCode code) {
    const auto number = static_cast<std::size_t>(code);
    if (code == TypeCode::var_int || code == TypeCode::var_uint) {
      reader_.varint();
    } else if (code == TypeCode::utf8 || code == TypeCode::binary) {
      reader_.string();
    } else if (number < kFixedLengths.size() && kFixedLengths[number] >= 0) {
      reader_.bytes(static_cast<std::size_t>(kFixedLengths[number]));
    } else {
      return malformed(fmt::format("a column of type {} is not understood", number));
    }
    return {};
  }

  ByteReader reader_;
  const Schema& schema_;
  Row row_;
};

bool begins_with(std::string_view bytes, const Schema& schema) {
  ByteReader reader(bytes);
  return reader.bytes(1) == std::string_view(&kVersion, 1) && reader.u32() == schema.id && !reader.failed();
}

// The whole segment header at the front of `bytes`: it says itself how long it is.
Result<std::string_view> segment_header(std::string_view bytes) {
  if (!begins_with(bytes, kSegment) || bytes.size() < kSegmentBytes) {
    return malformed("a stream does not begin with a segment header");
  }
  ASSIGN(const Row head, read_row(bytes.substr(0, kSegmentBytes), kSegment));
  const auto* length = std::get_if<std::int32_t>(&head[0]);
  const std::size_t size = length == nullptr ? kSegmentBytes : static_cast<std::uint32_t>(*length);
  if (size < kSegmentBytes || size > bytes.size()) return malformed("a segment header has a wrong length");
  const std::string_view header = bytes.substr(0, size);
  TRY(read_row(header, kSegment));
  return header;
}

}  // namespace

void append_row(std::string& out, const Schema& schema, const Row& row) {
  CHECK(row.size() == schema.columns.size());
  out += kVersion;
  put_u32(out, schema.id);
  std::string presence;
  std::size_t bit = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!has_presence_bit(schema.columns[i])) continue;
    if (bit % 8 == 0) presence += '\0';
    if (holds(row[i])) presence.back() = static_cast<char>(presence.back() | (1 << (bit % 8)));
    ++bit;
  }
  out += presence;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Column& column = schema.columns[i];
    if (column.storage == Storage::fixed) append_fixed(out, column.type, row[i]);
    if (!holds(row[i])) continue;
    if (column.storage == Storage::variable) put_string(out, std::get<std::string_view>(row[i]));
    if (column.storage == Storage::sparse) append_sparse(out, i + 1, column.type, row[i]);
  }
}

Result<Row> read_row(std::string_view bytes, const Schema& schema) { return RowReader(bytes, schema).read(); }

void append_stream_header(std::string& out) {
  append_row(out, kSegment, {static_cast<std::int32_t>(kSegmentBytes), Value(), Value()});
}

void append_record(std::string& out, std::string_view row) {
  append_row(out, kRecord, {static_cast<std::int32_t>(row.size()), crc32(row)});
  out += row;
}

Result<std::vector<std::string_view>> read_records(std::string_view stream) {
  std::vector<std::string_view> records;
  ASSIGN(const std::string_view first, segment_header(stream));
  stream.remove_prefix(first.size());
  while (!stream.empty()) {
    if (begins_with(stream, kSegment)) {
      ASSIGN(const std::string_view header, segment_header(stream));
      stream.remove_prefix(header.size());
      continue;
    }
    if (stream.size() < kRecordBytes) return malformed("a record header ends too early");
    ASSIGN(const Row header, read_row(stream.substr(0, kRecordBytes), kRecord));
    stream.remove_prefix(kRecordBytes);
    const std::size_t length = static_cast<std::uint32_t>(std::get<std::int32_t>(header[0]));
    if (length > stream.size()) return malformed("a record is longer than the stream");
    const std::string_view row = stream.substr(0, length);
    if (crc32(row) != std::get<std::uint32_t>(header[1])) return malformed("the checksum of a record is wrong");
    records.push_back(row);
    stream.remove_prefix(length);
  }
  return records;
}

}  // namespace halley::server::hybrid_row
