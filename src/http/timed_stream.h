// A socket whose reads and writes end: each waits no longer than until a deadline. Part of the listener; included by
// nothing else, for it includes Asio.
#pragma once

#include <poll.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "runtime/deadline.h"

namespace halley::http {

// A SyncStream in Asio's sense.
class TimedStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using error_code = boost::system::error_code;
  using executor_type = Socket::executor_type;
  using lowest_layer_type = Socket::lowest_layer_type;
  using next_layer_type = Socket;

  // Makes the socket non-blocking. It must outlive this.
  TimedStream(Runtime& runtime, Socket& socket) : runtime_(runtime), socket_(socket) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  // Reads and writes from now on may take so long altogether; with `each` every single one may, as long as bytes flow.
  void allow(Milliseconds altogether) {
    deadline_ = Deadline::after(runtime_, altogether);
    each_ = Milliseconds(0);
  }
  void allow_each(Milliseconds each) { each_ = each; }
  bool timed_out() const { return timed_out_; }

  executor_type get_executor() { return socket_.get_executor(); }
  lowest_layer_type& lowest_layer() { return socket_.lowest_layer(); }
  Socket& next_layer() { return socket_; }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    return repeat(POLLIN, error, [&] { return socket_.read_some(buffers, error); });
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code error;
    const std::size_t count = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return count;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    return repeat(POLLOUT, error, [&] { return socket_.write_some(buffers, error); });
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code error;
    const std::size_t count = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return count;
  }

 private:
  template <typename Step>
  std::size_t repeat(short event, error_code& error, const Step& step) {
    while (true) {
      const std::size_t count = step();
      if (error != boost::asio::error::would_block) return count;
      if (!wait(event)) {
        timed_out_ = true;
        error = boost::asio::error::timed_out;
        return 0;
      }
    }
  }

  bool wait(short event) {
    const Milliseconds left = each_.count() > 0 ? each_ : deadline_.left(runtime_);
    if (left.count() <= 0) return false;
    pollfd waiting{socket_.native_handle(), event, 0};
    constexpr std::int64_t kLongestPoll = 24LL * 3600 * 1000;
    return ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), kLongestPoll))) != 0;
  }

  Runtime& runtime_;
  Socket& socket_;
  Deadline deadline_ = Deadline::after(runtime_, Milliseconds(0));
  Milliseconds each_{0};
  bool timed_out_ = false;
};

}  // namespace halley::http
