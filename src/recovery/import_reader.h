// The documents of a file, one after the other: what exports and restores to files write, and what is like it.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::recovery {

// json: an object with an array `items`, or an array; ndjson: a document a line. `guess`: json for a text that begins
// with an array, or with an object whose first members are those of an export (export.h) up to `at`.
enum class ImportFormat : std::uint8_t { guess, json, ndjson };

struct ImportItem {
  std::string_view text;     // json::kPadding bytes behind it are readable; valid until the next call
  std::uint64_t line = 0;    // where it begins, from 1
  std::uint64_t offset = 0;  // likewise, in bytes from 0
  bool oversized = false;    // more than kMaxItem bytes: not kept, `text` is empty
};

class ImportReader {
 public:
  static constexpr std::size_t kMaxItem = 16 << 20;  // as written, white space included

  // "-" is standard input. On `stop` this and next() fail with cancelled, though no input comes.
  static Result<ImportReader> open(const std::string& path, ImportFormat format, std::stop_token stop = {});
  ~ImportReader();
  ImportReader(ImportReader&& other) noexcept;
  ImportReader& operator=(ImportReader&&) = delete;

  // False at the end. Memory is one item. Fails with corrupt naming line and byte where what is around the items is
  // not JSON, or an object has no array `items`; an item itself is not looked into more than to find its end.
  Result<bool> next(ImportItem& out);

  ImportFormat format() const { return format_; }
  std::uint64_t bytes_read() const { return base_ + at_; }
  std::optional<std::uint64_t> size() const { return size_; }  // of a file
  // At the end: what the member `count` says, where there is one.
  std::optional<std::uint64_t> declared_count() const { return count_; }

 private:
  ImportReader(std::string name, int descriptor, std::stop_token stop)
      : name_(std::move(name)), descriptor_(descriptor), stop_(std::move(stop)) {}
  enum class Place : std::uint8_t { before, members, items, end };

  Status guess_format();
  bool begins_like_export();
  std::optional<std::string> take_short_text();
  Result<bool> next_line(ImportItem& out);
  Result<bool> next_element(ImportItem& out);
  Status begin_json();
  Result<bool> next_member();
  Status end_json();
  Status take_value(ImportItem& out);
  Status take_scalar();
  Result<std::string> take_string();
  Status expect(char c);

  // The byte at the place, or -1 at the end of the file; failed_ is set when it could not be read.
  int peek();
  int peek_token();  // the same after white space
  void step();
  Status fill();
  void begin_item();
  Status keep_item_small(ImportItem& out);
  std::string_view item() const { return std::string_view(buffer_).substr(item_, at_ - item_); }
  Error syntax(std::string_view why) const;

  std::string name_;
  int descriptor_ = -1;
  std::stop_token stop_;
  ImportFormat format_ = ImportFormat::guess;
  std::optional<std::uint64_t> size_;
  std::optional<std::uint64_t> count_;

  std::string buffer_;
  std::size_t at_ = 0;      // in the buffer
  std::size_t item_ = 0;    // where the item that is being taken begins
  bool keeping_ = false;    // the buffer from item_ on is still needed
  std::uint64_t base_ = 0;  // of the buffer in the file
  std::uint64_t line_ = 1;
  bool ended_ = false;
  std::optional<Error> failed_;
  Place place_ = Place::before;
  bool bare_array_ = false;
  bool first_ = true;  // of the members or elements
  bool has_items_ = false;
};

}  // namespace halley::recovery
