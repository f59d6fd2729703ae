#include "server/condition.h"

#include "json/writer.h"
#include "server/query.h"

namespace halley::server {

// A condition is the end of a query, whose beginning it leaves out.
Result<bool> fulfils(std::string_view document, std::string_view condition) {
  std::string body;
  json::Writer(body).begin_object().member("query", "SELECT * " + std::string(condition)).end_object();
  ASSIGN(const Query query, parse_query(body));
  ASSIGN(const json::Value resource, json::parse(document));
  return query.matches(resource);
}

}  // namespace halley::server
