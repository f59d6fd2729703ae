// How rows are collected, for run.cc: as they come, in the order of ORDER BY, or by groups.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "query/continuation.h"
#include "query/evaluator.h"
#include "query/run.h"

namespace halley::query {

// As Run has them.
class Run::Steps {
 public:
  virtual ~Steps() = default;
  virtual std::uint64_t after() const { return 0; }
  virtual Result<bool> add(std::uint64_t number, std::string_view text) = 0;
  virtual Result<Page> finish() = 0;
};

// The rows of one page, as far as it is filled.
class PageRows {
 public:
  PageRows(const RunOptions& options, Bounds& bounds) : options_(options), held_(bounds) {}

  // False when there is no room for it.
  bool add(std::string_view row);
  // Whether there is room or not.
  void add_always(std::string_view row);
  std::size_t count() const { return count_; }
  std::string take() { return std::move(text_); }

 private:
  const RunOptions& options_;
  Held held_;
  std::string text_;
  std::size_t count_ = 0;
};

// What all kinds share: documents are read, counted and evaluated; bounds are kept.
class Rows : public Run::Steps {
 public:
  Rows(const Query& query, const RunOptions& options, Continuation from, std::shared_ptr<Bounds> bounds);

  Result<bool> add(std::uint64_t number, std::string_view text) final;
  Result<Page> finish() final;

 protected:
  // Whether the page may end behind any document, for the work that it was.
  virtual bool can_end_anywhere() const { return false; }
  // One document, whose properties are read. False when no more are wanted.
  virtual bool add_document(std::uint64_t number, std::string_view text) = 0;
  // Puts into the page what is not there yet, and tells how to go on: nothing when this was all. `cut`: the page ended
  // behind the last document, for the work that it was.
  virtual std::optional<Continuation> complete_page(bool cut) = 0;

  const Select& select() const { return query_.select(); }
  // OFFSET, and the most rows that LIMIT or TOP let through.
  std::uint64_t offset() const { return select().offset.value_or(0); }
  std::uint64_t most() const;
  // The text of the current row, or of a group's; empty when it is undefined.
  std::string_view row_text(const Group* group = nullptr);
  // Remembers a row for DISTINCT; false when it was there before.
  bool is_new(std::string_view row);
  // Calls `row` for each row of the current document until it returns false.
  void for_each_row(const std::function<bool()>& row) { evaluator_.for_each_row(select(), true, row); }

  const Query query_;
  const RunOptions options_;
  const Continuation from_;
  const std::shared_ptr<Bounds> bounds_;
  Arena arena_;
  FunctionContext context_;
  DocumentReader reader_;
  Evaluator evaluator_;
  PageRows page_;
  std::uint64_t last_number_ = 0;  // of the documents added

 private:
  Status check() const;

  std::string text_;
  std::unordered_set<std::string> seen_;
  Held seen_held_;
  std::size_t scanned_ = 0;
  std::size_t scanned_bytes_ = 0;
  bool cut_ = false;  // the page ended for the work it was
};

std::unique_ptr<Run::Steps> rows_as_they_come(const Query& query, const RunOptions& options, Continuation from,
                                              std::shared_ptr<Bounds> bounds);
std::unique_ptr<Run::Steps> rows_in_order(const Query& query, const RunOptions& options, Continuation from,
                                          std::shared_ptr<Bounds> bounds);
std::unique_ptr<Run::Steps> rows_by_group(const Query& query, const RunOptions& options, Continuation from,
                                          std::shared_ptr<Bounds> bounds);

}  // namespace halley::query
