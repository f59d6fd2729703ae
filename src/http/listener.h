// An HTTP/1.1 listener with keep-alive for the embedded servers (and later metrics and dashboard).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "runtime/runtime.h"

namespace halley::http {

struct ServerRequest {
  std::string_view method;
  std::string_view target;  // as on the request line, undecoded, query included
  const Headers& headers;
  std::string_view body;
};

struct ServerResponse {
  int status = 200;
  Headers headers;  // Content-Length, Connection and, where absent, Date are added by the listener
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // used instead of `body` when set: sent without a copy
  // Faults for tests: the connection is closed without an answer, or after this many bytes of the body.
  bool drop_connection = false;
  std::int64_t truncate_after = -1;
};

// Called on a worker thread, concurrently for different connections. Must not throw.
using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct ListenerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0 = one the kernel gives
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_body_bytes = 16 * 1024 * 1024;
  // A connection on which nothing was asked for so long is closed.
  Milliseconds idle_timeout{120'000};
  // How long a request may take to arrive, from its first byte to its last: who sends a byte now and then is answered
  // 408 and cut off. The TLS handshake has as long.
  Milliseconds request_timeout{30'000};
  // An answer of which no byte was taken for so long is given up.
  Milliseconds write_timeout{60'000};
  // TLS when both are given: PEM texts.
  std::string certificate_pem;
  std::string private_key_pem;
};

class Listener {
 public:
  // Binds and starts serving. Fails with io naming the address. Requests that are malformed, too large or too slow
  // are answered 400, 408, 413 or 431, with a JSON object {code, message}, and closed.
  static Result<std::unique_ptr<Listener>> start(Runtime& runtime, ListenerOptions options, Handler handler);
  virtual ~Listener() = default;  // stops: no new connections, running handlers finish, threads joined
  virtual std::uint16_t port() const = 0;
};

// A self-signed certificate for these host names and addresses, for tests and the embedded servers: {certificate,
// key} as PEM.
struct GeneratedCertificate {
  std::string certificate_pem;
  std::string private_key_pem;
};
Result<GeneratedCertificate> generate_certificate(const std::vector<std::string>& hosts);

}  // namespace halley::http
