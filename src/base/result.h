// Result<T>: a value, or the Error that kept it from being. Every operation that can fail returns one.
#pragma once

#include <tl/expected.hpp>

#include "base/error.h"

namespace halley {

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(Code code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error(code, std::move(message), std::move(hint)));
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace halley

#define HALLEY_CONCAT_INNER(a, b) a##b
#define HALLEY_CONCAT(a, b) HALLEY_CONCAT_INNER(a, b)

// TRY(expression): returns the error of a Status or Result<T> from the enclosing function, else goes on.
#define TRY(...)                                                              \
  do {                                                                        \
    if (auto try_status_ = (__VA_ARGS__); !try_status_)                       \
      return tl::unexpected<::halley::Error>(std::move(try_status_).error()); \
  } while (false)

// ASSIGN(auto value, expression): declares or assigns the value of a Result, or returns its error.
#define ASSIGN(target, ...) HALLEY_ASSIGN(HALLEY_CONCAT(assign_result_, __LINE__), target, __VA_ARGS__)
#define HALLEY_ASSIGN(result, target, ...)                                        \
  auto result = (__VA_ARGS__);                                                    \
  if (!result) return tl::unexpected<::halley::Error>(std::move(result).error()); \
  target = std::move(*result)
