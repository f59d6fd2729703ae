// Rows in the order of ORDER BY; rows with equal keys in the order of their documents. Only as many are kept as the
// page can hold. The page is continued behind the keys and the document of its last row, or, with DISTINCT or keys too
// long for a header, behind so many rows.
#include <algorithm>

#include "query/rows.h"

namespace halley::query {
namespace {

constexpr std::size_t kMaxKeyBytes = 4096;

struct SortedRow {
  std::vector<KeptValue> keys;
  std::uint64_t number = 0;
  std::uint64_t row = 0;  // among those of its document
  std::string text;

  std::size_t key_bytes() const {
    std::size_t bytes = 0;
    for (const KeptValue& key : keys) bytes += key.size();
    return bytes;
  }
  // What it takes in all.
  std::size_t memory() const { return sizeof(SortedRow) + keys.size() * sizeof(KeptValue) + key_bytes() + text.size(); }
};

class RowsInOrder : public Rows {
 public:
  RowsInOrder(const Query& query, const RunOptions& options, Continuation from, std::shared_ptr<Bounds> bounds)
      : Rows(query, options, std::move(from), std::move(bounds)),
        counts_(from_.kind == Continuation::Kind::count || select().distinct),
        to_skip_(counts_ ? offset() + from_.given : offset() - std::min(offset(), from_.skipped)),
        left_(most() - std::min(most(), from_.given)),
        held_(*bounds_) {
    if (from_.kind == Continuation::Kind::key) start_ = SortedRow{from_.keys, from_.number, from_.row.value_or(0), {}};
  }

 private:
  bool is_before(const SortedRow& a, const SortedRow& b) const {
    for (std::size_t i = 0; i < a.keys.size() && i < b.keys.size(); ++i) {
      const int order = a.keys[i].compare(b.keys[i]);
      if (order != 0) return select().order_by[i].descending ? order > 0 : order < 0;
    }
    return a.number != b.number ? a.number < b.number : a.row < b.row;
  }

  // One more than the page needs, to know whether it is the last one.
  std::size_t capacity() const {
    if (select().distinct) return SIZE_MAX;
    const std::uint64_t wanted = std::min<std::uint64_t>(options_.max_rows, left_);
    return wanted > SIZE_MAX - to_skip_ - 1 ? SIZE_MAX : to_skip_ + wanted + 1;
  }

  bool add_document(std::uint64_t number, std::string_view) override {
    if (left_ == 0) return false;
    std::uint64_t row = 0;
    for_each_row([&] {
      SortedRow made;
      for (const OrderItem& item : select().order_by) {
        made.keys.emplace_back(evaluator_.evaluate(item.expression), arena_);
      }
      made.number = number;
      made.row = row++;
      if (start_ && !is_before(*start_, made)) return true;
      if (rows_.size() >= capacity() && !is_before(made, rows_.front())) return true;
      made.text = row_text();
      if (!made.text.empty()) keep(std::move(made));
      return true;
    });
    return true;
  }

  // The heap has the last row in front.
  void keep(SortedRow made) {
    const auto before = [this](const SortedRow& a, const SortedRow& b) { return is_before(a, b); };
    if (!held_.add(made.memory())) return;
    bytes_ += made.text.size();
    rows_.push_back(std::move(made));
    std::push_heap(rows_.begin(), rows_.end(), before);
    const auto one_too_many = [&] {
      if (rows_.size() > capacity()) return true;
      return to_skip_ == 0 && !select().distinct && rows_.size() > 2 &&
             bytes_ - rows_.front().text.size() > options_.max_bytes + rows_.size();
    };
    while (one_too_many()) {
      std::pop_heap(rows_.begin(), rows_.end(), before);
      bytes_ -= rows_.back().text.size();
      held_.remove(rows_.back().memory());
      rows_.pop_back();
    }
  }

  std::optional<Continuation> complete_page(bool) override {
    std::sort(rows_.begin(), rows_.end(), [this](const SortedRow& a, const SortedRow& b) { return is_before(a, b); });
    std::uint64_t skipped = 0;
    std::uint64_t given = 0;
    const SortedRow* last = nullptr;
    for (const SortedRow& row : rows_) {
      if (select().distinct && !is_new(row.text)) continue;
      if (skipped < to_skip_) {
        ++skipped;
        continue;
      }
      if (given >= left_) return std::nullopt;
      if (!page_.add(row.text)) return behind(*last, given);
      ++given;
      last = &row;
    }
    return std::nullopt;
  }

  Continuation behind(const SortedRow& last, std::uint64_t given) const {
    Continuation next;
    next.given = from_.given + given;
    if (counts_ || last.key_bytes() > kMaxKeyBytes) {
      next.kind = Continuation::Kind::count;
      return next;
    }
    next.kind = Continuation::Kind::key;
    next.skipped = offset();
    next.keys = last.keys;
    next.number = last.number;
    next.row = last.row;
    return next;
  }

  const bool counts_;
  const std::uint64_t to_skip_;
  const std::uint64_t left_;  // of LIMIT or TOP
  std::optional<SortedRow> start_;
  std::vector<SortedRow> rows_;
  std::size_t bytes_ = 0;  // of their texts
  Held held_;
};

}  // namespace

std::unique_ptr<Run::Steps> rows_in_order(const Query& query, const RunOptions& options, Continuation from,
                                          std::shared_ptr<Bounds> bounds) {
  return std::make_unique<RowsInOrder>(query, options, std::move(from), std::move(bounds));
}

}  // namespace halley::query
