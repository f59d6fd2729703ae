// The gateway as clients see it: requests through Account::handle. For tests only.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/base64.h"
#include "cosmos/signing.h"
#include "http/message.h"
#include "json/value.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "server/exchange.h"
#include "testing/virtual_runtime.h"

namespace halley::server {

inline constexpr Second kStart{1'800'000'000};

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  json::Value value() const { return json::parse(body).value_or(json::Value()); }
  std::string sub_status() const { return std::string(headers.get("x-ms-substatus")); }
};

class AccountTest : public ::testing::Test {
 protected:
  explicit AccountTest(AccountOptions options = options_with_door()) : account_(runtime_, std::move(options)) {}

  static AccountOptions options_with_door() {
    AccountOptions options;
    options.test_door = true;
    return options;
  }

  Answer send(std::string_view method, std::string_view target, std::string_view body = {}, const Fields& fields = {}) {
    http::Headers headers;
    headers.add("Host", "127.0.0.1:4711");
    const auto path = split_target(target);
    const cosmos::SignedResource resource = cosmos::signed_resource(path.value_or(std::vector<std::string>()));
    const std::string date = format_http_date(runtime_.wall_second());
    headers.add("x-ms-date", date);
    headers.add("authorization", cosmos::master_key_token(*codec::base64_decode(account_.key()), method, resource.type,
                                                          resource.link, date));
    for (const auto& [name, value] : fields) headers.set(name, value);
    auto reply = account_.handle({method, target, headers, body});
    dropped_ = reply.drop_connection;
    truncated_ = reply.truncate_after;
    return {reply.status, std::move(reply.headers), reply.shared_body ? *reply.shared_body : std::move(reply.body)};
  }

  // The database Shop with the container Orders; `more` are members of its definition, each with a comma in front.
  void make_shop(std::string_view more = {}) {
    ASSERT_EQ(send("POST", "/dbs", R"({"id":"Shop"})").status, 201);
    const auto created =
        send("POST", "/dbs/Shop/colls",
             fmt::format(R"({{"id":"Orders","partitionKey":{{"paths":["/pk"],"version":2}}{}}})", more));
    ASSERT_EQ(created.status, 201) << created.body;
    rid_ = created.value().string_at("_rid");
  }

  Answer create(std::string_view body, const std::string& key = R"(["a"])") {
    return send("POST", kDocs, body, {{"x-ms-documentdb-partitionkey", key}});
  }
  // A request on one document of the key `key`.
  Answer item(std::string_view method, const std::string& id, std::string_view body = {}, Fields fields = {},
              const std::string& key = R"(["a"])") {
    fields.emplace_back("x-ms-documentdb-partitionkey", key);
    return send(method, std::string(kDocs) + "/" + http::percent_encode(id), body, fields);
  }
  Answer door(std::string_view what, std::string_view body) {
    return send("POST", fmt::format("/_emulator/{}", what), body);
  }
  Answer feed(Fields fields) {
    fields.emplace_back("A-IM", "Incremental feed");
    return send("GET", kDocs, {}, fields);
  }

  static constexpr std::string_view kDocs = "/dbs/Shop/colls/Orders/docs";

  testing::VirtualRuntime runtime_{kStart};
  Account account_;
  std::string rid_;
  bool dropped_ = false;
  std::int64_t truncated_ = -1;
};

}  // namespace halley::server
