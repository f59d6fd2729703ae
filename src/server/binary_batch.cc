#include "server/binary_batch.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "server/hybrid_row.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

using hybrid_row::Column;
using hybrid_row::Row;
using hybrid_row::Storage;
using hybrid_row::Type;
using hybrid_row::Value;

// The schemas are the SDK's (HybridRowBatchSchemas.json), the columns in its order.
namespace operation_column {
enum : std::size_t {
  type,
  resource_type,
  key,
  effective_key,
  id,
  binary_id,
  body,
  indexing_directive,
  if_match,
  if_none_match,
  ttl,
  minimal
};
}
constexpr std::array kOperationColumns = {
    Column{Type::int32, Storage::fixed},     Column{Type::int32, Storage::fixed},
    Column{Type::utf8, Storage::variable},   Column{Type::binary, Storage::variable},
    Column{Type::utf8, Storage::variable},   Column{Type::binary, Storage::variable},
    Column{Type::binary, Storage::variable}, Column{Type::utf8, Storage::sparse},
    Column{Type::utf8, Storage::sparse},     Column{Type::utf8, Storage::sparse},
    Column{Type::int32, Storage::sparse},    Column{Type::boolean, Storage::sparse}};
constexpr hybrid_row::Schema kOperation{2145473648u, kOperationColumns};

constexpr std::array kResultColumns = {Column{Type::int32, Storage::fixed},   Column{Type::int32, Storage::fixed},
                                       Column{Type::utf8, Storage::variable}, Column{Type::binary, Storage::variable},
                                       Column{Type::uint32, Storage::sparse}, Column{Type::float64, Storage::sparse}};
constexpr hybrid_row::Schema kResult{2145473649u, kResultColumns};

constexpr std::int32_t kDocumentResource = 2;

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text == nullptr ? std::string() : std::string(*text);
}

bool absent(const Value& value) { return std::holds_alternative<std::monostate>(value); }

Result<std::string> type_name(const Value& value) {
  const auto* number = std::get_if<std::int32_t>(&value);
  if (number == nullptr) return refuse(400, "An operation of the binary batch has no operationType.");
  switch (*number) {
    case 0:
      return "Create";
    case 1:
      return "Patch";
    case 2:
      return "Read";
    case 4:
      return "Delete";
    case 5:
      return "Replace";
    case 20:
      return "Upsert";
    default:
      return refuse(400, fmt::format("The operationType {} is not known.", *number));
  }
}

Result<WrittenOperation> operation_of(const Row& row) {
  namespace column = operation_column;
  WrittenOperation operation;
  ASSIGN(operation.type, type_name(row[column::type]));
  const auto* resource = std::get_if<std::int32_t>(&row[column::resource_type]);
  if (resource == nullptr || *resource != kDocumentResource) {
    return refuse(400, "An operation of the binary batch is not about a document.");
  }
  // What the SDK only writes for callers that reach around its interface.
  if (!absent(row[column::binary_id]) || !absent(row[column::effective_key]) || !absent(row[column::ttl])) {
    return refuse(400, "binaryId, effectivePartitionKey and timeToLiveInSeconds are not offered in a batch.");
  }
  operation.key = text_of(row[column::key]);
  operation.id = text_of(row[column::id]);
  operation.body = text_of(row[column::body]);
  operation.if_match = text_of(row[column::if_match]);
  operation.if_none_match = text_of(row[column::if_none_match]);
  if (const auto* minimal = std::get_if<bool>(&row[column::minimal])) operation.minimal = *minimal;
  return operation;
}

}  // namespace

bool is_binary_batch(std::string_view body) { return body.starts_with(hybrid_row::kVersion); }

Result<std::vector<WrittenOperation>> parse_binary_batch(std::string_view body) {
  ASSIGN(const auto records, hybrid_row::read_records(body));
  std::vector<WrittenOperation> operations;
  for (const std::string_view record : records) {
    ASSIGN(const Row row, hybrid_row::read_row(record, kOperation));
    ASSIGN(WrittenOperation operation, operation_of(row));
    operations.push_back(std::move(operation));
  }
  return operations;
}

void begin_binary_results(std::string& out) { hybrid_row::append_stream_header(out); }

void append_binary_result(std::string& out, const ItemResult& result, bool minimal) {
  Row row = {result.status, Value(), Value(), Value(), Value(), result.charge};
  if (result.sub_status != 0) row[1] = result.sub_status;
  if (result.document != nullptr) {
    row[2] = std::string_view(result.document->etag);
    if (!minimal) row[3] = std::string_view(result.document->text);
  }
  if (result.retry_after) row[4] = static_cast<std::uint32_t>(result.retry_after->count());
  std::string bytes;
  hybrid_row::append_row(bytes, kResult, row);
  hybrid_row::append_record(out, bytes);
}

}  // namespace halley::server
