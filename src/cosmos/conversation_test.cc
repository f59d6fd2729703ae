// The client replays conversations recorded between an official SDK and the service's own emulator
// (testdata/conversations.json).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cosmos/client.h"
#include "cosmos/signing.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::cosmos {
namespace {

const ContainerName kRecorded{"Shop", "orders"};

json::Value conversations() {
  std::ifstream file("src/cosmos/testdata/conversations.json");
  std::ostringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).value();
}

// The error of the call, or nothing.
std::optional<Error> make_call(Client& client, const json::Value& exchange) {
  const auto error_of = [](const auto& result) { return result ? std::nullopt : std::optional(result.error()); };
  const std::string call = exchange.string_at("call");
  const std::string path = exchange.string_at("path");
  const std::string id = http::percent_decode(path.substr(path.rfind('/') + 1)).value();
  const std::string key = R"(["k"])";
  const std::string body = exchange.find("request")->to_text();
  const std::stop_token stop;
  if (call == "read_account") return error_of(client.read_account(stop));
  if (call == "read_container") return error_of(client.read_container(kRecorded, stop));
  if (call == "create_container") return error_of(client.create_container("Shop", body, {}, stop));
  if (call == "create_database") return error_of(client.create_database(body, {}, stop));
  if (call == "delete_database") return error_of(client.delete_database("Shop", stop));
  if (call == "upsert_document") return error_of(client.upsert_document(kRecorded, key, body, stop));
  if (call == "delete_document") return error_of(client.delete_document(kRecorded, id, key, stop));
  if (call == "read_document") return error_of(client.read_document(kRecorded, id, key, stop));
  return Error(Code::internal, "no such call: " + call);
}

Code expected_code(int status) {
  switch (status) {
    case 400:
      return Code::invalid_argument;
    case 404:
      return Code::not_found;
    case 412:
      return Code::precondition;
    default:
      return Code::internal;
  }
}

TEST(Conversations, AreUnderstood) {
  const json::Value all = conversations();
  ASSERT_EQ(all.items().size(), 14u);
  for (const json::Value& exchange : all.items()) {
    SCOPED_TRACE(exchange.string_at("method") + " " + exchange.string_at("path"));
    testing::VirtualRuntime runtime{Second{1726515384}};
    testing::ScriptedTransport transport;
    ClientOptions options;
    options.endpoint = "https://127.0.0.1:8081/";
    options.key = kEmulatorKey;
    const auto client = Client::create(runtime, transport, options).value();
    http::Headers head;
    for (const json::Value& field : exchange.find("headers")->items()) {
      head.add(field.items()[0].text(), field.items()[1].text());
    }
    const int status = static_cast<int>(*exchange.find("status")->as_integer());
    transport.answer(status, head, exchange.string_at("body"));
    const auto error = make_call(*client, exchange);

    const http::Request& request = transport.requests().at(0);
    EXPECT_EQ(request.method, exchange.string_at("method"));
    const std::string sent_path = request.url.substr(std::string_view("https://127.0.0.1:8081").size());
    EXPECT_EQ(http::percent_decode(sent_path), http::percent_decode(exchange.string_at("path")));
    // Deleting a document that is not there is done already.
    const bool refused = status >= 400 && !(status == 404 && exchange.string_at("call") == "delete_document");
    EXPECT_EQ(error.has_value(), refused) << (error ? error->to_string() : "");
    if (error) {
      EXPECT_EQ(error->code, expected_code(status));
      EXPECT_THAT(error->to_string(), ::testing::AnyOf(::testing::HasSubstr("Resource Not Found"),
                                                       ::testing::HasSubstr("payload is invalid"),
                                                       ::testing::HasSubstr("pre-condition is not met")));
      EXPECT_THAT(error->to_string(), ::testing::Not(::testing::HasSubstr("RequestStats")));
    }
    if (const std::string_view charge = head.get("x-ms-request-charge"); !charge.empty()) {
      EXPECT_DOUBLE_EQ(client->charges().request_units(), std::stod(std::string(charge)));
    }
  }
}

}  // namespace
}  // namespace halley::cosmos
