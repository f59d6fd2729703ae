// Cosmos SQL from anywhere: a query, and behind a zero byte documents, one a line. Whatever the query is, it is refused
// or run within its bounds; what is planned is a query again; pages of one row are the rows of one page.
#include "base/check.h"
#include "fuzz/target.h"
#include "json/number.h"
#include "json/value.h"
#include "query/plan.h"
#include "query/run.h"

namespace halley {
namespace {

constexpr std::string_view kDocument =
    R"({"id":"1","pk":"a","n":5,"s":"text","b":true,"z":null,"a":[1,"x",null,[2],{"k":1}],"o":{"a":{"b":[1,2,3]}}})";

std::vector<std::string> documents_of(std::string_view text) {
  std::vector<std::string> documents{std::string(kDocument)};
  while (!text.empty() && documents.size() < 8) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto normal = json::normalise(line);
    if (normal && normal->starts_with('{')) documents.push_back(std::move(*normal));
  }
  return documents;
}

// The rows of all pages, with commas; nothing when the run is refused.
std::optional<std::string> rows_of(const query::Query& query, const std::vector<std::string>& documents,
                                   query::RunOptions options) {
  std::string rows;
  std::string continuation;
  for (int pages = 0; pages < 40; ++pages) {
    auto run = query::Run::start(query, options, continuation);
    CHECK(run.has_value());
    for (std::size_t i = run->after(); i < documents.size() && query.reads_documents(); ++i) {
      const auto more = run->add(i + 1, documents[i]);
      if (!more) return std::nullopt;
      if (!*more) break;
    }
    const auto page = run->finish();
    if (!page) return std::nullopt;
    CHECK(json::parse("[" + page->rows + "]").has_value());
    if (!rows.empty() && !page->rows.empty()) rows += ',';
    rows += page->rows;
    continuation = page->continuation;
    if (continuation.empty()) return rows;
    CHECK(page->count > 0);
  }
  return std::nullopt;
}

void check_plan(const query::Query& query, const query::Query::ParameterList& parameters) {
  const auto info = query::query_info(query);
  if (!info) return;
  const auto value = json::parse(*info);
  CHECK(value.has_value());
  std::string rewritten = value->string_at("rewrittenQuery");
  if (rewritten.empty() || rewritten.size() > 10'000) return;
  constexpr std::string_view kFilter = "{documentdb-formattableorderbyquery-filter}";
  if (const std::size_t at = rewritten.rfind(kFilter); at != std::string::npos)
    rewritten.replace(at, kFilter.size(), "true");
  const auto again = query::Query::parse(rewritten, parameters);
  // It is longer, deeper and has one JOIN more than the query it was made of.
  CHECK(again.has_value() || again.error().message.find("more than") != std::string::npos);
}

}  // namespace

void fuzz_one(std::string_view input) {
  const std::size_t cut = std::min(input.find('\0'), input.size());
  const query::Query::ParameterList parameters = {{"@p", "1"}, {"@s", "\"x\""}, {"@l", "[1,\"x\"]"}};
  const auto query = query::Query::parse(input.substr(0, cut), parameters);
  if (!query) {
    CHECK(query.error().code == Code::invalid_argument);
    return;
  }
  check_plan(*query, parameters);
  (void)query->pinned({"pk"});
  query::RunOptions options;
  options.max_steps = 200'000;
  options.max_memory = 8UL * 1024 * 1024;
  const auto documents = documents_of(input.substr(std::min(cut + 1, input.size())));
  const auto whole = rows_of(*query, documents, options);
  options.max_rows = 1;
  const auto single = rows_of(*query, documents, options);
  const bool changes = input.find("RAND") != std::string_view::npos || input.find("rand") != std::string_view::npos ||
                       input.find("Rand") != std::string_view::npos;
  if (whole && single && !changes) CHECK(*whole == *single);
  options.parts = true;
  (void)rows_of(*query, documents, options);
}

}  // namespace halley
