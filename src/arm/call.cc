#include "arm/call.h"

#include "arm/answer.h"
#include "query/characters.h"

namespace halley::arm {
namespace {

// The parts of a text between separators, decoded; empty ones are left out.
Result<std::vector<std::string>> decoded_parts(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    auto part = http::percent_decode(text.substr(0, end));
    if (!part || !query::is_utf8(*part)) {
      return refuse(400, "BadRequest", "The request URL is not encoded correctly.");
    }
    if (!part->empty()) parts.push_back(*std::move(part));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::string Call::query_of(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

bool Call::matches(std::size_t from, std::initializer_list<std::string_view> words) const {
  if (path.size() != from + words.size()) return false;
  std::size_t at = from;
  for (const std::string_view word : words) {
    if (word != "*" && !http::equal_ignoring_case(path[at], word)) return false;
    ++at;
  }
  return true;
}

Result<Call> read_call(const http::ServerRequest& request) {
  Call call;
  call.method = request.method;
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  ASSIGN(call.path, decoded_parts(request.target.substr(0, mark), '/'));
  ASSIGN(const auto members, decoded_parts(request.target.substr(std::min(mark + 1, request.target.size())), '&'));
  for (const std::string& member : members) {
    const std::size_t equals = std::min(member.find('='), member.size());
    call.query.emplace_back(member.substr(0, equals), member.substr(std::min(equals + 1, member.size())));
  }
  if (!request.body.empty()) {
    auto body = json::parse(request.body);
    // Half a surrogate pair, which JSON can escape, is no text that could be answered.
    if (!body || body->has_lone_surrogate()) {
      return refuse(400, "InvalidRequestContent", "The request content was invalid and could not be read.");
    }
    call.body = *std::move(body);
  }
  call.base = "https://" + std::string(request.headers.get("host"));
  return call;
}

std::string path_text(const std::vector<std::string>& segments) {
  std::string text;
  for (const std::string& segment : segments) text += "/" + http::percent_encode(segment);
  return text;
}

std::string short_name(std::string_view location) {
  std::string name;
  for (const char c : location) {
    if (c != ' ') name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

}  // namespace halley::arm
