// Where a page of rows ended, as the text that a client gives back for the next one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/groups.h"

namespace halley::query {

struct Continuation {
  enum class Kind : std::uint8_t {
    position,  // behind a document, or behind some rows of it
    key,       // behind a row in the order of ORDER BY
    count,     // behind so many rows
  };
  Kind kind = Kind::position;
  std::uint64_t number = 0;          // of the document
  std::optional<std::uint64_t> row;  // how many of its rows are done; nothing = all
  std::vector<KeptValue> keys;       // of Kind::key
  std::uint64_t skipped = 0;         // rows that OFFSET has taken
  std::uint64_t given = 0;           // rows of earlier pages

  std::string text() const;
  // Fails with invalid_argument for what text() has not made.
  static Result<Continuation> parse(std::string_view text);
};

}  // namespace halley::query
