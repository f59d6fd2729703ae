// A Cosmos-compatible account, in memory or with a journal behind it, served over HTTP: what `halley emulator` runs,
// and the world of tests, drills and the demo. docs/wire-protocol.md says what it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/listener.h"
#include "runtime/runtime.h"
#include "server/clock.h"
#include "server/throughput.h"

namespace halley::server {

class Engine;
class Faults;
class Journal;
class ResourceHistory;
class Topology;

// A region of the account: its name, and the Host header by which it is asked (empty: not yet known).
struct RegionOptions {
  std::string name;
  std::string host;
};

struct AccountOptions {
  std::string account_id = "halley-emulator";  // never "localhost": the JavaScript SDK treats that id apart
  std::string key;                             // base64; empty = the well-known emulator key
  int partitions = 1;                          // physical partitions of a new container
  bool all_versions_feed = true;
  ThroughputRules throughput;
  // Its regions; the first takes the writes, with multiple_write_regions all do. None = one that is wherever it is
  // asked.
  std::vector<RegionOptions> regions;
  bool multiple_write_regions = false;
  bool test_door = false;      // /_emulator/…: test_door.h
  Journal* journal = nullptr;  // what backs the account, so that it is there again; must outlive it. None = memory only
  // Is told what happens to databases and containers (resource_history.h). Not with a journal. None = nobody is.
  std::shared_ptr<ResourceHistory> history;
  // Takes a line for each request (access_log.h), from any thread. None = nothing is logged.
  std::function<void(std::string_view line)> access_log;
  bool https = false;  // the scheme of the endpoints the account names; set by Emulator
};

// The gateway: HTTP requests in, responses out, no sockets. Safe from any thread. The endpoint it names in the account
// record is the request's Host header.
class Account {
 public:
  Account(Runtime& runtime, AccountOptions options);
  ~Account();

  // Takes up what its journal has. To be called once, before the first request. Fails with corrupt.
  Status recover();

  // With a journal, nothing is answered before all it tells of is durable; while that can't be, everything is answered
  // 503.
  http::ServerResponse handle(const http::ServerRequest& request);

  // The clock behind _ts, TTL and Date.
  VirtualClock& clock();
  Engine& engine();
  // What goes wrong on demand (docs/fault-injection.md); with or without the test door.
  Faults& faults();
  Topology& topology();
  // Whether the all-versions change feed is offered.
  bool all_versions_feed() const;
  void set_all_versions_feed(bool on);
  // The account's record, as it is read at this host.
  std::string record(std::string_view host);
  // Ends what delays requests: this account is about to go.
  void interrupt();
  const std::string& key() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct EmulatorOptions {
  AccountOptions account;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = false;  // with `certificate`, or one generated for the address
  std::optional<http::GeneratedCertificate> certificate = {};
};

// An Account behind a Listener.
class Emulator {
 public:
  static Result<std::unique_ptr<Emulator>> start(Runtime& runtime, EmulatorOptions options);
  ~Emulator();

  std::string endpoint() const;  // http(s)://127.0.0.1:PORT/
  // That of a region, which has a port of its own; empty when there is no such region. The endpoint above leads to the
  // region that takes the writes.
  std::string region_endpoint(std::string_view name) const;
  const std::string& key() const;
  const std::string& certificate_pem() const;  // empty without TLS
  Account& account();
  // The account's record, as clients read it.
  std::string account_record() const;

  // Takes no more requests: those that are being answered are, and then the account stays as it is.
  void stop_serving();

 private:
  Emulator();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace halley::server
