// Signs, sends and repeats requests, and counts what they cost.
#pragma once

#include <atomic>
#include <string>

#include "cosmos/client.h"
#include "cosmos/regions.h"
#include "cosmos/resource_path.h"
#include "cosmos/retry.h"
#include "cosmos/session_tokens.h"
#include "cosmos/status_error.h"

namespace halley::cosmos {

struct Call {
  std::string_view method;  // upper-case
  ResourcePath path;
  Operation operation = Operation::metadata;
  Effect effect = Effect::read;
  http::Headers headers;  // beside those that every request carries
  std::string body;
  std::string what;                   // "reading container Shop/Orders": the frame its errors get
  std::string container;              // requests about documents: ContainerName::text(), whose session they belong to
  std::string range_id;               // sent in its header when not empty
  bool write_regions_only = false;    // of a read: a region that takes no writes is not asked
  bool keeps_session = false;         // fails rather than be answered from behind what was seen
  std::vector<std::string> ask_last;  // endpoints to ask when no other answers that is not down
};

struct Outcome {
  Result<http::Response> response;  // an answer (2xx or 304), or the error
  // An earlier attempt lost its answer and may have been carried out: then 409 and 404 may be this call's own doing.
  bool after_lost_answer = false;
  // Of the endpoint that the last attempt went to.
  bool from_write_region = true;
  std::string base;
};

class RequestSender {
 public:
  // `base` is the endpoint without a slash at its end, `key` the decoded master key.
  RequestSender(Runtime& runtime, http::Transport& transport, std::string base, std::string key,
                const ClientOptions& options);

  // A write that fails after an attempt whose answer was lost fails with ambiguous.
  Outcome send(const Call& call, const std::stop_token& stop);

  // The account record that was read at `base`: it says which regions there are. Gives the account's id, as its global
  // endpoint would say it.
  std::string learn_account(const json::Value& record, const std::string& base) {
    regions_.learn(record);
    return regions_.global_id(record.string_at("id"), base);
  }

  const Regions& regions() const { return regions_; }

  // Counts and logs what is about to be repeated.
  void note_repeat(Operation operation, RetryReason reason, Milliseconds wait, std::string_view what,
                   std::string_view why);

  Charges charges() const;
  Second newest_server_time() const { return {newest_server_time_.load()}; }
  Runtime& runtime() { return runtime_; }
  // What may be shown of a message inside an answer (status_error.h).
  std::string shown_words(std::string said) const;
  void log(const std::string& line) const {
    if (debug_log_) debug_log_(line);
  }

 private:
  struct Counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> retries{0};
    std::atomic<std::uint64_t> milli_units{0};
    std::atomic<std::uint64_t> bytes_received{0};
  };
  // Where the attempts of one call went, and where the next one goes.
  struct Route {
    Regions::Place place;
    std::vector<std::string> tried;
    bool with_session = true;
  };

  http::Request signed_request(const Call& call, const Route& route);
  Result<http::Response> attempt(const Call& call, const Route& route, const std::stop_token& stop);
  void account(Operation operation, const http::Response& response);
  void note_session(const Call& call, const http::Response& response);
  // Prepares the next attempt; false when stopped while waiting for it.
  bool prepare(const Call& call, const Repeat& repeat, const Error& error, Route& route, const std::stop_token& stop);
  void read_account_again(const std::stop_token& stop);
  Counters& counters(Operation operation) { return counters_[static_cast<std::size_t>(operation)]; }

  Runtime& runtime_;
  http::Transport& transport_;
  const std::string key_;
  const Milliseconds attempt_timeout_;
  const RetryLimits limits_;
  const std::function<void(const std::string&)> debug_log_;
  Regions regions_;
  SessionTokens sessions_;
  std::atomic<bool> endpoint_known_{false};
  std::atomic<SteadyTime> account_read_again_{SteadyTime::min()};  // when the record was last asked for
  std::atomic<std::int64_t> newest_server_time_{0};
  std::array<Counters, kOperations> counters_;
  std::array<std::atomic<std::uint64_t>, kRetryReasons> retries_by_reason_{};
};

}  // namespace halley::cosmos
