// One row for each group. The page is continued behind so many rows; where the client puts groups together, behind the
// document at which it was full.
#include "query/rows.h"

namespace halley::query {
namespace {

class RowsByGroup : public Rows {
 public:
  RowsByGroup(const Query& query, const RunOptions& options, Continuation from, std::shared_ptr<Bounds> bounds)
      : Rows(query, options, std::move(from), std::move(bounds)),
        parts_(options.parts && is_rewritten(query.select())),
        groups_(select(), arena_) {}

  std::uint64_t after() const override { return parts_ ? from_.number : 0; }

 private:
  // The form that plan.cc gives a GROUP BY for several partitions.
  static bool is_rewritten(const Select& select) {
    return !select.group_by.empty() && select.items.size() == 2 && select.items[0].alias == "groupByItems" &&
           select.items[1].alias == "payload";
  }

  bool add_document(std::uint64_t number, std::string_view) override {
    if (parts_ && (groups_.size() >= options_.max_rows || groups_.bytes() >= options_.max_bytes)) {
      full_ = true;
      return false;
    }
    for_each_row([&] {
      evaluator_.add_to_group(select(), groups_);
      return true;
    });
    last_grouped_ = number;
    return true;
  }

  std::optional<Continuation> complete_page(bool) override {
    Continuation next;
    const std::uint64_t to_skip = parts_ ? 0 : offset() + from_.given;
    const std::uint64_t left = most() - std::min(most(), from_.given);
    std::uint64_t skipped = 0;
    for (const auto& group : groups_.all()) {
      arena_.reset();
      const std::string_view text = row_text(group.get());
      if (text.empty() || (select().distinct && !is_new(text))) continue;
      if (skipped < to_skip) {
        ++skipped;
        continue;
      }
      if (!parts_ && page_.count() >= left) return std::nullopt;
      if (parts_) {
        page_.add_always(text);
      } else if (!page_.add(text)) {
        next.kind = Continuation::Kind::count;
        next.given = from_.given + page_.count();
        return next;
      }
    }
    if (!full_) return std::nullopt;
    next.number = last_grouped_;
    return next;
  }

  const bool parts_;
  Groups groups_;
  bool full_ = false;
  std::uint64_t last_grouped_ = 0;
};

}  // namespace

std::unique_ptr<Run::Steps> rows_by_group(const Query& query, const RunOptions& options, Continuation from,
                                          std::shared_ptr<Bounds> bounds) {
  return std::make_unique<RowsByGroup>(query, options, std::move(from), std::move(bounds));
}

}  // namespace halley::query
