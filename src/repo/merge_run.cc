#include "repo/merge_run.h"

#include <algorithm>

#include "base/bytes.h"

namespace halley::repo {
namespace {

constexpr std::size_t kChunk = 64 * 1024;  // or one version, where that is larger
constexpr std::uint64_t kDiskBlock = 4096;
constexpr std::size_t kChunkHead = 8;  // size sealed, size plain

// A chunk is sealed once at each place, so the place is nonce enough.
std::string nonce_of(std::uint64_t offset) {
  std::string nonce(codec::kNonceSize - sizeof offset, '\0');
  put_u64(nonce, offset);
  return nonce;
}

}  // namespace

Result<std::shared_ptr<RunFile>> RunFile::create(Runtime& runtime) {
  ASSIGN(TemporaryFile file, TemporaryFile::create("merge many backups through"));
  return std::shared_ptr<RunFile>(new RunFile(std::move(file), runtime.random_bytes(codec::kKeySize)));
}

Status RunFile::append(std::string_view chunk) {
  packed_.clear();
  compressor_.compress(chunk, packed_);
  std::string body;
  aead_.seal(nonce_of(size_), {}, packed_, body);
  sealed_.clear();
  put_u32(sealed_, static_cast<std::uint32_t>(body.size()));
  put_u32(sealed_, static_cast<std::uint32_t>(chunk.size()));
  sealed_ += body;
  TRY(file_.write(size_, sealed_));
  size_ += sealed_.size();
  return {};
}

Result<std::uint64_t> RunFile::read(std::uint64_t offset, std::string& chunk) {
  TRY(file_.read(offset, kChunkHead, sealed_));
  ByteReader head(sealed_);
  const std::size_t sealed = head.u32();
  const std::size_t plain = head.u32();
  const std::uint64_t end = offset + kChunkHead + sealed;
  if (end > size_) return fail(damaged());
  TRY(file_.read(offset + kChunkHead, sealed, sealed_));
  packed_.clear();
  chunk.clear();
  if (!aead_.open(nonce_of(offset), {}, sealed_, packed_) || !decompressor_.decompress(packed_, plain, chunk)) {
    return fail(damaged());
  }
  return end;
}

RunWriter::RunWriter(const std::shared_ptr<RunFile>& file) : run_(new MergeRun(file)) {
  run_->begin_ = run_->at_ = file->size();
}

Status RunWriter::add(const MergeSource& source, const Version& version) {
  const std::size_t most = version.body.size() + source.effective_key().size() + version.partition_key.size() +
                           version.id.size() + version.rid.size() + version.etag.size();
  if (!chunk_.empty() && chunk_.size() + most > kChunk) TRY(flush());
  for (const std::string_view text :
       {source.effective_key(), version.partition_key, version.id, version.rid, version.etag, version.body}) {
    put_string(chunk_, text);
  }
  for (const Second second : {version.ts, version.time, version.since}) put_zigzag(chunk_, second.value);
  put_varint(chunk_, version.position.epoch);
  put_varint(chunk_, version.position.lsn);
  put_varint(chunk_, source.commit());
  put_u8(chunk_, static_cast<std::uint8_t>(version.operation));
  put_u8(chunk_, version.layout);
  put_u64(chunk_, version.digest);
  return {};
}

Status RunWriter::flush() {
  TRY(run_->file_->append(chunk_));
  run_->largest_ = std::max<std::uint64_t>(run_->largest_, chunk_.size());
  run_->volume_ += chunk_.size();
  chunk_.clear();
  return {};
}

Result<std::unique_ptr<MergeRun>> RunWriter::finish() {
  if (!chunk_.empty()) TRY(flush());
  run_->end_ = run_->file_->size();
  return std::move(run_);
}

Result<bool> MergeRun::next() {
  if (rest_.empty()) {
    if (at_ == end_) return false;
    chunk_.reserve(largest_);
    const std::uint64_t from = at_;
    ASSIGN(at_, file_->read(from, chunk_));
    rest_ = chunk_;
    // Together with what was left of a disk's block before it.
    file_->discard(std::max(begin_, from - from % kDiskBlock), at_);
  }
  ByteReader in(rest_);
  place_.effective_key = in.string();
  version_.partition_key = place_.partition_key = in.string();
  version_.id = place_.id = in.string();
  version_.rid = in.string();
  version_.etag = in.string();
  version_.body = in.string();
  for (Second* const second : {&version_.ts, &version_.time, &version_.since}) second->value = in.zigzag();
  version_.position.epoch = static_cast<std::uint32_t>(in.varint());
  version_.position.lsn = in.varint();
  place_.position = version_.position;
  place_.commit = in.varint();
  version_.operation = static_cast<Operation>(in.u8());
  version_.layout = in.u8();
  version_.digest = in.u64();
  if (in.failed()) return fail(file_->damaged());
  rest_ = in.rest();
  return true;
}

Status MergeRun::read(Version& out, bool body) {
  out = version_;
  if (!body) out.body = {};
  return {};
}

}  // namespace halley::repo
