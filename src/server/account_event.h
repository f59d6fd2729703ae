// What happens to an account, as its journal keeps it: enough to make the same account again, LSNs, entity tags and
// change feeds included. The bytes of format 1: a kind (1), then its fields as base/bytes.h writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/partition.h"
#include "server/resource.h"

namespace halley::server {

// What the account goes on counting from.
struct Counters {
  std::uint32_t next_number = 0;  // of resources
  std::uint64_t etags = 0;        // given so far
};

// The event's owner was made, or, when it was there, is now so.
struct ResourceWritten {
  ResourceKind kind = ResourceKind::account;
  std::string parent;             // its rid
  std::uint32_t next_number = 0;  // after it
  int partitions = 0;             // at first, of a container
  Second ts;
  std::string etag;
  std::string definition;  // JSON
};

// The owner is gone, and all below it.
struct ResourceRemoved {};

// Documents of the owner, a container, were written to one of its partitions.
struct DocumentsWritten {
  struct Entry {
    Change change = Change::create;
    std::uint64_t lsn = 0;
    Second time;
    std::uint64_t number = 0;  // of the document
    DocumentPtr document;      // null for a delete: the live one
  };
  std::string range_id;
  std::uint64_t next_number = 0;  // of documents, after them
  std::vector<Entry> entries;
};

struct PartitionSplit {
  std::string range_id;
  std::string at;  // EPK bytes
};

struct PartitionsMerged {
  std::string left;
  std::string right;
};

struct RestoredInPlace {
  Second moment;
};

using AccountEvent = std::variant<Counters, ResourceWritten, ResourceRemoved, DocumentsWritten, PartitionSplit,
                                  PartitionsMerged, RestoredInPlace>;

std::string encode(const AccountEvent& event);

// Fails with corrupt for what encode() does not write.
Result<AccountEvent> decode_event(std::string_view bytes);

}  // namespace halley::server
