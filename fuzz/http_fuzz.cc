// HTTP as bytes on a connection. The first byte says who gets them: 'q', as a request, the listener; else, as an
// answer, the client. Neither may fail but in the ways its contract has, and the listener listens on.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "http/listener.h"
#include "http/transport.h"

namespace halley {
namespace {

constexpr int kPatience = 50'000;  // milliseconds; a connection that says nothing for so long is a finding
constexpr std::size_t kMaxInput = 60'000;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) { CHECK(descriptor >= 0); }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int descriptor() const { return descriptor_; }

  // The other side may have closed it already.
  void send(std::string_view bytes) const {
    (void)::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    (void)::shutdown(descriptor_, SHUT_WR);
  }
  // What comes until `end` has come, or nothing more does.
  std::string receive(std::string_view end = {}) const {
    std::string all;
    char buffer[4096];
    while (end.empty() || all.find(end) == std::string::npos) {
      pollfd waiting{descriptor_, POLLIN, 0};
      CHECK(::poll(&waiting, 1, kPatience) == 1);
      const ssize_t count = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  const int descriptor_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

http::Listener& listener() {
  static const auto started = [] {
    http::ListenerOptions options;
    options.max_header_bytes = 4096;
    options.max_body_bytes = 16'384;
    return http::Listener::start(real_runtime(), options, [](const http::ServerRequest& request) {
      CHECK(!request.method.empty());
      http::ServerResponse response;
      for (const auto& [name, value] : request.headers.fields()) {
        CHECK(!name.empty() && (name + value).find_first_of("\r\n") == std::string::npos);
        response.headers.set("x-echo", value);
      }
      response.body = std::string(request.target.substr(0, 100)) + std::string(request.body.substr(0, 100));
      return response;
    });
  }();
  CHECK(started.has_value());
  return **started;
}

std::string ask_listener(std::string_view request) {
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in place = loopback(listener().port());
  CHECK(::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  socket.send(request);
  return socket.receive();
}

// Answers one connection with these bytes.
class Answerer {
 public:
  Answerer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in place = loopback(0);
    socklen_t size = sizeof place;
    CHECK(::bind(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&place), size) == 0);
    CHECK(::listen(socket_.descriptor(), 8) == 0);
    CHECK(::getsockname(socket_.descriptor(), reinterpret_cast<sockaddr*>(&place), &size) == 0);
    port_ = ntohs(place.sin_port);
  }
  std::uint16_t port() const { return port_; }
  void answer(std::string_view bytes) const {
    const Socket connection(::accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    connection.receive("\r\n\r\n");
    connection.send(bytes);
  }

 private:
  const Socket socket_;
  std::uint16_t port_ = 0;
};

void ask_answerer(std::string_view bytes) {
  static const Answerer answerer;
  http::CurlOptions options;
  options.max_response_bytes = 16'384;
  // Made anew each time, so that no connection is kept.
  const auto transport = http::make_curl_transport(real_runtime(), options);
  const std::jthread thread([&] { answerer.answer(bytes); });
  http::Request request;
  request.method = "GET";
  request.url = "http://127.0.0.1:" + std::to_string(answerer.port()) + "/";
  const auto response = transport->send(request, Deadline::after(real_runtime(), Milliseconds(kPatience)), {});
  if (!response) {
    const Code code = response.error().code;
    CHECK(code == Code::corrupt || code == Code::ambiguous);
    return;
  }
  CHECK(response->status >= 100 && response->status < 1000);
  CHECK(response->body.size() <= options.max_response_bytes);
}

}  // namespace

void fuzz_one(std::string_view input) {
  if (input.empty()) return;
  const bool request = input.front() == 'q';
  input = input.substr(1, kMaxInput);
  if (!request) return ask_answerer(input);
  const std::string answer = ask_listener(input);
  CHECK(answer.empty() || answer.starts_with("HTTP/1.1 "));
  CHECK(ask_listener("GET /well HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("\r\n\r\n/well"));
}

}  // namespace halley
