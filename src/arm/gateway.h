// What comes before the routes: who asks, what is to go wrong, and where a request goes.
#pragma once

#include <mutex>
#include <stop_token>

#include "arm/subscription.h"
#include "server/faults.h"

namespace halley::arm {

// Safe from any thread: one request after the other is answered.
class Gateway {
 public:
  // With `test_door` it takes POST /_emulator/<what>, without a token:
  //   clock       {"advance":SECONDS}: the clocks of Resource Manager and of every account
  //   operations  {"looks":N,"retry_after":SECONDS}, {"fail":CODE[,"message":TEXT][,"count":N]}
  //   backup      {"not_yet":N,"lag":SECONDS}
  //   fault       as of an account (server/test_door.h); GET shows what is armed
  Gateway(Subscription& subscription, bool test_door) : subscription_(subscription), test_door_(test_door) {}

  http::ServerResponse handle(const http::ServerRequest& request);
  // Ends what delays requests.
  void interrupt() { interrupted_.request_stop(); }

 private:
  Reply reply_to(const http::ServerRequest& request);
  Result<Reply> answer(const http::ServerRequest& request);
  Result<Reply> route(const Call& call);
  Result<Reply> serve_operation(const Call& call);
  Result<Reply> serve_door(const Call& call);
  Result<Reply> set_operations(const json::Value& body);
  Reply fault_reply(const server::Fault& fault, const http::ServerRequest& request);

  Subscription& subscription_;
  const bool test_door_;
  server::Faults faults_;
  std::stop_source interrupted_;
  std::mutex mutex_;  // over the subscription
};

}  // namespace halley::arm
