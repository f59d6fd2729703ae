#include "repo/block_bodies.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "json/digester.h"
#include "repo/body_splitter.h"

namespace halley::repo {
namespace {

constexpr std::uint64_t kMaxBodies = std::uint64_t{256} << 20;  // of a block, put together
constexpr std::size_t kMaxSlots = std::size_t{1} << 23;         // of a block's templates
// So many bytes are copied at once, where there are so many.
constexpr std::size_t kStride = 32;

Status bad(const char* why) { return fail(Code::corrupt, std::string("a block's bodies: ") + why); }

// Of which byte of eight, the first being the lowest, is the first kValueEnd; 8 when there is none.
unsigned first_value_end(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t zero_where_found = bytes ^ kOnes * static_cast<unsigned char>(kValueEnd);
  const std::uint64_t found = (zero_where_found - kOnes) & ~zero_where_found & 0x80 * kOnes;
  return found == 0 ? 8U : static_cast<unsigned>(__builtin_ctzll(found)) / 8;
}

}  // namespace

char* BodyRoom::make(std::size_t bytes) {
  if (bytes > size_) {
    size_ = 2 * bytes;
    bytes_.reset(new char[size_]);
  }
  return bytes_.get();
}

Status BlockBodies::load(const BlockDecoder& block, std::string_view content) {
  block_ = &block;
  content_ = content;
  slots_.clear();
  templates_.clear();
  columns_.clear();
  next_ = 0;
  if (content.size() > kMaxBodies) return bad("they are too large");
  ByteReader in(content);
  in.bytes(block.whole_bodies_size());
  if (in.failed()) return bad("they are smaller than their columns say");
  if (block.templates() > 0) {
    TRY(read_templates(in));
    TRY(read_columns(in));
  }
  if (!in.at_end()) return bad("they are larger than their columns say");
  return check_sizes();
}

Status BlockBodies::read_templates(ByteReader& in) {
  const std::uint64_t count = in.varint();
  std::string_view texts = in.string();
  if (count != block_->templates()) return bad("they have another number of templates");
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) TRY(read_template(texts));
  if (!texts.empty()) return bad("a template too many");
  for (Template& of : templates_) {
    for (std::uint32_t i = of.begin; i < of.end; ++i) {
      const std::uint64_t column = in.varint();
      if (column > slots_.size()) return bad("a column that is none of them");
      slots_[i].column = static_cast<std::uint32_t>(column);
      of.ids += column == 0 ? 1 : 0;
    }
  }
  return in.failed() ? bad("they end too early") : Status();
}

Status BlockBodies::read_template(std::string_view& texts) {
  const std::size_t end = texts.find(kTemplateEnd);
  if (end == std::string_view::npos) return bad("a template without an end");
  std::string_view text = texts.substr(0, end);
  texts.remove_prefix(end + 1);
  const auto slot_of = [&](std::size_t size) {
    return Slot{static_cast<std::uint32_t>(text.data() - content_.data()), static_cast<std::uint32_t>(size), 0};
  };
  Template& of = templates_.emplace_back();
  of.size = text.size();
  of.begin = static_cast<std::uint32_t>(slots_.size());
  for (std::size_t at = text.find(kSlot); at != std::string_view::npos; at = text.find(kSlot)) {
    if (slots_.size() == kMaxSlots) return bad("too many values in a template");
    slots_.push_back(slot_of(at));
    text.remove_prefix(at + 1);
  }
  of.end = static_cast<std::uint32_t>(slots_.size());
  of.rest = slot_of(text.size());
  return {};
}

Status BlockBodies::read_columns(ByteReader& in) {
  const std::uint64_t count = in.varint();
  if (count > slots_.size()) return bad("a column that no template has");
  for (const Slot& slot : slots_) {
    if (slot.column > count) return bad("a column that is none of them");
  }
  std::vector<std::uint64_t> sizes(count);
  for (std::uint64_t& size : sizes) size = in.varint();
  for (const std::uint64_t size : sizes) {
    const std::string_view values = in.bytes(size);
    columns_.push_back({values.data(), values.data() + values.size(), values.data()});
  }
  return in.failed() ? bad("they end too early") : Status();
}

// Few bytes could tell of many bodies with a large template.
Status BlockBodies::check_sizes() const {
  std::uint64_t sum = content_.size();
  for (std::size_t i = 0; i < block_->count(); ++i) {
    if (const std::uint64_t number = block_->template_of(i); number != 0) {
      const Template& of = templates_[number - 1];
      sum += of.size + of.ids * (block_->id(i).size() + 2);
    }
    if (sum > kMaxBodies) return bad("they are too large");
  }
  return {};
}

Result<std::string_view> BlockBodies::body(std::size_t i) {
  const std::uint64_t number = block_->template_of(i);
  if (number == 0) return whole(i);
  TRY(pass_to(i));
  TRY(assemble(templates_[number - 1], block_->id(i)));
  ++next_;
  return std::string_view(room_->data(), size_);
}

Status BlockBodies::finish() {
  TRY(pass_to(block_->count()));
  const bool all_read = std::all_of(columns_.begin(), columns_.end(), [](const Column& c) { return c.at == c.end; });
  return all_read ? Status() : bad("values that belong to none of them");
}

// Passes over the values of the versions before i.
Status BlockBodies::pass_to(std::size_t i) {
  if (i < next_) {
    for (Column& column : columns_) column.at = column.begin;
    next_ = 0;
  }
  for (; next_ < i; ++next_) {
    const std::uint64_t number = block_->template_of(next_);
    if (number == 0) continue;
    const Template& of = templates_[number - 1];
    for (std::uint32_t slot = of.begin; slot < of.end; ++slot) {
      if (slots_[slot].column == 0) continue;
      Column& column = columns_[slots_[slot].column - 1];
      const auto left = static_cast<std::size_t>(column.end - column.at);
      const void* const end = left == 0 ? nullptr : std::memchr(column.at, kValueEnd, left);
      if (end == nullptr) return bad("a value is missing");
      column.at = static_cast<const char*>(end) + 1;
    }
  }
  return {};
}

// As it is stored, with the id put back in.
std::string_view BlockBodies::whole(std::size_t i) {
  const BlockDecoder::WholeBody body = block_->whole_body(i);
  const std::string_view stored = content_.substr(body.begin, body.size);
  if (body.cut == 0) return stored;
  const std::string_view id = block_->id(i);
  char* out = room_->make(stored.size() + id.size());
  out = std::copy_n(stored.data(), body.cut - 1, out);
  out = std::copy(id.begin(), id.end(), out);
  std::copy(stored.begin() + static_cast<std::ptrdiff_t>(body.cut - 1), stored.end(), out);
  return {room_->data(), stored.size() + id.size()};
}

// Everything that is put together is copied in strides where there are so many bytes to read: what is behind the end is
// overwritten by what comes next.
Status BlockBodies::assemble(const Template& of, std::string_view id) {
  // No value is copied twice, so all of them are no more than the content. What is not used of it is never touched.
  const std::size_t bytes = of.size + of.ids * (id.size() + 2) + content_.size();
  char* out = room_->make(bytes + kStride);
  const char* const room_end = out + bytes;
  for (std::uint32_t i = of.begin; i < of.end; ++i) {
    const Slot& slot = slots_[i];
    // So there is room: nothing is written on the strength of that alone.
    if (static_cast<std::size_t>(room_end - out) < slot.size + most_of_value(slot, id)) return bad("one is too large");
    out = put_text(out, slot);
    if (slot.column == 0) {
      *out++ = '"';
      out = std::copy(id.begin(), id.end(), out);
      *out++ = '"';
    } else {
      out = put_value(out, columns_[slot.column - 1]);
      if (out == nullptr) return bad("a value is missing");
    }
  }
  if (static_cast<std::size_t>(room_end - out) < of.rest.size) return bad("one is too large");
  size_ = static_cast<std::size_t>(put_text(out, of.rest) - room_->data());
  return {};
}

// How large the next value of a slot can be at most.
inline std::size_t BlockBodies::most_of_value(const Slot& slot, std::string_view id) const {
  if (slot.column == 0) return id.size() + 2;
  const Column& column = columns_[slot.column - 1];
  return static_cast<std::size_t>(column.end - column.at);
}

char* BlockBodies::put_text(char* out, const Slot& slot) const {
  const char* const text = content_.data() + slot.text;
  if (slot.size <= kStride && content_.size() - slot.text >= kStride) {
    std::memcpy(out, text, kStride);
  } else {
    std::memcpy(out, text, slot.size);
  }
  return out + slot.size;
}

// The next value of a column. Null when it has none: then up to a word more than its rest has been written.
char* BlockBodies::put_value(char* out, Column& column) const {
  constexpr std::ptrdiff_t kWord = 8;
  const char* at = column.at;
  for (const char* const content_end = content_.data() + content_.size(); content_end - at >= kWord;) {
    std::memcpy(out, at, kWord);
    const unsigned bytes = first_value_end(json::load64(at));
    at += bytes;
    out += bytes;
    if (at >= column.end) return nullptr;  // not on into the columns behind
    if (bytes == kWord) continue;
    column.at = at + 1;
    return out;
  }
  while (at < column.end && *at != kValueEnd) *out++ = *at++;
  if (at >= column.end) return nullptr;
  column.at = at + 1;
  return out;
}

}  // namespace halley::repo
