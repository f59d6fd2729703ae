// What the embedded server spends on point writes and point reads over loopback HTTP: requests for each CPU second of
// its process, which is what it serves in a second on one core. usage: server_bench [REQUESTS [CONNECTIONS [BYTES]]]
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "codec/base64.h"
#include "cosmos/signing.h"
#include "runtime/runtime.h"
#include "server/emulator.h"
#include "server/engine.h"

namespace {

using namespace halley;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <typename T>
void write_value(int fd, const T& value) {
  CHECK(::write(fd, &value, sizeof value) == sizeof value);
}
template <typename T>
T read_value(int fd) {
  T value{};
  CHECK(::read(fd, &value, sizeof value) == sizeof value);
  return value;
}

// Serves until its input closes, and tells its CPU seconds for each byte it gets.
[[noreturn]] void serve(int out, int in) {
  auto emulator = server::Emulator::start(real_runtime(), {});
  CHECK(emulator);
  server::Engine& engine = (*emulator)->account().engine();
  CHECK(engine.create_database("bench"));
  CHECK(engine.create_container("bench", R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2}})"));
  const std::string endpoint = (*emulator)->endpoint();
  write_value(out, static_cast<std::uint16_t>(std::atoi(endpoint.c_str() + endpoint.rfind(':') + 1)));
  char byte = 0;
  while (::read(in, &byte, 1) > 0) write_value(out, own_cpu_seconds());
  std::_Exit(0);
}

// The head of a signed request, as the SDKs send it.
std::string head(std::string_view method, const std::string& path, std::string_view signed_link, std::string_view pk) {
  static const std::string key = *codec::base64_decode(cosmos::kEmulatorKey);
  const std::string date = format_http_date(real_runtime().wall_second());
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-ms-version: 2020-07-15\r\nx-ms-date: {}\r\nauthorization: {}\r\n"
      "accept: application/json\r\ncache-control: no-cache\r\nuser-agent: bench\r\n"
      "x-ms-cosmos-sdk-supportedcapabilities: 1\r\nx-ms-cosmos-allow-tentative-writes: true\r\n"
      "x-ms-documentdb-partitionkey: [\"{}\"]\r\n",
      method, path, date, cosmos::master_key_token(key, method, "docs", signed_link, date), pk);
}

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request and reads its answer to the end; the status must be this.
  void exchange(const std::string& request, std::string_view status) {
    CHECK(::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    std::size_t size = 0;
    for (std::size_t whole = SIZE_MAX; size < whole;) {
      const ssize_t count = ::recv(fd_, buffer_.data() + size, buffer_.size() - size, 0);
      CHECK(count > 0);
      size += static_cast<std::size_t>(count);
      if (whole == SIZE_MAX) whole = size_of_answer({buffer_.data(), size});
    }
    CHECK(std::string_view(buffer_.data(), size).substr(9, 3) == status);
  }

 private:
  static std::size_t size_of_answer(std::string_view answer) {
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t end = answer.find("\r\n\r\n");
    if (end == std::string_view::npos) return SIZE_MAX;
    const std::size_t length = answer.find(kLength);
    CHECK(length < end);
    return end + 4 + static_cast<std::size_t>(std::atoll(answer.data() + length + kLength.size()));
  }

  int fd_;
  std::vector<char> buffer_ = std::vector<char>(1 << 20);
};

constexpr std::string_view kFeed = "dbs/bench/colls/c";

std::string write_request(std::size_t connection, std::size_t number, std::size_t body_bytes) {
  const std::string pk = std::to_string(number % 997);
  const std::string body =
      fmt::format(R"({{"id":"{}-{}","pk":"{}","count":{},"price":12.75,"tags":["a","b"],"text":"{}"}})", connection,
                  number, pk, number, std::string(body_bytes, 'x'));
  return head("POST", fmt::format("/{}/docs", kFeed), kFeed, pk) +
         fmt::format("content-type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string read_request(std::size_t connection, std::size_t number) {
  const std::string link = fmt::format("{}/docs/{}-{}", kFeed, connection, number);
  return head("GET", "/" + link, link, std::to_string(number % 997)) + "\r\n";
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, std::size_t otherwise) {
    return argc > index ? static_cast<std::size_t>(std::atoll(argv[index])) : otherwise;
  };
  const std::size_t connections = argument(2, 4);
  const std::size_t each = argument(1, 40'000) / connections;
  const std::size_t body_bytes = argument(3, 800);
  std::array<int, 2> to_parent{};
  std::array<int, 2> to_child{};
  CHECK(::pipe(to_parent.data()) == 0 && ::pipe(to_child.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(to_child[1]);
    serve(to_parent[1], to_child[0]);
  }
  const auto port = read_value<std::uint16_t>(to_parent[0]);
  const auto cpu_seconds = [&] {
    write_value(to_child[1], 'c');
    return read_value<double>(to_parent[0]);
  };
  // Requests are made before they are counted, so that the clients leave the machine to the server.
  const auto run = [&](const char* what, std::string_view status, const auto& request_of) {
    std::vector<std::vector<std::string>> requests(connections);
    for (std::size_t i = 0; i < connections; ++i) {
      for (std::size_t n = 0; n < each; ++n) requests[i].push_back(request_of(i, n));
    }
    const double before = cpu_seconds();
    const SteadyTime began = real_runtime().steady_now();
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < connections; ++i) {
      threads.emplace_back([&, i] {
        Client client(port);
        for (const std::string& request : requests[i]) client.exchange(request, status);
      });
    }
    threads.clear();
    const double wall = std::chrono::duration<double>(real_runtime().steady_now() - began).count();
    const double cpu = cpu_seconds() - before;
    const auto count = static_cast<double>(each * connections);
    std::printf("%-12s %8.0f / CPU second   %8.0f / second of wall time\n", what, count / cpu, count / wall);
  };
  run("point writes", "201", [&](std::size_t i, std::size_t n) { return write_request(i, n, body_bytes); });
  run("point reads", "200", [](std::size_t i, std::size_t n) { return read_request(i, n); });
  ::close(to_child[1]);
  ::waitpid(child, nullptr, 0);
}
