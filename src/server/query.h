// The queries this server understands for now: SELECT * FROM c, with conditions of equality joined by AND.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cosmos/partition_key.h"
#include "json/value.h"
#include "server/document.h"

namespace halley::server {

struct Condition {
  std::vector<std::string> path;  // property names below the alias
  json::Value value;              // a scalar
};

struct Query {
  std::vector<Condition> conditions;  // all must hold

  // Whether a resource, as JSON, fulfils them.
  bool matches(const json::Value& resource) const;
};

// Parses the body of a query request, {"query":"…","parameters":[…]}. Refuses with 400 what is not understood, saying
// that this server does not support it yet.
Result<Query> parse_query(std::string_view body);

// A query over documents: only `id` and the partition key paths can be asked for.
struct DocumentFilter {
  std::optional<std::string> id;
  std::string key;  // canonical: of the leading partition key paths that are asked for; empty = none
  std::vector<std::pair<std::size_t, std::string>> more_values;  // of later paths: place in the key, canonical value
  bool nothing = false;                                          // the conditions exclude each other

  bool matches(const Document& document) const;
};

Result<DocumentFilter> document_filter(const Query& query, const cosmos::PartitionKeyDefinition& key);

}  // namespace halley::server
