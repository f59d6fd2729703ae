// One pass over a page of documents as the service returned it: slices, keys, digest. Nothing is copied or
// re-serialised.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value_places.h"

namespace halley::json {

// Bytes that must be readable (any content) behind a text given to the scanner: reserve() them on the string that holds
// it.
inline constexpr std::size_t kPadding = 64;

// The system properties of a document, in the order the service writes them.
enum class SystemProperty { rid, self, etag, attachments, ts, lsn };
inline constexpr std::size_t kSystemProperties = 6;
inline constexpr std::array<std::string_view, kSystemProperties> kSystemPropertyNames = {
    "_rid", "_self", "_etag", "_attachments", "_ts", "_lsn"};

struct ScannedDocument {
  // The whole object as written. In an all-versions page the object `current`, empty when that is absent or null.
  std::string_view text;
  std::string_view metadata;  // In an all-versions page the object `metadata` as written, else empty.
  std::string_view id;  // Decoded, of several the last; empty when absent or no string. Valid until the next page.
  bool has_id = false;

  // The value of each system property as written, e.g. `"abc"` or `1700000000`; empty when absent.
  std::array<std::string_view, kSystemProperties> system;

  // True when the system properties that are present stand last, in the order above, without white space, each once:
  // then text == body without its closing brace + [","] + `"_rid":…,…}`, and `prefix` is everything before the first of
  // them and the comma that precedes it (so the body proper is prefix + "}"). And when their values have the form that
  // the service gives them, so that what they say makes them again: _self is what follows from a _rid of 16 bytes,
  // _attachments is "attachments/", _etag has no escapes but for the quotation marks around it, _ts and _lsn are whole.
  bool standard_layout = false;
  std::string_view prefix;
  // With standard_layout: the values of the members that are no system properties. Empty where one is too large for a
  // place. Valid until the next document.
  std::span<const ValuePlace> values;

  // One entry per partition key path: the value as written (a scalar), "{}" where there is none or what is on the way
  // to it is no object. `bad_key` when a value is an object or array itself. Of several members of one name the last
  // counts.
  std::vector<std::string_view> key_values;
  bool bad_key = false;

  std::uint64_t digest = 0;  // value_digest() of the document without its system properties.
};

// A scanner keeps its buffers between pages; use one per thread.
class DocumentScanner {
 public:
  // `key_paths`: for each partition key path its property names, outermost first, e.g. {{"a","b"}} for /a/b.
  explicit DocumentScanner(std::vector<std::vector<std::string>> key_paths);
  ~DocumentScanner();
  DocumentScanner(DocumentScanner&&) noexcept;

  // Calls `each` for every element of the array `Documents` of `page` in order; all views point into `page` or into the
  // scanner. Elements are plain documents, or with `all_versions` the envelopes {current, metadata}. kPadding bytes
  // behind `page` must be readable. Stops at the first error `each` returns. Fails with corrupt for a page that is not
  // such JSON. Linear, no DOM.
  Status scan_page(std::string_view page, bool all_versions, const std::function<Status(ScannedDocument&)>& each);

  // The same for a single document. The result is valid until the next call. kPadding as above.
  Result<ScannedDocument*> scan_document(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 64 bits over a JSON value: independent of member order and of how numbers and strings are spelled (numbers as IEEE
// doubles, strings decoded). Duplicate member names all count. docs/body-digest.md has the definition byte by byte.
Result<std::uint64_t> value_digest(std::string_view text);

}  // namespace halley::json
