// Operations that Resource Manager carries out after it answered.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "http/transport.h"
#include "json/value.h"

namespace halley::native {

// Where what an operation made is found when it is done.
enum class Outcome { resource, behind_location, nothing };

// One that was accepted. The URLs it is asked about by are signed and about 3 KB long; its id is a part of them.
struct Operation {
  std::string id;
  std::string what;        // "restoring shop as shop-r"
  std::string status_url;  // Azure-AsyncOperation; may be empty
  std::string result_url;  // Location; may be empty
  std::string resource;    // the path of what it changes, looked at when the URLs lead nowhere
  Outcome outcome = Outcome::resource;
  Second begun;
};

// How it stands.
struct OperationState {
  bool done = false;
  std::string status;                             // "Enqueued", "Dequeued", "Succeeded"
  json::Value result;                             // what the last answer held, when it is done and has one
  std::optional<std::chrono::milliseconds> wait;  // when to look again, where the service says
};

// The operation that an answer to `method` `resource` began; nothing when the answer is the end already. `origin` is
// where Resource Manager is: URLs that lead elsewhere are corrupt, for tokens are sent with every question.
Result<std::optional<Operation>> accepted_operation(const http::Response& response, const std::string& method,
                                                    const std::string& resource, const std::string& origin);

// What an answer to a question by its status_url, its result_url, or about its resource means; the error that a failed
// operation ended with.
Result<OperationState> read_status_answer(const http::Response& response);
Result<OperationState> read_result_answer(const http::Response& response);
Result<OperationState> read_resource_answer(const http::Response& response);

// As text, to go on with after an interruption.
std::string operation_text(const Operation& operation);
Result<Operation> parse_operation(const std::string& text, const std::string& origin);

}  // namespace halley::native
