// What Azure's restore leaves out: throughput, scripts, roles, network rules. Each is made as a fix-up makes it.
#include "arm/azure_fixture.h"

namespace halley::arm {
namespace {

using ::testing::ElementsAre;

class SettingsTest : public AzureTest {
 protected:
  SettingsTest() { make_store(); }

  const std::string shop_path = std::string(kGroup) + "/shop";
  const std::string orders = shop_path + "/sqlDatabases/store/containers/orders";
  const std::string throughput = orders + "/throughputSettings/default";

  std::string finished(const Answer& begun) { return finish(begun).text_at({"status"}); }
  std::int64_t units() {
    return get(throughput).at({"properties", "resource", "throughput"}).as_integer().value_or(-1);
  }
};

TEST_F(SettingsTest, ThroughputIsSetAndChangesItsKindByMigration) {
  EXPECT_EQ(get(shop_path + "/sqlDatabases/store/throughputSettings/default").status, 404);
  EXPECT_EQ(units(), 400);
  EXPECT_EQ(finished(send("PUT", throughput, R"({"properties":{"resource":{"throughput":600}}})")), "Succeeded");
  EXPECT_EQ(units(), 600);
  EXPECT_EQ(send("PUT", throughput, R"({"properties":{"resource":{"throughput":1}}})").status, 400);
  const std::string autoscale = R"({"properties":{"resource":{"autoscaleSettings":{"maxThroughput":4000}}}})";
  EXPECT_EQ(send("PUT", throughput, autoscale).status, 400);
  EXPECT_EQ(finished(send("POST", throughput + "/migrateToAutoscale")), "Succeeded");
  EXPECT_EQ(finished(send("PUT", throughput, autoscale)), "Succeeded");
  EXPECT_EQ(get(throughput).at({"properties", "resource", "autoscaleSettings", "maxThroughput"}).as_integer(), 4000);
  EXPECT_EQ(finished(send("POST", throughput + "/migrateToManualThroughput")), "Succeeded");
  EXPECT_EQ(units(), 4000);
  EXPECT_EQ(send("PUT", throughput + "/migrateToAutoscale").status, 404);
}

TEST_F(SettingsTest, ScriptsAreMadeReplacedListedAndDeleted) {
  for (const std::string kind : {"storedProcedures", "triggers", "userDefinedFunctions"}) {
    const std::string script = orders + "/" + kind + "/sum";
    const auto put = [&](const std::string& body) {
      return send("PUT", script, R"({"properties":{"resource":{"id":"sum","body":")" + body + R"("},"options":{}}})");
    };
    EXPECT_EQ(get(script).status, 404);
    EXPECT_EQ(send("DELETE", script).status, 204);
    EXPECT_EQ(finished(put("one")), "Succeeded");
    EXPECT_EQ(finished(put("two")), "Succeeded");
    EXPECT_EQ(get(script).text_at({"properties", "resource", "body"}), "two");
    EXPECT_THAT(get(orders + "/" + kind).texts_at("value", {"name"}), ElementsAre("sum"));
    EXPECT_EQ(finished(send("DELETE", script)), "Succeeded");
    EXPECT_TRUE(get(orders + "/" + kind).at({"value"}).items().empty());
  }
  EXPECT_EQ(get(orders + "/clientEncryptionKeys").status, 404);
  EXPECT_EQ(get(shop_path + "/sqlDatabases/store/triggers").status, 404);
}

TEST_F(SettingsTest, RolesAreKept) {
  const std::string definition = shop_path + "/sqlRoleDefinitions/one";
  const std::string body = R"({"properties":{"roleName":"Reader","type":"CustomRole","permissions":[{}]}})";
  EXPECT_EQ(get(definition).status, 404);
  EXPECT_EQ(send("PUT", definition, R"({"properties":{"roleName":"Reader"}})").status, 400);
  EXPECT_EQ(finished(send("PUT", definition, body)), "Succeeded");
  EXPECT_EQ(get(definition).text_at({"properties", "roleName"}), "Reader");
  EXPECT_EQ(finished(send("PUT", shop_path + "/sqlRoleAssignments/two",
                          R"({"properties":{"roleDefinitionId":"r","scope":"/","principalId":"p"}})")),
            "Succeeded");
  EXPECT_THAT(get(shop_path + "/sqlRoleAssignments").texts_at("value", {"properties", "principalId"}),
              ElementsAre("p"));
  EXPECT_EQ(finished(send("DELETE", definition)), "Succeeded");
  EXPECT_TRUE(get(shop_path + "/sqlRoleDefinitions").at({"value"}).items().empty());
}

TEST_F(SettingsTest, NetworkRulesAreToldAndDoNotComeBackByARestore) {
  const std::string body =
      R"({"properties":{"isVirtualNetworkFilterEnabled":true,"ipRules":[{"ipAddressOrRange":"10.0.0.1"}],)"
      R"("virtualNetworkRules":[{"id":"net"}]}})";
  EXPECT_EQ(finished(send("PATCH", shop_path, body)), "Succeeded");
  EXPECT_EQ(get(shop_path).at({"properties", "ipRules"}).to_text(), R"([{"ipAddressOrRange":"10.0.0.1"}])");
  EXPECT_EQ(get(shop_path).at({"properties", "isVirtualNetworkFilterEnabled"}).as_bool(), true);
  const std::string copy = std::string(kGroup) + "/copy";
  pass(1);
  EXPECT_EQ(finished(send("PUT", copy, restore_body(subscription_.now() - 1))), "Succeeded");
  EXPECT_TRUE(get(copy).at({"properties", "ipRules"}).items().empty());
  EXPECT_TRUE(get(copy).at({"properties", "virtualNetworkRules"}).items().empty());
}

}  // namespace
}  // namespace halley::arm
