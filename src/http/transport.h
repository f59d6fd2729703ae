// The seam to the network: one request out, one response back.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "http/message.h"
#include "runtime/deadline.h"

namespace halley::http {

struct Request {
  std::string method;  // upper-case
  std::string url;     // absolute, already percent-encoded; sent as is
  Headers headers;
  std::string body;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;  // json::kPadding bytes of capacity stand behind it
  Milliseconds round_trip{0};
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Sends and waits for the whole response, whatever its status. The deadline bounds silence: where at least two
  // seconds are left, an exchange whose bodies keep flowing may take ten times as long, and what stalls then is given
  // up some seconds later. Failures: `unavailable` when the request certainly was not processed (name, connect, TLS
  // before anything was sent), `ambiguous` when it may have been (sent, connection or a part of the answer lost),
  // `timeout` past the deadline (ambiguous for writes), `unauthorized` for an untrusted certificate (hint names --ca),
  // `corrupt` for an answer that is not HTTP or is too large, `cancelled` on stop. Messages name host and port, never
  // keys or header values. Safe from any thread.
  virtual Result<Response> send(const Request& request, Deadline deadline, std::stop_token stop) = 0;
};

struct CurlOptions {
  std::string ca_file;        // PEM, of all that is trusted; empty = what the system trusts
  bool insecure_tls = false;  // certificate not verified
  Milliseconds connect_timeout{10000};
  std::string user_agent = "halley";
  // A larger answer is cut off and fails with corrupt, naming this bound: no page or batch of the service is near it.
  std::size_t max_response_bytes = 64 * 1024 * 1024;
};

// libcurl: one handle per calling thread at a time, connections kept alive, HTTP/1.1, no redirects, no proxy
// surprises on loopback and link-local addresses.
std::unique_ptr<Transport> make_curl_transport(Runtime& runtime, CurlOptions options);

}  // namespace halley::http
