// A seeded world: an embedded account with some containers, a writer that changes them, capture into a repository in
// memory, and the models that say what is true. All of it runs under one SimRuntime: the same options give the same
// run.
#pragma once

#include <deque>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "capture/backup.h"
#include "model.h"
#include "repo/repository.h"
#include "server/container.h"
#include "server/emulator.h"
#include "testing/direct_transport.h"
#include "testing/faulty_store.h"
#include "testing/sim_runtime.h"
#include "testing/sim_transport.h"

namespace halley::sim {

inline constexpr Second kStart{1'800'000'000};

// What befalls the world while a pass is under way, besides the writer: the chance of each with every of its changes.
struct Weather {
  double split = 0;
  double merge = 0;
  double held = 0;        // of splits and merges: that it is under way for some requests
  double clock_step = 0;  // of the service, up to `clock_steps` seconds to either side
  std::int64_t clock_steps = 0;
  double failover = 0;        // another region takes the writes
  double region_down = 0;     // and up again with the next change
  double region_removed = 0;  // the same
  double lag = 0;             // with every answer of a change feed: it lacks what was written in the last seconds
  double drop = 0;            // a container is dropped; it is made again at once, or with a later change
};

// A container from when it was made to when it was dropped.
struct Incarnation {
  std::string name;
  std::string rid;
  Model model;
  Second made;
  std::optional<Second> dropped{};
  std::optional<Second> restored{};  // in place
  Second base_read{};                // the Date of the newest answer of its latest-version feed

  bool lived_at(Second moment) const { return made <= moment && (!dropped || moment < *dropped); }
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::string_view kind = "";  // how ./dev sim --world calls it
  bool all_versions = true;
  bool hierarchical_key = false;
  int containers = 1;
  int partitions = 1;
  int regions = 1;
  TimeToLive default_ttl;
  std::int64_t request_units = 0;  // that each container may spend in a second; 0 = no limit
  std::int64_t date_skew = 0;      // seconds that Date is ahead of the clock that stamps commits
  double latest_mode = 0;          // the chance of a pass to be asked for latest mode
  double left_out = 0;             // the chance of a container to be left out of a pass
  bool restored_in_place = false;  // that this will happen: nothing expires, and nothing is merged
  Milliseconds writing_pace{0};    // while a pass is under way: the longest pause between two changes; 0 = none at all
  Weather weather;
  std::shared_ptr<testing::FaultPlan> faults;  // what the repository's store suffers, until restart()
};

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // One random change: a write, a delete, a step of the clock. What befalls one container befalls any of them.
  void change();
  void split();
  void merge();
  // A batch that writes one document twice in one transaction.
  void write_twice();
  // The feed's retention is exceeded: no range can be continued from where it was.
  void forget_feed();
  // Whether the account offers the all-versions feed.
  void offer_feed(bool offered);
  // The container is restored in place, to some seconds ago. False where no one can tell: what a range lost was not yet
  // captured, and its log ends no earlier than where capture stands.
  bool restore_in_place();
  void set_default_ttl(TimeToLive ttl);
  void step_clock(std::int64_t seconds);
  // A stored procedure of another text, or none.
  void change_script();
  // A container is dropped, and often made again at once; or one that was dropped before is made again.
  void drop_or_make();

  // What goes wrong with requests from now on, by kind; nothing any more after calm().
  void arm(const std::vector<std::string>& faults);
  // From now on nothing changes the world during a pass, and nothing goes wrong.
  void calm();
  // How often requests were struck, by kind of fault; by status, where it is one.
  const std::map<std::string, std::uint64_t>& struck();

  // One pass of `halley backup`. It is a process of its own, which dies at the call `dies_at` to network or store
  // (counted from 1; 0 = it lives): from then on nothing of it reaches either.
  Result<capture::BackupReport> backup(bool wait = true, std::uint64_t dies_at = 0);
  bool died() const { return died_; }
  // Whether the newest pass left a container out.
  bool left_out() const { return !passes_.empty() && !passes_.back().left_out.empty(); }
  // As after a crash: the repository is opened again over what its store holds, without faults.
  void restart();

  Second now();
  // All containers there ever were, oldest first.
  const std::deque<Incarnation>& incarnations() const { return incarnations_; }
  const WorldOptions& options() const { return options_; }
  // Whether the world explains that a document is not as it was at the sync point `moment`, which no one can know of:
  // it was written after the pass began and deleted before it ended; or, until another pass has looked for deletes, it
  // was deleted after the pass began.
  bool is_beyond_knowledge(const Incarnation& container, const DocumentName& name, Second moment) const;
  // Whether passes left the container out, and none that was whole took it in up to this second.
  bool was_left_out_until(const Incarnation& container, Second moment) const;
  // Whether the service's clock was set back over this second.
  bool came_twice(Second moment) const;
  // The newest that the service's clock ever showed, by Date: it may have been set back.
  Second newest_second();
  repo::Repository& repository() { return *repository_; }
  testing::SimRuntime& runtime() { return runtime_; }
  server::Account& account() { return account_; }
  // A number below `below`, a chance taken: of the world's own seed.
  std::size_t pick(std::size_t below);
  bool chance(double probability);
  // The containers' lanes as the repository has them now, by _rid; those of one container, and of the first.
  std::map<std::string, repo::LaneState> lanes();
  repo::LaneState lane(const Incarnation& container) { return lanes()[container.rid]; }
  repo::LaneState lane() { return lane(incarnations_.front()); }
  std::string describe() const;
  // For a failure: what is captured of, and what happened to, these documents.
  std::string history_of(const Incarnation& container, const std::set<DocumentName>& names);

 private:
  // One of the containers that are there; nullptr: there is none.
  Incarnation* any_container();
  std::shared_ptr<server::Container> stored(const Incarnation& container);
  void make(std::string_view name);
  DocumentName random_name();
  std::string body_of(const DocumentName& name, TimeToLive ttl);
  bool is_stored(const Incarnation& container, const DocumentName& name);
  void write_one();
  void weather();
  void write_on(const std::stop_token& stop);
  bool live_through(std::string_view call);
  std::optional<testing::DirectTransport::Answer> refuse_feed(const http::Request& request);
  void lag(const http::Request& request);
  void finish_moves();
  void note_feed(const http::Request& request, Second date);
  void connect();
  void open_repository(const repo::RepositoryOptions& options);

  const WorldOptions options_;
  std::mt19937_64 random_;
  testing::SimRuntime runtime_;
  server::Account account_;
  testing::DirectTransport gateway_;
  testing::SimTransport transport_;
  std::unique_ptr<cosmos::Client> client_;
  std::shared_ptr<store::ObjectStore> store_;
  std::shared_ptr<testing::FaultPlan> plan_;
  std::unique_ptr<repo::Repository> repository_;
  std::deque<Incarnation> incarnations_;
  std::uint64_t writes_ = 0;
  Milliseconds writing_pace_;
  bool calm_ = false;
  bool feed_offered_ = true;
  std::set<std::pair<std::string, std::string>> forgotten_ranges_;  // whose continuations are too old, by container
  // Where the log of a range stood, oldest first, by container and range; and the region that lags for one request.
  struct Stood {
    Second at;
    std::uint64_t lsn;
  };
  std::map<std::pair<std::string, std::string>, std::deque<Stood>> logs_;
  std::string lagging_;
  std::string_view write_region_ = "Local";
  std::vector<std::string> armed_;  // what the faults are called, in order
  std::map<std::string, std::uint64_t> struck_;

  std::uint64_t calls_ = 0;  // of the present process
  std::uint64_t dies_at_ = 0;
  bool died_ = false;
  std::stop_source end_;  // of the present process

  // From the oldest to the newest second that it went through, for the clock may be set back meanwhile.
  struct Pass {
    Second began, ended;
    bool whole = false;
    bool running = false;
    std::vector<std::string> left_out = {};  // patterns

    bool takes_in(std::string_view container) const;

    void reach(Second now) {
      began = std::min(began, now);
      ended = std::max(ended, now);
    }
  };
  std::vector<Pass> passes_;
  std::vector<Pass> twice_;  // spans of seconds that came again, since the clock was set back
};

}  // namespace halley::sim
