#include "server/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "http/message.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

tl::unexpected<Error> unsupported(std::string_view what) {
  return refuse(400, fmt::format("This query is not supported by this server yet ({}). It understands SELECT * FROM c, "
                                 "with equality on id and the partition key, joined by AND.",
                                 what));
}

struct Token {
  enum class Kind { word, parameter, string, number, symbol, end };
  Kind kind = Kind::end;
  std::string text;  // of a string: its value
};

bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<Token> next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) ++at_;
    if (at_ == text_.size()) return Token{};
    const char c = text_[at_];
    if (is_word_start(c)) return Token{Token::Kind::word, take_word()};
    if (c == '@') {
      ++at_;
      return Token{Token::Kind::parameter, "@" + take_word()};
    }
    if (c == '\'' || c == '"') return take_string(c);
    if (is_digit(c) || c == '-') return Token{Token::Kind::number, take_number()};
    ++at_;
    return Token{Token::Kind::symbol, std::string(1, c)};
  }

 private:
  std::string take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_word_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string take_number() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() &&
           (is_digit(text_[at_]) || std::string_view("+-.eE").find(text_[at_]) != std::string_view::npos)) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  // A string literal is JSON's but for the choice of quotes.
  Result<Token> take_string(char quote) {
    std::string json = "\"";
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        const char escaped = text_[++at_];
        if (escaped != '\'') json += '\\';
        json += escaped;
      } else if (c == '"') {
        json += "\\\"";
      } else {
        json += c;
      }
    }
    if (at_ == text_.size()) return unsupported("a string without end");
    ++at_;
    const auto value = json::parse(json + "\"");
    if (!value) return unsupported("a string that is not understood");
    return Token{Token::Kind::string, value->text()};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  Parser(std::string_view text, const std::map<std::string, json::Value>& parameters)
      : lexer_(text), parameters_(parameters) {}

  Result<Query> parse() {
    TRY(advance());
    TRY(expect("SELECT"));
    TRY(expect("*"));
    TRY(expect("FROM"));
    TRY(read_alias());
    Query query;
    if (is("WHERE")) {
      do {
        TRY(advance());
        TRY(read_condition(query));
      } while (is("AND"));
    }
    if (token_.kind != Token::Kind::end) return unsupported("at '" + token_.text + "'");
    return query;
  }

 private:
  Status advance() {
    ASSIGN(token_, lexer_.next());
    return {};
  }
  bool is(std::string_view text) const {
    return (token_.kind == Token::Kind::word || token_.kind == Token::Kind::symbol) &&
           http::equal_ignoring_case(token_.text, text);
  }
  Status expect(std::string_view text) {
    if (!is(text)) return unsupported(fmt::format("{} expected at '{}'", text, token_.text));
    return advance();
  }

  Status read_alias() {
    if (token_.kind != Token::Kind::word) return unsupported("FROM names no container");
    alias_ = token_.text;
    TRY(advance());
    if (is("AS")) TRY(advance());
    if (token_.kind == Token::Kind::word && !is("WHERE") && !is("ORDER") && !is("JOIN") && !is("IN") && !is("GROUP") &&
        !is("OFFSET")) {
      alias_ = token_.text;
      return advance();
    }
    return {};
  }

  Status read_condition(Query& query) {
    if (is("(")) {
      TRY(advance());
      TRY(read_condition(query));
      while (is("AND")) {
        TRY(advance());
        TRY(read_condition(query));
      }
      return expect(")");
    }
    Condition condition;
    const bool path_first = token_.kind == Token::Kind::word && token_.text == alias_;
    TRY(path_first ? read_path(condition) : read_value(condition));
    TRY(expect("="));
    TRY(path_first ? read_value(condition) : read_path(condition));
    query.conditions.push_back(std::move(condition));
    return {};
  }

  Status read_path(Condition& condition) {
    if (token_.kind != Token::Kind::word || token_.text != alias_) return unsupported("at '" + token_.text + "'");
    TRY(advance());
    while (is(".") || is("[")) {
      const bool bracket = is("[");
      TRY(advance());
      if (token_.kind != (bracket ? Token::Kind::string : Token::Kind::word))
        return unsupported("at '" + token_.text + "'");
      condition.path.push_back(token_.text);
      TRY(advance());
      if (bracket) TRY(expect("]"));
    }
    if (condition.path.empty()) return unsupported("a condition on the whole document");
    return {};
  }

  Status read_value(Condition& condition) {
    switch (token_.kind) {
      case Token::Kind::string:
        condition.value = json::Value::string(token_.text);
        break;
      case Token::Kind::number: {
        const auto number = json::parse(token_.text);
        if (!number) return unsupported("at '" + token_.text + "'");
        condition.value = *number;
        break;
      }
      case Token::Kind::parameter: {
        const auto parameter = parameters_.find(token_.text);
        if (parameter == parameters_.end()) return refuse(400, "The query has no parameter " + token_.text);
        condition.value = parameter->second;
        break;
      }
      default:
        if (is("true") || is("false")) {
          condition.value = json::Value::boolean(is("true"));
        } else if (!is("null")) {
          return unsupported("at '" + token_.text + "'");
        }
    }
    if (condition.value.is_array() || condition.value.is_object())
      return unsupported("a condition on an object or array");
    return advance();
  }

  Lexer lexer_;
  const std::map<std::string, json::Value>& parameters_;
  Token token_;
  std::string alias_;
};

bool equal_scalars(const json::Value& a, const json::Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.kind() == json::Kind::number) return a.as_double() == b.as_double();
  return a.to_text() == b.to_text();
}

// The canonical form of one value of a key, without the brackets.
Result<std::string> canonical_value(const json::Value& value) {
  auto key = cosmos::canonical_key("[" + value.to_text() + "]");
  if (!key) return refuse(400, key.error().message);
  return key->substr(1, key->size() - 2);
}

}  // namespace

bool Query::matches(const json::Value& resource) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    const json::Value* value = &resource;
    for (const std::string& name : condition.path) {
      if (value != nullptr) value = value->is_object() ? value->find(name) : nullptr;
    }
    return value != nullptr && equal_scalars(*value, condition.value);
  });
}

Result<Query> parse_query(std::string_view body) {
  const auto request = json::parse(body);
  if (!request || !request->is_object()) return refuse(400, "The body of a query must be a JSON object.");
  const json::Value* text = request->find("query");
  if (text == nullptr || !text->is_string()) return refuse(400, "A query must have a member 'query', a string.");
  std::map<std::string, json::Value> parameters;
  if (const json::Value* list = request->find("parameters"); list != nullptr && list->is_array()) {
    for (const json::Value& parameter : list->items()) {
      const json::Value* value = parameter.find("value");
      if (value != nullptr) parameters[parameter.string_at("name")] = *value;
    }
  }
  return Parser(text->text(), parameters).parse();
}

Result<DocumentFilter> document_filter(const Query& query, const cosmos::PartitionKeyDefinition& key) {
  DocumentFilter filter;
  std::vector<std::optional<std::string>> values(key.paths.size());
  for (const Condition& condition : query.conditions) {
    const auto path = std::find(key.paths.begin(), key.paths.end(), condition.path);
    if (path != key.paths.end()) {
      ASSIGN(std::string value, canonical_value(condition.value));
      auto& known = values[static_cast<std::size_t>(path - key.paths.begin())];
      filter.nothing = filter.nothing || (known && *known != value);
      known = std::move(value);
    }
    if (condition.path == std::vector<std::string>{"id"}) {
      if (!condition.value.is_string() || (filter.id && *filter.id != condition.value.text())) filter.nothing = true;
      filter.id = condition.value.text();
    } else if (path == key.paths.end()) {
      return unsupported(fmt::format("a condition on '{}'", fmt::join(condition.path, ".")));
    }
  }
  std::size_t leading = 0;
  for (; leading < values.size() && values[leading]; ++leading) {
    filter.key += (leading == 0 ? "[" : ",") + *values[leading];
  }
  if (leading > 0) filter.key += ']';
  for (std::size_t i = leading; i < values.size(); ++i) {
    if (values[i]) filter.more_values.emplace_back(i, *values[i]);
  }
  return filter;
}

bool DocumentFilter::matches(const Document& document) const {
  if (nothing || (id && *id != document.id)) return false;
  if (!key.empty() && !document.key.starts_with(std::string_view(key).substr(0, key.size() - 1))) return false;
  if (key.empty() && more_values.empty()) return true;
  // The beginning of a key's text may end inside a value: the values are compared.
  const auto held = json::parse(document.key);
  if (!held) return false;
  if (!key.empty()) {
    const auto asked = json::parse(key);
    for (std::size_t i = 0; i < asked->items().size(); ++i) {
      if (asked->items()[i].to_text() != held->items()[i].to_text()) return false;
    }
  }
  return std::all_of(more_values.begin(), more_values.end(),
                     [&](const auto& value) { return held->items()[value.first].to_text() == value.second; });
}

}  // namespace halley::server
