// The account itself, without HTTP: a tree of resources, the documents in their containers. Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "server/container.h"
#include "server/journal.h"
#include "server/resource.h"
#include "server/resource_history.h"
#include "server/stamps.h"
#include "server/throughput.h"

namespace halley::server {

struct EngineOptions {
  int partitions = 1;
  ThroughputRules throughput = {};
  Journal* journal = nullptr;  // what backs it, if anything does; must outlive the engine
  // Is told of every change of a database or container, where there is one. It is in memory, so not with a journal.
  std::shared_ptr<ResourceHistory> history = {};
};

// How a resource of the past comes back.
struct PastView {
  Second at;
  bool time_to_live = true;  // else its documents do not expire any more
};

// What a resource looks like now.
struct ResourceView {
  ResourceKind kind = ResourceKind::account;
  std::string rid;
  std::string names;
  std::string etag;
  std::shared_ptr<const std::string> text;
  std::shared_ptr<Container> container;  // of a container
};
ResourceView view_of(const Resource& resource);

class Engine {
 public:
  Engine(Runtime& runtime, EngineOptions options);

  Stamps& stamps() { return stamps_; }

  // Makes the account what its journal says it was, before anything else is asked of it. Fails with corrupt.
  Status recover();

  // `path` is that of a request, decoded: {"dbs", D, "colls", C}, each by name or by rid; empty = the account. Refused
  // with 404, sub-status 1003 when not the last but an earlier one is missing.
  using Path = std::vector<std::string>;
  Result<ResourceView> find(const Path& path);
  struct Listing {
    ResourceView parent;
    std::vector<std::shared_ptr<const std::string>> texts;  // in order of creation
  };
  Result<Listing> list(const Path& parent, ResourceKind kind);
  // 409 when the id is taken.
  Result<ResourceView> create(const Path& parent, ResourceKind kind, json::Value definition,
                              const Throughput& throughput = {});
  // 412 when `if_match` is given and is not the etag, 409 when a sibling has the id or is for the same thing.
  Result<ResourceView> replace(const Path& path, json::Value definition, std::string_view if_match = {});
  Status remove(const Path& path, std::string_view if_match = {});

  // Bring back what a history knows, this engine's own or another's: under its _rid, a container with its documents,
  // their versions and LSNs as of a moment, without scripts, users and throughput. 409 when the id is taken; 404 when a
  // container's database is not there, or another by its _rid.
  Result<ResourceView> restore_database(const ResourceVersion& database);
  Result<ResourceView> restore_container(const ResourceVersion& container, const PastView& view);
  // From now on throughput limits, as if the rules had said so from the beginning.
  void limit_throughput();

  // Goes on counting where another does whose resources are brought back here, so that no number is given twice.
  void count_on_from(Engine& other);

  // A conflict of an account with several write regions, which no request creates: {"operationType":…,"resourceId":…,
  // "content":…}. It gets an id.
  Result<ResourceView> add_conflict(const Path& container, json::Value conflict);

  // The short forms of tests.
  Status create_database(const std::string& name);
  Result<std::shared_ptr<Container>> create_container(const std::string& database, std::string_view definition);
  Result<std::shared_ptr<Container>> container(const std::string& database, const std::string& name);
  Status upsert(const std::string& database, const std::string& container, std::string body);
  // `key` is a canonical partition key.
  Status remove_document(const std::string& database, const std::string& container, std::string key, std::string id);

 private:
  Result<std::shared_ptr<Resource>> walk(const Path& path, std::size_t segments);
  std::shared_ptr<Resource> make(Resource& parent, ResourceKind kind, json::Value definition);
  void place(Resource& resource, const Resource& parent);
  void rename(Resource& resource, const Resource& parent);
  void detach(Resource& owner, const std::shared_ptr<Resource>& resource);
  std::string next_rid(const Resource& parent, ResourceKind kind);
  void stamp(Resource& resource);
  void make_container(Resource& resource, const Resource& database, int partitions);
  void record(const Resource& resource, std::string_view parent_rid);
  void note(const Resource& resource, ResourceChange change, std::string_view parent_rid);
  class Replay;
  Result<std::shared_ptr<Resource>> make_again(Resource& parent, const ResourceVersion& version);
  bool has_offer(const Resource& resource) const;
  void make_offer(const Resource& resource, const Throughput& throughput, bool shared);
  Status replace_offer(Resource& offer, const json::Value& definition);
  void apply_offer(const Resource& offer);
  std::shared_ptr<Budget> budget_below(const Resource& database) const;
  void remove_offers(const Resource& resource);

  Runtime& runtime_;
  const EngineOptions options_;
  Stamps stamps_;

  std::mutex mutex_;  // over the tree
  std::shared_ptr<Resource> root_;
  bool limits_throughput_;
  std::uint32_t next_number_;  // of the next resource; begins anywhere, so that two accounts share no rids
};

}  // namespace halley::server
