#include "recovery/outside.h"

#include <string>
#include <utility>

namespace halley::recovery {

std::string nearest_text(const repo::Nearest& nearest) {
  if (!nearest.before && !nearest.after) return "no moment can be restored yet: run `halley backup` until it completes";
  std::string text = "nearest moments that can be restored: ";
  if (nearest.before) text += format_rfc3339(*nearest.before);
  if (nearest.before && nearest.after) text += " and ";
  if (nearest.after) text += format_rfc3339(*nearest.after);
  return text;
}

Error outside_coverage(std::string_view what, Second moment, std::string hint) {
  return Error(Code::outside_coverage, format_rfc3339(moment) + " is outside the coverage of " + std::string(what),
               std::move(hint));
}

}  // namespace halley::recovery
