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
  NestedRun(std::unique_ptr<Steps> inner, std::unique_ptr<Steps> outer, std::shared_ptr<Bounds> bounds)
      : bounds_(std::move(bounds)), inner_(std::move(inner)), outer_(std::move(outer)) {}

  Result<bool> add(std::uint64_t number, std::string_view text) override { return inner_->add(number, text); }

  Result<Page> finish() override {
    ASSIGN(const Page inner, inner_->finish());
    inner_.reset();
    if (!inner.continuation.empty()) {
      return fail(Code::invalid_argument, "The subquery in FROM has too many rows to be kept.");
    }
    Held held(*bounds_);
    if (held.add(2 * inner.rows.size() + inner.count * sizeof(std::string_view))) TRY(add_to_outer(inner));
    ASSIGN(Page page, outer_->finish());
    page.scanned = inner.scanned;
    page.scanned_bytes = inner.scanned_bytes;
    return page;
  }

 private:
  Status add_to_outer(const Page& inner) {
    const std::string rows = R"({"rows":[)" + inner.rows + "]}";
    ASSIGN(const auto slices, json::array_member_slices(rows, "rows"));
    for (std::size_t i = 0; i < slices.size(); ++i) {
      if (i + 1 <= outer_->after()) continue;
      ASSIGN(const bool more, outer_->add(i + 1, slices[i]));
      if (!more) break;
    }
    return {};
  }

  const std::shared_ptr<Bounds> bounds_;
  std::unique_ptr<Steps> inner_;
  std::unique_ptr<Steps> outer_;
};

using BoundsPtr = std::shared_ptr<Bounds>;

std::unique_ptr<Run::Steps> rows_of(const Query& query, const RunOptions& options, Continuation from,
                                    BoundsPtr bounds) {
  if (query.grouped()) return rows_by_group(query, options, std::move(from), std::move(bounds));
  if (query.ordered()) return rows_in_order(query, options, std::move(from), std::move(bounds));
  return rows_as_they_come(query, options, std::move(from), std::move(bounds));
}

// Whatever is nested in one another has the bounds of one.
std::unique_ptr<Run::Steps> steps_of(const Query& query, const RunOptions& options, Continuation from,
                                     const BoundsPtr& bounds) {
  auto outer = rows_of(query, options, std::move(from), bounds);
  const auto inner = query.inner();
  if (!inner) return outer;
  RunOptions whole = options;
  whole.max_rows = std::numeric_limits<std::size_t>::max();
  whole.max_bytes = kMaxInnerBytes;
  whole.max_scanned = std::numeric_limits<std::size_t>::max();
  whole.parts = false;
  return std::make_unique<NestedRun>(steps_of(*inner, whole, {}, bounds), std::move(outer), bounds);
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
  const auto bounds = std::make_shared<Bounds>(options.max_steps, options.max_memory);
  return Run(steps_of(query, options, std::move(from), bounds));
}

std::uint64_t Run::after() const { return steps_->after(); }
Result<bool> Run::add(std::uint64_t number, std::string_view text) { return steps_->add(number, text); }
Result<Page> Run::finish() { return steps_->finish(); }

}  // namespace halley::query
