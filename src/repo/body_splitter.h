// Takes the bodies of a block apart: into templates, which are everything of a body but its values, and columns, which
// are the values that stand at one path, whatever their template (docs/repository-format.md, bodies). What is alike
// comes to stand together, and is small. Twin of block_bodies.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "repo/version.h"

namespace halley::repo {

// What stands in a template for a value, and behind a template. JSON has neither in its punctuation or names.
inline constexpr char kSlot = '\x01';
inline constexpr char kTemplateEnd = '\x00';
// What stands in a column behind a value. No value has it: in JSON it is escaped.
inline constexpr char kValueEnd = '\n';

// One for each writer: what it finds out about templates is kept from block to block.
class BodySplitter {
 public:
  // What is kept is let go of when a block begins and it is so much; the bodies of one block bound what that can add.
  static constexpr std::size_t kMaxTemplates = 8192;  // or hashes of such
  static constexpr std::size_t kMaxColumns = 16384;
  static constexpr std::size_t kMaxRoom = 16 << 20;
  // So many templates are kept of one hash, and a body is compared with no more.
  static constexpr std::size_t kMaxAlike = 8;

  // Begins a block.
  void clear();

  // Takes a version's body apart and gives the number of its template in this block, from 1. 0, and nothing is taken,
  // where it is not told where its values stand, or too few bodies of the block are of one template.
  std::uint32_t add(const Version& version);

  // Appends the templates and columns of the block. Nothing when no body was taken.
  void append_to(std::string& out) const;

  // What is kept now, and how often a body was compared with a template so far. For tests: they show the bounds.
  struct Effort {
    std::size_t templates = 0, hashes = 0, columns = 0, room = 0;
    std::uint64_t compared = 0;
  };
  Effort effort() const { return {templates_.size(), template_of_hash_.size(), columns_.size(), room_, compared_}; }

 private:
  // The values at one path.
  struct Column {
    std::unique_ptr<char[]> values;
    char* at = nullptr;        // behind the last value
    char* room_end = nullptr;  // a stride behind it may be written to
    std::uint32_t number = 0;  // in the block, from 1; 0: not in it
    std::size_t size() const { return static_cast<std::size_t>(at - values.get()); }
  };
  struct Template {
    std::string text;                    // with kSlot for each value
    std::vector<std::uint32_t> columns;  // of each value
    std::size_t id_slot = 0;             // which of its values is the id, counted from 0; their number where none is
    std::uint32_t number = 0;            // in the block, from 1; 0: not in it
    std::uint32_t next = 0;              // of the same hash: its index + 1; 0: none
  };

  static bool is_id(const Version& version, const char* value, std::size_t size);
  std::uint32_t find(const Version& version, std::uint32_t& newest);
  bool make(const Version& version, Template& made);
  bool take(const Version& version, const Template& of);
  void give_back(const Version& version, const Template& of, std::size_t count);
  void append(Column& column, const char* value, std::ptrdiff_t size, const char* readable_end);
  void grow(Column& column, std::ptrdiff_t size);
  std::uint32_t column_of(std::uint64_t path);
  void number(Template& of, std::uint32_t index);

  std::vector<Template> templates_;
  std::vector<Column> columns_;
  std::unordered_map<std::uint64_t, std::uint32_t> template_of_hash_;  // index + 1 of the newest
  std::unordered_map<std::uint64_t, std::uint32_t> column_of_path_;    // index
  std::vector<std::uint32_t> block_templates_, block_columns_;         // those in the block, by number
  std::vector<std::uint64_t> paths_;
  std::size_t offered_ = 0;  // bodies in the block
  std::size_t room_ = 0;     // of all columns and templates
  std::uint64_t compared_ = 0;
};

}  // namespace halley::repo
