#include "repo/template_paths.h"

#include <algorithm>

#include "codec/hash.h"
#include "json/digester.h"
#include "repo/body_splitter.h"

namespace halley::repo {
namespace {

constexpr std::uint64_t kRoot = 1;
constexpr std::uint64_t kElement = 2;
constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;

std::uint64_t child(std::uint64_t path, std::uint64_t step) { return json::fold(path ^ step, kFactor) + step; }

class PathReader {
 public:
  PathReader(std::string_view text, std::vector<std::uint64_t>& paths) : text_(text), paths_(paths) {}

  bool read() {
    while (at_ < text_.size()) {
      if (!step(text_[at_++])) return false;
    }
    return open_.empty();
  }

 private:
  struct Level {
    std::uint64_t path;   // of it
    std::uint64_t value;  // of what comes next in it
    bool is_array;
  };

  bool step(char c) {
    switch (c) {
      case kSlot:
        paths_.push_back(value_path());
        return true;
      case '"':
        return name();
      case '{':
      case '[': {
        const std::uint64_t path = value_path();
        open_.push_back({path, c == '[' ? child(path, kElement) : path, c == '['});
        return true;
      }
      case '}':
      case ']':
        if (open_.empty() || open_.back().is_array != (c == ']')) return false;
        open_.pop_back();
        return true;
      default:
        return static_cast<unsigned char>(c) >= ' ' || c == '\t' || c == '\n' || c == '\r';
    }
  }

  std::uint64_t value_path() const { return open_.empty() ? kRoot : open_.back().value; }

  // Behind its first quote.
  bool name() {
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < ' ') return false;
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ >= text_.size() || open_.empty() || open_.back().is_array) return false;
    open_.back().value = child(open_.back().path, codec::xxh3_64(text_.substr(begin, at_ - begin)));
    ++at_;
    return true;
  }

  const std::string_view text_;
  std::vector<std::uint64_t>& paths_;
  std::size_t at_ = 0;
  std::vector<Level> open_;
};

}  // namespace

bool read_paths(std::string_view text, std::vector<std::uint64_t>& paths) {
  paths.clear();
  return PathReader(text, paths).read();
}

}  // namespace halley::repo
