#include "server/resource_token.h"

#include <fmt/format.h>

#include <charconv>

#include "codec/base64.h"
#include "codec/hash.h"
#include "cosmos/resource_id.h"
#include "http/message.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

constexpr std::int64_t kDefaultSeconds = 3600;
constexpr std::int64_t kFewestSeconds = 600;
constexpr std::int64_t kMostSeconds = 86400;
constexpr std::size_t kContainerSegments = 4;
constexpr std::size_t kUserRidBytes = 8;
constexpr std::size_t kDatabaseRidBytes = 4;

tl::unexpected<Error> refuse_token() {
  return refuse(401, "The resource token in the authorization header is none of this account.");
}

tl::unexpected<Error> not_covered() {
  return refuse(403, "Insufficient permissions provided in the authorization header for the corresponding request.");
}

// The seal of a token's claim "RID:EXPIRY"; no other text signed with the key begins so.
std::string seal_of(std::string_view key, std::string_view claim) {
  return codec::base64_encode(codec::hmac_sha256(key, fmt::format("resource token {}", claim)));
}

struct Claim {
  std::string permission_rid;
  Second expiry;
};

// A signature is "SEAL;CLAIM;", both in base64.
Result<Claim> read_claim(std::string_view signature, std::string_view key) {
  const std::size_t middle = signature.find(';');
  if (middle == std::string_view::npos || !signature.ends_with(';') || middle + 1 == signature.size()) {
    return refuse_token();
  }
  const auto claim = codec::base64_decode(signature.substr(middle + 1, signature.size() - middle - 2));
  if (!claim || seal_of(key, *claim) != signature.substr(0, middle)) return refuse_token();
  const std::size_t colon = claim->find(':');
  Claim read{claim->substr(0, colon), {}};
  std::from_chars(claim->data() + colon + 1, claim->data() + claim->size(), read.expiry.value);
  return read;
}

// What a permission says.
struct Grant {
  Engine::Path path;  // of the resource
  bool writes = false;
  std::string key;  // canonical; empty = any
};

Result<Grant> find_grant(std::string_view permission_rid, Engine& engine) {
  const auto bytes = cosmos::rid_bytes(permission_rid);
  if (!bytes || bytes->size() <= kUserRidBytes) return refuse_token();
  const auto permission =
      engine.find({"dbs", cosmos::rid_text(bytes->substr(0, kDatabaseRidBytes)), "users",
                   cosmos::rid_text(bytes->substr(0, kUserRidBytes)), "permissions", std::string(permission_rid)});
  if (!permission) return not_covered();
  ASSIGN(const json::Value definition, json::parse(*permission->text));
  Grant grant;
  grant.writes = http::equal_ignoring_case(definition.string_at("permissionMode"), "All");
  ASSIGN(grant.path, split_target(definition.string_at("resource")));
  const json::Value* key = definition.find("resourcePartitionKey");
  if (key == nullptr || key->is_null()) return grant;
  auto canonical = cosmos::canonical_key(key->is_array() ? key->to_text() : "[" + key->to_text() + "]");
  if (!canonical) return not_covered();
  if (*canonical != "[]") grant.key = std::move(*canonical);
  return grant;
}

std::shared_ptr<Container> container_at(const Engine::Path& path, Engine& engine) {
  if (path.size() < kContainerSegments || path[0] != "dbs" || path[2] != "colls") return nullptr;
  const auto found = engine.find({path.begin(), path.begin() + kContainerSegments});
  return found ? found->container : nullptr;
}

// The document a path names, by id or by rid, as its id.
std::string document_id(const Engine::Path& path, Container& container) {
  const auto name = container.name_of(path[5]);
  return name ? name->first : path[5];
}

// Whether the resource of the request is the one granted or lies inside it, both in the same container.
bool lies_inside(const Engine::Path& asked, const Engine::Path& granted, Container& container) {
  if (granted.size() == kContainerSegments) return true;
  if (granted.size() != asked.size() || granted.size() != kContainerSegments + 2 || asked[4] != granted[4])
    return false;
  if (asked[4] != "docs") return asked[5] == granted[5];
  return document_id(asked, container) == document_id(granted, container);
}

// The key that is granted, canonical; empty = any. An id alone names documents of every key, of which none is meant.
Result<std::string> key_of(const Grant& grant, Container& container) {
  const bool document = grant.path.size() == kContainerSegments + 2 && grant.path[4] == "docs";
  if (!grant.key.empty() || !document) return grant.key;
  const auto name = container.name_of(grant.path[5]);
  if (!name) return not_covered();
  return name->second;
}

}  // namespace

std::string make_resource_token(std::string_view key, std::string_view permission_rid, Second expiry) {
  const std::string claim = fmt::format("{}:{}", permission_rid, expiry.value);
  return fmt::format("type=resource&ver=1.0&sig={};{};", seal_of(key, claim), codec::base64_encode(claim));
}

Result<std::int64_t> token_seconds(const Call& call) {
  const std::string_view text = call.header("x-ms-documentdb-expiry-seconds");
  if (text.empty()) return kDefaultSeconds;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= kFewestSeconds &&
      seconds <= kMostSeconds) {
    return seconds;
  }
  return refuse(400, fmt::format("x-ms-documentdb-expiry-seconds '{}' is not a number from {} to {}.", text,
                                 kFewestSeconds, kMostSeconds));
}

Status authorize_by_token(const Call& call, std::string_view signature, std::string_view key, Second now,
                          Engine& engine) {
  ASSIGN(const Claim claim, read_claim(signature, key));
  if (claim.expiry <= now) {
    return refuse(403, fmt::format("The authorization token is not valid at the current time: it expired at {}, the "
                                   "server's clock says {}.",
                                   format_http_date(claim.expiry), format_http_date(now)));
  }
  if (call.path.empty() && call.method() == "GET") return {};
  ASSIGN(const Grant grant, find_grant(claim.permission_rid, engine));
  const auto container = container_at(call.path, engine);
  if (container == nullptr || container != container_at(grant.path, engine)) return not_covered();
  // Clients need the container's definition and ranges for whatever they do in it.
  const bool definition = call.path.size() == kContainerSegments || call.path[4] == "pkranges";
  if (definition && call.method() == "GET") return {};
  if (definition || !lies_inside(call.path, grant.path, *container)) return not_covered();
  if (changes_something(call) && !grant.writes) return not_covered();
  ASSIGN(const std::string granted_key, key_of(grant, *container));
  if (granted_key.empty()) return {};
  // Scripts and conflicts are of all keys.
  if (call.path[4] != "docs" && call.path[4] != "operations") return not_covered();
  // Each operation of a bulk request states a key of its own.
  ASSIGN(const auto stated, key_header(call));
  if (is_bulk(call) || stated != granted_key) return not_covered();
  return {};
}

}  // namespace halley::server
