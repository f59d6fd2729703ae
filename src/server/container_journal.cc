// A container and its journal: what it records, and how it does that again.
#include "server/container.h"

namespace halley::server {
namespace {

tl::unexpected<Error> impossible(std::string_view what) {
  return fail(Code::corrupt, "it does not fit what came before: " + std::string(what));
}

bool is_delete(Change change) { return change == Change::remove || change == Change::expire; }

}  // namespace

void Container::record_documents() {
  for (Partition& partition : partitions_) {
    const auto entries = partition.take_unrecorded();
    if (options_.journal == nullptr || entries.empty()) continue;
    DocumentsWritten event{partition.id(), next_number_, {}};
    event.entries.reserve(entries.size());
    for (const LogEntry& entry : entries) {
      event.entries.push_back({entry.change, entry.lsn, entry.time, entry.document->number,
                               is_delete(entry.change) ? nullptr : entry.document});
    }
    options_.journal->record(options_.rid, encode(event));
  }
}

void Container::record(const AccountEvent& event) {
  record_documents();
  if (options_.journal != nullptr) options_.journal->record(options_.rid, encode(event));
}

Status Container::replay(const DocumentsWritten& event) {
  const std::lock_guard lock(mutex_);
  const auto partition = partition_of_range(event.range_id);
  if (!partition) return impossible("a partition is not there");
  for (const DocumentsWritten::Entry& entry : event.entries) {
    const std::uint64_t lsn = (*partition)->lsn();
    if (entry.lsn != lsn && entry.lsn != lsn + 1) return impossible("an LSN does not follow");
    DocumentPtr document = is_delete(entry.change) ? (*partition)->find(entry.number) : entry.document;
    if (document == nullptr) return impossible("what was deleted is not there");
    stamps_.note_etag(document->etag);
    (*partition)->append(entry.change, entry.lsn, entry.time, std::move(document), ttl_);
  }
  (*partition)->take_unrecorded();
  next_number_ = event.next_number;
  return {};
}

Status Container::replay(const PartitionSplit& event) {
  const std::lock_guard lock(mutex_);
  const auto parent = partition_of_range(event.range_id);
  if (!parent) return impossible("a partition is not there");
  if (event.at <= (*parent)->range().min || event.at >= (*parent)->range().max) return impossible("a split outside");
  divide(**parent, event.at);
  return {};
}

Status Container::replay(const PartitionsMerged& event) {
  const std::lock_guard lock(mutex_);
  const auto left = partition_of_range(event.left);
  const auto right = partition_of_range(event.right);
  if (!left || !right) return impossible("a partition is not there");
  if ((*left)->range().max != (*right)->range().min) return impossible("partitions are not neighbours");
  unite(**left, **right);
  return {};
}

Status Container::replay(const RestoredInPlace& event) {
  const std::lock_guard lock(mutex_);
  go_back_to(event.moment);
  return {};
}

}  // namespace halley::server
