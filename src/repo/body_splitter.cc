#include "repo/body_splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "json/digester.h"
#include "repo/template_paths.h"

namespace halley::repo {
namespace {

// A template must be worth its bytes: a block has at most one for so many bodies, and some to begin with.
constexpr std::size_t kBodiesOfTemplate = 2;
constexpr std::size_t kFirstTemplates = 32;
// Short values are copied with so many bytes behind them.
constexpr std::ptrdiff_t kStride = 16;

constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;

// memcmp() for what is short: what stands between two values is a name at most, as a rule.
bool same_bytes(const char* a, const char* b, std::size_t size) {
  if (size < 8) {
    for (std::size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    if (json::load64(a + i) != json::load64(b + i)) return false;
  }
  return json::load64(a + size - 8) == json::load64(b + size - 8);
}

}  // namespace

void BodySplitter::clear() {
  for (const std::uint32_t index : block_templates_) templates_[index].number = 0;
  for (const std::uint32_t index : block_columns_) {
    columns_[index].number = 0;
    columns_[index].at = columns_[index].values.get();
  }
  block_templates_.clear();
  block_columns_.clear();
  offered_ = 0;
  const std::size_t templates = std::max(templates_.size(), template_of_hash_.size());
  if (templates < kMaxTemplates && columns_.size() < kMaxColumns && room_ < kMaxRoom) return;
  templates_.clear();
  columns_.clear();
  template_of_hash_.clear();
  column_of_path_.clear();
  room_ = 0;
}

inline void BodySplitter::append(Column& column, const char* value, std::ptrdiff_t size, const char* readable_end) {
  if (column.room_end - column.at <= size) grow(column, size);
  if (size <= kStride && readable_end - value >= kStride) {
    std::memcpy(column.at, value, kStride);
  } else {
    std::memcpy(column.at, value, static_cast<std::size_t>(size));
  }
  column.at[size] = kValueEnd;
  column.at += size + 1;
}

// For at least one more value of this size.
void BodySplitter::grow(Column& column, std::ptrdiff_t size) {
  const std::size_t used = column.size();
  const std::size_t room = 2 * (used + static_cast<std::size_t>(size + kStride));
  std::unique_ptr<char[]> larger(new char[room]);
  if (used > 0) std::memcpy(larger.get(), column.values.get(), used);
  column.values = std::move(larger);
  column.at = column.values.get() + used;
  column.room_end = column.values.get() + room - kStride;
  room_ += room / 2;
}

std::uint32_t BodySplitter::add(const Version& version) {
  if (version.values.empty()) return 0;
  ++offered_;
  // The sizes of what stands between values, and behind the last, tell most templates apart. The body itself is not
  // looked at twice.
  std::uint64_t hash = version.values.size();
  std::size_t size = 0;
  for (const json::ValuePlace place : version.values) {
    hash = (hash ^ place.gap) * kFactor;
    size += std::size_t{place.gap} + place.size;
  }
  CHECK(size <= version.body.size());
  hash = (hash ^ (version.body.size() - size)) * kFactor;
  hash ^= hash >> 32;
  const std::uint32_t found = find(version, template_of_hash_[hash]);
  if (found == 0) return 0;
  Template& of = templates_[found - 1];
  if (of.number == 0) number(of, found - 1);
  return of.number;
}

// The index + 1 of the template of a version's body, whose values are taken; 0, and nothing is taken, when it gets
// none. `newest` is that of the templates of the same hash.
std::uint32_t BodySplitter::find(const Version& version, std::uint32_t& newest) {
  const bool has_room = block_templates_.size() < kFirstTemplates + offered_ / kBodiesOfTemplate;
  std::size_t alike = 0;
  std::uint32_t spare = 0;  // one of them that is not in the block
  for (std::uint32_t at = newest; at != 0; at = templates_[at - 1].next) {
    const Template& of = templates_[at - 1];
    if ((of.number != 0 || has_room) && take(version, of)) return at;
    if (of.number == 0) spare = at;
    ++alike;
  }
  // Names of one length, each in one document, would make a template of every document.
  const bool is_full = alike == kMaxAlike;
  Template made;
  if (!has_room || (is_full && spare == 0) || !make(version, made)) return 0;
  if (is_full) {
    made.next = templates_[spare - 1].next;
    templates_[spare - 1] = std::move(made);
  } else {
    made.next = newest;
    templates_.push_back(std::move(made));
    newest = spare = static_cast<std::uint32_t>(templates_.size());
  }
  CHECK(take(version, templates_[spare - 1]));
  return spare;
}

// Appends the values to the columns of the template, if it is that of the version's body.
bool BodySplitter::take(const Version& version, const Template& of) {
  ++compared_;
  const std::size_t count = version.values.size();
  if (of.columns.size() != count) return false;
  const char* at = version.body.data();
  const char* const end = at + version.body.size();
  const char* text = of.text.data();
  const char* const text_end = text + of.text.size();
  for (std::size_t i = 0; i < count; ++i) {
    const json::ValuePlace place = version.values[i];
    const bool is_same = text_end - text > place.gap && text[place.gap] == kSlot && same_bytes(at, text, place.gap);
    if (!is_same || (i == of.id_slot && !is_id(version, at + place.gap, place.size))) {
      give_back(version, of, i);
      return false;
    }
    at += place.gap;
    text += place.gap + 1;
    if (i != of.id_slot) append(columns_[of.columns[i]], at, place.size, end);
    at += place.size;
  }
  if (std::string_view(at, static_cast<std::size_t>(end - at)) ==
      std::string_view(text, static_cast<std::size_t>(text_end - text))) {
    return true;
  }
  give_back(version, of, count);
  return false;
}

// Takes the first values of a version off the columns again.
void BodySplitter::give_back(const Version& version, const Template& of, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i != of.id_slot) columns_[of.columns[i]].at -= version.values[i].size + 1;
  }
}

// Whether a value is the id as the columns of the block have it, between quotation marks.
bool BodySplitter::is_id(const Version& version, const char* value, std::size_t size) {
  return value + 1 == version.id.data() && size == version.id.size() + 2;
}

// The template of a version's body. False for what is no JSON.
bool BodySplitter::make(const Version& version, Template& made) {
  made.id_slot = version.values.size();
  const char* at = version.body.data();
  for (std::size_t i = 0; i < version.values.size(); ++i) {
    const json::ValuePlace place = version.values[i];
    made.text.append(at, place.gap);
    made.text += kSlot;
    at += place.gap;
    if (is_id(version, at, place.size)) made.id_slot = i;
    at += place.size;
  }
  made.text.append(at, version.body.data() + version.body.size());
  if (!read_paths(made.text, paths_) || paths_.size() != version.values.size()) return false;
  made.columns.reserve(paths_.size());
  for (const std::uint64_t path : paths_) made.columns.push_back(column_of(path));
  // Of templates that take another's place, too: then there is less than this tells.
  room_ += made.text.capacity() + made.columns.capacity() * sizeof(std::uint32_t);
  return true;
}

std::uint32_t BodySplitter::column_of(std::uint64_t path) {
  const auto [at, is_new] = column_of_path_.try_emplace(path, static_cast<std::uint32_t>(columns_.size()));
  if (is_new) columns_.emplace_back();
  return at->second;
}

// Gives a template, and its columns that are not in the block yet, their numbers.
void BodySplitter::number(Template& of, std::uint32_t index) {
  block_templates_.push_back(index);
  of.number = static_cast<std::uint32_t>(block_templates_.size());
  for (std::size_t i = 0; i < of.columns.size(); ++i) {
    Column& column = columns_[of.columns[i]];
    if (i == of.id_slot || column.number != 0) continue;
    block_columns_.push_back(of.columns[i]);
    column.number = static_cast<std::uint32_t>(block_columns_.size());
  }
}

void BodySplitter::append_to(std::string& out) const {
  if (block_templates_.empty()) return;
  std::size_t texts = 0;
  std::size_t values = 0;
  for (const std::uint32_t index : block_templates_) texts += templates_[index].text.size() + 1;
  for (const std::uint32_t index : block_columns_) values += columns_[index].size();
  put_varint(out, block_templates_.size());
  put_varint(out, texts);
  for (const std::uint32_t index : block_templates_) {
    out += templates_[index].text;
    out += kTemplateEnd;
  }
  for (const std::uint32_t index : block_templates_) {
    const Template& of = templates_[index];
    for (std::size_t i = 0; i < of.columns.size(); ++i) {
      put_varint(out, i == of.id_slot ? 0 : columns_[of.columns[i]].number);
    }
  }
  put_varint(out, block_columns_.size());
  for (const std::uint32_t index : block_columns_) put_varint(out, columns_[index].size());
  out.reserve(out.size() + values);
  for (const std::uint32_t index : block_columns_) out.append(columns_[index].values.get(), columns_[index].size());
}

}  // namespace halley::repo
