// The client of Azure Resource Manager.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/transport.h"
#include "identity/token_source.h"
#include "json/value.h"
#include "native/operation.h"
#include "native/request.h"

namespace halley::native {

struct ArmOptions {
  std::string base;   // Cloud::resource_manager
  std::string scope;  // Cloud::management_scope()
  // How long an operation is waited for, and how often it is looked at where the service does not say.
  Milliseconds patience{6 * 3600 * 1000};
  Milliseconds interval{15000};
  // Takes a line for people who look for what goes on inside. May be empty.
  std::function<void(const std::string& line)> debug_log = {};
};

// Told of how an operation stands, each time it was looked at.
using OnProgress = std::function<void(const Operation& operation, const std::string& status)>;

// Everything that is repeated is repeated here: requests while a repeat can help (http/repeat.h), once more with a
// fresh token when one was refused. What may have changed something is never sent twice on a guess. Errors name what
// was being done; they hold no token and no signed URL. Safe from any thread.
class ArmClient {
 public:
  ArmClient(Runtime& runtime, http::Transport& transport, identity::TokenSource& tokens, ArmOptions options);

  // The body of the answer to a request that is answered at once; null when it is empty.
  Result<json::Value> send(const Request& request, const std::string& what, std::stop_token stop);

  // All elements of a list, page by page.
  Result<std::vector<json::Value>> list(const Request& request, const std::string& what, std::stop_token stop);

  // Sends a request that begins an operation; nothing when it was done at once.
  Result<std::optional<Operation>> begin(const Request& request, const std::string& what, std::stop_token stop);

  // Looks at an operation once. Where its URLs are not known any more, its resource says how it stands.
  Result<OperationState> look(const Operation& operation, std::stop_token stop);

  // Looks at it until it is done, and gives what it made (null for nothing). Passing trouble is borne. Fails with what
  // the operation failed with, with `timeout` past the patience, with `cancelled`; the operation goes on then.
  Result<json::Value> finish(const Operation& operation, const OnProgress& progress, std::stop_token stop);

  // begin() and finish(); for operations of seconds. What was done at once gives the resource, of a POST the answer.
  Result<json::Value> run(const Request& request, const std::string& what, std::stop_token stop);

  Runtime& runtime() { return runtime_; }
  const std::string& origin() const { return origin_; }
  Milliseconds interval() const { return options_.interval; }

 private:
  struct Accepted {
    std::optional<Operation> operation;
    http::Response response;
  };
  Result<Accepted> accept(const Request& request, const std::string& what, const std::stop_token& stop);
  Result<http::Response> answer(const http::Request& request, bool changes, const std::string& what,
                                const std::stop_token& stop);
  Result<http::Response> ask(const std::string& url, const std::string& what, const std::stop_token& stop);
  Result<OperationState> look_at_resource(const Operation& operation, const std::stop_token& stop);

  Runtime& runtime_;
  http::Transport& transport_;
  identity::TokenSource& tokens_;
  const ArmOptions options_;
  const std::string origin_;
};

}  // namespace halley::native
