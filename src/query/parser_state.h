// What the parts of the parser share: the tokens, and where in them it stands. For parser.cc and expression_parser.cc
// only.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "query/lexer.h"
#include "query/parser.h"

namespace halley::query {

class ParserState {
 public:
  ParserState(std::string_view query, const Parameters& parameters, Arena& arena, std::vector<Token> tokens)
      : query_(query), parameters_(parameters), arena_(arena), tokens_(std::move(tokens)) {}

 protected:
  const Token& token() const { return tokens_[at_]; }
  const Token& token_after() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  std::size_t begin() const { return token().begin; }
  // Where the last token that was taken ends.
  std::size_t end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].end; }

  bool is_word(std::string_view upper) const { return token().is_word(upper); }
  bool is_symbol(std::string_view symbol) const { return token().is_symbol(symbol); }
  bool take_word(std::string_view upper) { return is_word(upper) && advance(); }
  bool take_symbol(std::string_view symbol) { return is_symbol(symbol) && advance(); }
  bool advance() {
    if (token().kind != TokenKind::end) ++at_;
    return true;
  }

  Status expect_word(std::string_view upper) { return take_word(upper) ? Status() : Status(unexpected(upper)); }
  Status expect_symbol(std::string_view symbol) {
    return take_symbol(symbol) ? Status() : Status(unexpected("'" + std::string(symbol) + "'"));
  }
  // A name: a word that is none of the language.
  Result<std::string> expect_name(std::string_view what) {
    if (token().kind != TokenKind::word || is_reserved(token())) return unexpected(what);
    advance();
    return tokens_[at_ - 1].text;
  }

  tl::unexpected<Error> unexpected(std::string_view wanted) const {
    return syntax_error(query_, begin(), std::string(wanted) + " expected, found " + described(token()));
  }
  tl::unexpected<Error> error_at(std::size_t byte, std::string what) const {
    return syntax_error(query_, byte, std::move(what));
  }

  static bool is_reserved(const Token& word) {
    static constexpr std::array<std::string_view, 29> kReserved = {
        "AND",    "ARRAY", "AS",    "ASC",    "BETWEEN", "BY",   "DESC",      "DISTINCT", "ESCAPE", "EXISTS",
        "FALSE",  "FROM",  "GROUP", "HAVING", "IN",      "JOIN", "LIKE",      "LIMIT",    "NOT",    "NULL",
        "OFFSET", "OR",    "ORDER", "SELECT", "TOP",     "TRUE", "UNDEFINED", "VALUE",    "WHERE"};
    return std::any_of(kReserved.begin(), kReserved.end(), [&](auto reserved) { return word.is_word(reserved); });
  }

  std::string_view query_;
  const Parameters& parameters_;
  Arena& arena_;

 private:
  std::string described(const Token& found) const {
    if (found.kind == TokenKind::end) return "the end of the query";
    constexpr std::size_t kShown = 40;
    std::string text(query_.substr(found.begin, std::min(found.end - found.begin, kShown)));
    return "'" + text + "'";
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

// Parses expressions. Subqueries inside them are the business of the class derived from it.
class ExpressionParser : protected ParserState {
 public:
  virtual ~ExpressionParser() = default;

 protected:
  using ParserState::ParserState;

  Result<Expression> parse_expression();
  // A path: a name, then members.
  Result<Expression> parse_path();
  virtual Result<std::shared_ptr<Select>> parse_subquery() = 0;

  // Counts levels of recursion.
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;

   private:
    int& depth_;
  };
  Status check_nesting() const;
  int level_ = 0;

 private:
  Result<Expression> parse_coalesce();
  Result<Expression> parse_or();
  Result<Expression> parse_and();
  Result<Expression> parse_not();
  Result<Expression> parse_comparison();
  Result<Expression> parse_predicate(Expression value, bool negated);
  Result<Expression> parse_binary(std::size_t tier);
  Result<Expression> parse_unary();
  Result<Expression> parse_postfix();
  Result<Expression> parse_members(Expression base);
  Result<Expression> parse_primary();
  Result<Expression> parse_word();
  Result<Expression> parse_call();
  Result<Expression> parse_parameter();
  Result<Expression> parse_object();
  Result<Expression> parse_array();
  Result<Expression> parse_parenthesis();
  Result<Expression> literal(Value value);
  Result<Expression> compound(Expression node, std::vector<Expression> children);
};

}  // namespace halley::query
