// Files of documents, as imports take them: exports as JSON and NDJSON, and what is like them. Whatever the bytes are,
// each item is a piece of the file, at the place that is said, and the pieces that the file comes in change nothing.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "cosmos/partition_key.h"
#include "fuzz/target.h"
#include "json/document_scanner.h"
#include "recovery/import_reader.h"

namespace halley {
namespace {

using recovery::ImportFormat;
using recovery::ImportItem;
using recovery::ImportReader;

constexpr std::size_t kMaxInput = 60'000;  // what a pipe holds
constexpr std::size_t kPieces = 14;        // a pipe has 16 buffers, one for each piece

struct Item {
  std::string text;
  std::uint64_t line = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const Item&, const Item&) = default;
};

struct ReadFile {
  std::vector<Item> items;
  std::optional<std::uint64_t> count;
  std::string problem;  // behind the name of the file
  ImportFormat format = ImportFormat::guess;
  friend bool operator==(const ReadFile&, const ReadFile&) = default;
};

// Reads to the end what a descriptor gives, and closes it.
ReadFile read_all(int descriptor, ImportFormat format) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  auto reader = ImportReader::open(path, format);
  ::close(descriptor);
  CHECK(reader.has_value());
  ReadFile read;
  json::DocumentScanner scanner({{"pk"}, {"a", "b"}});
  for (ImportItem item;;) {
    const auto more = reader->next(item);
    if (!more) read.problem = more.error().message.substr(path.size());
    if (!more || !*more) break;
    CHECK(!item.oversized);
    if (const auto scanned = scanner.scan_document(item.text)) (void)cosmos::canonical_key((*scanned)->key_values);
    read.items.push_back({std::string(item.text), item.line, item.offset});
  }
  read.count = reader->declared_count();
  read.format = reader->format();
  return read;
}

int as_file(std::string_view content) {
  const int descriptor = ::memfd_create("exports", MFD_CLOEXEC);
  CHECK(descriptor >= 0);
  CHECK(::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  CHECK(::lseek(descriptor, 0, SEEK_SET) == 0);
  return descriptor;
}

// A pipe that gives the content in pieces, however much is asked for at once.
int as_pieces(std::string_view content) {
  int ends[2];
  CHECK(::pipe2(ends, O_CLOEXEC | O_DIRECT) == 0);
  const std::size_t size = content.size() / kPieces + 1;
  for (std::size_t at = 0; at < content.size(); at += size) {
    const std::string_view piece = content.substr(at, size);
    CHECK(::write(ends[1], piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()));
  }
  ::close(ends[1]);
  return ends[0];
}

void check_places(const ReadFile& read, std::string_view content) {
  std::uint64_t end = 0;  // of the item before
  for (const Item& item : read.items) {
    CHECK(item.offset >= end);
    CHECK(content.substr(item.offset, item.text.size()) == item.text);
    const auto lines = std::count(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(item.offset), '\n');
    CHECK(item.line == static_cast<std::uint64_t>(lines) + 1);
    end = item.offset + item.text.size();
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  input = input.substr(0, kMaxInput);
  for (const ImportFormat format : {ImportFormat::guess, ImportFormat::json, ImportFormat::ndjson}) {
    const ReadFile whole = read_all(as_file(input), format);
    check_places(whole, input);
    CHECK(format == ImportFormat::guess || whole.format == format);
    CHECK(read_all(as_pieces(input), format) == whole);
  }
}

}  // namespace halley
