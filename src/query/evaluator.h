// Evaluates expressions, and SELECTs inside them, for one document at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/functions.h"
#include "query/groups.h"
#include "query/syntax.h"

namespace halley::query {

class Evaluator {
 public:
  // `slots` are the document's properties; both outlive the evaluator.
  Evaluator(FunctionContext& context, const std::vector<Value>& slots, std::size_t aliases)
      : context_(context), slots_(slots), aliases_(aliases) {}

  // What an expression is; undefined also when the bounds of the context are reached, which failure() tells.
  Value evaluate(const Expression& expression);

  // Calls `row` for every combination of the sources of `select` that its WHERE accepts, until `row` returns false.
  // With `forget` what a row made is taken back behind it.
  void for_each_row(const Select& select, bool forget, const std::function<bool()>& row);

  // The value that SELECT makes of the current row, or of a group.
  Value project(const Select& select, const Group* group = nullptr);

  // Adds the current row to the groups of `select`.
  void add_to_group(const Select& select, Groups& groups);

  // The rows of a SELECT for the current document.
  std::vector<Value> rows_of(const Select& select);

  // Why the evaluation did not come to its end; nothing when it did.
  std::optional<Error> failure() const;

 private:
  // The sources from `first` on; false when `row` asked to stop.
  bool bind_sources(const Select& select, std::size_t first, bool forget, const std::function<bool()>& row);
  bool bind_source(const Select& select, std::size_t place, bool forget, const std::function<bool()>& row);
  bool bind_value(const Select& select, std::size_t source, const Value& value, bool forget,
                  const std::function<bool()>& row);

  Value evaluate_binary(const Expression& expression);
  Value evaluate_logical(const Expression& expression);
  Value evaluate_between(const Expression& expression);
  Value evaluate_in(const Expression& expression);
  Value evaluate_like(const Expression& expression);
  Value evaluate_call(const Expression& expression);
  Value evaluate_object(const Expression& expression);
  Value evaluate_array(const Expression& expression);
  Value evaluate_member(const Expression& expression);
  Value array_of_rows(const Select& select);
  Value scalar_row(const Select& select);
  bool has_row(const Select& select);

  FunctionContext& context_;
  const std::vector<Value>& slots_;
  std::vector<Value> aliases_;
  const Group* group_ = nullptr;
  bool several_rows_ = false;  // a scalar subquery had more than one
};

}  // namespace halley::query
