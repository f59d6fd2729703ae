// A seeded world: an embedded account with one container, a writer that changes it, capture into a repository in
// memory, and the model that says what is true.
#pragma once

#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <vector>

#include "capture/backup.h"
#include "model.h"
#include "repo/repository.h"
#include "server/emulator.h"
#include "testing/direct_transport.h"
#include "testing/faulty_store.h"
#include "testing/virtual_runtime.h"

namespace halley::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  bool all_versions = true;
  bool hierarchical_key = false;
  int partitions = 1;
  std::optional<std::int64_t> default_ttl;
  std::int64_t date_skew = 0;                  // seconds that Date is ahead of the clock that stamps commits
  double writes_during_backup = 0;             // chance of a change before a request is answered
  std::shared_ptr<testing::FaultPlan> faults;  // what the repository's store suffers, until restart()
};

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // One random change: a write, a delete, a step of the clock, now and then a split.
  void change();
  void split();
  // A batch that writes one document twice in one transaction.
  void write_twice();
  // The feed's retention is exceeded: no range can be continued from where it was.
  void forget_feed();
  // Whether the account offers the all-versions feed.
  void offer_feed(bool offered);
  // The container is restored in place, to some seconds ago.
  void restore_in_place();
  // From now on nothing changes the world during a pass.
  void rest() { writes_during_backup_ = 0; }
  // One pass of `halley backup`; nothing else changes the world unless writes_during_backup says so.
  Result<capture::BackupReport> backup(bool wait = true);
  // As after a crash: the repository is opened again over what its store holds, without faults.
  void restart();

  Second now();
  const Model& model() const { return model_; }
  // Whether the world explains that a document is not as it was at the sync point `moment`, which no one can know of:
  // it was written after the pass began and deleted before it ended; or, until another pass has looked for deletes, it
  // was deleted after the pass began.
  bool is_beyond_knowledge(const DocumentName& name, Second moment) const;
  repo::Repository& repository() { return *repository_; }
  // The container's lane as the repository has it now.
  repo::LaneState lane();
  // What the repository gives back of a cut, expiry applied as of `moment`.
  Documents restored(const repo::LaneState& lane, const repo::Cut& cut, Second moment);
  std::string describe() const;
  // For a failure: what is captured of, and what happened to, the documents that differ.
  std::string difference(const repo::LaneState& lane, const Documents& restored, const Documents& truth);

 private:
  // Time moves only between two changes, never inside one.
  class WorldRuntime final : public testing::VirtualRuntime {
   public:
    WorldRuntime(Second start, std::mutex& mutex) : VirtualRuntime(start), mutex_(mutex) {}
    bool sleep(Milliseconds duration, std::stop_token stop) override {
      const std::lock_guard lock(mutex_);
      return VirtualRuntime::sleep(duration, stop);
    }

   private:
    std::mutex& mutex_;
  };
  std::size_t pick(std::size_t below);
  bool chance(double probability);
  DocumentName random_name();
  std::string body_of(const DocumentName& name, std::optional<std::int64_t> ttl);
  void write_one();
  std::optional<testing::DirectTransport::Answer> refuse_feed(const http::Request& request);
  void connect();
  void open_repository(std::unique_ptr<store::ObjectStore> store, const repo::RepositoryOptions& options);

  const WorldOptions options_;
  std::mutex mutex_;  // over the writer's randomness and the model
  std::mt19937_64 random_;
  WorldRuntime runtime_;
  server::Account account_;
  testing::DirectTransport transport_;
  std::unique_ptr<cosmos::Client> client_;
  std::shared_ptr<store::ObjectStore> store_;
  std::unique_ptr<repo::Repository> repository_;
  Model model_;
  std::uint64_t writes_ = 0;
  bool writing_ = false;  // a pass of backup is under way
  double writes_during_backup_;
  bool feed_offered_ = true;
  std::set<std::string, std::less<>> forgotten_ranges_;  // whose continuations are too old
  struct Pass {
    Second began, ended;
  };
  std::vector<Pass> passes_;
};

// How much of a world was compared with the model.
struct Truth {
  std::size_t exact_seconds = 0;
  std::size_t sync_points = 0;
  std::size_t documents = 0;  // at sync points: compared, of either side
  std::size_t uncertain = 0;  // of these named as uncertain
  std::size_t untold = 0;     // of these different without being named, and beyond knowledge

  void add(const Truth& other) {
    exact_seconds += other.exact_seconds;
    sync_points += other.sync_points;
    documents += other.documents;
    uncertain += other.uncertain;
    untold += other.untold;
  }
};

// Every second from `from` on: refused, or equal to the model; at sync points but for what is named as uncertain.
Truth expect_truth(World& world, Second from);

}  // namespace halley::sim
