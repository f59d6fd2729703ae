#include "json/digester.h"

#include "json/document_scanner.h"

namespace halley::json {

bool Digester::decode(std::string_view& text) {
  decoded_.clear();
  if (!append_decoded(decoded_, text)) return false;
  text = decoded_;
  return true;
}

Digester::Step Digester::object(const Token* at, int depth) {
  if (depth == kMaxDepth) return fail(at);
  std::uint64_t sum = 0;
  if (tokens_.peek(++at) == '}') return {at + 1, object_digest(sum)};
  for (;; ++at) {
    const Step name = string(at);
    if (name.next == nullptr) return name;
    if (tokens_.peek(name.next) != ':') return fail(name.next);
    const Step member = value(name.next + 1, depth + 1);
    if (member.next == nullptr) return member;
    sum += member_digest(name.digest, member.digest);
    at = member.next;
    const char separator = tokens_.peek(at);
    if (separator == '}') return {at + 1, object_digest(sum)};
    if (separator != ',') return fail(at);
  }
}

Digester::Step Digester::array(const Token* at, int depth) {
  if (depth == kMaxDepth) return fail(at);
  std::uint64_t digest = kArrayStart;
  if (tokens_.peek(++at) == ']') return {at + 1, digest};
  for (;; ++at) {
    const Step element = value(at, depth + 1);
    if (element.next == nullptr) return element;
    digest = element_digest(digest, element.digest);
    at = element.next;
    const char separator = tokens_.peek(at);
    if (separator == ']') return {at + 1, digest};
    if (separator != ',') return fail(at);
  }
}

Result<std::uint64_t> value_digest(std::string_view text) {
  ASSIGN(const Tokens tokens, Structure::of_this_thread().read(text));
  Digester digester(tokens);
  const auto [next, digest] = digester.value(tokens.first(), 0);
  if (next != tokens.end()) return fail(unexpected_token(tokens, next == nullptr ? digester.failed_at() : next));
  return digest;
}

}  // namespace halley::json
