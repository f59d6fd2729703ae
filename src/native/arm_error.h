// What Resource Manager's refusals mean.
#pragma once

#include <string>

#include "base/result.h"
#include "http/transport.h"
#include "json/value.h"

namespace halley::native {

// What was said in an error body: {"error":{…}}, {"code":…,"message":…}, or either wrapped into the message of another,
// any number of times; details and inner errors joined to it. One line, bounded, without activity ids.
struct ArmMessage {
  std::string code;  // "ResourceNotFound"; empty when there is none
  std::string text;
};
ArmMessage read_arm_message(const json::Value& body);

// The error that a refusal (any status but 2xx) stands for, with its status, a hint, and retry_after where one was
// asked for. Of a request that changes something, an answer that leaves open whether it was done is `ambiguous`.
// A moment that no backup reaches is `outside_coverage`; another operation in the way is `precondition`.
Error arm_error(const http::Response& response, bool changes, Second now);

// The same for an operation that was accepted and ended as `status` (Failed, Canceled): `error` is what it says of why,
// or null.
Error operation_error(const std::string& status, const json::Value& error);

}  // namespace halley::native
