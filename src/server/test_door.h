// The door for tests: moves the clock, splits partitions and makes requests go wrong. It asks for no signature, so it
// is only ever offered on loopback.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/exchange.h"

namespace halley::server {

// What goes wrong with a request.
struct Fault {
  enum class Kind {
    throttle,    // 429, not done
    drop,        // the connection is closed, not done
    lose_reply,  // done, then the connection is closed
    truncate,    // done, half of the body is sent, then the connection is closed
    status,      // answered with this status, not done
  };
  Kind kind = Kind::throttle;
  int count = 0;     // how many requests are left to suffer it
  int status = 503;  // for Kind::status
  int sub_status = 0;
  std::string match;  // a part of "METHOD /target"; empty = every request
};

class TestDoor {
 public:
  explicit TestDoor(Engine& engine) : engine_(engine) {}

  // POST /_emulator/clock     {"advance":SECONDS} or {"freeze":"RFC3339"}; answers {"now":"RFC3339"}
  // POST /_emulator/split     {"database":…,"container":…,"range":ID[,"at":HEX]}
  // POST /_emulator/fault     {"kind":"throttle|drop|lose_reply|truncate|status","count":N[,"match":TEXT]}, for status
  //                           also "status" and "sub_status"; {"clear":true} forgets all faults
  // POST /_emulator/merge     not offered yet
  Result<Reply> serve(const Call& call);

  // The fault this request suffers, if any; counts it.
  std::optional<Fault> next_fault(const http::ServerRequest& request);

 private:
  Result<Reply> set_clock(const json::Value& body);
  Result<Reply> split(const json::Value& body);
  Result<Reply> add_fault(const json::Value& body);

  Engine& engine_;
  std::mutex mutex_;
  std::vector<Fault> faults_;
};

}  // namespace halley::server
