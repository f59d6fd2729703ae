// Documents into one container, in bulk: grouped by the partition key ranges they belong to, several requests in
// flight.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "cosmos/client.h"
#include "cosmos/retry.h"

namespace halley::recovery {

struct BulkWriterOptions {
  unsigned requests_in_flight = 4;
  std::size_t request_bytes = 220'000;  // of a request; a larger document goes by itself
  std::size_t request_operations = 100;
  Milliseconds patience = cosmos::kBulkPatience;  // how long a request, or a larger document, may get nothing done
  bool keep_existing = false;                     // a document that is there already stays as it is
  // Told of a document that the account refuses for what it is (400, 409 by a unique key, 413), and the others go on.
  // Called from any thread. Empty: such a document fails the writing.
  std::function<void(std::string_view partition_key, std::string_view id, const Error& why)> refused;
};

class BulkWriter {
 public:
  // Reads the container's ranges and starts the threads, which work until `stop`. `throttled` counts answers 429.
  static Result<std::unique_ptr<BulkWriter>> start(Runtime& runtime, cosmos::Client& client, cosmos::ContainerName name,
                                                   cosmos::PartitionKeyDefinition key, BulkWriterOptions options,
                                                   std::atomic<std::uint64_t>& throttled, std::stop_token stop);
  // Gives up what is not written yet unless finish() was called.
  virtual ~BulkWriter() = default;

  // The container's partition key ranges as last read, in hash order.
  virtual std::vector<cosmos::PartitionKeyRange> ranges() = 0;

  // Takes a copy. Documents are gathered by range, and their requests overtake each other; but of one (partition key,
  // id) what is given later is written later: it waits until what was given before is written, or refused. Waits while
  // the requests in flight lag behind. Fails with what any request failed with.
  virtual Status upsert(std::string_view partition_key, std::string_view id, std::string_view body) = 0;
  // Waits until everything is written. Nothing may be added afterwards.
  virtual Status finish() = 0;
  // How many documents were kept, since there was one already: of another writer, or given before.
  virtual std::uint64_t kept() const = 0;
};

}  // namespace halley::recovery
