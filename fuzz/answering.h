// An account that answers every request with what the input says: a status line, header fields, an empty line, a body.
#pragma once

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "cosmos/client.h"
#include "cosmos/signing.h"
#include "http/transport.h"
#include "json/document_scanner.h"

namespace halley {

// The text up to the end of the line, which goes off the front of `text`.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// Header fields up to an empty line, or to a line that is none.
inline http::Headers take_headers(std::string_view& text) {
  http::Headers headers;
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    headers.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 2, line.size()))));
  }
  return headers;
}

class Answering final : public http::Transport {
 public:
  explicit Answering(std::string_view input) {
    const std::string_view status = take_line(input).substr(0, 3);
    (void)std::from_chars(status.data(), status.data() + status.size(), answer_.status);
    answer_.headers = take_headers(input);
    answer_.body = input;
  }

  int status() const { return answer_.status; }

  Result<http::Response> send(const http::Request&, Deadline, std::stop_token) override {
    http::Response copy = answer_;
    copy.body.reserve(copy.body.size() + json::kPadding);
    return copy;
  }

 private:
  http::Response answer_;
};

// A client of that account, which gives up soon and logs no key.
inline std::unique_ptr<cosmos::Client> client_of(Answering& account, Runtime& runtime) {
  cosmos::ClientOptions options;
  options.endpoint = "http://account.test/";
  options.key = std::string(cosmos::kEmulatorKey);
  options.max_attempts = 2;
  options.throttle_patience = Milliseconds(1000);
  options.debug_log = [](const std::string& line) { CHECK(line.find(cosmos::kEmulatorKey) == std::string::npos); };
  auto client = cosmos::Client::create(runtime, account, options);
  CHECK(client.has_value());
  return std::move(*client);
}

}  // namespace halley
