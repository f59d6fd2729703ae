// What was recorded of Azure is asked of the emulator's Resource Manager: it answers with the same statuses, headers
// and members. (src/native/conversation_test.cc holds the client to the same recordings.)
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "arm/azure_fixture.h"

namespace halley::arm {
namespace {

constexpr const char* kRecorded = "src/native/testdata/conversations.json";

// What Cosmos DB tells of its inside, which no client needs.
const std::set<std::string> kInside = {"internalIndexingProperties",
                                       "allowMaterializedViews",
                                       "typeSystemPolicy",
                                       "uniqueIndexNameEncodingMode",
                                       "maxContentLengthInKB",
                                       "maxNameLength",
                                       "_idxpolicyver",
                                       "computedProperties",
                                       "statistics",
                                       "uniqueKeyPolicy",
                                       "supportSpatialLegacyCoordinates",
                                       "usePolygonsSmallerThanAHemisphere"};
// Where a container tells of its backup policy, which is one more of those.
constexpr std::string_view kContainerBackup = "/backupPolicy/type";

void expect_shape(const json::Value& recorded, const json::Value& ours, const std::string& path) {
  if (path.ends_with(kContainerBackup) && recorded.kind() == json::Kind::number) return;
  ASSERT_EQ(static_cast<int>(recorded.kind()), static_cast<int>(ours.kind())) << path << ": " << ours.to_text();
  for (const auto& [name, value] : recorded.members()) {
    if (kInside.contains(name)) continue;
    const json::Value* member = ours.find(name);
    const bool of_container =
        name == "backupPolicy" && value.find("type") != nullptr && value.find("type")->kind() == json::Kind::number;
    if (of_container) continue;
    ASSERT_NE(member, nullptr) << path << "/" << name << " is not in " << ours.to_text();
    expect_shape(value, *member, path + "/" + name);
  }
  if (!recorded.items().empty()) {
    ASSERT_FALSE(ours.items().empty()) << path;
    expect_shape(recorded.items()[0], ours.items()[0], path + "[0]");
  }
  const bool fixed = path.ends_with("/type") || path.ends_with("/status") || path.ends_with("/provisioningState") ||
                     path.ends_with("/operationType") || path.ends_with("/canUndelete") || path.ends_with("/code");
  if (fixed) {
    EXPECT_EQ(recorded.text(), ours.text()) << path;
  }
}

class RecordedShapes : public AzureTest {
 protected:
  RecordedShapes() : AzureTest(100, "8f3c1e52-7d40-4a6b-9b1e-2f5a6c7d8e90", "shop-rg") {}

  // A recorded target with the backup, the moments and the database of this test.
  std::string here(std::string text) {
    text = std::regex_replace(text, std::regex("(restorableDatabaseAccounts/)[0-9a-f-]{36}"), "$01" + shop_->instance);
    text = std::regex_replace(text, std::regex("2024-06-2[0-9]T[0-9:]{8}(\\.000)?Z"), format_rfc3339(then_));
    text = std::regex_replace(text, std::regex("2024-06-2[0-9]%20[^&]*"), format_rfc3339(then_));
    return std::regex_replace(text, std::regex("(restorableSqlDatabaseRid=).*$"),
                              "$01" + http::percent_encode(database_rid_));
  }

  void converse(const json::Value& conversation) {
    for (const json::Value& exchange : conversation.find("exchanges")->items()) {
      const std::string target = exchange.string_at("target");
      const json::Value* recorded = exchange.find("answer");
      const json::Value* body = exchange.find("body");
      Answer answer;
      if (target.find("/operationsStatus/") != std::string::npos ||
          target.find("/operationResults/") != std::string::npos) {
        answer = poll(target.find("/operationsStatus/") != std::string::npos ? status_ : location_, exchange);
      } else {
        answer = send(exchange.string_at("method"), here(target), body == nullptr ? "" : here(body->to_text()));
      }
      ASSERT_EQ(answer.status, exchange.find("status")->as_integer()) << target << ": " << answer.body.to_text();
      if (const json::Value* headers = exchange.find("headers")) expect_headers(*headers, answer);
      ASSERT_NO_FATAL_FAILURE(expect_shape(*recorded, answer.body, ""));
    }
  }

  void expect_headers(const json::Value& recorded, const Answer& answer) {
    for (const auto& [name, value] : recorded.members()) {
      if (name.starts_with("x-ms-ratelimit")) continue;
      const std::string url(answer.headers.get(name));
      EXPECT_FALSE(url.empty()) << name;
      (name == "Location" ? location_ : status_) = url;
    }
  }

  // Looks until it is as it was recorded; equal answers were recorded once.
  Answer poll(const std::string& url, const json::Value& exchange) {
    const std::string target = url.substr(std::string_view("https://azure.example").size());
    const std::string status = member(*exchange.find("answer"), {"status"}).text();
    Answer answer = get(target);
    for (int looks = 0; looks < 5; ++looks) {
      if (answer.status == exchange.find("status")->as_integer() && answer.text_at({"status"}) == status) break;
      answer = get(target);
    }
    return answer;
  }

  void make_shop() {
    make_store();
    then_ = subscription_.now();
    pass(1);
    database_rid_ = engine().find({"dbs", "store"})->rid;
  }
  void delete_store() {
    pass(1);
    ASSERT_TRUE(engine().remove({"dbs", "store"}));
  }

  // Of the database and the container.
  void set_throughput(std::int64_t units, std::int64_t most) {
    ASSERT_TRUE(engine().remove({"dbs", "store"}));
    server::Throughput throughput;
    throughput.content = json::Value::object({{"offerThroughput", json::Value::integer(units + most / 10)}});
    if (most > 0) {
      throughput.content.set("offerAutopilotSettings",
                             json::Value::object({{"maxThroughput", json::Value::integer(most)}}));
    }
    const auto definition = [](const char* text) { return json::parse(text).value(); };
    ASSERT_TRUE(engine().create({}, server::ResourceKind::database, definition(R"({"id":"store"})"), throughput));
    ASSERT_TRUE(engine().create({"dbs", "store"}, server::ResourceKind::container,
                                definition(R"({"id":"orders","partitionKey":{"paths":["/pk"]}})"), throughput));
  }

  Second then_{};
  std::string database_rid_;
  std::string status_;
  std::string location_;
};

TEST_F(RecordedShapes, AreAnsweredHereToo) {
  std::ostringstream text;
  text << std::ifstream(kRecorded).rdbuf();
  const json::Value conversations = json::parse(text.str()).value();
  const std::map<std::string, std::function<void()>> begin = {
      {"account is restored", [] {}},
      {"resources at a moment", [] {}},
      {"restorable account", [] {}},
      {"restorable accounts", [] {}},
      {"latest restorable time", [] {}},
      {"account that is not there", [this] { subscription_.forget(*shop_); }},
      {"database that is not there", [this] { delete_store(); }},
      {"container is read", [] {}},
      {"periodic becomes continuous", [this] { shop_->tier.clear(); }},
      {"tier becomes longer", [this] { shop_->tier = "Continuous7Days"; }},
      {"databases", [] {}},
      {"database is deleted", [] {}},
      {"database events", [this] { delete_store(); }},
      {"database is restored", [this] { delete_store(); }},
      {"containers",
       [this] {
         ASSERT_TRUE(engine().remove({"dbs", "store", "colls", "orders"}));
       }},
      {"container events", [] {}},
      {"throughput", [this] { set_throughput(800, 0); }},
      {"autoscale of a database", [this] { set_throughput(800, 0); }},
      {"autoscale limit of a database", [this] { set_throughput(0, 1000); }},
      {"manual throughput of a database", [this] { set_throughput(0, 8000); }},
      {"autoscale of a container", [] {}},
      {"autoscale limit of a container", [this] { set_throughput(0, 1000); }},
      {"manual throughput of a container", [this] { set_throughput(0, 5000); }},
  };
  std::size_t held = 0;
  for (const json::Value& conversation : conversations.items()) {
    const std::string name = conversation.string_at("name");
    SCOPED_TRACE(name);
    const auto found = begin.find(name);
    ASSERT_NE(found, begin.end());
    subscription_.forget(*shop_);
    shop_ = subscription_.new_account("shop", {"West US"});
    shop_->tier = "Continuous30Days";
    ASSERT_TRUE(subscription_.start(*shop_));
    subscription_.add(shop_);
    make_shop();
    found->second();
    ASSERT_NO_FATAL_FAILURE(converse(conversation));
    ++held;
  }
  EXPECT_EQ(held, begin.size());
}

}  // namespace
}  // namespace halley::arm
