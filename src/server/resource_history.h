// What happened to the databases and containers of an account, and when: what a continuous backup restores from. It
// keeps the containers that were deleted, with the versions of all their documents.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "server/resource.h"

namespace halley::server {

enum class ResourceChange : std::uint8_t { create, replace, remove };

// A change of a database or container.
struct ResourceVersion {
  ResourceKind kind = ResourceKind::database;
  ResourceChange change = ResourceChange::create;
  Second at;
  std::string id;
  std::string rid;
  std::string parent;                       // of a container: its database's rid
  std::shared_ptr<const std::string> text;  // as it was answered; of a deletion: as it last was
  std::shared_ptr<Container> container;     // of a container; it may be gone from the account
  std::size_t number = 0;                   // it is the one that happened after so many others
};

struct PastDatabase {
  ResourceVersion version;
  std::vector<ResourceVersion> containers;
};

// In memory. Safe from any thread.
class ResourceHistory {
 public:
  void add(ResourceVersion version);

  // In the order they happened in. That of a database that was deleted says nothing of its containers, as the service
  // does: they went with it.
  std::vector<ResourceVersion> versions() const;

  // What there was at the end of the second `moment`.
  std::vector<PastDatabase> at(Second moment) const;

  // Drops what says nothing of the end of the second `moment` or any later one: what something else had taken the
  // place of by then, or was gone, with its documents.
  void forget_before(Second moment);

 private:
  mutable std::mutex mutex_;
  std::size_t added_ = 0;
  std::vector<ResourceVersion> versions_;
};

}  // namespace halley::server
