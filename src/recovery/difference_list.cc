#include "recovery/difference_list.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;  // that is written or read at once
constexpr std::size_t kRecordHead = 4;      // its size

// The record that `bytes` begin with, and so much is taken off them; nothing where it is not whole.
std::optional<std::string_view> take_record(std::string_view& bytes) {
  if (bytes.size() < kRecordHead) return std::nullopt;
  const std::size_t size = ByteReader(bytes).u32();
  if (bytes.size() - kRecordHead < size) return std::nullopt;
  const std::string_view record = bytes.substr(kRecordHead, size);
  bytes.remove_prefix(kRecordHead + size);
  return record;
}

// False where it is none.
bool read_record(std::string_view record, DocumentDifference& out) {
  ByteReader in(record);
  out.kind = static_cast<DifferenceKind>(in.u8());
  out.container = in.string();
  out.partition_key = in.string();
  out.id = in.string();
  out.before.value = in.zigzag();
  out.after.value = in.zigzag();
  return in.at_end() && !in.failed();
}

}  // namespace

std::string_view difference_name(DifferenceKind kind) {
  if (kind == DifferenceKind::added) return "added";
  return kind == DifferenceKind::removed ? "removed" : "changed";
}

Result<DifferenceList> DifferenceList::create() {
  ASSIGN(TemporaryFile file, TemporaryFile::create("keep the differences in"));
  return DifferenceList(std::move(file));
}

Status DifferenceList::add(const DocumentDifference& difference) {
  fields_.clear();
  put_u8(fields_, static_cast<std::uint8_t>(difference.kind));
  put_string(fields_, difference.container);
  put_string(fields_, difference.partition_key);
  put_string(fields_, difference.id);
  put_zigzag(fields_, difference.before.value);
  put_zigzag(fields_, difference.after.value);
  put_u32(pending_, static_cast<std::uint32_t>(fields_.size()));
  pending_ += fields_;
  return pending_.size() < kBuffer ? Status() : flush();
}

Status DifferenceList::flush() {
  TRY(file_.write(written_, pending_));
  written_ += pending_.size();
  pending_.clear();
  return {};
}

Status DifferenceList::cut_back(std::uint64_t size) {
  TRY(flush());
  TRY(file_.cut(size));
  written_ = size;
  return {};
}

Status DifferenceList::for_each(const std::function<Status(const DocumentDifference&)>& each) const {
  DocumentDifference difference;
  std::string buffer;
  std::string_view rest;
  for (std::uint64_t at = 0, more = kBuffer; at < written_;) {
    TRY(file_.read(at, std::min(more, written_ - at), buffer));
    rest = buffer;
    while (const auto record = take_record(rest)) {
      if (!read_record(*record, difference)) return fail(file_.damaged());
      TRY(each(difference));
    }
    // One that is larger than what was read.
    if (rest.size() == buffer.size() && at + buffer.size() == written_) return fail(file_.damaged());
    more = rest.size() == buffer.size() ? 2 * more : kBuffer;
    at += buffer.size() - rest.size();
  }
  rest = pending_;
  while (const auto record = take_record(rest)) {
    read_record(*record, difference);
    TRY(each(difference));
  }
  return {};
}

}  // namespace halley::recovery
