// A database or container of an account, as paths of Resource Manager and of the engine have it.
#pragma once

#include <string>

#include "arm/answer.h"
#include "server/engine.h"
#include "server/refusal.h"

namespace halley::arm {

struct Place {
  server::ResourceKind kind = server::ResourceKind::database;
  std::string database;
  std::string container;

  bool is_database() const { return kind == server::ResourceKind::database; }
  const std::string& name() const { return is_database() ? database : container; }
  std::string_view type() const {
    return is_database() ? "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
                         : "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers";
  }
  // Where it is in the engine.
  server::Engine::Path parent() const {
    return is_database() ? server::Engine::Path() : server::Engine::Path{"dbs", database};
  }
  server::Engine::Path path() const {
    return is_database() ? server::Engine::Path{"dbs", database}
                         : server::Engine::Path{"dbs", database, "colls", container};
  }
};

// The engine's refusals, as Resource Manager says them.
template <typename T>
Result<T> said_by_provider(Result<T> result) {
  if (result) return result;
  Error error = std::move(result).error();
  if (error.status == 404) return no_such_resource();
  error.hint = server::status_name(error.status);
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace halley::arm
