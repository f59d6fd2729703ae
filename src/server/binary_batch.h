// Batches as the .NET SDK writes them, and the answers it reads: operations and results as HybridRow records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/transaction.h"

namespace halley::server {

// An operation of a batch as a request wrote it, whether as JSON or binary.
struct WrittenOperation {
  std::string type;  // "Create", "Upsert" and so on
  std::string id;
  std::string key;   // a JSON array; empty = that of the request
  std::string body;  // JSON
  std::string if_match;
  std::string if_none_match;
  bool minimal = false;  // no body in the result
};

bool is_binary_batch(std::string_view body);

// Refuses with 400 what is malformed, or asks for what this server does not offer.
Result<std::vector<WrittenOperation>> parse_binary_batch(std::string_view body);

// A reply body: its beginning, then a result for each operation, without the document when `minimal`.
void begin_binary_results(std::string& out);
void append_binary_result(std::string& out, const ItemResult& result, bool minimal);

}  // namespace halley::server
