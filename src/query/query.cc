#include "query/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/value.h"
#include "query/characters.h"
#include "query/parser.h"
#include "query/resolver.h"

namespace halley::query {
namespace {

constexpr std::size_t kLiteralBytes = 32 * 1024 * 1024;

// The memory of the literals and parameters of a query.
struct Literals {
  Bounds bounds{UINT64_MAX, kLiteralBytes};
  Arena arena{bounds};
};

// Whether the rows of a SELECT are more than the rows of each document, one after the other.
bool looks_at_all(const Select& select) {
  if (select.distinct || select.top || select.limit || !select.group_by.empty() || !select.order_by.empty())
    return true;
  if (std::any_of(select.items.begin(), select.items.end(),
                  [](const SelectItem& item) { return has_aggregate(item.expression); })) {
    return true;
  }
  return !select.sources.empty() && select.sources.front().subquery && looks_at_all(*select.sources.front().subquery);
}

bool is_whole_document(const Expression& expression, const PathTree& paths) {
  return expression.kind == ExpressionKind::document && paths.path_of(expression.slot).empty();
}

bool copies(const Select& select, const PathTree& paths) {
  if (!select.value || select.where || select.distinct || select.grouped() || !select.order_by.empty()) return false;
  if (select.sources.size() != 1 || !select.sources.front().is_document) return false;
  return is_whole_document(select.items.front().expression, paths);
}

bool is_constant(const Expression& expression) {
  const bool constant = expression.kind == ExpressionKind::literal || expression.kind == ExpressionKind::parameter;
  return constant && expression.value.is_scalar();
}

// The constant that `condition` says the property in `slot` equals; nullptr when it says none.
const Expression* constant_of(const Expression& condition, std::size_t slot) {
  if (condition.kind == ExpressionKind::binary && condition.op == Operator::logical_and) {
    for (const Expression& part : condition.children) {
      if (const Expression* constant = constant_of(part, slot)) return constant;
    }
    return nullptr;
  }
  const bool equality = condition.kind == ExpressionKind::binary && condition.op == Operator::equal;
  const bool one_choice = condition.kind == ExpressionKind::in && !condition.negated && condition.children.size() == 2;
  if (!equality && !one_choice) return nullptr;
  for (std::size_t side = 0; side < 2; ++side) {
    const Expression& property = condition.children[side];
    const Expression& other = condition.children[1 - side];
    if (property.kind == ExpressionKind::document && property.slot == slot && is_constant(other)) return &other;
  }
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<const Query::Tree>> Query::build(std::shared_ptr<const std::string> text,
                                                        std::shared_ptr<Arena> arena, Select select) {
  auto tree = std::make_shared<Tree>();
  tree->text = std::move(text);
  tree->arena = std::move(arena);
  tree->select = std::move(select);
  auto& sources = tree->select.sources;
  if (!sources.empty() && sources.front().subquery && looks_at_all(*sources.front().subquery)) {
    Source& source = sources.front();
    ASSIGN(tree->inner, build(tree->text, tree->arena, std::move(*source.subquery)));
    source.subquery.reset();
    source.from.emplace();
    source.from->kind = ExpressionKind::name;
    source.from->name = source.alias;
  }
  ASSIGN(tree->aliases, resolve(*tree->text, tree->select, tree->paths));
  tree->copies_documents = copies(tree->select, tree->paths);
  return std::shared_ptr<const Tree>(std::move(tree));
}

Result<Query> Query::parse(std::string_view text, const ParameterList& parameters) {
  if (!is_utf8(text)) return fail(Code::invalid_argument, "The query is not UTF-8.");
  const auto literals = std::make_shared<Literals>();
  std::shared_ptr<Arena> arena(literals, &literals->arena);
  Parameters values;
  for (const auto& [name, json] : parameters) {
    if (!json::parse(json)) return fail(Code::invalid_argument, fmt::format("The parameter {} is not JSON.", name));
    values[name] = parse_value(json, *arena);
  }
  ASSIGN(Select select, parse_select(text, values, *arena));
  if (literals->bounds.reached()) return fail(Code::invalid_argument, "The parameters of the query are too large.");
  ASSIGN(auto tree, build(std::make_shared<const std::string>(text), std::move(arena), std::move(select)));
  return Query(std::move(tree));
}

std::optional<Query> Query::inner() const {
  return tree_->inner == nullptr ? std::nullopt : std::optional<Query>(Query(tree_->inner));
}

std::optional<std::string> Query::pinned(const std::vector<std::string>& path) const {
  if (!select().where || tree_->inner != nullptr) return std::nullopt;
  for (std::size_t slot = 0; slot < paths().slots(); ++slot) {
    if (paths().path_of(slot) != path) continue;
    const Expression* const constant = constant_of(*select().where, slot);
    Bounds bounds(UINT64_MAX, kLiteralBytes);
    std::string json;
    if (constant != nullptr && constant->value.append_to(json, bounds)) return json;
  }
  return std::nullopt;
}

}  // namespace halley::query
