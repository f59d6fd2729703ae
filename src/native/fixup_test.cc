#include "native/fixup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "http/message.h"
#include "testing/fixed_tokens.h"
#include "testing/virtual_runtime.h"

namespace halley::native {
namespace {

using repo::DefinitionKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kEndpoint = "https://management.example";
const AccountId kSource{"sub", "rg", "shop"};
const AccountId kTarget{"sub", "rg", "shop-copy"};

json::Value parsed(const std::string& text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(json::Value());
}

// The members of all objects in it the other way round.
void turn_around(json::Value& value) {
  std::reverse(value.members().begin(), value.members().end());
  for (auto& [name, member] : value.members()) turn_around(member);
}

// A Resource Manager that keeps what it is sent, by path.
class Resources final : public http::Transport {
 public:
  void set(const std::string& path, const std::string& text) { resources_[path] = parsed(text); }
  void set_resource(const std::string& path, const std::string& resource) {
    set(path, R"({"name":")" + path.substr(path.rfind('/') + 1) + R"(","properties":{"resource":)" + resource + "}}");
  }
  const json::Value& resource(const std::string& path) {
    return *resources_.at(path).find("properties")->find("resource");
  }
  const json::Value& at(const std::string& path) { return resources_.at(path); }
  bool has(const std::string& path) const { return resources_.contains(path); }
  void refuse(const std::string& method_and_path, const std::string& message = "not allowed here") {
    refused_[method_and_path] = message;
  }
  const std::vector<std::string>& changes() const { return changes_; }

  Result<http::Response> send(const http::Request& request, Deadline, std::stop_token) override {
    const std::string path = request.url.substr(kEndpoint.size(), request.url.find('?') - kEndpoint.size());
    if (request.method != "GET") changes_.push_back(request.method + " " + path);
    http::Response response;
    response.status = 200;
    if (const auto refused = refused_.find(request.method + " " + path); refused != refused_.end()) {
      response.status = 400;
      response.body = R"({"error":{"code":"BadRequest","message":")" + refused->second + R"("}})";
      return response;
    }
    if (request.method == "PUT") put(path, parsed(request.body));
    if (request.method == "PATCH") merge(resources_.at(path), parsed(request.body));
    if (request.method == "POST") migrate(path);
    if (request.method == "GET") read(path, response);
    return response;
  }

 private:
  void put(const std::string& path, json::Value body) {
    body.set("name", json::Value::string(path.substr(path.rfind('/') + 1)));
    resources_[path] = std::move(body);
  }
  static void merge(json::Value& into, const json::Value& change) {
    for (const auto& [name, value] : change.members()) {
      json::Value* const there = into.find(name);
      if (name == "properties" && there != nullptr) {
        merge(*there, value);
      } else {
        into.set(name, value);
      }
    }
  }
  void migrate(const std::string& path) {
    const std::string settings = path.substr(0, path.rfind('/'));
    set_resource(settings, path.ends_with("migrateToAutoscale")
                               ? R"({"throughput":100,"autoscaleSettings":{"maxThroughput":1000}})"
                               : R"({"throughput":1000})");
  }
  void read(const std::string& path, http::Response& response) {
    static const std::set<std::string> lists = {"storedProcedures", "triggers", "userDefinedFunctions",
                                                "sqlRoleDefinitions", "sqlRoleAssignments"};
    if (lists.contains(path.substr(path.rfind('/') + 1))) {
      json::Value list = json::Value::array();
      for (const auto& [each, resource] : resources_) {
        if (each.starts_with(path + "/")) list.items().push_back(resource);
      }
      response.body = json::Value::object({{"value", list}}).to_text();
    } else if (has(path)) {
      response.body = resources_.at(path).to_text();
    } else {
      response.status = 404;
      response.body = R"({"error":{"code":"NotFound","message":"none"}})";
    }
  }

  std::map<std::string, json::Value> resources_;
  std::map<std::string, std::string> refused_;  // with what is said
  std::vector<std::string> changes_;
};

// store/orders as it was: scripts, 700 RU/s, a conflict policy, expiry. The restored one has none of that.
class FixupTest : public ::testing::Test {
 protected:
  FixupTest() {
    wish_.target = kTarget;
    define(DefinitionKind::database, "", "", "store", R"({"id":"store","_rid":"r"})");
    define(DefinitionKind::container, "store", "", "orders",
           R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2},"defaultTtl":3600,)"
           R"("conflictResolutionPolicy":{"mode":"LastWriterWins","conflictResolutionPath":"/n",)"
           R"("conflictResolutionProcedure":""},"indexingPolicy":{"indexingMode":"consistent"},"_rid":"r"})");
    define(DefinitionKind::stored_procedure, "store", "orders", "bulk", R"({"id":"bulk","body":"function b(){}"})");
    define(DefinitionKind::trigger, "store", "orders", "stamp",
           R"({"id":"stamp","body":"function t(){}","triggerType":"Pre","triggerOperation":"All"})");
    define(DefinitionKind::user_defined_function, "store", "orders", "tax", R"({"id":"tax","body":"function u(){}"})");
    define(DefinitionKind::offer, "store", "orders", "offer", R"({"content":{"offerThroughput":700}})");
    resources_.set_resource(database_path(kTarget, "store"), R"({"id":"store"})");
    resources_.set_resource(orders_,
                            R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2},)"
                            R"("conflictResolutionPolicy":{"mode":"LastWriterWins","conflictResolutionPath":"/_ts"},)"
                            R"("indexingPolicy":{"indexingMode":"consistent"},"_rid":"r","createMode":"Restore",)"
                            R"("restoreParameters":{"restoreSource":"x"}})");
    resources_.set_resource(throughput_path(orders_), R"({"throughput":400,"minimumThroughput":"400"})");
  }

  void define(DefinitionKind kind, std::string database, std::string parent, std::string id, std::string text) {
    repo::Definition definition;
    definition.key = {kind, std::move(database), std::move(parent), std::move(id)};
    definition.text = std::move(text);
    wish_.definitions.push_back(std::move(definition));
  }
  FixupPlan plan() {
    auto plan = plan_fixup(arm_, wish_, {});
    EXPECT_TRUE(plan) << plan.error().to_string();
    return plan ? *std::move(plan) : FixupPlan();
  }
  // Expiry from a plan of its own, after all else.
  void carry_out_all() {
    for (const bool expiry : {false, true}) {
      for (const FixupStep& step : plan().steps) {
        if ((step.part == FixupPart::expiry) != expiry) continue;
        const Status done = carry_out(arm_, step, {});
        EXPECT_TRUE(done) << done.error().to_string();
      }
    }
  }
  static std::vector<std::string> texts(const FixupPlan& plan) {
    std::vector<std::string> texts;
    for (const FixupStep& step : plan.steps) texts.push_back(step.what);
    return texts;
  }
  static std::vector<std::string> differences(const FixupPlan& plan) {
    std::vector<std::string> texts;
    for (const FixupDifference& each : plan.differences) texts.push_back(each.what);
    return texts;
  }

  void account_was(const std::string& properties, const std::string& more = "") {
    AccountDescription description;
    description.account =
        parsed(R"({"id":")" + account_path(kSource) + R"(","properties":{)" + properties + "}" + more + "}");
    wish_.description = description;
  }
  void account_is(const std::string& properties, const std::string& more = "") {
    resources_.set(account_path(kTarget),
                   R"({"id":")" + account_path(kTarget) + R"(","properties":{)" + properties + "}" + more + "}");
  }

  const std::string orders_ = container_path(kTarget, "store", "orders");
  FixupWish wish_;
  testing::VirtualRuntime runtime_{Second{1795000000}};
  Resources resources_;
  std::unique_ptr<identity::TokenSource> tokens_ = testing::numbered_tokens(runtime_);
  ArmClient arm_{runtime_, resources_, *tokens_, {.base = kEndpoint, .scope = "the scope"}};
};

TEST_F(FixupTest, WhatAContainerLacksIsPutRightAndThenNothingIs) {
  const FixupPlan first = plan();
  EXPECT_THAT(texts(first), ElementsAre("stored procedure bulk of store/orders is missing",
                                        "trigger stamp of store/orders is missing",
                                        "user-defined function tax of store/orders is missing",
                                        "throughput of store/orders is 400 RU/s, was 700 RU/s",
                                        "conflict resolution policy of store/orders is another",
                                        "time to live of store/orders is off, was 3600"));
  EXPECT_THAT(differences(first), IsEmpty());
  EXPECT_THAT(resources_.changes(), IsEmpty()) << "a plan only reads";
  carry_out_all();
  EXPECT_THAT(texts(plan()), IsEmpty());
  EXPECT_EQ(resources_.resource(script_path(orders_, ScriptKind::trigger, "stamp")).string_at("triggerType"), "Pre");
  const json::Value& container = resources_.resource(orders_);
  EXPECT_EQ(container.find("defaultTtl")->as_integer(), 3600);
  EXPECT_EQ(container.find("conflictResolutionPolicy")->string_at("conflictResolutionPath"), "/n");
  EXPECT_EQ(container.find("indexingPolicy")->string_at("indexingMode"), "consistent");
  for (const char* own : {"_rid", "createMode", "restoreParameters"}) EXPECT_EQ(container.find(own), nullptr) << own;
}

TEST_F(FixupTest, ThroughputChangesItsKind) {
  wish_.definitions.back().text =
      R"({"content":{"offerThroughput":100,"offerAutopilotSettings":{"maxThroughput":4000}}})";
  carry_out_all();
  EXPECT_THAT(resources_.changes(), Contains("POST " + autoscale_migration_path(orders_)));
  EXPECT_EQ(
      resources_.resource(throughput_path(orders_)).find("autoscaleSettings")->find("maxThroughput")->as_integer(),
      4000);
  EXPECT_THAT(texts(plan()), IsEmpty());
  wish_.definitions.back().text = R"({"content":{"offerThroughput":600}})";
  carry_out_all();
  EXPECT_EQ(resources_.resource(throughput_path(orders_)).find("throughput")->as_integer(), 600);
  wish_.definitions.pop_back();
  EXPECT_THAT(texts(plan()), IsEmpty());
  EXPECT_THAT(differences(plan()), ElementsAre("throughput of store/orders is 600 RU/s, was none of its own"));
}

TEST_F(FixupTest, WhatCannotBeChangedIsTold) {
  resources_.set_resource(script_path(orders_, ScriptKind::stored_procedure, "new"), R"({"id":"new","body":"x"})");
  define(DefinitionKind::container, "store", "", "gone", R"({"id":"gone","partitionKey":{"paths":["/a"]}})");
  define(DefinitionKind::database, "", "", "lost", R"({"id":"lost"})");
  wish_.definitions[1].text.replace(wish_.definitions[1].text.find("consistent"), 10, "none");
  EXPECT_THAT(differences(plan()), ElementsAre("stored procedure new of store/orders was not there at the moment",
                                               "indexingPolicy of store/orders is another",
                                               "container store/gone is not there", "database lost is not there"));
}

TEST_F(FixupTest, ARefusalIsTheStepsOwn) {
  resources_.refuse("PUT " + orders_);
  const FixupPlan first = plan();
  std::vector<std::string> failed;
  for (const FixupStep& step : first.steps) {
    if (!carry_out(arm_, step, {})) failed.emplace_back(fixup_part_name(step.part));
  }
  EXPECT_THAT(failed, ElementsAre("conflicts", "expiry"));
  EXPECT_EQ(plan().steps.size(), 2U);
}

TEST_F(FixupTest, AServerlessAccountHasNoThroughput) {
  const std::string said = "Reading or replacing offers is not supported for serverless accounts.";
  resources_.refuse("GET " + throughput_path(orders_), said);
  resources_.refuse("GET " + throughput_path(database_path(kTarget, "store")), said);
  wish_.definitions.pop_back();
  EXPECT_THAT(texts(plan()), Not(Contains(HasSubstr("throughput"))));
  EXPECT_THAT(differences(plan()), IsEmpty());
  resources_.refuse("GET " + throughput_path(orders_));
  EXPECT_THAT(plan_fixup(arm_, wish_, {}).error().message, HasSubstr("not allowed here"));
}

TEST_F(FixupTest, WhatIsThereIsNotReplacedUnasked) {
  const auto replacing = [&] {
    std::vector<std::string> texts;
    for (const FixupStep& step : plan().steps) {
      if (step.replaces) texts.push_back(step.what);
    }
    return texts;
  };
  EXPECT_THAT(replacing(), ElementsAre("throughput of store/orders is 400 RU/s, was 700 RU/s",
                                       "conflict resolution policy of store/orders is another"));
  carry_out_all();
  resources_.set_resource(script_path(orders_, ScriptKind::stored_procedure, "bulk"), R"({"id":"bulk","body":"x"})");
  EXPECT_THAT(replacing(), ElementsAre("stored procedure bulk of store/orders is another"));
  wish_.definitions.clear();
  account_was("", R"(,"tags":{"team":"till"})");
  account_is("", R"(,"tags":{"restored":"yes"})");
  EXPECT_THAT(replacing(), IsEmpty()) << "a tag is added";
  account_is("", R"(,"tags":{"team":"bar"})");
  EXPECT_THAT(replacing(), ElementsAre("tags of shop-copy are others"));
  account_was(R"("ipRules":[],"virtualNetworkRules":[{"id":"a"}])");
  account_is(R"("ipRules":[])");
  EXPECT_THAT(replacing(), ElementsAre("network rules of shop-copy are others: virtualNetworkRules"));
  account_was("");
  wish_.description->role_definitions = {parsed(R"({"name":"r","properties":{"roleName":"till"}})")};
  wish_.description->role_assignments = {parsed(R"({"name":"w","properties":{"principalId":"p1"}})")};
  account_is("");
  EXPECT_THAT(replacing(), IsEmpty()) << "roles are added";
  resources_.set(role_definition_path(kTarget, "r"), R"({"name":"r","properties":{"roleName":"bar"}})");
  resources_.set(role_assignment_path(kTarget, "w"), R"({"name":"w","properties":{"principalId":"p2"}})");
  EXPECT_THAT(replacing(), ElementsAre("role till for data is another", "role assignment w of p1 is another"));
}

TEST_F(FixupTest, ExpiryIsArmedWhereThatWasAgreedToAndScriptsAreThere) {
  const auto subjects = [](const std::vector<FixupStep>& steps) {
    std::vector<std::string> names;
    for (const FixupStep& step : steps) names.push_back(step.subject);
    return names;
  };
  const FixupPlan first = plan();
  EXPECT_THAT(subjects(agreed_expiry(first, first)), IsEmpty()) << "scripts are missing";
  for (const FixupStep& step : first.steps) {
    if (step.part != FixupPart::expiry) {
      EXPECT_TRUE(carry_out(arm_, step, {}));
    }
  }
  const FixupPlan second = plan();
  EXPECT_THAT(subjects(agreed_expiry(first, second)), ElementsAre("store/orders"));
  EXPECT_THAT(subjects(agreed_expiry({}, second)), IsEmpty()) << "nobody was asked";
}

TEST_F(FixupTest, ExpiryThatWasNotThereIsTurnedOffFirstAndStaysOff) {
  std::string& text = wish_.definitions[1].text;
  text.erase(text.find(R"("defaultTtl":3600,)"), 18);
  json::Value there = resources_.resource(orders_);
  there.set("defaultTtl", json::Value::integer(60));
  resources_.set_resource(orders_, there.to_text());
  const FixupPlan first = plan();
  EXPECT_EQ(first.steps.front().part, FixupPart::expiry_off);
  EXPECT_FALSE(first.steps.front().replaces);
  EXPECT_THAT(texts(first), Contains("time to live of store/orders is 60, was off"));
  EXPECT_THAT(texts(first), Contains("conflict resolution policy of store/orders is another"));
  for (const FixupStep& step : first.steps) EXPECT_TRUE(carry_out(arm_, step, {}));
  EXPECT_EQ(resources_.resource(orders_).find("defaultTtl"), nullptr);
  EXPECT_THAT(texts(plan()), IsEmpty());
}

TEST_F(FixupTest, AMemberThatIsLostOrNewIsAnother) {
  const auto with = [](const std::string& text, const std::string& members) {
    return text.substr(0, text.size() - 1) + "," + members + "}";
  };
  const std::string was = wish_.definitions[1].text;
  const std::string is = resources_.resource(orders_).to_text();
  wish_.definitions[1].text =
      with(was, R"("uniqueKeyPolicy":{"uniqueKeys":[]},"geospatialConfig":{"type":"Geography"})");
  resources_.set_resource(orders_, with(is, R"("computedProperties":[],"statistics":[{"id":"0"}])"));
  EXPECT_THAT(differences(plan()), IsEmpty()) << "what says nothing, or is the service's own";
  wish_.definitions[1].text = with(was, R"("uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/a"]}]},)"
                                        R"("vectorEmbeddingPolicy":{"vectorEmbeddings":[{"path":"/v"}]},"yet":1)");
  resources_.set_resource(orders_, with(is, R"("computedProperties":[{"name":"c","query":"q"}],"yet":2,)"
                                            R"("geospatialConfig":{"type":"Geometry"})"));
  EXPECT_THAT(differences(plan()),
              ElementsAre("uniqueKeyPolicy of store/orders is missing",
                          "computedProperties of store/orders was not there at the moment",
                          "vectorEmbeddingPolicy of store/orders is missing",
                          "geospatialConfig of store/orders is another", "yet of store/orders is another"));
}

TEST_F(FixupTest, NetworkRulesAndTagsComeBackTogetherWithTheDoor) {
  account_was(R"("publicNetworkAccess":"Enabled","ipRules":[{"ipAddressOrRange":"10.1.0.0/16"}],)"
              R"("isVirtualNetworkFilterEnabled":false,"virtualNetworkRules":[])",
              R"(,"tags":{"team":"till"})");
  account_is(R"("publicNetworkAccess":"Disabled","ipRules":[],"isVirtualNetworkFilterEnabled":false,)"
             R"("virtualNetworkRules":[])",
             R"(,"tags":{"restored":"yes"})");
  wish_.definitions.clear();
  EXPECT_THAT(texts(plan()), ElementsAre("network rules of shop-copy are others: publicNetworkAccess, ipRules; "
                                         "it is opened to networks",
                                         "tags of shop-copy are others"));
  carry_out_all();
  EXPECT_THAT(resources_.changes(), ElementsAre("PATCH " + account_path(kTarget), "PATCH " + account_path(kTarget)));
  const json::Value& account = resources_.at(account_path(kTarget));
  EXPECT_EQ(account.find("properties")->string_at("publicNetworkAccess"), "Enabled");
  EXPECT_EQ(account.find("properties")->find("ipRules")->items().at(0).string_at("ipAddressOrRange"), "10.1.0.0/16");
  EXPECT_EQ(account.find("tags")->to_text(), R"({"restored":"yes","team":"till"})");
  EXPECT_THAT(texts(plan()), IsEmpty());
}

TEST_F(FixupTest, RolesComeBackBelowTheNewAccount) {
  account_was("");
  const std::string source = account_path(kSource);
  wish_.description->role_definitions = {
      parsed(R"({"name":"builtin","properties":{"type":"BuiltInRole","roleName":"Reader"}})"),
      parsed(R"({"name":"role-1","properties":{"type":"CustomRole","roleName":"till","assignableScopes":[")" + source +
             R"(/dbs/store"],"permissions":[{"dataActions":["read"]}]}})")};
  wish_.description->role_assignments = {parsed(R"({"name":"who-1","properties":{"roleDefinitionId":")" + source +
                                                R"(/sqlRoleDefinitions/role-1",)" + R"("scope":")" + source +
                                                R"(","principalId":"p1"}})")};
  account_is("");
  resources_.set(role_assignment_path(kTarget, "who-2"), R"({"name":"who-2","properties":{"principalId":"stranger"}})");
  wish_.definitions.clear();
  const FixupPlan first = plan();
  EXPECT_THAT(texts(first), ElementsAre("role till for data is missing", "role assignment who-1 of p1 is missing"));
  EXPECT_THAT(differences(first), ElementsAre("role assignment who-2 of stranger was not there"));
  carry_out_all();
  const json::Value& role = *resources_.at(role_definition_path(kTarget, "role-1")).find("properties");
  EXPECT_EQ(role.find("assignableScopes")->items().at(0).text(), account_path(kTarget) + "/dbs/store");
  const json::Value& who = *resources_.at(role_assignment_path(kTarget, "who-1")).find("properties");
  EXPECT_EQ(who.string_at("roleDefinitionId"), account_path(kTarget) + "/sqlRoleDefinitions/role-1");
  EXPECT_THAT(texts(plan()), IsEmpty());
}

TEST_F(FixupTest, OtherSettingsAreToldAndLeft) {
  account_was(
      R"("minimalTlsVersion":"Tls12","disableLocalAuth":true,"cors":[],"locations":[{"locationName":"West US"},)"
      R"({"locationName":"East US"}],"privateEndpointConnections":[{"id":"x"}],"backupPolicy":)"
      R"({"continuousModeProperties":{"tier":"Continuous30Days"}})",
      R"(,"identity":{"type":"SystemAssigned"})");
  account_is(R"("minimalTlsVersion":"Tls","disableLocalAuth":true,"locations":[{"locationName":"West US"}],)"
             R"("backupPolicy":{"continuousModeProperties":{"tier":"Continuous7Days"}})");
  wish_.definitions.clear();
  EXPECT_THAT(differences(plan()),
              ElementsAre(R"(minimalTlsVersion of shop-copy is "Tls", was "Tls12")",
                          "regions of shop-copy are West US, were West US, East US",
                          "1 private endpoints led to the account", "the account had an identity: SystemAssigned",
                          "backup tier of shop-copy is Continuous7Days, was Continuous30Days"));
  EXPECT_THAT(texts(plan()), IsEmpty());
}

TEST_F(FixupTest, ADescriptionIsKeptWithoutSecrets) {
  account_is(
      R"("primaryMasterKey":"s3cret","nested":{"connectionStrings":["s3cret"]},"publicNetworkAccess":"Enabled")");
  resources_.set(role_definition_path(kTarget, "b"), R"({"id":"b","name":"b"})");
  const auto description = describe_account(arm_, kTarget, {});
  ASSERT_TRUE(description) << description.error().to_string();
  const std::string text = description->to_text();
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  const auto again = parse_description(text);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->to_text(), text);
  EXPECT_EQ(again->role_definitions.size(), 1U);
  AccountDescription otherwise = *again;
  turn_around(otherwise.account);
  EXPECT_EQ(otherwise.to_text(), text) << "in whatever order it was told";
  for (const char* wrong : {"[]", "{}", R"({"account":{}})", R"({"account":[],"sqlRoleDefinitions":[]})"}) {
    EXPECT_EQ(parse_description(wrong).error().code, Code::corrupt) << wrong;
  }
}

}  // namespace
}  // namespace halley::native
