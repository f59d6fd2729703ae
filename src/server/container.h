// A container: its partitions, and how operations and feeds find theirs. Safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cosmos/partition_key.h"
#include "server/account_event.h"
#include "server/budget.h"
#include "server/journal.h"
#include "server/partition.h"
#include "server/stamps.h"
#include "server/transaction.h"

namespace halley::server {

struct ContainerOptions {
  std::string rid;
  std::string self;  // "dbs/…/colls/…/"
  cosmos::PartitionKeyDefinition key;
  UniqueKeys unique_keys;
  TimeToLive ttl;
  int partitions = 1;
  std::shared_ptr<Budget> budget = {};  // null = one of its own, without a limit
  Journal* journal = nullptr;           // told of every change, when there is one
};

// Where a reply comes from.
struct Position {
  std::string range_id;
  std::uint64_t lsn = 0;
};

// Which documents a feed or a query is about. Nothing set = all.
struct Selection {
  std::string range_id;
  std::optional<cosmos::HashRange> epks;
  std::string key;  // canonical; fewer values than paths = all that begin so
  ReplicaView replica{};
  // Of Container::scan() and partition_count() only:
  std::string id{};
  bool follow_moves = false;  // a range that was split or merged stands for the hash range that it was
};

struct ChangesRequest {
  Selection selection;  // must lie in one partition
  bool all_versions = false;
  std::optional<std::uint64_t> after;  // an LSN; absent = since `since`, or from now. With both, of what was merged
                                       // nothing older than `since` is read
  std::optional<Second> since;
  PageLimits limits;
};

struct ChangesPage {
  std::vector<LogEntry> entries;
  Position position;
  std::uint64_t next = 0;  // the LSN to continue after
};

struct Scanned {
  std::vector<DocumentPtr> documents;
  std::vector<Position> positions;  // of the partitions that were looked at
  bool more = false;                // there may be documents behind these:
  std::uint64_t next = 0;           // behind this number
};

struct RangeInfo {
  std::string id;
  cosmos::HashRange range;
  std::vector<std::string> parents;
  std::uint64_t lsn = 0;
};

class Container {
 public:
  Container(Runtime& runtime, Stamps& stamps, ContainerOptions options);

  const std::string& rid() const { return options_.rid; }
  const std::string& self() const { return options_.self; }
  Second now() const { return stamps_.now(); }
  const cosmos::PartitionKeyDefinition& key() const { return options_.key; }
  Budget& budget() { return *budget_; }
  // Of its own, or one that several containers share. To be called before the first request for it.
  void use_budget(std::shared_ptr<Budget> budget) { budget_ = std::move(budget); }

  void set_ttl(TimeToLive ttl);

  struct Done {
    ItemResult result;
    Position position;
    std::optional<std::uint64_t> item_lsn;  // of the newest write of the document that was written or read
  };
  // One operation in a transaction of its own. With a `range_id` it is refused with 410 when the document belongs to
  // another partition.
  Result<Done> run(const ItemOperation& operation, std::string_view range_id = {});

  struct BatchDone {
    std::vector<ItemResult> results;  // one for each operation
    Position position;
  };
  // All operations in one transaction for the partition key `key`, or none of them: then the culprit has its status,
  // the others 424. As it may write, no replica answers it that lags; but a session may have seen more than there is.
  Result<BatchDone> run_batch(const std::string& key, std::vector<ItemOperation> operations,
                              const std::vector<SeenPosition>& seen = {});
  // Each operation on its own, all in the partition `range_id`; each states its key. Spends the request units of each,
  // and refuses with 429 those for which there are none left.
  Result<BatchDone> run_bulk(std::string_view range_id, const std::vector<ItemOperation>& operations);
  // Removes every document that a partition key has now, each in a transaction of its own; others are answered in
  // between.
  Result<Position> remove_key(const std::string& key);

  Result<ChangesPage> read_changes(const ChangesRequest& request);
  // Live documents in the order of their numbers, whatever partition they are in, from behind `after` on and `most` at
  // most. So a split or merge between two calls neither skips nor repeats one. A document that key and id name is not
  // searched for. It looks at so many documents only, since the container is locked meanwhile: there may be none of the
  // selection among them, and yet more behind.
  Result<Scanned> scan(const Selection& selection, std::uint64_t after, std::size_t most);
  // How many partitions documents of the selection may be in.
  Result<std::size_t> partition_count(const Selection& selection);
  // The id and key of the live document with this _rid.
  Result<std::pair<std::string, std::string>> name_of(std::string_view rid);

  std::vector<RangeInfo> ranges();
  // Counts the splits: what the etag of the ranges is made of.
  std::uint64_t ranges_version();
  // Divides a partition in two, at `at` (EPK bytes) or in the middle. Refuses with 410 when there is no such partition,
  // with 400 when `at` is not inside.
  Status split(std::string_view range_id, std::string_view at = {});

  // Makes one partition of two that lie side by side; the all-versions feed is not offered on it from then on. Refuses
  // with 410 when one of them is not there, with 400 when they are not neighbours.
  Status merge(std::string_view range_id, std::string_view other_id);

  // The same, not at once: requests that name one of the ranges are refused with 410/1007 until there were `requests`
  // of them (0 = until finish_move()), then it is done. Operations on single documents go on meanwhile. One at a time:
  // 409.
  Status begin_split(std::string_view range_id, std::string_view at, std::uint64_t requests);
  Status begin_merge(std::string_view range_id, std::string_view other_id, std::uint64_t requests);
  Status finish_move();

  // What a restore in place does: every partition is again as it was at `moment`, its LSNs too, under the same _rid.
  void restore_in_place(Second moment);

  // Another container that is as this one was at `moment`, its LSNs and its documents' versions too; what was expired
  // then by `past` is not in it. It is of `stamps`, and its documents expire by `ttl`.
  std::shared_ptr<Container> as_of(Second moment, const TimeToLive& past, Stamps& stamps, const TimeToLive& ttl);

  // Does again what a journal says was done, without telling the journal. Fails with corrupt when it can't be done.
  Status replay(const DocumentsWritten& event);
  Status replay(const PartitionSplit& event);
  Status replay(const PartitionsMerged& event);
  Status replay(const RestoredInPlace& event);

  // Documents are indexed anew after a change of the indexing policy, so many in a second; how far that is, 0 to 100.
  void begin_index_transformation();
  int index_progress();
  struct Usage {
    std::size_t documents = 0;
    std::size_t bytes = 0;
  };
  Usage usage();

  // Every live, unexpired document, in partition and then _rid order. Nobody else is answered meanwhile: it is for when
  // nobody asks.
  std::vector<DocumentPtr> live_documents();

 private:
  // A split or merge that is held open.
  struct Move {
    std::string range_id;
    std::string other_id;        // of a merge
    std::string at;              // of a split
    std::uint64_t requests = 0;  // that are still to be refused; 0 = until it is finished
  };

  // A lock that whoever lets go of it has told the journal what was written under it.
  class Lock {
   public:
    explicit Lock(Container& container) : container_(container) {}
    void lock() { mutex_.lock(); }
    void unlock() {
      container_.record_documents();
      mutex_.unlock();
    }

   private:
    Container& container_;
    std::mutex mutex_;
  };

  void record_documents();
  void record(const AccountEvent& event);
  // Changes of partitions, the journal apart.
  void divide(Partition& parent, const std::string& at);
  void unite(Partition& left, Partition& right);
  void go_back_to(Second moment);

  Result<Partition*> partition_of_range(std::string_view range_id);
  Status refuse_while_moving(std::string_view range_id);
  struct Removed {
    Position position;
    std::uint64_t next = 0;  // behind which to go on, or the end
  };
  // A part of remove_key(): documents with numbers behind `after` and below `end`.
  Result<Removed> remove_some(const std::string& key, std::uint64_t after, std::uint64_t end);
  Result<std::string> place_to_split(const Partition& partition, std::string_view at) const;
  Result<std::pair<Partition*, Partition*>> neighbours(std::string_view range_id, std::string_view other_id);
  void split_now(Partition& parent, const std::string& at);
  void merge_now(Partition& left, Partition& right);
  void finish_move_now();
  Partition& partition_of(std::string_view epk);
  // `partition`, or what a replica that lags knows of it, which `copy` then holds.
  Result<Partition*> replica_of(Partition& partition, const ReplicaView& view, std::optional<Partition>& copy) const;
  Result<Partition*> one_partition(const Selection& selection, Scope& scope);
  Result<Scope> scope_of(const Selection& selection) const;
  // The partitions with a part of the scope, which a range id in the selection narrows to that range.
  Result<std::vector<Partition*>> partitions_of(const Selection& selection, Scope& scope);
  // What an operation's body says, read before the lock is taken.
  struct Prepared {
    std::optional<Draft> draft;  // of create, upsert and replace
    std::optional<Patch> patch;  // of a patch
  };
  Result<Prepared> prepare(const ItemOperation& operation);
  Result<Draft> draft_of(const ItemOperation& operation);
  Result<std::string> epk_of(const ItemOperation& operation, const Prepared& prepared) const;
  Result<ItemResult> apply(Transaction& transaction, const ItemOperation& operation, Prepared prepared);
  DocumentContext context();
  void touch(Partition& partition);

  Runtime& runtime_;
  Stamps& stamps_;
  const ContainerOptions options_;
  std::shared_ptr<Budget> budget_;

  Lock mutex_{*this};  // over all below
  TimeToLive ttl_;
  std::vector<Partition> partitions_;  // in hash order, without gaps
  std::uint64_t next_number_ = 1;
  int next_range_ = 0;
  std::uint64_t ranges_version_ = 1;
  std::map<std::string, cosmos::HashRange, std::less<>> former_ranges_;  // of partitions that were split or merged
  std::optional<Move> move_;
  std::optional<SteadyTime> index_transformation_began_;
};

}  // namespace halley::server
