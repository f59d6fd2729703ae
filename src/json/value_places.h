// Where the values of a document stand in its text, in a form that is small enough to be kept with every document.
#pragma once

#include <cstdint>

namespace halley::json {

// A scalar as written: so many bytes behind the end of the one before (of the first: behind the beginning of the
// document), and so long. Member names are no values.
struct ValuePlace {
  std::uint16_t gap = 0;
  std::uint16_t size = 0;
};

// Writes places down as values are read in their order.
class ValuePlaces {
 public:
  // `room`: for as many places as values will be noted; null to note nothing. `from`: where the document begins.
  void begin(ValuePlace* room, const char* from) {
    next_ = room;
    last_ = from;
    fit_ = true;
  }

  void note(const char* begin, const char* end) {
    if (next_ == nullptr) return;
    const auto gap = static_cast<std::uint64_t>(begin - last_);
    const auto size = static_cast<std::uint64_t>(end - begin);
    fit_ = fit_ && (gap | size) <= UINT16_MAX;
    *next_++ = {static_cast<std::uint16_t>(gap), static_cast<std::uint16_t>(size)};
    last_ = end;
  }

  // Behind the last place noted.
  ValuePlace* end() const { return next_; }
  // False when one was too large to be told.
  bool fit() const { return fit_; }

 private:
  ValuePlace* next_ = nullptr;
  const char* last_ = nullptr;
  bool fit_ = true;
};

}  // namespace halley::json
