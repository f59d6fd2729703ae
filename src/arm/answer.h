// Answers of Resource Manager, in its shapes (src/native/testdata has recorded ones).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "arm/call.h"
#include "base/time.h"
#include "http/listener.h"

namespace halley::arm {

using Reply = http::ServerResponse;

Reply json_reply(int status, std::string body);

// One page of a list, with a nextLink when there is more; `page` elements at most, 0 = all.
Reply list_reply(const Call& call, const std::vector<std::string>& elements, std::size_t page);

// A refusal: an error with its HTTP status, whose hint is the service's code for it.
tl::unexpected<Error> refuse(int status, std::string_view code, std::string message);

// The refusals that several routes have.
tl::unexpected<Error> no_such_route(const Call& call);
tl::unexpected<Error> no_such_account(const std::string& resource_group, const std::string& name);
// Of what is in an account, as Cosmos DB itself says it.
tl::unexpected<Error> no_such_resource();
tl::unexpected<Error> bad_request(std::string message);

// What Resource Manager refuses itself is {"error":{"code","message"}}; what Cosmos DB refuses is {"code","message"},
// its message wrapped once more where the resource is not there.
Reply error_reply(const Error& error);
std::string error_object(std::string_view code, std::string_view message);

// "6/25/2024 11:29:09 PM"
std::string american_time(Second moment);

// A member of an object by its path, or null.
const json::Value& member(const json::Value& object, std::initializer_list<std::string_view> path);

}  // namespace halley::arm
