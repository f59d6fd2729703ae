// The bodies of one block, put together again (docs/repository-format.md, bodies). Twin of body_splitter.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "repo/block_codec.h"

namespace halley::repo {

// Where a body is put together. Several BlockBodies may share one: then the body that any of them gave last is valid.
class BodyRoom {
 public:
  // At least so many bytes; what was in it is gone.
  char* make(std::size_t bytes);
  char* data() const { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

// Puts bodies together one at a time, when they are asked for. Trusts nothing: what does not fit is corrupt, and memory
// is bounded by what is stored and by the largest single body. Quick for bodies asked for in their order; what lies
// between two of them is passed over without being put together.
class BlockBodies {
 public:
  explicit BlockBodies(std::shared_ptr<BodyRoom> room = std::make_shared<BodyRoom>()) : room_(std::move(room)) {}

  // `block` and `content`, what the block stores of its bodies, must stay until the next call. Fails with corrupt.
  Status load(const BlockDecoder& block, std::string_view content);

  // The body of version i. Valid until the next call. Fails with corrupt.
  Result<std::string_view> body(std::size_t i);

  // Fails with corrupt when anything is left behind the last body; for who has asked for all of them.
  Status finish();

 private:
  struct Slot {
    std::uint32_t text = 0;  // of the template, before it: where in the content, and how much
    std::uint32_t size = 0;
    std::uint32_t column = 0;  // counted from 1; 0: the id between quotation marks
  };
  struct Template {
    std::uint32_t begin = 0, end = 0;  // of its slots
    Slot rest;                         // the text behind the last slot
    std::size_t size = 0;              // of all its text
    std::size_t ids = 0;               // how many of its slots are for the id
  };
  struct Column {
    const char* at = nullptr;  // behind the value that was read last
    const char* end = nullptr;
    const char* begin = nullptr;
  };

  Status read_templates(ByteReader& in);
  Status read_template(std::string_view& texts);
  Status read_columns(ByteReader& in);
  Status check_sizes() const;
  Status pass_to(std::size_t i);
  std::string_view whole(std::size_t i);
  char* put_text(char* out, const Slot& slot) const;
  char* put_value(char* out, Column& column) const;
  std::size_t most_of_value(const Slot& slot, std::string_view id) const;
  Status assemble(const Template& of, std::string_view id);

  const BlockDecoder* block_ = nullptr;
  std::string_view content_;
  std::vector<Slot> slots_;
  std::vector<Template> templates_;
  std::vector<Column> columns_;
  std::size_t next_ = 0;                  // the version whose values come next in the columns
  const std::shared_ptr<BodyRoom> room_;  // for the body that was put together last
  std::size_t size_ = 0;                  // of that
};

}  // namespace halley::repo
