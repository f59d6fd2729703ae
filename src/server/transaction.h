// Operations on documents of one partition that take effect together, under one LSN, or not at all.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/runtime.h"
#include "server/partition.h"
#include "server/patch.h"
#include "server/stamps.h"

namespace halley::server {

// How far a client has seen a range.
struct SeenPosition {
  std::string range_id;
  std::uint64_t lsn = 0;
};

// The replica a read is answered by.
struct ReplicaView {
  std::uint64_t behind = 0;        // how many transactions it lacks
  std::vector<SeenPosition> seen;  // it is refused with 404/1002 when it is not as far as this
};

// One operation on a document, as a request or an element of a batch asks for it.
struct ItemOperation {
  enum class Kind : std::uint8_t { create, upsert, replace, patch, remove, read };
  Kind kind = Kind::read;
  std::string id;                  // the document addressed; not used by create and upsert
  std::optional<std::string> key;  // the canonical partition key stated with the request
  std::string body;                // JSON, for create, upsert, replace and patch
  std::string if_match;            // entity tags, or "*"
  std::string if_none_match;
  ReplicaView replica{};  // of a read
};

struct ItemResult {
  int status = 0;
  int sub_status = 0;
  std::string message;   // of a failure
  DocumentPtr document;  // what was written or read; null for a delete and for failures
  double charge = 0;
  std::optional<Milliseconds> retry_after{};  // with 429
};

// What the documents of a container have in common.
struct DocumentContext {
  Stamps& stamps;
  const std::string& container_rid;
  const std::string& container_self;  // "dbs/…/colls/…/"
  std::uint64_t& next_number;
  TimeToLive ttl;
  DraftRules rules;
};

class Transaction {
 public:
  // All of it happens in the second in which it is made: what expires meanwhile is there to its end.
  Transaction(Partition& partition, const DocumentContext& context)
      : partition_(partition), context_(context), now_(context.stamps.now()) {}

  // Each gives the version that is live after it (read: before it), or a refusal, which leaves the transaction as it
  // was.
  Result<ItemResult> create(Draft draft);
  Result<ItemResult> upsert(Draft draft, const ItemOperation& operation);
  Result<ItemResult> replace(Draft draft, const ItemOperation& operation);
  Result<ItemResult> patch(const Patch& patch, const ItemOperation& operation);
  Result<ItemResult> remove(const ItemOperation& operation);
  Result<ItemResult> read(const ItemOperation& operation);

  // Makes it so. Without it nothing has happened.
  void commit();

 private:
  struct Staged {
    Change change;
    DocumentPtr document;
  };

  DocumentPtr find(std::string_view key, std::string_view id) const;
  Result<ItemResult> stage(Change change, Draft draft, const DocumentPtr& previous, int status);
  Status check_unique(const Draft& draft, const DocumentPtr& previous) const;
  void purge_expired(const DocumentPtr& document);

  Partition& partition_;
  DocumentContext context_;
  const Second now_;
  std::vector<Staged> staged_;
  std::unordered_map<std::string, DocumentPtr> seen_;      // by canonical key + id: as staged; null = removed
  std::unordered_map<std::string, std::uint64_t> claims_;  // who holds a unique text as staged; 0 = nobody
};

}  // namespace halley::server
