// Sorted versions in a temporary file: what a merge of very many segments makes of some of them, so that memory stays
// bounded (docs/decisions/0006).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "codec/compress.h"
#include "codec/seal.h"
#include "repo/merge_source.h"
#include "runtime/runtime.h"
#include "runtime/temporary_file.h"

namespace halley::repo {

// The file, for any number of runs, each of which is read once. What is in it is sealed under a key that is nowhere
// else.
class RunFile {
 public:
  static Result<std::shared_ptr<RunFile>> create(Runtime& runtime);

  std::uint64_t size() const { return size_; }
  // Appends a chunk. no_space when the disk is full, io otherwise.
  Status append(std::string_view chunk);
  // Replaces `chunk` by the one at `offset`; gives where the next begins. io where it can't be read, or is damaged:
  // nothing of the repository is.
  Result<std::uint64_t> read(std::uint64_t offset, std::string& chunk);
  // What is between is not read again.
  void discard(std::uint64_t begin, std::uint64_t end) { file_.discard(begin, end); }
  Error damaged() const { return file_.damaged(); }

 private:
  RunFile(TemporaryFile file, std::string_view key) : file_(std::move(file)), aead_(key) {}

  TemporaryFile file_;
  codec::Aead aead_;
  codec::Compressor compressor_{1};
  codec::Decompressor decompressor_;
  std::uint64_t size_ = 0;
  std::string packed_, sealed_;
};

// A run, once it is written.
class MergeRun : public MergeSource {
 public:
  // What most of them hold.
  static constexpr std::uint64_t kUsuallyHeld = 68 * 1024;

  Result<bool> next() override;
  Status read(Version& out, bool body) override;
  std::uint64_t held() const override { return kept() + largest_; }
  std::uint64_t kept() const override { return sizeof(MergeRun); }
  std::uint64_t volume() const override { return volume_; }

 private:
  friend class RunWriter;
  explicit MergeRun(std::shared_ptr<RunFile> file) : file_(std::move(file)) {}

  const std::shared_ptr<RunFile> file_;
  std::uint64_t begin_ = 0, at_ = 0, end_ = 0;  // in the file
  std::uint64_t largest_ = 0;                   // of its chunks
  std::uint64_t volume_ = 0;
  std::string chunk_;
  std::string_view rest_;  // of the chunk
  Version version_;
};

// Writes one run at the end of the file; no other may be written meanwhile.
class RunWriter {
 public:
  explicit RunWriter(const std::shared_ptr<RunFile>& file);

  // `source` stands on the version.
  Status add(const MergeSource& source, const Version& version);
  Result<std::unique_ptr<MergeRun>> finish();

 private:
  Status flush();

  std::unique_ptr<MergeRun> run_;
  std::string chunk_;
};

}  // namespace halley::repo
