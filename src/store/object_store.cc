#include "store/object_store.h"

#include <algorithm>

namespace halley::store {
namespace {

constexpr int kPutAttempts = 4;

bool allowed(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'; }

}  // namespace

Status check_name(std::string_view name) {
  const auto bad = [&] { return fail(Code::invalid_argument, "`" + std::string(name) + "` is no object name"); };
  if (name.empty() || name.size() > kMaxName) return bad();
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || !std::all_of(part.begin(), part.end(), allowed)) return bad();
    begin = end + 1;
  }
  return {};
}

Result<std::string> ObjectStore::get_all(std::string_view name, std::uint64_t most) {
  ASSIGN(const std::uint64_t bytes, size(name));
  if (bytes > most) {
    return fail(Code::corrupt, "`" + std::string(name) + "` is damaged: it has " + std::to_string(bytes) +
                                   " bytes where at most " + std::to_string(most) + " belong");
  }
  return get(name, 0, bytes);
}

Status put_settled(ObjectStore& store, std::string_view name, std::string_view bytes) {
  Status put = store.put(name, bytes);
  if (put || put.error().code != Code::ambiguous) return put;
  for (int attempt = 1; attempt < kPutAttempts; ++attempt) {
    Status again = store.put(name, bytes);
    if (again) return again;
    if (again.error().code == Code::ambiguous) continue;
    // Any other answer is of the repeat alone.
    if (again.error().code != Code::already_exists) return put;
    const auto found = store.get(name, 0, bytes.size() + 1);
    if (!found) return put;
    if (*found == bytes) return {};
    return fail(Code::already_exists, "`" + std::string(name) + "` was written by another");
  }
  return put;
}

}  // namespace halley::store
