#include "query/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "query/functions.h"
#include "query/lexer.h"

namespace halley::query {
namespace {

using Path = std::vector<std::string>;

// What an alias stands for: a property of the document, or the place of a value that FROM binds.
struct Meaning {
  std::string alias;
  std::optional<Path> path;
  std::size_t slot = 0;
};

class Resolver {
 public:
  Resolver(std::string_view query, PathTree& paths) : query_(query), paths_(paths) {}

  Status resolve(Select& select) {
    const std::size_t outer = scope_.size();
    for (Source& source : select.sources) TRY(resolve_source(source, outer));
    if (select.where) TRY(resolve(*select.where, "WHERE"));
    for (Expression& key : select.group_by) TRY(resolve(key, "GROUP BY"));
    for (OrderItem& item : select.order_by) TRY(resolve(item.expression, "ORDER BY"));
    if (select.star) select_alias(select);
    for (SelectItem& item : select.items) {
      aggregates_ = &select.aggregates;
      clause_ = {};
      TRY(resolve(item.expression));
    }
    aggregates_ = nullptr;
    scope_.resize(outer);
    return check_grouping(select);
  }

  std::size_t aliases() const { return aliases_; }

 private:
  tl::unexpected<Error> error(const Expression& at, std::string what) const {
    return syntax_error(query_, at.begin, std::move(what));
  }

  // SELECT * is SELECT VALUE of the one source.
  void select_alias(Select& select) {
    Expression expression;
    expression.kind = ExpressionKind::name;
    expression.name = select.sources.front().alias;
    expression.begin = expression.end = select.begin;
    select.items.push_back({std::move(expression), {}});
    select.value = true;
  }

  Status resolve_source(Source& source, std::size_t outer) {
    for (std::size_t i = outer; i < scope_.size(); ++i) {
      if (scope_[i].alias == source.alias) {
        return syntax_error(query_, source.begin, fmt::format("two sources are called '{}'", source.alias));
      }
    }
    Meaning meaning{source.alias, std::nullopt, 0};
    if (source.subquery) {
      TRY(resolve_inner(*source.subquery));
    } else {
      const bool from_root = scope_.empty();
      if (from_root) scope_.push_back({root_name(*source.from), Path(), 0});
      if (!source.iterates) meaning.path = document_path(*source.from);
      source.is_document = meaning.path && meaning.path->empty();
      const Status resolved = source.is_document ? Status() : resolve(*source.from, "FROM");
      if (from_root) scope_.clear();
      TRY(resolved);
    }
    if (!meaning.path) meaning.slot = source.slot = aliases_++;
    scope_.push_back(std::move(meaning));
    return {};
  }

  static std::string root_name(const Expression& path) {
    const Expression* at = &path;
    while (at->kind == ExpressionKind::member) at = &at->children.front();
    return at->name;
  }

  // A subquery has aggregates of its own.
  Status resolve_inner(Select& select) {
    auto* const aggregates = std::exchange(aggregates_, nullptr);
    const std::string_view clause = std::exchange(clause_, {});
    TRY(resolve(select));
    aggregates_ = aggregates;
    clause_ = clause;
    return {};
  }

  Status resolve(Expression& expression, std::string_view clause) {
    aggregates_ = nullptr;
    clause_ = clause;
    return resolve(expression);
  }

  Status resolve(Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::name:
        return resolve_name(expression);
      case ExpressionKind::aggregate:
        return resolve_aggregate(expression);
      case ExpressionKind::exists:
      case ExpressionKind::array_of:
      case ExpressionKind::subquery:
        return resolve_inner(*expression.subquery);
      default:
        break;
    }
    if (const auto path = document_path(expression)) {
      become_document(expression, *path);
      return {};
    }
    for (Expression& child : expression.children) TRY(resolve(child));
    return prepare_pattern(expression);
  }

  const Meaning* meaning_of(const std::string& name) const {
    const auto meaning =
        std::find_if(scope_.rbegin(), scope_.rend(), [&](const Meaning& candidate) { return candidate.alias == name; });
    return meaning == scope_.rend() ? nullptr : &*meaning;
  }

  Status resolve_name(Expression& expression) {
    const Meaning* const meaning = meaning_of(expression.name);
    if (meaning == nullptr) return error(expression, fmt::format("'{}' is no alias of FROM", expression.name));
    if (meaning->path) {
      become_document(expression, *meaning->path);
    } else {
      expression.kind = ExpressionKind::alias;
      expression.slot = meaning->slot;
    }
    return {};
  }

  // The names that lead to a property of the document; nothing for an expression that is none.
  std::optional<Path> document_path(const Expression& expression) const {
    std::vector<std::string_view> names;
    const Expression* at = &expression;
    for (; at->kind == ExpressionKind::member; at = &at->children[0]) {
      const Expression& name = at->children[1];
      const bool constant = name.kind == ExpressionKind::literal || name.kind == ExpressionKind::parameter;
      if (!constant || !name.value.is(Type::string)) return std::nullopt;
      names.push_back(name.value.text());
    }
    const Meaning* const meaning = at->kind == ExpressionKind::name ? meaning_of(at->name) : nullptr;
    if (meaning == nullptr || !meaning->path) return std::nullopt;
    Path path = *meaning->path;
    path.insert(path.end(), names.rbegin(), names.rend());
    return path;
  }

  void become_document(Expression& expression, const Path& path) {
    expression.kind = ExpressionKind::document;
    expression.slot = paths_.slot_of(path);
    expression.children.clear();
  }

  Status resolve_aggregate(Expression& expression) {
    if (aggregates_ == nullptr) {
      const bool inside = clause_.empty();
      return error(expression,
                   inside ? "an aggregate inside another" : fmt::format("an aggregate is not possible in {}", clause_));
    }
    auto* const aggregates = std::exchange(aggregates_, nullptr);
    TRY(resolve(expression.children.front()));
    aggregates_ = aggregates;
    expression.slot = aggregates->size();
    aggregates->push_back(expression);
    return {};
  }

  // A pattern that is a literal is read once, and refused when it is none.
  Status prepare_pattern(Expression& expression) const {
    const auto literal = [&](std::size_t i) {
      if (i >= expression.children.size()) return true;
      const Expression& child = expression.children[i];
      const bool known = child.kind == ExpressionKind::literal || child.kind == ExpressionKind::parameter;
      return known && child.value.is(Type::string);
    };
    if (!literal(1) || !literal(2)) return {};
    const auto text = [&](std::size_t i) {
      return i < expression.children.size() ? expression.children[i].value.text() : std::string_view();
    };
    if (expression.kind == ExpressionKind::like) {
      expression.pattern = like_pattern(text(1), text(2));
    } else if (expression.kind == ExpressionKind::call && expression.function->name == "REGEXMATCH") {
      auto pattern = regular_expression(text(1), text(2));
      if (!pattern) return error(expression.children[1], pattern.error().message);
      expression.pattern = std::move(*pattern);
    }
    return {};
  }

  // Beside aggregates only what is the same for all rows of a group can be selected.
  Status check_grouping(Select& select) const {
    if (!select.grouped()) return {};
    if (!select.order_by.empty()) {
      return error(select.order_by.front().expression, "ORDER BY is not possible together with aggregates");
    }
    for (SelectItem& item : select.items) TRY(check_grouped(item.expression, select.group_by));
    return {};
  }

  Status check_grouped(Expression& expression, const std::vector<Expression>& keys) const {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const Expression& candidate) { return same_expression(candidate, expression); });
    if (key != keys.end()) {
      expression.kind = ExpressionKind::group_key;
      expression.slot = static_cast<std::size_t>(key - keys.begin());
      expression.children.clear();
      return {};
    }
    switch (expression.kind) {
      case ExpressionKind::aggregate:
        return {};
      case ExpressionKind::document:
      case ExpressionKind::alias:
        return error(expression, "a property that is neither in GROUP BY nor inside an aggregate");
      case ExpressionKind::exists:
      case ExpressionKind::array_of:
      case ExpressionKind::subquery:
        return error(expression, "a subquery is not possible beside aggregates or GROUP BY");
      default:
        break;
    }
    for (Expression& child : expression.children) TRY(check_grouped(child, keys));
    return {};
  }

  std::string_view query_;
  PathTree& paths_;
  std::vector<Meaning> scope_;  // the innermost last
  std::size_t aliases_ = 0;
  std::vector<Expression>* aggregates_ = nullptr;  // where those of the SELECT go that is being resolved
  std::string_view clause_;                        // the clause that is being resolved, but for SELECT itself
};

bool same_literal(const Value& a, const Value& b) {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::boolean:
      return a.truth() == b.truth();
    case Type::number:
      return a.number() == b.number();
    case Type::string:
      return a.text() == b.text();
    default:
      return a.type() <= Type::null;
  }
}

}  // namespace

bool same_expression(const Expression& a, const Expression& b) {
  if (a.kind != b.kind || a.op != b.op || a.negated != b.negated || a.slot != b.slot) return false;
  if (a.function != b.function || a.aggregate != b.aggregate || a.subquery != b.subquery || a.names != b.names) {
    return false;
  }
  const bool constant = a.kind == ExpressionKind::literal || a.kind == ExpressionKind::parameter;
  if (constant && a.name != b.name) return false;
  if (a.kind == ExpressionKind::literal && !same_literal(a.value, b.value)) return false;
  return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same_expression);
}

Result<std::size_t> resolve(std::string_view query, Select& select, PathTree& paths) {
  Resolver resolver(query, paths);
  TRY(resolver.resolve(select));
  return resolver.aliases();
}

}  // namespace halley::query
