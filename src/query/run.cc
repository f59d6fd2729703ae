#include "query/run.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "json/value.h"
#include "query/rows.h"

namespace halley::query {
namespace {

constexpr std::size_t kMaxInnerBytes = 64UL * 1024 * 1024;

// The rows of the query inside FROM are the documents of the one around it.
class NestedRun : public Run::Steps {
 public:
  NestedRun(Run inner, Run outer) : inner_(std::move(inner)), outer_(std::move(outer)) {}

  Result<bool> add(std::uint64_t number, std::string_view text) override { return inner_.add(number, text); }

  Result<Page> finish() override {
    ASSIGN(const Page inner, inner_.finish());
    if (!inner.continuation.empty()) {
      return fail(Code::invalid_argument, "The subquery in FROM has too many rows to be kept.");
    }
    const std::string rows = R"({"rows":[)" + inner.rows + "]}";
    ASSIGN(const auto slices, json::array_member_slices(rows, "rows"));
    for (std::size_t i = 0; i < slices.size(); ++i) {
      if (i + 1 <= outer_.after()) continue;
      ASSIGN(const bool more, outer_.add(i + 1, slices[i]));
      if (!more) break;
    }
    ASSIGN(Page page, outer_.finish());
    page.scanned = inner.scanned;
    page.scanned_bytes = inner.scanned_bytes;
    return page;
  }

 private:
  Run inner_;
  Run outer_;
};

std::unique_ptr<Run::Steps> steps_of(const Query& query, const RunOptions& options, Continuation from) {
  if (query.grouped()) return rows_by_group(query, options, std::move(from));
  if (query.ordered()) return rows_in_order(query, options, std::move(from));
  return rows_as_they_come(query, options, std::move(from));
}

bool fits(const Query& query, const Continuation& continuation) {
  if (continuation.kind != Continuation::Kind::key) return true;
  return query.ordered() && continuation.keys.size() == query.select().order_by.size();
}

}  // namespace

Run::Run(std::unique_ptr<Steps> steps) : steps_(std::move(steps)) {}
Run::~Run() = default;
Run::Run(Run&&) noexcept = default;

Result<Run> Run::start(const Query& query, const RunOptions& options, std::string_view continuation) {
  Continuation from;
  if (!continuation.empty()) {
    ASSIGN(from, Continuation::parse(continuation));
    if (!fits(query, from)) return fail(Code::invalid_argument, "The continuation is not one of this query.");
  }
  Run run(steps_of(query, options, std::move(from)));
  const auto inner = query.inner();
  if (!inner) return run;
  RunOptions whole = options;
  whole.max_rows = std::numeric_limits<std::size_t>::max();
  whole.max_bytes = kMaxInnerBytes;
  whole.max_scanned = std::numeric_limits<std::size_t>::max();
  whole.parts = false;
  ASSIGN(Run rows, start(*inner, whole, {}));
  return Run(std::make_unique<NestedRun>(std::move(rows), std::move(run)));
}

std::uint64_t Run::after() const { return steps_->after(); }
Result<bool> Run::add(std::uint64_t number, std::string_view text) { return steps_->add(number, text); }
Result<Page> Run::finish() { return steps_->finish(); }

}  // namespace halley::query
