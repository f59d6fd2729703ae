// HybridRow: the rows in which the .NET SDK sends batches and reads their answers, and RecordIO, the stream such rows
// are put in. What is not a well-formed row of its schema is refused with 400; no input makes it crash.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace halley::server::hybrid_row {

// The first byte of every row, and so of every binary body.
inline constexpr char kVersion = '\x81';

enum class Type : std::uint8_t { boolean, int32, uint32, float64, utf8, binary };

// Fixed and variable columns have their place in each row, sparse ones are written where they have a value.
enum class Storage : std::uint8_t { fixed, variable, sparse };

struct Column {
  Type type;
  Storage storage;
  bool nullable = true;  // of a fixed column: whether it has a presence bit
};

// Columns in order: fixed ones before variable ones before sparse ones.
struct Schema {
  std::uint32_t id;
  std::span<const Column> columns;
};

// std::monostate = null, or absent. Texts and binaries are views into the row they were read from.
using Value = std::variant<std::monostate, bool, std::int32_t, std::uint32_t, double, std::string_view>;

// A value for each column of the schema.
using Row = std::vector<Value>;

// `row` must fit the schema.
void append_row(std::string& out, const Schema& schema, const Row& row);

// Reads one row that is all of `bytes`. Sparse columns that the schema does not have are passed over, as are nulls; one
// whose length can't be told (a nested scope) is refused.
Result<Row> read_row(std::string_view bytes, const Schema& schema);

// A stream begins with a segment header; each row is preceded by its length and checksum.
void append_stream_header(std::string& out);
void append_record(std::string& out, std::string_view row);

// The rows of a stream, views into it.
Result<std::vector<std::string_view>> read_records(std::string_view stream);

}  // namespace halley::server::hybrid_row
