#include "recovery/import_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include "json/document_scanner.h"
#include "json/string_text.h"
#include "runtime/waiting_input.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kChunk = 1 << 17;
constexpr std::size_t kShortText = 2000;  // that of the longest id, escaped, is shorter
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_space(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

Result<ImportReader> ImportReader::open(const std::string& path, ImportFormat format, std::stop_token stop) {
  const bool standard_input = path == "-";
  const int descriptor = standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open_input(path);
  if (descriptor < 0) {
    return fail(errno == ENOENT ? Code::not_found : Code::io, "can't read " + path + ": " + std::strerror(errno));
  }
  ImportReader reader(standard_input ? "standard input" : path, descriptor, std::move(stop));
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    reader.size_ = static_cast<std::uint64_t>(status.st_size);
  }
  // What a pipe gives first may be a part of the byte order mark.
  while (!reader.ended_ && reader.buffer_.size() < kByteOrderMark.size()) TRY(reader.fill());
  if (std::string_view(reader.buffer_).starts_with(kByteOrderMark)) reader.at_ = kByteOrderMark.size();
  reader.format_ = format;
  if (format == ImportFormat::guess) TRY(reader.guess_format());
  return reader;
}

ImportReader::~ImportReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ImportReader::ImportReader(ImportReader&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      stop_(std::move(other.stop_)),
      format_(other.format_),
      size_(other.size_),
      buffer_(std::move(other.buffer_)),
      at_(other.at_),
      base_(other.base_),
      line_(other.line_),
      ended_(other.ended_) {}

Result<bool> ImportReader::next(ImportItem& out) {
  out = {};
  auto found = format_ == ImportFormat::ndjson ? next_line(out) : next_element(out);
  keeping_ = false;
  if (failed_) return fail(*failed_);
  return found;
}

Status ImportReader::guess_format() {
  begin_item();
  const std::uint64_t line = line_;
  const int c = peek_token();
  bool json = c == '[';
  if (c == '{') json = begins_like_export();
  if (failed_) return fail(*failed_);
  at_ = item_;
  line_ = line;
  keeping_ = false;
  format_ = json ? ImportFormat::json : ImportFormat::ndjson;
  return {};
}

// Whether the first members of the object are those of an export: a document may well have one that is named so.
bool ImportReader::begins_like_export() {
  for (const std::string_view name : {"exported_at", "database", "container", "at"}) {
    step();  // the bracket, or a comma
    if (take_short_text() != name || peek_token() != ':') return false;
    step();
    if (!take_short_text() || peek_token() != ',') return false;
  }
  return true;
}

// Steps over a string, which is given as it is written; nothing where there is none, or a long one.
std::optional<std::string> ImportReader::take_short_text() {
  if (peek_token() != '"') return std::nullopt;
  step();
  std::string text;
  bool escaped = false;
  for (int c = peek(); c >= 0 && text.size() < kShortText; c = peek()) {
    step();
    if (c == '"' && !escaped) return text;
    text += static_cast<char>(c);
    escaped = c == '\\' && !escaped;
  }
  return std::nullopt;
}

Result<bool> ImportReader::next_line(ImportItem& out) {
  if (peek_token() < 0) return false;
  begin_item();
  out.line = line_;
  out.offset = bytes_read();
  while (peek() >= 0) {
    const std::size_t end = buffer_.find('\n', at_);
    at_ = std::min(end, buffer_.size());
    TRY(keep_item_small(out));
    if (end != std::string::npos) break;
  }
  if (!out.oversized) {
    out.text = item();
    while (!out.text.empty() && is_space(out.text.back())) out.text.remove_suffix(1);
  }
  return true;
}

Result<bool> ImportReader::next_element(ImportItem& out) {
  if (place_ == Place::before) TRY(begin_json());
  while (true) {
    if (place_ == Place::end) return false;
    if (place_ == Place::members) {
      ASSIGN(const bool more, next_member());
      if (!more) TRY(end_json());
      continue;
    }
    if (peek_token() == ']') {
      step();
      first_ = false;
      place_ = Place::members;
      if (bare_array_) TRY(end_json());
      continue;
    }
    if (!first_) {
      TRY(expect(','));
      peek_token();
    }
    first_ = false;
    begin_item();
    out.line = line_;
    out.offset = bytes_read();
    TRY(take_value(out));
    if (!out.oversized) out.text = item();
    return true;
  }
}

Status ImportReader::begin_json() {
  const int c = peek_token();
  if (c != '{' && c != '[') return fail(syntax("an object with `items`, or an array, is expected"));
  step();
  bare_array_ = c == '[';
  place_ = bare_array_ ? Place::items : Place::members;
  return {};
}

// Passes over a member, or stands at the first element of `items`. False behind the object.
Result<bool> ImportReader::next_member() {
  if (peek_token() == '}') {
    step();
    return false;
  }
  if (!first_) {
    TRY(expect(','));
    peek_token();
  }
  first_ = false;
  ASSIGN(const std::string name, take_string());
  TRY(expect(':'));
  const int c = peek_token();
  if (name == "items" && c == '[') {
    step();
    first_ = true;
    has_items_ = true;
    place_ = Place::items;
    return true;
  }
  begin_item();
  ImportItem value;
  value.offset = bytes_read();
  TRY(take_value(value));
  if (name == "count" && !value.oversized) {
    std::uint64_t count = 0;
    const std::string_view text = item();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size()) count_ = count;
  }
  keeping_ = false;
  return true;
}

Status ImportReader::end_json() {
  place_ = Place::end;
  if (peek_token() >= 0) return fail(syntax("something follows the end"));
  if (!bare_array_ && !has_items_) {
    return fail(Code::corrupt, name_ +
                                   ": the object has no array `items`, so it holds no documents (an array in another "
                                   "member is taken out by `jq .MEMBER`, for one)");
  }
  return {};
}

// Steps over a value: to the bracket that closes it, or the end of a scalar.
Status ImportReader::take_value(ImportItem& out) {
  std::size_t depth = 0;
  do {
    const int c = peek();
    if (c < 0) return fail(syntax("the file ends in the middle"));
    if (c == '"') {
      TRY(take_string());
    } else if (c == '{' || c == '[') {
      ++depth;
      step();
    } else if (c == '}' || c == ']') {
      if (depth == 0) return fail(syntax("a value is expected"));
      --depth;
      step();
    } else if (depth == 0) {
      return take_scalar();
    } else {
      step();
    }
    TRY(keep_item_small(out));
  } while (depth > 0);
  return {};
}

Status ImportReader::take_scalar() {
  const std::uint64_t begin = bytes_read();
  for (int c = peek(); c >= 0 && !is_space(c) && c != ',' && c != ']' && c != '}' && c != ':'; c = peek()) {
    if (bytes_read() - begin > 1000) return fail(syntax("a value is expected"));
    step();
  }
  return bytes_read() > begin ? Status() : Status(fail(syntax("a value is expected")));
}

// Steps over a string; gives it decoded where it is short, as names are, else empty.
Result<std::string> ImportReader::take_string() {
  constexpr std::size_t kShort = 100;
  if (peek() != '"') return fail(syntax("a string is expected"));
  step();
  std::string raw;
  bool escaped = false;
  while (true) {
    const int c = peek();
    if (c < 0) return fail(syntax("the file ends in the middle of a string"));
    if (c == '"' && !escaped) break;
    if (raw.size() <= kShort) raw += static_cast<char>(c);
    escaped = c == '\\' && !escaped;
    step();
    if (keeping_ && at_ - item_ > kMaxItem) item_ = at_;  // too much already: keep_item_small() tells
  }
  step();
  std::string decoded;
  if (raw.size() > kShort || !json::append_decoded(decoded, raw)) return std::string();
  return decoded;
}

Status ImportReader::expect(char c) {
  if (peek_token() != c) return fail(syntax(std::string("'") + c + "' is expected"));
  step();
  return {};
}

int ImportReader::peek() {
  if (at_ == buffer_.size()) {
    if (auto filled = fill(); !filled && !failed_) failed_ = std::move(filled).error();
    if (at_ == buffer_.size()) return -1;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

int ImportReader::peek_token() {
  int c = peek();
  while (is_space(c)) {
    step();
    c = peek();
  }
  return c;
}

void ImportReader::step() {
  if (buffer_[at_] == '\n') ++line_;
  ++at_;
}

// Reads on; what is no longer needed makes room.
Status ImportReader::fill() {
  if (ended_ || failed_) return {};
  const std::size_t passed = keeping_ ? item_ : at_;
  buffer_.erase(0, passed);
  base_ += passed;
  at_ -= passed;
  item_ -= std::min(item_, passed);
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kChunk + json::kPadding);
  const auto read = read_input(descriptor_, std::span(buffer_).subspan(size, kChunk), stop_);
  buffer_.resize(size + read.value_or(0));
  if (!read && read.error().code == Code::cancelled) return fail(read.error());
  if (!read) return fail(read.error().code, "can't read " + name_ + ": " + read.error().message);
  ended_ = *read == 0;
  return {};
}

void ImportReader::begin_item() {
  item_ = at_;
  keeping_ = true;
}

Status ImportReader::keep_item_small(ImportItem& out) {
  if (base_ + at_ - out.offset > kMaxItem) out.oversized = true;
  if (out.oversized) item_ = at_;
  return failed_ ? Status(fail(*failed_)) : Status();
}

Error ImportReader::syntax(std::string_view why) const {
  if (failed_) return *failed_;
  return Error(Code::corrupt, name_ + ":" + std::to_string(line_) + ": not JSON at byte " +
                                  std::to_string(bytes_read()) + ": " + std::string(why));
}

}  // namespace halley::recovery
