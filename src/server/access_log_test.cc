#include "server/access_log.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "cosmos/signing.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "testing/virtual_runtime.h"

namespace halley::server {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() : account_(runtime_, options()) {
    EXPECT_TRUE(account_.engine().create_database("d"));
    EXPECT_TRUE(account_.engine().create_container("d", R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2}})"));
    EXPECT_TRUE(account_.engine().upsert("d", "c", R"({"id":"1","pk":"secret"})"));
  }

  AccountOptions options() {
    AccountOptions options;
    options.access_log = [this](std::string_view line) { lines_.emplace_back(line); };
    return options;
  }

  // The line that a request makes, without its time, and what it costs.
  std::string line(std::string_view method, std::string_view target, const Fields& fields = {},
                   std::string_view body = {}) {
    http::Headers headers;
    const auto path = split_target(target);
    const auto resource = cosmos::signed_resource(path.value_or(std::vector<std::string>()));
    const std::string date = format_http_date(runtime_.wall_second());
    headers.add("x-ms-date", date);
    headers.add("authorization", cosmos::master_key_token(*codec::base64_decode(account_.key()), method, resource.type,
                                                          resource.link, date));
    for (const auto& [name, value] : fields) headers.set(name, value);
    lines_.clear();
    (void)account_.handle({method, target, headers, body});
    EXPECT_EQ(lines_.size(), 1u);
    EXPECT_TRUE(lines_[0].starts_with("2027-01-15T08:00:00.000Z ")) << lines_[0];
    return lines_[0].substr(25);
  }
  // "create-document 201"
  std::string outcome(std::string_view method, std::string_view target, const Fields& fields = {},
                      std::string_view body = {}) {
    const std::string text = line(method, target, fields, body);
    const std::size_t begin = text.find(' ', text.find(' ') + 1) + 1;
    return text.substr(begin, text.find(' ', text.find(' ', begin) + 1) - begin);
  }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  std::vector<std::string> lines_;
  Account account_;
};

TEST_F(AccessLogTest, SaysWhatWasDone) {
  const Fields key = {{"x-ms-documentdb-partitionkey", R"(["secret"])"},
                      {"user-agent", "Node.js/20 (x) azsdk-js-cosmos/4.9 (y)"}};
  EXPECT_EQ(line("DELETE", "/dbs/d/colls/c/docs/1", key),
            "DELETE /dbs/d/colls/c/docs/1 delete-document 204 5.29RU 0.00ms 0+0B azsdk-js-cosmos/4.9");
  EXPECT_EQ(line("GET", "/dbs/d/colls/none/docs/1", key).substr(0, 59),
            "GET /dbs/d/colls/none/docs/1 read-document 404/1003 1.00RU ");
}

TEST_F(AccessLogTest, SaysWhichSdkAsked) {
  for (const auto& [agent, shown] : std::vector<std::pair<std::string, std::string>>{
           {"cosmos-netstandard-sdk/3.35.4|1|X64|Linux", "cosmos-netstandard-sdk/3.35.4"},
           {"azsdk-python-cosmos/4.5 Python/3.11", "azsdk-python-cosmos/4.5"},
           {"curl/7.88.1", "curl/7.88.1"},
           {"", "-"}}) {
    EXPECT_TRUE(line("GET", "/", {{"user-agent", agent}}).ends_with("B " + shown)) << agent;
  }
}

TEST_F(AccessLogTest, TellsOperationsApart) {
  const std::string docs = "/dbs/d/colls/c/docs";
  const Fields range = {{"x-ms-documentdb-partitionkeyrangeid", "0"}};
  EXPECT_EQ(outcome("GET", "/"), "read-account 200");
  EXPECT_EQ(outcome("GET", "/dbs"), "list-database 200");
  EXPECT_EQ(outcome("POST", "/dbs", {}, R"({"id":"e"})"), "create-database 201");
  EXPECT_EQ(outcome("PUT", "/dbs/d/colls/c/sprocs/s", {}, "{}"), "replace-stored-procedure 404");
  EXPECT_EQ(outcome("POST", docs, {}, R"({"id":"2","pk":"a"})"), "create-document 201");
  EXPECT_EQ(outcome("POST", docs, {{"x-ms-documentdb-is-upsert", "True"}}, R"({"id":"2","pk":"a"})"),
            "upsert-document 200");
  EXPECT_EQ(outcome("GET", docs), "read-feed 200");
  EXPECT_EQ(outcome("GET", docs, {{"a-im", "Incremental Feed"}, range[0]}), "change-feed 200");
  EXPECT_EQ(outcome("GET", docs, {{"a-im", "Full-Fidelity Feed"}, range[0]}), "all-versions-change-feed 400");
  EXPECT_EQ(outcome("POST", docs, {{"content-type", "application/query+json"}}, "{}").substr(0, 6), "query ");
  EXPECT_EQ(outcome("POST", docs, {{"x-ms-cosmos-is-batch-request", "True"}}, "[]"), "bulk 400");
  EXPECT_EQ(outcome("GET", "/dbs/d/colls/c/pkranges"), "read-ranges 200");
  EXPECT_EQ(outcome("GET", "/what/ever").substr(0, 8), "unknown ");
}

TEST_F(AccessLogTest, SaysNamesWhereRidsWereUsed) {
  const auto container = account_.engine().container("d", "c");
  const std::string rid = (*container)->rid();
  const auto database = account_.engine().find({"dbs", "d"});
  const auto documents = (*container)->live_documents();
  const std::string document_rid = json::parse(documents[0]->text)->string_at("_rid");
  const std::string path = "/dbs/" + database->rid + "/colls/" + rid;
  EXPECT_TRUE(line("GET", path).starts_with("GET /dbs/d/colls/c read-container "));
  EXPECT_TRUE(line("GET", path + "/docs/" + document_rid).starts_with("GET /dbs/d/colls/c/docs/1 read-document "));
  EXPECT_TRUE(line("DELETE", path).starts_with("DELETE /dbs/d/colls/c delete-container 204 "));
}

TEST_F(AccessLogTest, HasNoSecretsAndNothingThatATerminalWouldObey) {
  const std::string key = account_.key();
  const std::string hidden = R"({"id":"9","pk":"secret","text":"hidden"})";
  const std::string text =
      line("POST", "/dbs/d/colls/c/docs?token=hidden",
           {{"x-ms-documentdb-partitionkey", R"(["secret"])"}, {"user-agent", "a\x1b[2J hidden"}}, hidden);
  for (const std::string_view word : {"secret", "hidden", "sig", key.c_str(), "\x1b"}) {
    EXPECT_EQ(text.find(word), std::string::npos) << word << " in " << text;
  }
  EXPECT_TRUE(
      line("GET", "/dbs/a%20b%0Ac%C2%9Bd%E6%9C%88%25").starts_with("GET /dbs/a%20b%0Ac%C2%9Bd\xE6\x9C\x88%25 "));
  EXPECT_LT(line("GET", "/dbs/" + std::string(50'000, 'x')).size(), 1200u);
  EXPECT_TRUE(line("GET", "/dbs/%zz?secret").starts_with("GET ? unknown 400 "));
}

}  // namespace
}  // namespace halley::server
