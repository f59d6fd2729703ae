#include "query/rows.h"

#include <algorithm>

namespace halley::query {

bool PageRows::add(std::string_view row) {
  if (count_ >= options_.max_rows || (count_ > 0 && text_.size() + row.size() + 1 > options_.max_bytes)) return false;
  add_always(row);
  return true;
}

void PageRows::add_always(std::string_view row) {
  if (!held_.add(row.size() + 1)) return;
  if (count_++ > 0) text_ += ',';
  text_ += row;
}

Rows::Rows(const Query& query, const RunOptions& options, Continuation from, std::shared_ptr<Bounds> bounds)
    : query_(query),
      options_(options),
      from_(std::move(from)),
      bounds_(std::move(bounds)),
      arena_(*bounds_),
      context_{arena_, options.now_ms, 0, options.random},
      reader_(query_.paths()),
      evaluator_(context_, reader_.slots(), query_.alias_count()),
      page_(options_, *bounds_),
      seen_held_(*bounds_) {}

std::uint64_t Rows::most() const { return select().limit.value_or(select().top.value_or(UINT64_MAX)); }

Status Rows::check() const {
  if (auto failure = evaluator_.failure()) return fail(std::move(*failure));
  return {};
}

Result<bool> Rows::add(std::uint64_t number, std::string_view text) {
  if (can_end_anywhere() && scanned_bytes_ >= options_.max_scanned) {
    cut_ = true;
    return false;
  }
  arena_.reset();
  context_.document_number = number;
  if (!query_.copies_documents()) TRY(reader_.read(text, arena_));
  const bool more = add_document(number, text);
  TRY(check());
  ++scanned_;
  scanned_bytes_ += text.size();
  last_number_ = number;
  return more;
}

Result<Page> Rows::finish() {
  arena_.reset();
  if (!query_.reads_documents()) add_document(0, {});
  const auto next = complete_page(cut_);
  TRY(check());
  Page page;
  page.count = page_.count();
  page.rows = page_.take();
  page.scanned = scanned_;
  page.scanned_bytes = scanned_bytes_;
  if (next) page.continuation = next->text();
  return page;
}

std::string_view Rows::row_text(const Group* group) {
  text_.clear();
  evaluator_.project(select(), group).append_to(text_, *bounds_);
  return text_;
}

bool Rows::is_new(std::string_view row) {
  std::string text;
  const Arena::Mark mark = arena_.mark();
  append_canonical(text, parse_value(row, arena_), arena_);
  arena_.rewind(mark);
  if (seen_.contains(text) || !seen_held_.add(text.size() + kDistinctBytes)) return false;
  seen_.insert(std::move(text));
  return true;
}

}  // namespace halley::query
