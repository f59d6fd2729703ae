#include "base/error.h"

namespace halley {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::not_found:
      return "not_found";
    case Code::already_exists:
      return "already_exists";
    case Code::precondition:
      return "precondition";
    case Code::unauthorized:
      return "unauthorized";
    case Code::forbidden:
      return "forbidden";
    case Code::throttled:
      return "throttled";
    case Code::unavailable:
      return "unavailable";
    case Code::timeout:
      return "timeout";
    case Code::ambiguous:
      return "ambiguous";
    case Code::gone:
      return "gone";
    case Code::corrupt:
      return "corrupt";
    case Code::no_space:
      return "no_space";
    case Code::io:
      return "io";
    case Code::unsupported:
      return "unsupported";
    case Code::cancelled:
      return "cancelled";
    case Code::no_repository:
      return "no_repository";
    case Code::wrong_password:
      return "wrong_password";
    case Code::outside_coverage:
      return "outside_coverage";
    case Code::incomplete:
      return "incomplete";
    case Code::difference:
      return "difference";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

Error&& Error::in(std::string frame) && {
  context.push_back(std::move(frame));
  return std::move(*this);
}

Error Error::with_hint(std::string advice) && {
  hint = std::move(advice);
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string text;
  for (auto frame = context.rbegin(); frame != context.rend(); ++frame) {
    text += *frame;
    text += ": ";
  }
  return text + message;
}

bool is_retryable(const Error& error) {
  switch (error.code) {
    case Code::throttled:
    case Code::unavailable:
    case Code::timeout:
      return true;
    default:
      return false;
  }
}

}  // namespace halley
