#include "recovery/difference_list.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace halley::recovery {
namespace {

tl::unexpected<Error> file_error(int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? Code::no_space : Code::io,
              "can't keep the differences in a temporary file: " + std::string(std::strerror(error)),
              "make room there, or set TMPDIR to a folder that has some");
}

}  // namespace

std::string_view difference_name(DifferenceKind kind) {
  if (kind == DifferenceKind::added) return "added";
  return kind == DifferenceKind::removed ? "removed" : "changed";
}

Result<DifferenceList> DifferenceList::create() {
  const char* const folder = getenv("TMPDIR");
  std::string path = std::string(folder == nullptr || *folder == '\0' ? "/tmp" : folder) + "/halley-diff-XXXXXX";
  const int descriptor = mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) return file_error(errno);
  ::unlink(path.c_str());
  std::FILE* const file = ::fdopen(descriptor, "w+b");
  if (file == nullptr) {
    ::close(descriptor);
    return file_error(errno);
  }
  return DifferenceList(file);
}

Status DifferenceList::add(const DocumentDifference& difference) {
  fields_.clear();
  put_u8(fields_, static_cast<std::uint8_t>(difference.kind));
  put_string(fields_, difference.container);
  put_string(fields_, difference.partition_key);
  put_string(fields_, difference.id);
  put_zigzag(fields_, difference.before.value);
  put_zigzag(fields_, difference.after.value);
  record_.clear();
  put_u32(record_, static_cast<std::uint32_t>(fields_.size()));
  record_ += fields_;
  if (std::fwrite(record_.data(), 1, record_.size(), file_.get()) != record_.size()) return file_error(errno);
  size_ += record_.size();
  return {};
}

Status DifferenceList::cut_back(std::uint64_t size) {
  if (std::fflush(file_.get()) != 0 || ::ftruncate(fileno(file_.get()), static_cast<off_t>(size)) != 0 ||
      std::fseek(file_.get(), static_cast<long>(size), SEEK_SET) != 0) {
    return file_error(errno);
  }
  size_ = size;
  return {};
}

Status DifferenceList::for_each(const std::function<Status(const DocumentDifference&)>& each) const {
  if (std::fflush(file_.get()) != 0 || std::fseek(file_.get(), 0, SEEK_SET) != 0) return file_error(errno);
  std::string record;
  for (std::uint64_t at = 0; at < size_; at += record.size() + 4) {
    record.resize(4);
    if (std::fread(record.data(), 1, 4, file_.get()) != 4) return file_error(errno);
    record.resize(ByteReader(record).u32());
    if (std::fread(record.data(), 1, record.size(), file_.get()) != record.size()) return file_error(errno);
    ByteReader in(record);
    DocumentDifference difference;
    difference.kind = static_cast<DifferenceKind>(in.u8());
    difference.container = in.string();
    difference.partition_key = in.string();
    difference.id = in.string();
    difference.before.value = in.zigzag();
    difference.after.value = in.zigzag();
    TRY(in.finish("a difference"));
    TRY(each(difference));
  }
  if (std::fseek(file_.get(), static_cast<long>(size_), SEEK_SET) != 0) return file_error(errno);
  return {};
}

}  // namespace halley::recovery
