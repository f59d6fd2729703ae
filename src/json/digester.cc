#include "json/digester.h"

#include "json/document_scanner.h"

namespace halley::json {

bool Digester::decode(std::string_view& text) {
  decoded_.clear();
  if (!append_decoded(decoded_, text)) return false;
  text = decoded_;
  return true;
}

bool Digester::object(std::uint64_t& digest) {
  cursor_.step();
  if (!enter()) return false;
  std::uint64_t sum = 0;
  if (!cursor_.take('}')) {
    do {
      std::uint64_t name = 0;
      std::uint64_t value_digest = 0;
      if (!string(name) || !cursor_.take(':') || !value(value_digest)) return false;
      sum += member_digest(name, value_digest);
    } while (cursor_.take(','));
    if (!cursor_.take('}')) return false;
  }
  leave();
  digest = object_digest(sum);
  return true;
}

bool Digester::array(std::uint64_t& digest) {
  cursor_.step();
  if (!enter()) return false;
  digest = kArrayStart;
  if (!cursor_.take(']')) {
    do {
      std::uint64_t element = 0;
      if (!value(element)) return false;
      digest = fold(digest ^ element, kArrayFactor);
    } while (cursor_.take(','));
    if (!cursor_.take(']')) return false;
  }
  leave();
  return true;
}

Result<std::uint64_t> value_digest(std::string_view text) {
  ASSIGN(const Cursor start, Structure::of_this_thread().read(text));
  Digester digester(start);
  std::uint64_t digest = 0;
  if (!digester.value(digest) || !digester.cursor().at_end()) return fail(unexpected_token(digester.cursor()));
  return digest;
}

}  // namespace halley::json
