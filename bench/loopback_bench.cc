// What carrying pages over loopback HTTP costs: CPU seconds per GB of the listener and of the transport, each in its
// own process. usage: loopback_bench [PAGE_MIB [TOTAL_MIB [CONNECTIONS]]]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/check.h"
#include "http/listener.h"
#include "http/transport.h"

namespace {

using namespace halley;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void print(const char* side, const rusage& usage, double gigabytes) {
  const double user = seconds(usage.ru_utime);
  const double system = seconds(usage.ru_stime);
  std::printf("%-10s %6.3f s/GB (user %.3f, system %.3f)\n", side, (user + system) / gigabytes, user / gigabytes,
              system / gigabytes);
}

// Serves until its input closes.
[[noreturn]] void serve(int port_out, int quit_in, std::size_t page_size) {
  const auto page = std::make_shared<const std::string>(page_size, 'x');
  auto listener = http::Listener::start(real_runtime(), {}, [&](const http::ServerRequest&) {
    http::ServerResponse response;
    response.shared_body = page;
    return response;
  });
  CHECK(listener);
  const std::uint16_t port = (*listener)->port();
  CHECK(::write(port_out, &port, sizeof port) == sizeof port);
  char ignored = 0;
  while (::read(quit_in, &ignored, 1) > 0) {
  }
  listener->reset();
  std::_Exit(0);
}

std::size_t argument(int argc, char** argv, int index, std::size_t otherwise) {
  return argc > index ? static_cast<std::size_t>(std::atoll(argv[index])) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t page_size = argument(argc, argv, 1, 4) << 20;
  const std::size_t total = argument(argc, argv, 2, 4096) << 20;
  const std::size_t connections = argument(argc, argv, 3, 2);
  int port_pipe[2];
  int quit_pipe[2];
  CHECK(::pipe(port_pipe) == 0 && ::pipe(quit_pipe) == 0);
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    ::close(quit_pipe[1]);
    serve(port_pipe[1], quit_pipe[0], page_size);
  }
  std::uint16_t port = 0;
  CHECK(::read(port_pipe[0], &port, sizeof port) == sizeof port);

  const auto transport = http::make_curl_transport(real_runtime(), {});
  http::Request request;
  request.method = "GET";
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/dbs/Shop/colls/Orders/docs";
  std::atomic<std::size_t> left = total / page_size;
  const SteadyTime begin = real_runtime().steady_now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < connections; ++i) {
      threads.emplace_back([&] {
        for (std::size_t had = left; had > 0; had = left) {
          if (!left.compare_exchange_weak(had, had - 1)) continue;
          const auto response = transport->send(request, Deadline::after(real_runtime(), Milliseconds(60000)), {});
          CHECK(response && response->body.size() == page_size);
        }
      });
    }
  }
  const double elapsed = std::chrono::duration<double>(real_runtime().steady_now() - begin).count();
  rusage own{};
  rusage served{};
  ::getrusage(RUSAGE_SELF, &own);
  ::close(quit_pipe[1]);
  CHECK(::wait4(child, nullptr, 0, &served) == child);
  const std::size_t pages = total / page_size;
  const double gigabytes = static_cast<double>(pages * page_size) / 1e9;
  std::printf("%.1f GB in pages of %.2f MiB over %zu connections: %.0f MB/s\n", gigabytes,
              static_cast<double>(page_size) / (1 << 20), connections, gigabytes * 1000 / elapsed);
  print("listener", served, gigabytes);
  print("transport", own, gigabytes);
  return 0;
}
