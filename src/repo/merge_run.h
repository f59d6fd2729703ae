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

namespace halley::repo {

// The file, for any number of runs. It is made in $TMPDIR, else /tmp, and has no name: it goes with this object. What
// is in it is sealed under a key that is nowhere else.
class RunFile {
 public:
  static Result<std::shared_ptr<RunFile>> create(Runtime& runtime);
  ~RunFile();
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;

  std::uint64_t size() const { return size_; }
  // Appends a chunk. no_space when the disk is full, io otherwise.
  Status append(std::string_view chunk);
  // Replaces `chunk` by the one at `offset`; gives where the next begins.
  Result<std::uint64_t> read(std::uint64_t offset, std::string& chunk);

 private:
  RunFile(int descriptor, std::string_view key) : descriptor_(descriptor), aead_(key) {}

  const int descriptor_;
  codec::Aead aead_;
  codec::Compressor compressor_{1};
  codec::Decompressor decompressor_;
  std::uint64_t size_ = 0;
  std::string packed_, sealed_;
};

// A run, once it is written.
class MergeRun : public MergeSource {
 public:
  Result<bool> next() override;
  Status read(Version& out, bool body) override;
  std::uint64_t held() const override;
  std::uint64_t volume() const override { return volume_; }

 private:
  friend class RunWriter;
  explicit MergeRun(std::shared_ptr<RunFile> file) : file_(std::move(file)) {}

  const std::shared_ptr<RunFile> file_;
  std::uint64_t at_ = 0, end_ = 0;  // in the file
  std::uint64_t largest_ = 0;       // of its chunks
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
