// Rows in the order of their documents. The page can be continued behind any of them.
#include "query/rows.h"

namespace halley::query {
namespace {

class RowsAsTheyCome : public Rows {
 public:
  RowsAsTheyCome(const Query& query, const RunOptions& options, Continuation from, std::shared_ptr<Bounds> bounds)
      : Rows(query, options, std::move(from), std::move(bounds)),
        counts_(select().distinct && !options.parts),
        skipped_(counts_ ? 0 : from_.skipped),
        to_skip_(counts_ ? offset() + from_.given : offset()),
        given_(from_.given) {}

  std::uint64_t after() const override {
    if (counts_) return 0;
    return from_.row && from_.number > 0 ? from_.number - 1 : from_.number;
  }

 private:
  // Which rows were there before is known only by looking at them again.
  bool can_end_anywhere() const override { return !counts_; }

  bool add_document(std::uint64_t number, std::string_view text) override {
    if (given_ >= most()) return !(done_ = true);
    const std::uint64_t rows_before = !counts_ && from_.row && number == from_.number ? *from_.row : 0;
    std::uint64_t row = 0;
    if (query_.copies_documents()) return take(number, row, rows_before, text);
    for_each_row([&] {
      const std::string_view made = row_text();
      return made.empty() || take(number, row, rows_before, made);
    });
    return !full_ && !done_;
  }

  // One row. False when no more are wanted.
  bool take(std::uint64_t number, std::uint64_t& row, std::uint64_t rows_before, std::string_view text) {
    if (row++ < rows_before) return true;
    if (select().distinct && !is_new(text)) return true;
    if (skipped_ < to_skip_) {
      ++skipped_;
      return true;
    }
    if (given_ >= most()) return !(done_ = true);
    if (page_.add(text)) {
      ++given_;
      return true;
    }
    full_ = true;
    full_number_ = number;
    full_row_ = row - 1;
    return false;
  }

  std::optional<Continuation> complete_page(bool cut) override {
    if (done_ || (!full_ && !cut)) return std::nullopt;
    Continuation next;
    next.given = given_;
    if (counts_) {
      next.kind = Continuation::Kind::count;
      return next;
    }
    next.skipped = skipped_;
    next.number = full_ ? full_number_ : last_number_;
    if (full_) next.row = full_row_;
    return next;
  }

  const bool counts_;  // continued by the number of rows, not by a document
  std::uint64_t skipped_;
  const std::uint64_t to_skip_;
  std::uint64_t given_;
  bool full_ = false;
  bool done_ = false;              // by LIMIT or TOP
  std::uint64_t full_number_ = 0;  // the document and its row that had no room
  std::uint64_t full_row_ = 0;
};

}  // namespace

std::unique_ptr<Run::Steps> rows_as_they_come(const Query& query, const RunOptions& options, Continuation from,
                                              std::shared_ptr<Bounds> bounds) {
  return std::make_unique<RowsAsTheyCome>(query, options, std::move(from), std::move(bounds));
}

}  // namespace halley::query
