#include "arm/operations.h"

#include <fmt/format.h>

#include "runtime/guid.h"

namespace halley::arm {
namespace {

// The service carries out so many restores in an account at once.
constexpr int kAtOnce = 3;

// How many that ended can still be asked about.
constexpr std::size_t kEndedKept = 1000;

// The signature of an operation's URLs, as long as the service's are.
constexpr std::size_t kCertificateBytes = 2575;
constexpr std::size_t kSignatureBytes = 342;

std::string repeated(const std::string& text, std::size_t size) {
  std::string longer;
  while (longer.size() < size) longer += text;
  longer.resize(size);
  return longer;
}

std::string signature(const Operation& operation) {
  return fmt::format("c={}&s={}", repeated(operation.id, kCertificateBytes), repeated(operation.id, kSignatureBytes));
}

}  // namespace

void Operations::set_pace(int looks, std::int64_t retry_after) {
  looks_ = looks;
  retry_after_ = retry_after;
}

void Operations::fail_next(OperationFailure failure, int count) {
  next_failure_ = std::move(failure);
  failures_left_ = count;
}

Status Operations::admit(const std::string& account, const std::string& resource, bool exclusive) const {
  int in_account = 0;
  for (const auto& [id, operation] : operations_) {
    if (!operation.running() || !http::equal_ignoring_case(operation.account, account)) continue;
    if (http::equal_ignoring_case(operation.resource, resource) && !exclusive && !operation.exclusive) {
      return refuse(409, "Conflict",
                    "There is already an operation in progress for this resource, such as a restore that is already "
                    "running.");
    }
    ++in_account;
    if (!exclusive && !operation.exclusive && in_account < kAtOnce) continue;
    return refuse(412, "PreconditionFailed",
                  "There is already an operation in progress which requires exclusive lock on this account " + account +
                      ". Please retry the operation after sometime.");
  }
  return {};
}

Operation& Operations::begin(Operation operation) {
  operation.id = new_guid(runtime_);
  operation.looks_left = looks_;
  if (failures_left_ > 0) {
    --failures_left_;
    operation.planned_failure = next_failure_;
  }
  for (; ended_.size() > kEndedKept; ended_.pop_front()) operations_.erase(ended_.front());
  const std::string id = operation.id;
  return operations_.emplace(id, std::move(operation)).first->second;
}

void Operations::look(Operation& operation) {
  if (!operation.running()) return;
  go_on(operation);
  if (operation.running()) return;
  operation.finish = {};
  operation.failed = {};
  ended_.push_back(operation.id);
}

void Operations::go_on(Operation& operation) {
  if (operation.looks_left > 0) {
    --operation.looks_left;
    if (operation.looks++ > 0) operation.status = "Dequeued";
    return;
  }
  if (operation.planned_failure) {
    operation.failure = operation.planned_failure;
  } else {
    auto finished = operation.finish();
    if (finished) {
      operation.status = "Succeeded";
      operation.result = *std::move(finished);
      return;
    }
    operation.failure = OperationFailure{finished.error().hint, finished.error().message};
  }
  operation.status = "Failed";
  if (operation.failed) operation.failed();
}

void Operations::look_at(const std::string& resource) {
  for (auto& [id, operation] : operations_) {
    if (operation.running() && http::equal_ignoring_case(operation.resource, resource)) look(operation);
  }
}

Operation* Operations::find(const std::string& id) {
  const auto found = operations_.find(id);
  return found == operations_.end() ? nullptr : &found->second;
}

void Operations::set_pause(Reply& reply) const { reply.headers.set("Retry-After", std::to_string(retry_after_)); }

void Operations::set_place(const Call& call, const Operation& operation, const std::string& status_path,
                           Reply& reply) const {
  const std::string query = "?api-version=" + call.api_version();
  std::string location = call.base + path_text(call.path) + "/operationResults/" + operation.id + query;
  if (!status_path.empty()) {
    const std::string more = "&t=638549586186385629&" + signature(operation) + "&h=" + repeated(operation.id, 43);
    location += more;
    reply.headers.set("Azure-AsyncOperation", call.base + status_path + operation.id + query + more);
  }
  reply.headers.set("Location", location);
  set_pause(reply);
}

bool Operations::is_signed(const Call& call, const Operation& operation) {
  return fmt::format("c={}&s={}", call.query_of("c"), call.query_of("s")) == signature(operation);
}

Reply Operations::status_reply(const Operation& operation) const {
  if (operation.failure) {
    std::string body = error_object(operation.failure->code, operation.failure->message);
    body.insert(1, R"("status":"Failed",)");
    return json_reply(200, std::move(body));
  }
  Reply reply = json_reply(200, fmt::format(R"({{"status":"{}"}})", operation.status));
  if (operation.running()) set_pause(reply);
  return reply;
}

Reply Operations::result_reply(const Call& call, const Operation& operation) const {
  if (operation.failure) return json_reply(400, error_object(operation.failure->code, operation.failure->message));
  if (operation.running()) {
    Reply reply = json_reply(202, R"({"status":"Enqueued"})");
    std::string link = call.base + path_text(call.path);
    for (const auto& [name, value] : call.query) {
      link += (link.find('?') == std::string::npos ? "?" : "&") + name + "=" + http::percent_encode(value);
    }
    reply.headers.set("Location", link);
    set_pause(reply);
    return reply;
  }
  if (!operation.result.empty()) return json_reply(200, operation.result);
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace halley::arm
