#include "cosmos/status_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/message.h"
#include "json/writer.h"

namespace halley::cosmos {
namespace {

constexpr std::string_view kKey =
    "+/++7/GA6vQzmAohCJW7nAkpVD8/WzbpaFITeyQbccI/Gq3TpcJBoqM5SyHsBIcJIZ9ot0/8GJIVW+fT6sLumA==";

std::string message_of(const std::string& said) {
  http::Response response;
  response.status = 503;
  json::Writer(response.body).begin_object().member("message", said).end_object();
  return status_error(response, Effect::read, {}, kKey).message;
}

TEST(StatusError, SaysWhatTheServiceSaid) {
  EXPECT_EQ(message_of("Too busy, 100% of the time."), "the service answered 503: Too busy, 100% of the time.");
}

TEST(StatusError, DoesNotRepeatTheKeyThatTheServiceSaid) {
  const std::string key(kKey);
  for (const std::string& said :
       {key, "100% the key " + key, "the key " + http::percent_encode(key), std::string(390, 'x') + key,
        R"(Message: {"Errors":["with the key )" + key + R"("]})"}) {
    EXPECT_THAT(message_of(said), ::testing::Not(::testing::HasSubstr("+/++7"))) << said;
    EXPECT_THAT(message_of(said), ::testing::Not(::testing::HasSubstr("%2F"))) << said;
    EXPECT_THAT(message_of(said), ::testing::HasSubstr("not shown")) << said;
  }
}

}  // namespace
}  // namespace halley::cosmos
