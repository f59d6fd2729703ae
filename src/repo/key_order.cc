#include "repo/key_order.h"

namespace halley::repo {

Result<std::string_view> EffectiveKeys::of(std::string_view key_text) {
  if (!definition_) return std::string_view();
  if (known_ && text_ == key_text) return std::string_view(effective_);
  known_ = false;
  ASSIGN(effective_, cosmos::effective_partition_key(*definition_, key_text));
  text_ = key_text;
  known_ = true;
  return std::string_view(effective_);
}

}  // namespace halley::repo
