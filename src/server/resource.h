// Everything of an account that is not a document: databases, containers, scripts, users, offers. One tree of
// resources, all handled alike.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace halley::server {

class Budget;
class Container;

enum class ResourceKind : std::uint8_t {
  account,
  database,
  container,
  sproc,
  trigger,
  udf,
  conflict,
  user,
  permission,
  encryption_key,
  offer,
};

struct ResourceTraits {
  ResourceKind kind;
  ResourceKind parent;
  std::string_view keyword;   // in paths: "dbs"
  std::string_view envelope;  // of feeds: "Databases"
  // Links that the service adds to such a resource, as JSON members; empty or beginning with a comma.
  std::string_view links;
};

const ResourceTraits& traits_of(ResourceKind kind);
// The kind a keyword stands for below a parent; nullptr when there is none.
const ResourceTraits* find_traits(ResourceKind parent, std::string_view keyword);

struct Resource {
  ResourceKind kind = ResourceKind::account;
  std::string id;
  std::string rid;
  std::string self;   // "dbs/…/colls/…/", of rids
  std::string names;  // "dbs/D/colls/C", not encoded
  std::string etag;
  Second ts;
  json::Value definition;                   // without system properties
  std::shared_ptr<const std::string> text;  // as answered
  std::vector<std::shared_ptr<Resource>> children;
  std::shared_ptr<Container> container;  // of a container
  std::shared_ptr<Budget> budget;        // of a database with throughput: its containers share it
};

// Checks a definition sent by a client and makes it what the service would store: system properties dropped, defaults
// of containers added, members this server does not know kept. Refuses with 400.
Result<json::Value> complete_definition(ResourceKind kind, json::Value definition);

// Refuses with 400 what a replacement may not change.
Status check_replacement(ResourceKind kind, const json::Value& old_definition, const json::Value& new_definition);

// The container's default TTL: 0 when it has none.
std::int64_t default_ttl(const json::Value& container_definition);

// The definition with the system properties behind it.
std::string resource_text(const Resource& resource, std::int64_t ts);

}  // namespace halley::server
