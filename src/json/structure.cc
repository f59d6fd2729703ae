#include "json/structure.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/check.h"

namespace halley::json {

void BackslashFinder::find(const char* from) {
  const void* const found = std::memchr(from, '\\', static_cast<std::size_t>(text_end_ - from));
  next_ = found == nullptr ? text_end_ : static_cast<const char*>(found);
}

bool Cursor::skip_value(std::string_view& slice) {
  const char* const begin = here();
  std::size_t depth = 0;
  do {
    switch (peek()) {
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) return false;
        --depth;
        break;
      case ',':
      case ':':
        if (depth == 0) return false;
        break;
      case '\0':
        return false;
      default:
        break;
    }
    ++at_;
  } while (depth > 0);
  slice = Tokens::between(begin, tokens_.end_before(at_));
  return true;
}

struct Structure::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> finder;
};

Structure::Structure() : state_(std::make_unique<State>()) {}
Structure::~Structure() = default;
Structure::Structure(Structure&&) noexcept = default;

Result<Tokens> Structure::read(std::string_view text) {
  constexpr std::size_t kLeastCapacity = 64 * 1024;
  auto& finder = state_->finder;
  if (text.size() >= simdjson::SIMDJSON_MAXSIZE_BYTES) return fail(Code::corrupt, "a JSON text of 4 GiB or more");
  if (!finder || finder->capacity() < text.size()) {
    const std::size_t grown = std::max({text.size(), kLeastCapacity, finder ? 2 * finder->capacity() : 0});
    const std::size_t capacity = std::min(grown, simdjson::SIMDJSON_MAXSIZE_BYTES);
    const auto error =
        finder ? finder->set_capacity(capacity)
               : simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, kMaxDepth, finder);
    CHECK(error == simdjson::SUCCESS);  // Out of memory.
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto error = finder->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    return fail(Code::corrupt, fmt::format("not JSON: {}", simdjson::error_message(error)));
  }
  Token* const tokens = finder->structural_indexes.get();
  Token* const end = tokens + finder->n_structural_indexes;
  *end = static_cast<Token>(text.size());
  return Tokens(text, tokens, end);
}

Structure& Structure::of_this_thread() {
  thread_local Structure structure;
  return structure;
}

Error unexpected_token(const Tokens& tokens, const Token* at, Code code) {
  if (at == tokens.end()) return {code, "not JSON: the text ends too early"};
  return {code, fmt::format("not JSON at byte {}", *at)};
}

}  // namespace halley::json
