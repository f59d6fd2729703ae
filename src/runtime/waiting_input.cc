#include "runtime/waiting_input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace halley {
namespace {

constexpr int kPollMilliseconds = 50;

}  // namespace

int open_input(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }

Result<std::size_t> read_input(int descriptor, std::span<char> into, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    // Of a FIFO that nobody has opened to write yet a read would give the end; this waits.
    pollfd waiting{descriptor, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kPollMilliseconds);
    if (ready < 0 && errno != EINTR) return fail(Code::io, std::strerror(errno));
    if (ready <= 0) continue;
    const ssize_t count = ::read(descriptor, into.data(), into.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return fail(Code::io, std::strerror(errno));
  }
  return fail(Code::cancelled, "interrupted");
}

Result<std::string> read_all_input(int descriptor, std::size_t most, const std::stop_token& stop) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    ASSIGN(const std::size_t count, read_input(descriptor, buffer, stop));
    if (count == 0) return text;
    text.append(buffer.data(), count);
    if (text.size() > most) return fail(Code::invalid_argument, "it is larger than " + std::to_string(most) + " bytes");
  }
}

}  // namespace halley
