// The listener and the curl transport against each other, and the listener against raw sockets.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "http/listener.h"
#include "http/transport.h"
#include "json/document_scanner.h"

namespace halley::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ServerResponse text(int status, std::string body) {
  ServerResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

class Loopback : public ::testing::Test {
 protected:
  void serve(Handler handler, ListenerOptions options = {}) {
    tls_ = !options.certificate_pem.empty();
    auto listener = Listener::start(real_runtime(), std::move(options), std::move(handler));
    ASSERT_TRUE(listener) << listener.error().to_string();
    listener_ = std::move(*listener);
  }

  Request request(std::string method, const std::string& path, std::string body = {}) const {
    Request request;
    request.method = std::move(method);
    request.url = (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(listener_->port()) + path;
    request.body = std::move(body);
    return request;
  }

  Result<Response> send(const Request& request, Milliseconds patience = Milliseconds(20000),
                        std::stop_token stop = {}) {
    return transport_->send(request, Deadline::after(real_runtime(), patience), std::move(stop));
  }

  // A socket on which these bytes were sent to the listener.
  int connection(std::string_view bytes) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(listener_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    return fd;
  }

  // What the listener answers to these bytes, until it closes.
  std::string raw(std::string_view bytes) const {
    const int fd = connection(bytes);
    std::string answer;
    std::array<char, 4096> buffer;
    for (ssize_t count; (count = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(fd);
    return answer;
  }

  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Transport> transport_ = make_curl_transport(real_runtime(), {});
  bool tls_ = false;
};

TEST_F(Loopback, CarriesMethodTargetHeadersAndBody) {
  std::string seen;
  serve([&](const ServerRequest& request) {
    seen = std::string(request.method) + " " + std::string(request.target) + " " +
           std::string(request.headers.get("X-Two")) + " " + std::string(request.body);
    ServerResponse response = text(201, "made");
    response.headers.add("X-Answer", "a: b");
    response.headers.add("X-Empty", "");
    return response;
  });
  Request asked = request("PUT", "/a%20b/../c?d=%25&e", "the body");
  asked.headers.add("X-Two", "2");
  const auto response = send(asked);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(seen, "PUT /a%20b/../c?d=%25&e 2 the body");  // not decoded, dots not resolved
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "made");
  EXPECT_EQ(response->headers.get("x-answer"), "a: b");
  EXPECT_NE(response->headers.find("x-empty"), nullptr);
  EXPECT_TRUE(parse_http_date(response->headers.get("Date")));
}

TEST_F(Loopback, SendsOnlyTheHeadersAsked) {
  std::string names;
  serve([&](const ServerRequest& request) {
    for (const auto& [name, value] : request.headers.fields()) names += name + " ";
    return text(200, "");
  });
  Request asked = request("POST", "/", "x");
  asked.headers.add("X-Empty", "");
  ASSERT_TRUE(send(asked));
  EXPECT_EQ(names, "Host User-Agent X-Empty Content-Length ");  // no Expect, no Content-Type, no Accept
}

TEST_F(Loopback, KeepsConnectionsAlive) {
  std::atomic<int> first_seen = 0;
  serve([&](const ServerRequest&) {
    thread_local bool seen = false;  // One thread serves one connection.
    if (!seen) ++first_seen;
    seen = true;
    return text(200, "x");
  });
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "GET"}) {
    const auto response = send(request(method, "/", std::string_view(method) == "GET" ? "" : "b"));
    ASSERT_TRUE(response) << method << response.error().to_string();
    ASSERT_EQ(response->status, 200) << method;
  }
  EXPECT_EQ(first_seen, 1);
}

TEST_F(Loopback, CarriesBigBodiesBothWays) {
  std::string big(9 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < big.size(); i += 997) big[i] = static_cast<char>(i);
  const auto shared = std::make_shared<const std::string>(big);
  serve([&](const ServerRequest& request) {
    ServerResponse response;
    response.status = request.body == *shared ? 200 : 400;
    response.shared_body = shared;
    return response;
  });
  const auto response = send(request("POST", "/", big));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(response->body == big);
  EXPECT_GE(response->body.capacity() - response->body.size(), json::kPadding);
}

TEST_F(Loopback, PadsSmallBodiesToo) {
  serve([](const ServerRequest&) { return text(200, "{}"); });
  const auto response = send(request("GET", "/"));
  ASSERT_TRUE(response);
  EXPECT_GE(response->body.capacity() - response->body.size(), json::kPadding);
}

TEST_F(Loopback, AnswersWithoutBodiesStayInStep) {
  serve([](const ServerRequest& request) {
    if (request.target == "/304") return text(304, "ignored");
    if (request.target == "/204") return text(204, "ignored");
    return text(200, "after");
  });
  for (const auto& [path, status] : {std::pair{"/304", 304}, {"/204", 204}, {"/200", 200}}) {
    const auto response = send(request("GET", path));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, status == 200 ? "after" : "");
  }
}

TEST_F(Loopback, LostAnswerIsAmbiguousAndNotSentTwice) {
  std::atomic<int> calls = 0;
  serve([&](const ServerRequest&) {
    ServerResponse response = text(200, "x");
    response.drop_connection = ++calls == 2;
    return response;
  });
  ASSERT_TRUE(send(request("POST", "/", "a")));
  const auto lost = send(request("POST", "/", "b"));  // on a kept connection, where curl would repeat by itself
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::ambiguous);
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(send(request("POST", "/", "c")));
}

TEST_F(Loopback, TruncatedBodyIsAnError) {
  serve([](const ServerRequest&) {
    ServerResponse response = text(200, std::string(100000, 'x'));
    response.truncate_after = 60000;
    return response;
  });
  const auto response = send(request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::ambiguous);
}

TEST_F(Loopback, RefusedConnectionNamesThePlace) {
  serve([](const ServerRequest&) { return text(200, ""); });
  const Request asked = request("GET", "/");
  const std::string place = "127.0.0.1:" + std::to_string(listener_->port());
  listener_.reset();
  const auto response = send(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr(place));
  EXPECT_NE(response.error().hint, "");
}

// A label of 64 letters is no name that any resolver is asked for. What a failure leaves in curl is not used again.
TEST_F(Loopback, ANameThatIsNotFoundIsToldEachTime) {
  serve([](const ServerRequest&) { return text(200, "there"); });
  Request asked = request("GET", "/");
  const std::string good = asked.url;
  asked.url = "http://" + std::string(64, 'a') + ".invalid/";
  for (int i = 0; i < 3; ++i) {
    const auto response = send(asked);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::unavailable);
    EXPECT_THAT(response.error().message, HasSubstr("aaa.invalid"));
  }
  asked.url = good;
  EXPECT_TRUE(send(asked));
}

TEST_F(Loopback, DeadlineAndStopEndTheWait) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::stop_source source;
  std::atomic<bool> stop_on_call = false;
  serve([&](const ServerRequest&) {
    if (stop_on_call) source.request_stop();
    released.wait();
    return text(200, "");
  });
  const auto late = send(request("GET", "/"), Milliseconds(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::timeout);
  stop_on_call = true;
  const auto stopped = send(request("GET", "/"), Milliseconds(20000), source.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::cancelled);
  release.set_value();
  listener_.reset();  // Its handlers use what lives here.
}

TEST_F(Loopback, HeadersThatSplitAreRefused) {
  serve([](const ServerRequest&) { return text(200, ""); });
  Request asked = request("GET", "/");
  asked.headers.add("X", "a\r\nY: secret");
  const auto response = send(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::invalid_argument);
  EXPECT_THAT(response.error().to_string(), ::testing::Not(HasSubstr("secret")));
}

TEST_F(Loopback, StopsWithIdleAndStalledConnections) {
  const auto big = std::make_shared<const std::string>(64 * 1024 * 1024, 'x');
  serve([&](const ServerRequest&) {
    ServerResponse response;
    response.shared_body = big;
    return response;
  });
  ASSERT_TRUE(send(request("GET", "/")));                    // leaves an idle connection behind
  const int stalled = connection("GET / HTTP/1.1\r\n\r\n");  // never reads its answer
  char first = 0;
  ASSERT_EQ(::recv(stalled, &first, 1, 0), 1);
  const int half = connection("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  listener_.reset();
  ::close(stalled);
  ::close(half);
}

TEST_F(Loopback, MalformedRequestsAreAnswered400) {
  serve([](const ServerRequest&) { return text(200, ""); });
  EXPECT_THAT(raw("NOT HTTP AT ALL\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw("POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\nabcde"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(Loopback, RefusalsAreJson) {
  serve([](const ServerRequest&) { return text(200, ""); });
  const std::string malformed = raw("NOT HTTP AT ALL\r\n\r\n");
  EXPECT_THAT(malformed, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(malformed, HasSubstr(R"({"code":"BadRequest","message":)"));
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nX: " + std::string(100000, 'h') + "\r\n\r\n"),
              HasSubstr(R"({"code":"RequestHeaderFieldsTooLarge","message":)"));
  EXPECT_THAT(raw("GET /\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw("GET / HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw(std::string("\0\x16\x03\x01\xff\xff", 6) + "\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(Loopback, OversizedRequestsAreRefused) {
  ListenerOptions options;
  options.max_body_bytes = 1000;
  serve([](const ServerRequest&) { return text(200, ""); }, options);
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nX: " + std::string(100000, 'h') + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(raw("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'b')),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(Loopback, LargeHeadersAndOddTargetsPass) {
  std::string seen;
  serve([&](const ServerRequest& request) {
    seen = request.target;
    return text(200, std::to_string(request.headers.get("X").size()));
  });
  const std::string answer = raw(
      "GET /docs/a?b=\"c\xC3\xA9|^`{}<>\\ HTTP/1.1\r\nConnection: close\r\nX: " + std::string(40000, 'h') + "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, ::testing::EndsWith("40000"));
  EXPECT_EQ(seen, "/docs/a?b=\"c\xC3\xA9|^`{}<>\\");
}

TEST_F(Loopback, ContinueIsSaidWhenExpected) {
  serve([](const ServerRequest& request) { return text(200, std::string(request.body)); });
  const std::string answer =
      raw("POST / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
}

TEST_F(Loopback, PipelinedAndChunkedRequestsAreRead) {
  serve([](const ServerRequest& request) { return text(200, "<" + std::string(request.body) + ">"); });
  const std::string answer =
      raw("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
          "DELETE / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("<abc>"));
  EXPECT_THAT(answer, ::testing::EndsWith("<>"));
}

TEST_F(Loopback, ServesManyConnectionsAtOnce) {
  std::atomic<int> calls = 0;
  serve([&](const ServerRequest& request) {
    ++calls;
    return text(200, std::string(request.body));
  });
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        const auto response = send(request("POST", "/", body));
        if (response && response->body == body) ++right;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 400);
  EXPECT_EQ(calls, 400);
}

TEST_F(Loopback, AnswersAreTakenUpToABound) {
  CurlOptions curl;
  curl.max_response_bytes = 100'000;
  transport_ = make_curl_transport(real_runtime(), curl);
  serve([](const ServerRequest& request) {
    if (request.target == "/headers") {
      ServerResponse response = text(200, "");
      for (int i = 0; i < 10; ++i) response.headers.add("X-" + std::to_string(i), std::string(50'000, 'h'));
      return response;
    }
    return text(200, std::string(request.target == "/fits" ? 100'000 : 100'001, 'x'));
  });
  ASSERT_TRUE(send(request("GET", "/fits")));
  for (const char* path : {"/more", "/headers"}) {
    const auto more = send(request("GET", path));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Code::corrupt) << path;
    EXPECT_THAT(more.error().message, HasSubstr("larger than the 100000 bytes"));
  }
  EXPECT_TRUE(send(request("GET", "/fits"))) << "the next one has a connection of its own";
}

TEST_F(Loopback, WhoSendsTooSlowlyIsAnswered408) {
  ListenerOptions options;
  options.request_timeout = Milliseconds(300);
  serve([](const ServerRequest&) { return text(200, ""); }, options);
  for (const std::string_view begin :
       {"GET / HT", "GET / HTTP/1.1\r\nX: y\r\n", "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc"}) {
    const int fd = connection(begin);
    // A byte at a time keeps no connection alive.
    std::string answer;
    std::array<char, 4096> buffer;
    const SteadyTime began = real_runtime().steady_now();
    while (real_runtime().steady_now() - began < std::chrono::seconds(20)) {
      (void)::send(fd, "a", 1, MSG_NOSIGNAL);
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(fd);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 ")) << begin;
  }
}

TEST_F(Loopback, IdleConnectionsAreClosedAndReplaced) {
  ListenerOptions options;
  options.idle_timeout = Milliseconds(50);
  serve([](const ServerRequest&) { return text(200, "x"); }, options);
  EXPECT_EQ(raw(""), "") << "closed without an answer";
  EXPECT_THAT(raw("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200 ")) << "and after one";
  ASSERT_TRUE(send(request("GET", "/")));
  real_runtime().sleep(Milliseconds(300), {});
  EXPECT_TRUE(send(request("GET", "/"))) << "the transport sees that its connection is closed, and opens another";
}

TEST_F(Loopback, WhoTakesNoAnswerIsCutOff) {
  ListenerOptions options;
  options.write_timeout = Milliseconds(100);
  const auto big = std::make_shared<const std::string>(64 * 1024 * 1024, 'x');
  serve(
      [&](const ServerRequest&) {
        ServerResponse response;
        response.shared_body = big;
        return response;
      },
      options);
  const int fd = connection("GET / HTTP/1.1\r\n\r\n");
  real_runtime().sleep(Milliseconds(2000), {});
  std::vector<char> buffer(1 << 20);
  std::size_t received = 0;
  for (ssize_t count; (count = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
    received += static_cast<std::size_t>(count);
  }
  ::close(fd);
  EXPECT_LT(received, big->size()) << "what was on its way, and no more";
}

TEST_F(Loopback, TakenPortIsAnError) {
  serve([](const ServerRequest&) { return text(200, ""); });
  ListenerOptions options;
  options.port = listener_->port();
  const auto second = Listener::start(real_runtime(), options, [](const ServerRequest&) { return text(200, ""); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::io);
  EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:" + std::to_string(options.port)));
}

class Tls : public Loopback {
 protected:
  void SetUp() override {
    auto made = generate_certificate({"localhost", "127.0.0.1"});
    ASSERT_TRUE(made) << made.error().to_string();
    ListenerOptions options;
    options.certificate_pem = made->certificate_pem;
    options.private_key_pem = made->private_key_pem;
    serve([](const ServerRequest& request) { return text(200, std::string(request.body) + "!"); }, options);
    std::string folder = (std::filesystem::temp_directory_path() / "halley-http-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::ofstream(folder_ / "ca.pem") << made->certificate_pem;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(Tls, UntrustedCertificateIsRefusedWithAHint) {
  const auto response = send(request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unauthorized);
  EXPECT_THAT(response.error().hint, HasSubstr("--ca"));
}

TEST_F(Tls, NamedAuthorityIsTrusted) {
  CurlOptions options;
  options.ca_file = (folder_ / "ca.pem").string();
  transport_ = make_curl_transport(real_runtime(), options);
  const std::string body(300000, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto response = send(request("POST", "/", body));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->body, body + "!");
  }
}

TEST_F(Tls, InsecureSkipsTheCheck) {
  CurlOptions options;
  options.insecure_tls = true;
  transport_ = make_curl_transport(real_runtime(), options);
  EXPECT_TRUE(send(request("GET", "/")));
}

TEST_F(Tls, MissingAuthorityFileIsNamed) {
  CurlOptions options;
  options.ca_file = (folder_ / "absent.pem").string();
  transport_ = make_curl_transport(real_runtime(), options);
  const auto response = send(request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::invalid_argument);
  EXPECT_THAT(response.error().message, HasSubstr("absent.pem"));
}

TEST_F(Tls, PlainHttpToATlsPortIsNoAnswer) {
  tls_ = false;
  const auto response = send(request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().code, Code::internal);
}

}  // namespace
}  // namespace halley::http
