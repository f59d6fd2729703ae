#include "recovery/moment.h"

namespace halley::recovery {

std::string Moment::text() const { return latest ? "latest" : format_rfc3339(at); }

Result<Moment> parse_moment(Second now, std::string_view text) {
  constexpr const char* kForms =
      "give RFC 3339 such as 2026-01-17T10:00:00Z, `latest`, or an age such as -2h or -3d12h";
  if (text == "latest") return Moment::newest();
  if (text.starts_with('-')) {
    const auto age = parse_age(text);
    if (!age) return fail(Error(age.error()).with_hint(kForms));
    if (*age > now.value) {
      return fail(Code::invalid_argument, "'" + std::string(text) + "' is an age from before 1970", kForms);
    }
    return Moment::of(now - *age);
  }
  const auto second = parse_rfc3339(text);
  if (!second) return fail(Error(second.error()).with_hint(kForms));
  return Moment::of(*second);
}

}  // namespace halley::recovery
