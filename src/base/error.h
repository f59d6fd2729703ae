// What can go wrong, named by what the caller should do about it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halley {

// Each code is defined by the reaction it asks for. is_retryable() is the one place that says which of them a repeat
// can cure.
enum class Code {
  invalid_argument,  // The request itself is wrong (usage, configuration, a 400): change it.
  not_found,         // The thing named does not exist.
  already_exists,    // Something is there under that name already; a conditional put that lost says this.
  precondition,      // A condition (If-Match, expected state) does not hold: read again and decide.
  unauthorized,      // Credentials are missing, wrong or expired.
  forbidden,         // Credentials are right but may not do this.
  throttled,         // Too much asked: wait retry_after, then repeat.
  unavailable,       // Certainly not done; repeat later or elsewhere.
  timeout,           // The deadline passed; a read may be repeated, a write is ambiguous.
  ambiguous,         // A write may or may not have happened: read back before repeating.
  gone,              // The routing changed (split, merge, re-created container): refresh, then repeat.
  corrupt,           // Bytes from disk or wire are not what they must be.
  no_space,          // The storage is full.
  io,                // The operating system refused.
  unsupported,       // Understood, and not offered here.
  cancelled,         // The caller asked to stop.
  no_repository,     // No repository at that place.
  wrong_password,    // The key does not open the repository.
  outside_coverage,  // The moment asked for cannot be restored.
  incomplete,        // Done in part; what is missing is named.
  difference,        // A comparison found a difference.
  internal,          // A defect of this program.
};

std::string_view code_name(Code code);

// An error is a code, a sentence for people, a hint that says what to do, and the frames it passed through (innermost
// first).
struct [[nodiscard]] Error {
  Code code = Code::internal;
  std::string message;
  std::string hint;
  std::vector<std::string> context;
  std::optional<std::chrono::milliseconds> retry_after;
  int status = 0;      // HTTP status where one was answered, else 0.
  int sub_status = 0;  // x-ms-substatus where one was answered, else 0.

  Error() = default;
  Error(Code c, std::string text, std::string advice = {})
      : code(c), message(std::move(text)), hint(std::move(advice)) {}

  // Adds a frame such as "reading segment 4f…" and returns the error for chaining.
  Error&& in(std::string frame) &&;
  Error with_hint(std::string advice) &&;

  // "frame: frame: message", outermost frame first, without the hint.
  std::string to_string() const;
};

// Whether repeating the same request later can succeed. Ambiguous writes are not: they need a read first.
bool is_retryable(const Error& error);

}  // namespace halley
