#include <algorithm>

#include "json/string_text.h"
#include "json/structure.h"
#include "json/value.h"

namespace halley::json {
namespace {

struct MemberSlice {
  std::string_view name;   // decoded
  std::string_view value;  // as written
  const char* begin;       // the name's opening quote
};

// Gives each top-level member of the object `text` to `each`; fails with corrupt when that is not an object.
template <typename Each>
Status for_each_member(std::string_view text, Each each) {
  ASSIGN(const Tokens tokens, Structure::of_this_thread().read(text));
  Cursor cursor(tokens);
  const auto bad = [&] { return fail(unexpected_token(tokens, cursor.place())); };
  if (!cursor.take('{')) return bad();
  std::string decoded;
  if (!cursor.take('}')) {
    do {
      MemberSlice member{{}, {}, cursor.here()};
      if (!cursor.take_string(member.name)) return bad();
      if (cursor.is_escaped(member.name)) {
        decoded.clear();
        if (!append_decoded(decoded, member.name)) return bad();
        member.name = decoded;
      }
      if (!cursor.take(':') || !cursor.skip_value(member.value)) return bad();
      each(member);
    } while (cursor.take(','));
    if (!cursor.take('}')) return bad();
  }
  if (!cursor.at_end()) return bad();
  return {};
}

}  // namespace

Result<std::string_view> member_slice(std::string_view text, std::string_view name) {
  std::string_view found;
  TRY(for_each_member(text, [&](const MemberSlice& member) {
    if (member.name == name) found = member.value;
  }));
  return found;
}

Result<std::string> without_members(std::string_view text, const std::vector<std::string_view>& names) {
  std::string out;
  const char* copied = text.data();  // What is from here on is still to be copied.
  const char* end_of_previous = nullptr;
  bool any_left = false;
  bool any_gone = false;
  TRY(for_each_member(text, [&](const MemberSlice& member) {
    const char* const end = member.value.data() + member.value.size();
    if (std::find(names.begin(), names.end(), member.name) == names.end()) {
      // With the members before the first that stays go the commas behind them, later with a member the comma before
      // it.
      if (!any_left && any_gone) copied = member.begin;
      any_left = true;
    } else {
      if (any_left) {
        out.append(copied, end_of_previous);
      } else if (!any_gone) {
        out.append(copied, member.begin);
      }
      copied = end;
      any_gone = true;
    }
    end_of_previous = end;
  }));
  out.append(copied, text.data() + text.size());
  return out;
}

Result<std::vector<std::string_view>> array_member_slices(std::string_view text, std::string_view name) {
  ASSIGN(const std::string_view array, member_slice(text, name));
  if (array.empty() || array.front() != '[') {
    return fail(Code::corrupt, "no array '" + std::string(name) + "' where one is expected");
  }
  ASSIGN(const Tokens tokens, Structure::of_this_thread().read(array));
  Cursor cursor(tokens);
  std::vector<std::string_view> slices;
  cursor.step();
  if (cursor.take(']')) return slices;
  do {
    if (!cursor.skip_value(slices.emplace_back())) return fail(unexpected_token(tokens, cursor.place()));
  } while (cursor.take(','));
  if (!cursor.take(']')) return fail(unexpected_token(tokens, cursor.place()));
  return slices;
}

}  // namespace halley::json
