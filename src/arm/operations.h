// Operations that go on after they were answered: they are done when they were looked at often enough, so that tests
// see every state without waiting.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "arm/answer.h"
#include "runtime/runtime.h"

namespace halley::arm {

struct OperationFailure {
  std::string code;
  std::string message;
};

struct Operation {
  std::string id;
  std::string account;     // in which it is
  std::string resource;    // the path of what it is about
  bool exclusive = false;  // no other operation goes on in the account meanwhile
  int looks_left = 0;
  int looks = 0;
  std::optional<OperationFailure> planned_failure;

  // Carries it out; what it gives is the result. `failed` undoes what was begun.
  std::function<Result<std::string>()> finish;
  std::function<void()> failed;

  std::string status = "Enqueued";
  std::string result;  // JSON
  std::optional<OperationFailure> failure;

  bool running() const { return status == "Enqueued" || status == "Dequeued"; }
};

// Not safe from several threads.
class Operations {
 public:
  explicit Operations(Runtime& runtime) : runtime_(runtime) {}

  // How many looks say that it goes on, and the Retry-After of such answers.
  void set_pace(int looks, std::int64_t retry_after);
  // So many of those that begin from now on fail in the end.
  void fail_next(OperationFailure failure, int count);

  // Fails with 412 or 409 when another operation is in the way.
  Status admit(const std::string& account, const std::string& resource, bool exclusive) const;
  Operation& begin(Operation operation);

  // A look at an operation; one more at those about a resource.
  void look(Operation& operation);
  void look_at(const std::string& resource);
  Operation* find(const std::string& id);

  // The headers by which an operation is asked about: of its status below `status_path`, unless that is empty, and of
  // what it made below the path of the call.
  void set_place(const Call& call, const Operation& operation, const std::string& status_path, Reply& reply) const;
  // Whether a question carries the signature that the operation's URLs were given.
  static bool is_signed(const Call& call, const Operation& operation);

  Reply status_reply(const Operation& operation) const;
  Reply result_reply(const Call& call, const Operation& operation) const;

  // The Retry-After of an answer that something goes on.
  void set_pause(Reply& reply) const;

 private:
  void go_on(Operation& operation);

  Runtime& runtime_;
  int looks_ = 2;
  std::int64_t retry_after_ = 0;
  std::optional<OperationFailure> next_failure_;
  int failures_left_ = 0;
  std::map<std::string, Operation> operations_;
  std::deque<std::string> ended_;  // ids, the newest last
};

}  // namespace halley::arm
