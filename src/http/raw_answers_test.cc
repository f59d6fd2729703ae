// The curl transport against a server that answers as no sound one does, byte by byte.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string_view>
#include <thread>

#include "http/transport.h"

namespace halley::http {
namespace {

using ::testing::HasSubstr;

class RawAnswers : public ::testing::Test {
 protected:
  RawAnswers() : server_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const bound = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(server_, bound, sizeof address), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(server_, bound, &size), 0);
    EXPECT_EQ(::listen(server_, 4), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  }
  ~RawAnswers() override { ::close(server_); }

  static void say(int peer, std::string_view bytes) {
    EXPECT_EQ(::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // Asks once; `answer` is what the server does on the connection, which is closed behind it.
  Result<Response> ask(const std::function<void(int peer)>& answer, Milliseconds patience = Milliseconds(20000)) {
    const std::jthread answering([&] {
      const int peer = ::accept(server_, nullptr, nullptr);
      std::array<char, 4096> asked;
      EXPECT_GT(::recv(peer, asked.data(), asked.size(), 0), 0);
      answer(peer);
      ::close(peer);
    });
    return transport_->send(Request{"GET", url_, {}, {}}, Deadline::after(real_runtime(), patience), {});
  }

  const int server_;
  std::string url_;
  const std::unique_ptr<Transport> transport_ = make_curl_transport(real_runtime(), {});
};

// It may have lost what tells one refusal from another, as x-ms-substatus does.
TEST_F(RawAnswers, AnAnswerThatEndsAmongItsHeadersIsNone) {
  for (const std::string_view bytes :
       {"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nx-ms-subst",
        "HTTP/1.1 304 Not Modified\r\nDate: Thu, 26 Nov 2026 19:12:00 GMT\r\n", "HTTP/1.1 200 OK\r\n"}) {
    const auto response = ask([&](int peer) { say(peer, bytes); });
    ASSERT_FALSE(response) << response->status << " believed of " << bytes;
    EXPECT_EQ(response.error().code, Code::ambiguous) << response.error().to_string();
  }
  const auto whole = ask([&](int peer) { say(peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"); });
  ASSERT_TRUE(whole) << whole.error().to_string();
  EXPECT_EQ(whole->status, 404);
}

// A large page over a slow line takes longer than anybody waits for an answer that does not come.
TEST_F(RawAnswers, WhatKeepsComingIsWaitedFor) {
  constexpr int kPieces = 30;
  const std::string piece(1000, 'x');
  const auto response = ask(
      [&](int peer) {
        say(peer, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kPieces * piece.size()) + "\r\n\r\n");
        for (int i = 0; i < kPieces; ++i) {
          say(peer, piece);
          real_runtime().sleep(Milliseconds(100), {});
        }
      },
      Milliseconds(2500));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body.size(), kPieces * piece.size());
}

TEST_F(RawAnswers, WhatStallsIsGivenUp) {
  const auto response = ask(
      [&](int peer) {
        say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
        char more = 0;
        EXPECT_EQ(::recv(peer, &more, 1, 0), 0) << "until it is given up";
      },
      Milliseconds(2500));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::timeout);
  EXPECT_THAT(response.error().message, HasSubstr("no answer in time"));
}

}  // namespace
}  // namespace halley::http
