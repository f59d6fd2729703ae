// JSON from anywhere: whatever the bytes are, the readers agree with one another or refuse.
#include <cstring>

#include "base/check.h"
#include "fuzz/target.h"
#include "json/document_scanner.h"
#include "json/json_difference.h"
#include "json/number.h"
#include "json/value.h"

namespace halley {
namespace {

std::string padded(std::string_view text) {
  std::string copy;
  copy.reserve(text.size() + json::kPadding);
  copy.append(text);
  return copy;
}

void scan(std::string_view text) {
  json::DocumentScanner scanner({{"pk"}, {"a", "b"}});
  const std::string page = padded(text);
  for (const bool all_versions : {false, true}) {
    (void)scanner.scan_page(page, all_versions, [](json::ScannedDocument& document) -> Status {
      CHECK(document.key_values.size() == 2);
      return {};
    });
  }
  if (const auto document = scanner.scan_document(page)) {
    // Escapes of what is only sliced are not looked at.
    CHECK(text.find('\\') != std::string_view::npos || json::parse(text).has_value());
    if ((*document)->standard_layout) CHECK((*document)->prefix.size() <= (*document)->text.size());
  }
}

void agree(std::string_view text) {
  const auto value = json::parse(text);
  const auto digest = json::value_digest(text);
  if (!value) return;
  const std::string again = value->to_text();
  CHECK(json::parse(again).has_value());
  if (!digest) return;
  const auto digest_again = json::value_digest(again);
  CHECK(digest_again && *digest_again == *digest);
  const auto same = json::difference(text, again);
  CHECK(same && same->empty());
  if (const auto normal = json::normalise(text)) {
    const auto twice = json::normalise(*normal);
    CHECK(twice && *twice == *normal);
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  scan(input);
  agree(input);
  const std::size_t cut = input.find('\0');
  if (cut != std::string_view::npos) (void)json::difference(input.substr(0, cut), input.substr(cut + 1));
}

}  // namespace halley
