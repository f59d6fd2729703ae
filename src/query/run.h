// Runs a query over documents, page by page. Pure: documents go in one after the other, rows come out as JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "query/query.h"

namespace halley::query {

struct RunOptions {
  std::size_t max_rows = 100;
  std::size_t max_bytes = 4'000'000;  // of a page's rows; a page has one row at least
  std::int64_t now_ms = 0;            // for the functions that tell the time: milliseconds since 1970
  std::uint64_t random = 1;           // what RAND begins with; not 0
  // The rows are a part of a whole that the client puts together: DISTINCT holds inside a page only, and a page of
  // groups that the rewritten form of a plan asks for ends where it is full, so that every page can be continued by
  // documents alone, wherever they have gone meanwhile.
  bool parts = false;
  // Bounds of the work of one page. Beyond steps or memory the run fails; behind so many bytes of documents the page
  // ends where it can.
  std::uint64_t max_steps = 400'000'000;
  std::size_t max_scanned = 512UL * 1024 * 1024;
  std::size_t max_memory = 256UL * 1024 * 1024;  // of what is made of a document, and of all that is kept
};

struct Page {
  std::string rows;  // with commas between them
  std::size_t count = 0;
  std::string continuation;  // ASCII; empty when nothing follows
  std::size_t scanned = 0;   // documents that were looked at
  std::size_t scanned_bytes = 0;
};

class Run {
 public:
  // `continuation` is that of the page before, or empty. Fails with invalid_argument when it is none of this query.
  static Result<Run> start(const Query& query, const RunOptions& options, std::string_view continuation);
  ~Run();
  Run(Run&&) noexcept;

  // Only documents with a number above this are wanted.
  std::uint64_t after() const;
  // The next document; `number`s grow. `text` must be well-formed JSON as the server keeps it, and is not kept. False
  // when no more are wanted. Fails with invalid_argument when the bounds of the options are reached, or when a subquery
  // that stands for one value has several.
  Result<bool> add(std::uint64_t number, std::string_view text);
  // To be called once, when add() said so or there are no more documents.
  Result<Page> finish();

  // What a run does, of each kind: rows.h.
  class Steps;

 private:
  explicit Run(std::unique_ptr<Steps> steps);

  std::unique_ptr<Steps> steps_;
};

}  // namespace halley::query
