// One request on its way through the gateway, and the parts replies are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/listener.h"
#include "server/container.h"
#include "server/engine.h"

namespace halley::server {

using Reply = http::ServerResponse;

struct Call {
  const http::ServerRequest& request;
  std::vector<std::string> path;  // decoded segments
  std::uint64_t behind = 0;       // how many transactions the replica lacks that is to answer a read

  std::string_view method() const { return request.method; }
  std::string_view header(std::string_view name) const { return request.headers.get(name); }
  bool is_true(std::string_view name) const { return request.headers.is_true(name); }
  // The first `segments` of the path.
  std::vector<std::string> path_to(std::size_t segments) const;
};

// The segments of a request target. A `?` ends the path, except behind a document's place, where it may be part of the
// id. Refuses with 400 what is not percent-encoded correctly.
Result<std::vector<std::string>> split_target(std::string_view target);

// Whether a POST on a feed asks for a query, or for the plan of one.
bool is_query(const Call& call);
bool is_query_plan(const Call& call);
// Whether it is a bulk request: operations on their own, each with its key.
bool is_bulk(const Call& call);
// Whether a request changes something, rather than reads.
bool changes_something(const Call& call);

// x-ms-max-item-count: absent = 100, -1 = as many as fit in a page.
Result<PageLimits> page_limits(const Call& call);

// The canonical partition key stated in a header; nothing when there is none.
Result<std::optional<std::string>> key_header(const Call& call);

// What a read may expect of the replica that answers: the lag of the replica, and the session of the client. Refuses
// with 400 a session token that is none.
Result<ReplicaView> replica_view(const Call& call);

// What the headers of a request say about which documents are meant: range id, partition key, EPK range.
Result<Selection> selection_headers(const Call& call);

Reply json_reply(int status, std::string body);
void set_charge(Reply& reply, double charge);
void set_position(Reply& reply, const Position& position);
// Names the container or database a reply's resources belong to.
void set_owner(Reply& reply, std::string_view names, std::string_view rid);

// The reply for a refusal; other errors are answered with 500.
Reply error_reply(const Error& error);

}  // namespace halley::server
