// Signs, sends and repeats requests, and counts what they cost.
#pragma once

#include <atomic>
#include <string>

#include "cosmos/client.h"
#include "cosmos/resource_path.h"
#include "cosmos/retry.h"
#include "cosmos/status_error.h"

namespace halley::cosmos {

struct Call {
  std::string_view method;  // upper-case
  ResourcePath path;
  Operation operation = Operation::metadata;
  Effect effect = Effect::read;
  http::Headers headers;  // beside those that every request carries
  std::string body;
  std::string what;  // "reading container Shop/Orders": the frame its errors get
};

struct Outcome {
  Result<http::Response> response;  // an answer (2xx or 304), or the error
  // An earlier attempt lost its answer and may have been carried out: then 409 and 404 may be this call's own doing.
  bool after_lost_answer = false;
};

class RequestSender {
 public:
  // `base` is the endpoint without a slash at its end, `key` the decoded master key.
  RequestSender(Runtime& runtime, http::Transport& transport, std::string base, std::string key,
                const ClientOptions& options);

  // A write that fails after an attempt whose answer was lost fails with ambiguous.
  Outcome send(const Call& call, const std::stop_token& stop);

  Charges charges() const;
  Second newest_server_time() const { return {newest_server_time_.load()}; }
  Runtime& runtime() { return runtime_; }

 private:
  struct Counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> retries{0};
    std::atomic<std::uint64_t> milli_units{0};
    std::atomic<std::uint64_t> bytes_received{0};
  };

  http::Request signed_request(const Call& call);
  Result<http::Response> attempt(const Call& call, const std::stop_token& stop);
  void account(Operation operation, const http::Response& response);
  Counters& counters(Operation operation) { return counters_[static_cast<std::size_t>(operation)]; }

  Runtime& runtime_;
  http::Transport& transport_;
  const std::string base_;
  const std::string key_;
  const Milliseconds attempt_timeout_;
  const RetryLimits limits_;
  std::atomic<bool> endpoint_known_{false};
  std::atomic<std::int64_t> newest_server_time_{0};
  std::array<Counters, kOperations> counters_;
};

}  // namespace halley::cosmos
