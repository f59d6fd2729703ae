// How long a writer goes on when an account takes nothing, and what it says when it gives up.
#include "recovery/bulk_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cosmos/signing.h"
#include "json/document_scanner.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BulkWriterTest : public ::testing::Test {
 protected:
  BulkWriterTest() {
    cosmos::ClientOptions options;
    options.endpoint = "http://target.test/";
    options.key = std::string(cosmos::kEmulatorKey);
    client_ = cosmos::Client::create(runtime_, transport_, options).value();
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(
        account_.engine().create_container("shop", R"({"id":"orders","partitionKey":{"paths":["/pk"],"version":2}})"));
  }

  // Every write is answered so until `seconds` have passed.
  void refuse_for(std::int64_t seconds, int status, const std::string& sub_status) {
    const SteadyTime until = runtime_.steady_now() + std::chrono::seconds(seconds);
    transport_.before = [=, this](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.method != "POST" || runtime_.steady_now() >= until) return std::nullopt;
      http::Response response;
      response.status = status;
      response.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
      response.headers.add("x-ms-substatus", sub_status);
      response.body = "{}";
      response.body.reserve(response.body.size() + json::kPadding);
      return Result<http::Response>(std::move(response));
    };
  }

  Status write(std::size_t size) {
    const auto key = json::parse(R"({"paths":["/pk"],"kind":"Hash","version":2})");
    ASSIGN(const auto definition, cosmos::PartitionKeyDefinition::parse(*key));
    BulkWriterOptions options;
    options.requests_in_flight = 1;
    ASSIGN(const auto writer,
           BulkWriter::start(runtime_, *client_, {"shop", "orders"}, definition, options, throttled_, {}));
    TRY(writer->upsert(R"(["a"])", "1", R"({"id":"1","pk":"a","v":")" + std::string(size, 'x') + "\"}"));
    return writer->finish();
  }
  std::size_t count() { return (*account_.engine().container("shop", "orders"))->live_documents().size(); }

  halley::testing::VirtualRuntime runtime_{Second{1'700'000'000}};
  server::Account account_{runtime_, {}};
  halley::testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
  std::atomic<std::uint64_t> throttled_{0};
};

constexpr std::size_t kSmall = 10;
constexpr std::size_t kLarge = 300'000;  // not in bulk

TEST_F(BulkWriterTest, WaitsForMinutesWhateverTheSizeOfTheDocument) {
  for (const std::size_t size : {kSmall, kLarge}) {
    for (const auto& [status, sub_status] : {std::pair(429, "3200"), std::pair(503, "0"), std::pair(410, "1000")}) {
      refuse_for(500, status, sub_status);
      const Status written = write(size);
      EXPECT_TRUE(written) << size << " bytes, " << status << ": " << written.error().to_string();
      EXPECT_EQ(count(), 1U);
    }
  }
}

TEST_F(BulkWriterTest, GivesUpInTheEndAndSaysWhatWouldHelp) {
  for (const std::size_t size : {kSmall, kLarge}) {
    SCOPED_TRACE(size);
    refuse_for(100'000, 429, "3200");
    const Status throttled = write(size);
    ASSERT_FALSE(throttled);
    EXPECT_EQ(throttled.error().code, Code::throttled);
    EXPECT_THAT(throttled.error().message, HasSubstr("nothing could be written to shop/orders for 600 s"));
    EXPECT_THAT(throttled.error().hint, HasSubstr("throughput"));
    refuse_for(100'000, 410, "1000");
    const Status replaced = write(size);
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().code, Code::unavailable);
    EXPECT_THAT(replaced.error().message, HasSubstr("410/1000"));
    EXPECT_THAT(replaced.error().hint, HasSubstr("made again"));
    EXPECT_THAT(replaced.error().hint, Not(HasSubstr("throughput")));
    refuse_for(100'000, 503, "0");
    const Status down = write(size);
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, Code::unavailable);
    EXPECT_THAT(down.error().message, HasSubstr("503"));
    EXPECT_THAT(down.error().hint, Not(HasSubstr("throughput")));
  }
  EXPECT_EQ(count(), 0U);
}

}  // namespace
}  // namespace halley::recovery
