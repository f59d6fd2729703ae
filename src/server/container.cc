#include "server/container.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "cosmos/resource_id.h"
#include "server/hash_space.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

using Kind = ItemOperation::Kind;

tl::unexpected<Error> gone(std::string_view range_id) {
  return refuse(410, fmt::format("The partition key range '{}' is gone.", range_id), cosmos::kRangeGone);
}

ItemResult as_result(Error error) {
  return ItemResult{error.status == 0 ? 400 : error.status, error.sub_status, std::move(error.message), nullptr, 1.0};
}

// Whoever takes the lock again and again lets others have it in between: a mutex alone is not fair.
constexpr Milliseconds kGivesWay{1};

bool writes_whole(Kind kind) { return kind == Kind::create || kind == Kind::upsert || kind == Kind::replace; }

std::vector<Partition> first_partitions(const ContainerOptions& options) {
  std::vector<Partition> partitions;
  for (cosmos::HashRange& range : divide_hash_space(options.key, options.partitions)) {
    partitions.emplace_back(std::to_string(partitions.size()), std::move(range), std::vector<std::string>(), 0);
  }
  return partitions;
}

}  // namespace

Container::Container(Runtime& runtime, Stamps& stamps, ContainerOptions options)
    : runtime_(runtime),
      stamps_(stamps),
      options_(std::move(options)),
      budget_(options_.budget ? options_.budget : std::make_shared<Budget>(runtime)),
      ttl_(options_.ttl),
      partitions_(first_partitions(options_)),
      next_range_(static_cast<int>(partitions_.size())) {}

void Container::set_ttl(TimeToLive ttl) {
  const std::lock_guard lock(mutex_);
  ttl_ = ttl;
  for (Partition& partition : partitions_) partition.forget_purge_time();
}

Result<Partition*> Container::partition_of_range(std::string_view range_id) {
  TRY(refuse_while_moving(range_id));
  for (Partition& partition : partitions_) {
    if (partition.id() == range_id) return &partition;
  }
  return gone(range_id);
}

Partition& Container::partition_of(std::string_view epk) {
  const auto next = std::find_if(partitions_.begin() + 1, partitions_.end(),
                                 [&](const Partition& partition) { return epk < partition.range().min; });
  return *(next - 1);
}

Result<Scope> Container::scope_of(const Selection& selection) const {
  Scope scope;
  if (selection.epks) scope.epks = *selection.epks;
  if (selection.key.empty()) return scope;
  auto epk = cosmos::effective_partition_key(options_.key, selection.key);
  auto values = json::parse(selection.key);
  if (!epk || !values) return refuse(400, "The partition key given does not fit the container's definition.");
  // A key with all its values names one logical partition, a shorter one all that begin with it.
  if (values->items().size() == options_.key.paths.size()) scope.key = selection.key;
  const cosmos::HashRange keys{*epk, *epk + '\xFF'};
  scope.epks = {std::max(scope.epks.min, keys.min), std::min(scope.epks.max, keys.max)};
  return scope;
}

Result<Partition*> Container::one_partition(const Selection& selection, Scope& scope) {
  ASSIGN(scope, scope_of(selection));
  if (!selection.range_id.empty()) return partition_of_range(selection.range_id);
  for (Partition& partition : partitions_) {
    if (partition.range().contains(scope.epks)) return &partition;
  }
  if (!selection.epks && selection.key.empty()) {
    return refuse(400, "The container has several partitions: name one with x-ms-documentdb-partitionkeyrangeid.");
  }
  return refuse(410, "The hash range asked for spans several partition key ranges.", cosmos::kRangeGone);
}

Result<Partition*> Container::replica_of(Partition& partition, const ReplicaView& view,
                                         std::optional<Partition>& copy) const {
  Partition* replica = &partition;
  if (view.behind > 0) {
    const std::uint64_t lsn = partition.lsn() - std::min(partition.lsn(), view.behind);
    replica = &copy.emplace(partition.as_of_lsn(lsn, ttl_));
  }
  for (const SeenPosition& seen : view.seen) {
    if (seen.lsn > replica->lsn() && partition.is_or_descends_from(seen.range_id)) {
      return refuse(404, "The read session is not available for the input session token.", cosmos::kSessionAhead);
    }
  }
  return replica;
}

DocumentContext Container::context() {
  return {stamps_,      options_.rid, options_.self,
          next_number_, ttl_,         DraftRules{options_.key, options_.unique_keys, ttl_.on()}};
}

void Container::touch(Partition& partition) { partition.purge_expired(ttl_, stamps_.now()); }

Result<Container::Prepared> Container::prepare(const ItemOperation& operation) {
  Prepared prepared;
  if (writes_whole(operation.kind)) {
    ASSIGN(prepared.draft, draft_of(operation));
  } else if (operation.kind == Kind::patch) {
    ASSIGN(prepared.patch, parse_patch(operation.body));
  }
  return prepared;
}

Result<Draft> Container::draft_of(const ItemOperation& operation) {
  std::unique_lock lock(mutex_);
  const bool ttl_on = ttl_.on();
  lock.unlock();
  ASSIGN(Draft draft, read_draft(operation.body, DraftRules{options_.key, options_.unique_keys, ttl_on}));
  // A container made before keys were required states the key of its documents as [].
  const bool stated = operation.key && *operation.key != "[]";
  if (stated && *operation.key != draft.key) {
    return refuse(400, "PartitionKey extracted from document doesn't match the one specified in the header",
                  cosmos::kKeyMismatch);
  }
  return draft;
}

Result<std::string> Container::epk_of(const ItemOperation& operation, const Prepared& prepared) const {
  if (prepared.draft) return prepared.draft->epk;
  if (!operation.key) return refuse(400, "PartitionKey value must be supplied for this operation.");
  auto epk = cosmos::effective_partition_key(options_.key, *operation.key);
  if (!epk) return refuse(400, epk.error().message);
  return epk;
}

Result<ItemResult> Container::apply(Transaction& transaction, const ItemOperation& operation, Prepared prepared) {
  switch (operation.kind) {
    case Kind::create:
      return transaction.create(std::move(*prepared.draft));
    case Kind::upsert:
      return transaction.upsert(std::move(*prepared.draft), operation);
    case Kind::replace:
      return transaction.replace(std::move(*prepared.draft), operation);
    case Kind::patch:
      return transaction.patch(*prepared.patch, operation);
    case Kind::remove:
      return transaction.remove(operation);
    case Kind::read:
      return transaction.read(operation);
  }
  return refuse(400, "The operation is not known.");
}

Result<Container::Done> Container::run(const ItemOperation& operation, std::string_view range_id) {
  ASSIGN(Prepared prepared, prepare(operation));
  ASSIGN(const std::string epk, epk_of(operation, prepared));
  const std::lock_guard lock(mutex_);
  Partition& partition = partition_of(epk);
  TRY(refuse_while_moving(range_id));
  if (!range_id.empty() && partition.id() != range_id) return gone(range_id);
  touch(partition);
  std::optional<Partition> copy;
  Partition* source = &partition;
  if (operation.kind == Kind::read) {
    ASSIGN(source, replica_of(partition, operation.replica, copy));
  }
  Transaction transaction(*source, context());
  ASSIGN(ItemResult result, apply(transaction, operation, std::move(prepared)));
  transaction.commit();
  const auto item_lsn = result.document == nullptr ? std::nullopt : source->lsn_of(result.document->number);
  return Done{std::move(result), {source->id(), source->lsn()}, item_lsn};
}

Result<Container::BatchDone> Container::run_batch(const std::string& key, std::vector<ItemOperation> operations,
                                                  const std::vector<SeenPosition>& seen) {
  auto epk = cosmos::effective_partition_key(options_.key, key);
  if (!epk) return refuse(400, epk.error().message);
  std::vector<Result<Prepared>> prepared;
  for (ItemOperation& operation : operations) {
    operation.key = key;
    prepared.push_back(prepare(operation));
  }

  BatchDone done;
  const std::lock_guard lock(mutex_);
  Partition& partition = partition_of(*epk);
  touch(partition);
  std::optional<Partition> copy;
  TRY(replica_of(partition, {0, seen}, copy));
  Transaction transaction(partition, context());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto result = prepared[i] ? apply(transaction, operations[i], std::move(*prepared[i]))
                              : Result<ItemResult>(fail(std::move(prepared[i]).error()));
    if (!result) {
      done.results.assign(operations.size(), ItemResult{424, 0, {}, nullptr, 0});
      done.results[i] = as_result(std::move(result).error());
      done.position = {partition.id(), partition.lsn()};
      return done;
    }
    done.results.push_back(std::move(*result));
  }
  transaction.commit();
  done.position = {partition.id(), partition.lsn()};
  return done;
}

Result<Container::BatchDone> Container::run_bulk(std::string_view range_id,
                                                 const std::vector<ItemOperation>& operations) {
  BatchDone done;
  {
    const std::lock_guard lock(mutex_);
    ASSIGN(const Partition* partition, partition_of_range(range_id));
    done.position = {partition->id(), partition->lsn()};
  }
  for (const ItemOperation& operation : operations) {
    if (const auto wait = budget_->wait()) {
      done.results.push_back(ItemResult{429, cosmos::kBudgetSpent, {}, nullptr, 0, wait});
      continue;
    }
    auto result = run(operation, range_id);
    if (result) done.position.lsn = std::max(done.position.lsn, result->position.lsn);
    done.results.push_back(result ? std::move(result->result) : as_result(std::move(result).error()));
    budget_->spend(done.results.back().charge);
  }
  return done;
}

Result<Position> Container::remove_key(const std::string& key) {
  const auto values = json::parse(key);
  if (!values || values->items().size() != options_.key.paths.size()) {
    return refuse(400, "The partition key does not have a value for each path of the container's key.");
  }
  std::unique_lock lock(mutex_);
  const std::uint64_t end = next_number_;  // what is created from now on stays
  for (std::uint64_t after = 0;;) {
    ASSIGN(const Removed removed, remove_some(key, after, end));
    if (removed.next == end) return removed.position;
    after = removed.next;
    lock.unlock();
    (void)runtime_.sleep(kGivesWay, {});
    lock.lock();
  }
}

Result<Container::Removed> Container::remove_some(const std::string& key, std::uint64_t after, std::uint64_t end) {
  Scope scope;
  ASSIGN(Partition* const partition, one_partition({{}, {}, key}, scope));
  touch(*partition);
  std::vector<DocumentPtr> documents;
  std::size_t looked_at = 0;
  std::uint64_t next = end;
  partition->walk(after, [&](const DocumentPtr& document) {
    if (document->number >= end) return false;
    if (looked_at++ == kLookedAtOnce || documents.size() == kRemovedAtOnce) {
      next = after;
      return false;
    }
    after = document->number;
    if (scope.matches(*document)) documents.push_back(document);
    return true;
  });
  for (DocumentPtr& document : documents) {
    partition->append(Change::remove, partition->lsn() + 1, stamps_.now(), std::move(document), ttl_);
  }
  return Removed{{partition->id(), partition->lsn()}, next};
}

Result<ChangesPage> Container::read_changes(const ChangesRequest& request) {
  const std::lock_guard lock(mutex_);
  Scope scope;
  ASSIGN(Partition * partition, one_partition(request.selection, scope));
  if (request.all_versions && partition->merged()) {
    return refuse(400, "The all versions and deletes change feed is not offered on partitions that were merged.");
  }
  touch(*partition);
  std::optional<Partition> copy;
  ASSIGN(partition, replica_of(*partition, request.selection.replica, copy));
  const std::uint64_t after = request.after   ? *request.after
                              : request.since ? partition->lsn_at(*request.since)
                                              : partition->lsn();
  // Elsewhere what is older than `since` has a lower LSN.
  const auto since = partition->merged() ? request.since : std::nullopt;
  auto read = partition->read_log(after, !request.all_versions, scope, request.limits, ttl_, stamps_.now(), since);
  return ChangesPage{std::move(read.entries), {partition->id(), partition->lsn()}, read.next};
}

Result<std::vector<Partition*>> Container::partitions_of(const Selection& selection, Scope& scope) {
  ASSIGN(scope, scope_of(selection));
  TRY(refuse_while_moving(selection.range_id));
  std::string_view range_id = selection.range_id;
  const auto former = former_ranges_.find(range_id);
  if (selection.follow_moves && former != former_ranges_.end()) {
    const cosmos::HashRange& was = former->second;
    scope.epks = {std::max(scope.epks.min, was.min), std::min(scope.epks.max, was.max)};
    range_id = {};
  }
  std::vector<Partition*> partitions;
  bool known = false;
  for (Partition& partition : partitions_) {
    if (!range_id.empty() && partition.id() != range_id) continue;
    known = true;
    if (partition.range().overlaps(scope.epks)) partitions.push_back(&partition);
  }
  if (!known) return gone(selection.range_id);
  return partitions;
}

Result<std::size_t> Container::partition_count(const Selection& selection) {
  const std::lock_guard lock(mutex_);
  Scope scope;
  ASSIGN(const auto partitions, partitions_of(selection, scope));
  return partitions.size();
}

Result<Scanned> Container::scan(const Selection& selection, std::uint64_t after, std::size_t most) {
  const std::lock_guard lock(mutex_);
  Scope scope;
  ASSIGN(const auto partitions, partitions_of(selection, scope));
  const Second now = stamps_.now();
  const std::size_t share = kLookedAtOnce / std::max<std::size_t>(partitions.size(), 1) + 1;
  std::uint64_t seen_all = UINT64_MAX;  // up to this number all was looked at
  Scanned scanned;
  const auto take = [&](const DocumentPtr& document) {
    if (document == nullptr || document->number <= after || !scope.matches(*document)) return false;
    if (ttl_.expired(*document, now) || (!selection.id.empty() && document->id != selection.id)) return false;
    scanned.documents.push_back(document);
    return true;
  };
  for (Partition* partition : partitions) {
    touch(*partition);
    std::optional<Partition> copy;
    ASSIGN(const Partition* replica, replica_of(*partition, selection.replica, copy));
    scanned.positions.push_back({partition->id(), replica->lsn()});
    if (!scope.key.empty() && !selection.id.empty()) {
      take(replica->find(scope.key, selection.id));
      continue;
    }
    std::size_t looked_at = 0;
    std::size_t taken = 0;
    std::uint64_t last = after;
    replica->walk(after, [&](const DocumentPtr& document) {
      if (looked_at == share || taken == most) {
        seen_all = std::min(seen_all, last);
        return false;
      }
      ++looked_at;
      if (take(document)) ++taken;
      last = document->number;
      return true;
    });
  }
  const auto by_number = [](const DocumentPtr& a, const DocumentPtr& b) { return a->number < b->number; };
  if (partitions.size() > 1) std::sort(scanned.documents.begin(), scanned.documents.end(), by_number);
  scanned.more = seen_all != UINT64_MAX;
  scanned.next = seen_all;
  std::erase_if(scanned.documents, [&](const DocumentPtr& document) { return document->number > seen_all; });
  if (scanned.documents.size() > most) {
    scanned.documents.resize(most);
    scanned.more = true;
    scanned.next = scanned.documents.back()->number;
  }
  return scanned;
}

Result<std::pair<std::string, std::string>> Container::name_of(std::string_view rid) {
  const auto bytes = cosmos::rid_bytes(rid);
  const auto own = cosmos::rid_bytes(options_.rid);
  if (!bytes || bytes->size() != 16 || !bytes->starts_with(*own)) {
    return refuse(404, "Entity with the specified id does not exist in the system.");
  }
  const std::uint64_t number = ByteReader(std::string_view(*bytes).substr(8)).u64();
  const std::lock_guard lock(mutex_);
  for (const Partition& partition : partitions_) {
    if (const DocumentPtr document = partition.find(number)) return std::pair(document->id, document->key);
  }
  return refuse(404, "Entity with the specified id does not exist in the system.");
}

std::vector<RangeInfo> Container::ranges() {
  const std::lock_guard lock(mutex_);
  std::vector<RangeInfo> ranges;
  for (const Partition& partition : partitions_) {
    ranges.push_back({partition.id(), partition.range(), partition.parents(), partition.lsn()});
  }
  return ranges;
}

std::uint64_t Container::ranges_version() {
  const std::lock_guard lock(mutex_);
  return ranges_version_;
}

void Container::restore_in_place(Second moment) {
  const std::lock_guard lock(mutex_);
  record(RestoredInPlace{moment});
  go_back_to(moment);
}

void Container::go_back_to(Second moment) {
  for (Partition& partition : partitions_) partition = partition.as_of(moment, ttl_);
}

std::shared_ptr<Container> Container::as_of(Second moment, const TimeToLive& past, Stamps& stamps,
                                            const TimeToLive& ttl) {
  ContainerOptions options = options_;
  options.ttl = ttl;
  auto copy = std::make_shared<Container>(runtime_, stamps, std::move(options));
  const std::lock_guard lock(mutex_);
  copy->partitions_.clear();
  for (const Partition& partition : partitions_) {
    Partition& then = copy->partitions_.emplace_back(partition.as_of(moment, ttl));
    std::vector<DocumentPtr> expired;
    then.walk(0, [&](const DocumentPtr& document) {
      if (past.expired(*document, moment)) expired.push_back(document);
      return true;
    });
    for (DocumentPtr& document : expired) then.purge(std::move(document), ttl, moment);
  }
  copy->next_number_ = next_number_;
  copy->next_range_ = next_range_;
  copy->ranges_version_ = ranges_version_;
  copy->former_ranges_ = former_ranges_;
  return copy;
}

std::vector<DocumentPtr> Container::live_documents() {
  const std::lock_guard lock(mutex_);
  const Second now = stamps_.now();
  std::vector<DocumentPtr> documents;
  for (const Partition& partition : partitions_) {
    partition.walk(0, [&](const DocumentPtr& document) {
      if (!ttl_.expired(*document, now)) documents.push_back(document);
      return true;
    });
  }
  return documents;
}

}  // namespace halley::server
