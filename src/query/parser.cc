#include "query/parser.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "query/parser_state.h"

namespace halley::query {
namespace {

// The name a selected expression has without AS: its last property name; none for what has no name.
std::string own_name(const Expression& expression) {
  if (expression.kind == ExpressionKind::name) return expression.name;
  if (expression.kind != ExpressionKind::member) return {};
  const Expression& name = expression.children[1];
  return name.kind == ExpressionKind::literal && name.value.is(Type::string) ? std::string(name.value.text())
                                                                             : std::string();
}

class Parser : ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Result<Select> parse() {
    ASSIGN(Select select, parse_select());
    take_symbol(";");
    if (token().kind != TokenKind::end) return unexpected("the end of the query");
    return select;
  }

 private:
  Result<std::shared_ptr<Select>> parse_subquery() override {
    const Level level(level_);
    TRY(check_nesting());
    ASSIGN(Select select, parse_select());
    return std::make_shared<Select>(std::move(select));
  }

  Result<Select> parse_select() {
    Select select;
    select.begin = begin();
    TRY(expect_word("SELECT"));
    select.distinct = take_word("DISTINCT");
    if (take_word("TOP")) {
      ASSIGN(select.top, parse_count("TOP"));
    }
    TRY(parse_items(select));
    select.from_begin = begin();
    if (take_word("FROM")) TRY(parse_from(select));
    select.from_end = end();
    if (take_word("WHERE")) {
      ASSIGN(select.where, parse_expression());
    }
    if (take_word("GROUP")) TRY(parse_group_by(select));
    if (is_word("HAVING")) return error_at(begin(), "HAVING is no part of the language");
    if (take_word("ORDER")) TRY(parse_order_by(select));
    if (take_word("OFFSET")) {
      ASSIGN(select.offset, parse_count("OFFSET"));
      TRY(expect_word("LIMIT"));
      ASSIGN(select.limit, parse_count("LIMIT"));
    }
    select.depth = depth_of(select);
    return check_clauses(std::move(select));
  }

  static int depth_of(const Select& select) {
    int depth = 0;
    const auto note = [&](const Expression& expression) { depth = std::max(depth, expression.depth); };
    for (const SelectItem& item : select.items) note(item.expression);
    for (const Source& source : select.sources) {
      if (source.from) note(*source.from);
      if (source.subquery) depth = std::max(depth, source.subquery->depth + 1);
    }
    if (select.where) note(*select.where);
    for (const Expression& key : select.group_by) note(key);
    for (const OrderItem& item : select.order_by) note(item.expression);
    return depth;
  }

  Result<Select> check_clauses(Select select) const {
    if (select.star && select.sources.empty()) return error_at(select.begin, "SELECT * needs a FROM");
    if (select.star && select.sources.size() > 1) {
      return error_at(select.begin, "SELECT * is not possible with a JOIN: name what is wanted");
    }
    if (!select.group_by.empty() && select.star)
      return error_at(select.begin, "SELECT * is not possible with GROUP BY");
    if (!select.group_by.empty() && !select.order_by.empty()) {
      return error_at(select.order_by.front().expression.begin, "ORDER BY is not possible together with GROUP BY");
    }
    if (select.top && select.limit) return error_at(select.begin, "TOP is not possible together with OFFSET LIMIT");
    return select;
  }

  Result<std::uint64_t> parse_count(std::string_view clause) {
    const std::size_t where = begin();
    Value value;
    if (token().kind == TokenKind::number) value = Value::number(token().number);
    if (token().kind == TokenKind::parameter) {
      const auto parameter = parameters_.find(token().text);
      if (parameter == parameters_.end()) {
        return error_at(where, fmt::format("the query has no parameter {}", token().text));
      }
      value = parameter->second;
    }
    constexpr double kMost = 2147483647;
    const bool whole = value.is(Type::number) && std::trunc(value.number()) == value.number();
    if (!whole || value.number() < 0 || value.number() > kMost) {
      if (token().kind == TokenKind::parameter || token().kind == TokenKind::number) {
        return error_at(where, fmt::format("{} takes a whole number from 0 to 2147483647", clause));
      }
      return unexpected(fmt::format("a number behind {}", clause));
    }
    advance();
    return static_cast<std::uint64_t>(value.number());
  }

  Status parse_items(Select& select) {
    if (take_symbol("*")) {
      select.star = true;
      return is_symbol(",") ? Status(error_at(begin(), "* stands alone in a SELECT")) : Status();
    }
    select.value = is_word("VALUE") && advance();
    std::size_t unnamed = 0;
    std::set<std::string> names;
    do {
      const std::size_t where = begin();
      if (is_symbol("*")) return error_at(where, "* stands alone in a SELECT");
      SelectItem item;
      ASSIGN(item.expression, parse_expression());
      if (take_word("AS")) {
        if (token().kind != TokenKind::word) return unexpected("a name behind AS");
        item.alias = token().text;
        advance();
      } else if (token().kind == TokenKind::word && !is_reserved(token())) {
        item.alias = token().text;
        advance();
      }
      if (item.alias.empty()) item.alias = own_name(item.expression);
      if (item.alias.empty()) item.alias = fmt::format("${}", ++unnamed);
      if (!names.insert(item.alias).second) {
        return error_at(where, fmt::format("two selected expressions are called '{}'", item.alias));
      }
      select.items.push_back(std::move(item));
    } while (!select.value && take_symbol(","));
    return {};
  }

  Status parse_from(Select& select) {
    ASSIGN(Source first, parse_source());
    select.sources.push_back(std::move(first));
    while (take_word("JOIN")) {
      if (select.sources.size() > kMaxJoins) {
        return error_at(begin(), fmt::format("a query with more than {} JOINs", kMaxJoins));
      }
      ASSIGN(Source source, parse_source());
      select.sources.push_back(std::move(source));
    }
    return {};
  }

  Result<Source> parse_source() {
    Source source;
    source.begin = begin();
    if (token().kind == TokenKind::word && token_after().is_word("IN")) {
      ASSIGN(source.alias, expect_name("an alias"));
      advance();
      source.iterates = true;
      TRY(parse_source_path(source));
      source.end = end();
      return source;
    }
    TRY(parse_source_path(source));
    if (take_word("AS")) {
      ASSIGN(source.alias, expect_name("an alias"));
    } else if (token().kind == TokenKind::word && !is_reserved(token())) {
      ASSIGN(source.alias, expect_name("an alias"));
    } else if (source.from) {
      source.alias = own_name(*source.from);
    }
    if (source.alias.empty()) return unexpected("AS and an alias");
    source.end = end();
    return source;
  }

  Status parse_source_path(Source& source) {
    if (take_symbol("(")) {
      source.root_end = begin();
      ASSIGN(source.subquery, parse_subquery());
      TRY(expect_symbol(")"));
    } else {
      source.root_end = token().end;
      ASSIGN(source.from, parse_path());
    }
    source.path_end = end();
    return {};
  }

  Status parse_group_by(Select& select) {
    TRY(expect_word("BY"));
    do {
      ASSIGN(Expression key, parse_expression());
      select.group_by.push_back(std::move(key));
    } while (take_symbol(","));
    return check_keys(select.group_by.size(), "GROUP BY");
  }

  Status parse_order_by(Select& select) {
    TRY(expect_word("BY"));
    if (is_word("RANK")) return error_at(begin(), "ORDER BY RANK is not offered by this server: full-text search");
    do {
      OrderItem item;
      ASSIGN(item.expression, parse_expression());
      item.descending = take_word("DESC");
      if (!item.descending) take_word("ASC");
      select.order_by.push_back(std::move(item));
    } while (take_symbol(","));
    return check_keys(select.order_by.size(), "ORDER BY");
  }

  Status check_keys(std::size_t count, std::string_view clause) const {
    if (count <= kMaxKeys) return {};
    return error_at(begin(), fmt::format("{} with more than {} expressions", clause, kMaxKeys));
  }
};

}  // namespace

Result<Select> parse_select(std::string_view query, const Parameters& parameters, Arena& arena) {
  if (query.size() > kMaxQueryBytes) {
    return fail(Code::invalid_argument, fmt::format("The query is longer than {} bytes.", kMaxQueryBytes));
  }
  ASSIGN(std::vector<Token> tokens, tokenize(query));
  return Parser(query, parameters, arena, std::move(tokens)).parse();
}

}  // namespace halley::query
