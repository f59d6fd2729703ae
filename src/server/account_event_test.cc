#include "server/account_event.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"

namespace halley::server {
namespace {

DocumentPtr some_document() {
  Document document;
  document.id = "i";
  document.key = R"(["k"])";
  document.epk = std::string("\x01\x00\xFF", 3);
  document.number = 7;
  document.ts = Second{1'800'000'000};
  document.ttl = -1;
  document.etag = "\"e\"";
  document.unique_texts = {"u1", ""};
  document.text = R"({"id":"i"})";
  return std::make_shared<const Document>(std::move(document));
}

std::vector<AccountEvent> one_of_each() {
  ResourceWritten resource{ResourceKind::container, "p", 5, 3, Second{-2}, "\"t\"", R"({"id":"c"})"};
  DocumentsWritten documents{"4", 9, {}};
  documents.entries.push_back({Change::create, 11, Second{12}, 7, some_document()});
  documents.entries.push_back({Change::remove, 12, Second{13}, 7, nullptr});
  return {Counters{0xFFFFFFFF, ~0ULL},
          resource,
          ResourceRemoved{},
          documents,
          DocumentsWritten{"0", 1, {}},
          PartitionSplit{"0", std::string("\0\x7F", 2)},
          PartitionsMerged{"1", "2"},
          RestoredInPlace{Second{1'800'000'001}}};
}

// All fields, for comparison: what decode_event() gave, encoded again, would hide a field that both leave out.
std::string shown(const AccountEvent& event) {
  if (const auto* counters = std::get_if<Counters>(&event)) {
    return fmt::format("{} {}", counters->next_number, counters->etags);
  }
  if (const auto* resource = std::get_if<ResourceWritten>(&event)) {
    return fmt::format("{} {} {} {} {} {} {}", static_cast<int>(resource->kind), resource->parent,
                       resource->next_number, resource->partitions, resource->ts.value, resource->etag,
                       resource->definition);
  }
  if (const auto* documents = std::get_if<DocumentsWritten>(&event)) {
    std::string text = fmt::format("{} {}", documents->range_id, documents->next_number);
    for (const auto& entry : documents->entries) {
      text += fmt::format("; {} {} {} {}", static_cast<int>(entry.change), entry.lsn, entry.time.value, entry.number);
      const Document* document = entry.document.get();
      if (document == nullptr) continue;
      text += fmt::format(" {} {} {} {} {} {} {} {}", document->id, document->key, to_hex(document->epk),
                          document->number, document->ts.value, document->ttl, document->etag, document->text);
      text += fmt::format(" {}", fmt::join(document->unique_texts, ","));
    }
    return text;
  }
  if (const auto* split = std::get_if<PartitionSplit>(&event)) return split->range_id + " " + to_hex(split->at);
  if (const auto* merge = std::get_if<PartitionsMerged>(&event)) return merge->left + " " + merge->right;
  if (const auto* restored = std::get_if<RestoredInPlace>(&event)) return std::to_string(restored->moment.value);
  return "removed";
}

TEST(AccountEvent, ComesBackAsItWas) {
  for (const AccountEvent& event : one_of_each()) {
    const auto decoded = decode_event(encode(event));
    ASSERT_TRUE(decoded) << event.index() << " " << decoded.error().message;
    EXPECT_EQ(decoded->index(), event.index());
    EXPECT_EQ(shown(*decoded), shown(event));
  }
}

TEST(AccountEvent, WhatIsCutOffOrLongerIsCorrupt) {
  for (const AccountEvent& event : one_of_each()) {
    const std::string bytes = encode(event);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto decoded = decode_event(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(decoded) << event.index() << " " << size;
      EXPECT_EQ(decoded.error().code, Code::corrupt);
    }
    EXPECT_FALSE(decode_event(bytes + "x"));
  }
  EXPECT_FALSE(decode_event("\x07"));
  EXPECT_FALSE(decode_event("\xFF"));
}

// No byte that is another makes it crash; whether it is noticed is the digest's business.
TEST(AccountEvent, AnyByteMayBeWrong) {
  for (const AccountEvent& event : one_of_each()) {
    const std::string bytes = encode(event);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(value);
        const auto decoded = decode_event(damaged);
        if (decoded) (void)encode(*decoded);
      }
    }
  }
}

}  // namespace
}  // namespace halley::server
