// For tests: a repository in memory whose lanes are written by hand, as capture would write them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "json/document_scanner.h"
#include "repo/definitions.h"
#include "repo/repository.h"
#include "repo/selection_history.h"
#include "repo/uncaptured.h"
#include "runtime/runtime.h"
#include "store/memory_store.h"

namespace halley::recovery {

class HandMadeBackup {
 public:
  static constexpr std::string_view kAccount = "test-account";

  explicit HandMadeBackup(repo::RepositoryOptions options = {}) {
    options.password_cost = {16, 1, 1};
    auto made = repo::Repository::create(real_runtime(), store::make_memory_store(), "password", options);
    EXPECT_TRUE(made) << made.error().to_string();
    repository_ = std::move(*made);
  }

  repo::Repository& repository() { return *repository_; }

  // Definitions. A text without _rid gets one that is made from its key, so that a database or container made again
  // under its name can be given another.
  void define(repo::DefinitionKind kind, std::string database, std::string parent, std::string id, std::string text,
              Second time, std::string rid = "", Second since = {}) {
    repo::Version version = definition_version({kind, database, parent, id}, time);
    if (since.value != 0) version.since = since;
    version.rid = definitions_.keep(rid.empty() ? "rid-" + database + "-" + parent + "-" + id : rid);
    version.body = definitions_.keep(text);
    definitions_.add(version);
    last_[{kind, database, parent, id}] = std::string(version.rid);
  }
  void undefine(repo::DefinitionKind kind, std::string database, std::string parent, std::string id, Second time,
                Second since = {}) {
    repo::Version version = definition_version({kind, database, parent, id}, time);
    if (since.value != 0) version.since = since;
    version.operation = repo::Operation::remove;
    definitions_.add(version);
  }
  void database(const std::string& name, Second time) {
    define(repo::DefinitionKind::database, "", "", name, R"({"id":")" + name + R"(","_rid":"r","_ts":1})", time);
  }
  void container(const std::string& database, const std::string& name, Second time, const std::string& more = "",
                 const std::string& rid = "") {
    define(repo::DefinitionKind::container, database, "", name,
           R"({"id":")" + name + R"(","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2})" + more +
               R"(,"_rid":"r","_ts":1})",
           time, rid);
  }
  // Commits them; they are known in [from, until).
  void definitions_known(Second from, Second until) {
    repo::LaneIdentity identity;
    identity.account_id = kAccount;
    repo::CommitDraft draft;
    draft.mode = repo::CaptureMode::definitions;
    repo::RangeState range;
    range.base_done = true;
    range.until = until;
    draft.ranges = {range};
    draft.exact = {{{}, from, until}};
    if (taken_in_) draft.events.push_back(*std::exchange(taken_in_, {}));
    commit(repo::LaneId(repo::kAccountLane), identity, draft, definitions_);
  }
  // Backups take in this part of the account from then on; told with the next definitions_known().
  void takes_in(const repo::TakenIn& part, Second from) {
    const auto account = repository_->read_lane(repo::LaneId(repo::kAccountLane));
    taken_in_ = repo::SelectionHistory(account ? account->events : std::vector<repo::Event>()).change(part, from);
  }

  // Records where the lanes of containers stand, and what could not be captured, as a pass of backup does at its end.
  void record_heads(const std::set<std::string>& uncaptured = {}) {
    repo::LaneIdentity identity;
    identity.account_id = kAccount;
    const auto account = repository_->read_lane(repo::LaneId(repo::kAccountLane));
    ASSERT_TRUE(account);
    repo::CommitDraft draft;
    draft.mode = account->mode;
    draft.ranges = account->ranges;
    draft.exact = account->exact;
    if (auto change = repo::uncaptured_change(account->events, uncaptured, account->committed_at))
      draft.events = {*change};
    const auto lanes = repository_->lanes();
    for (const repo::LaneId& id : *lanes) {
      if (id == repo::kAccountLane) continue;
      const auto lane = repository_->read_lane(id);
      draft.heads.push_back({id, lane->identity.database, lane->identity.container, lane->seq, lane->head_hash});
    }
    repo::VersionBatch nothing;
    commit(repo::LaneId(repo::kAccountLane), identity, draft, nothing);
  }

  // As somebody who may delete objects would: the commit is gone.
  void lose_commit(const repo::LaneId& lane, int seq) {
    ASSERT_TRUE(repository_->store().remove("lanes/" + lane + "/00000000000" + std::to_string(seq)));
  }

  // Documents of the container that was last defined under the name.
  struct Lane {
    repo::LaneId id;
    repo::LaneIdentity identity;
    repo::VersionBatch batch;
    std::uint64_t lsn = 0;
    struct Write {
      Second ts;
      std::string etag;
      std::string body;
    };
    std::map<std::pair<std::string, std::string>, Write> writes;  // the newest, by key and id
  };
  Lane& lane(const std::string& database, const std::string& name, const std::string& key_paths = R"(["/pk"])") {
    const std::string& database_rid = last_.at({repo::DefinitionKind::database, "", "", database});
    const std::string& rid = last_.at({repo::DefinitionKind::container, database, "", name});
    Lane& lane = lanes_[database + "/" + name + "#" + rid];
    lane.identity.account_id = kAccount;
    lane.identity.database = database;
    lane.identity.container = name;
    lane.identity.database_rid = database_rid;
    lane.identity.container_rid = rid;
    const bool multi = key_paths.find(',') != std::string::npos;
    auto key =
        json::parse(R"({"paths":)" + key_paths + R"(,"kind":")" + (multi ? "MultiHash" : "Hash") + R"(","version":2})");
    lane.identity.key = *cosmos::PartitionKeyDefinition::parse(*key);
    lane.id = repo::container_lane(kAccount, database_rid, rid, "");
    return lane;
  }
  static void put(Lane& lane, const std::string& key, const std::string& id, const std::string& body, Second time) {
    const std::string etag = "\"" + std::to_string(lane.lsn + 1) + "\"";
    lane.writes[{key, id}] = {time, etag, body};
    see_again(lane, key, id, time);
  }
  // What was put last under the key, as a new base reads it again: nothing wrote to it since.
  static void see_again(Lane& lane, const std::string& key, const std::string& id, Second time) {
    const Lane::Write& write = lane.writes.at({key, id});
    repo::Version version = document_version(lane, key, id, time);
    version.ts = write.ts;
    version.rid = lane.batch.keep("rid-of-" + id);
    version.etag = lane.batch.keep(write.etag);
    version.body = lane.batch.keep(write.body);
    version.layout = 0x1F & ~0x08;  // _rid, _self, _etag, _ts
    version.digest = *json::value_digest(write.body);
    lane.batch.add(version);
  }
  static void remove(Lane& lane, const std::string& key, const std::string& id, Second time, Second since = {}) {
    repo::Version version = document_version(lane, key, id, time);
    version.operation = repo::Operation::remove;
    if (since.value != 0) version.since = since;
    lane.batch.add(version);
  }
  void exact(Lane& lane, Second from, Second until) {
    repo::CommitDraft draft;
    draft.mode = repo::CaptureMode::all_versions;
    repo::RangeState range;
    range.base_done = true;
    range.lsn = lane.lsn;
    range.newest = until - 1;
    range.until = until;
    range.last_304 = until;
    draft.ranges = {range};
    draft.exact = {{{}, from, until}};
    commit(lane.id, lane.identity, draft, lane.batch);
  }
  void synced(Lane& lane, Second at) {
    repo::CommitDraft draft;
    draft.mode = repo::CaptureMode::latest;
    repo::RangeState range;
    range.base_done = true;
    range.lsn = lane.lsn;
    range.newest = at;
    range.until = at;
    range.last_304 = at;
    draft.ranges = {range};
    draft.sync_points = {{at, {{{}, {0, lane.lsn}}}}};
    commit(lane.id, lane.identity, draft, lane.batch);
  }
  // What was put is there, and no second of it is proven.
  void unproven(Lane& lane, Second newest) {
    repo::CommitDraft draft;
    draft.mode = repo::CaptureMode::latest;
    repo::RangeState range;
    range.base_done = true;
    range.lsn = lane.lsn;
    range.newest = newest;
    draft.ranges = {range};
    commit(lane.id, lane.identity, draft, lane.batch);
  }
  // A new base of the lane is being read, in a new epoch.
  void begin_new_base(Lane& lane) {
    repo::CommitDraft draft;
    draft.mode = repo::CaptureMode::latest;
    repo::RangeState range;
    range.epoch = 1;
    draft.ranges = {range};
    commit(lane.id, lane.identity, draft, lane.batch);
  }

 private:
  repo::Version definition_version(const repo::DefinitionKey& key, Second time) {
    repo::Version version;
    version.partition_key = definitions_.keep(repo::definition_partition_key(key));
    version.id = definitions_.keep(key.id);
    version.ts = version.time = version.since = time;
    version.position = {0, ++definition_lsn_};
    version.layout = repo::kVerbatim;
    return version;
  }
  static repo::Version document_version(Lane& lane, const std::string& key, const std::string& id, Second time) {
    repo::Version version;
    version.partition_key = lane.batch.keep(key);
    version.id = lane.batch.keep(id);
    version.ts = version.time = version.since = time;
    version.position = {0, ++lane.lsn};
    return version;
  }
  void commit(const repo::LaneId& id, const repo::LaneIdentity& identity, const repo::CommitDraft& draft,
              repo::VersionBatch& batch) {
    auto writer = repository_->open_writer(id, identity);
    ASSERT_TRUE(writer) << writer.error().to_string();
    const auto done = (*writer)->commit(draft, batch);
    ASSERT_TRUE(done) << done.error().to_string();
    batch.clear();
  }

  std::unique_ptr<repo::Repository> repository_;
  repo::VersionBatch definitions_;
  std::optional<repo::Event> taken_in_;
  std::uint64_t definition_lsn_ = 0;
  std::map<repo::DefinitionKey, std::string> last_;  // rids
  std::map<std::string, Lane> lanes_;
};

inline Second at(std::int64_t seconds) { return Second{1'700'000'000 + seconds}; }

}  // namespace halley::recovery
