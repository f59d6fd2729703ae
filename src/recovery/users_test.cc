#include "recovery/users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cosmos/signing.h"
#include "recovery/hand_made_backup.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {
namespace {

using repo::Definition;
using repo::DefinitionKind;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Second at(std::int64_t seconds) { return {1760000000 + seconds}; }

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() {
    EXPECT_TRUE(account_.engine().create_database("shop"));
    const auto made = account_.engine().create_container("shop", R"({"id":"orders","partitionKey":{"paths":["/pk"]}})");
    EXPECT_TRUE(made);
    cosmos::ClientOptions options;
    options.endpoint = "http://target.test/";
    options.key = std::string(cosmos::kEmulatorKey);
    client_ = cosmos::Client::create(runtime_, transport_, options).value();
  }

  // A permission of ada for what the link names.
  static Definition permission(const std::string& link) {
    Definition definition;
    definition.key = {DefinitionKind::permission, "shop", "ada", "read"};
    definition.text = R"({"id":"read","permissionMode":"Read","resource":")" + link + R"("})";
    return definition;
  }
  static Definition ada() {
    Definition definition;
    definition.key = {DefinitionKind::user, "shop", "", "ada"};
    definition.text = R"({"id":"ada"})";
    return definition;
  }
  std::vector<UserDifference> differing(const std::string& link) {
    return differing_users(*client_, {ada()}, {permission(link)}, {}).value();
  }
  std::string rid(const server::Engine::Path& path) { return account_.engine().find(path)->rid; }

  halley::testing::VirtualRuntime runtime_{at(1000)};
  server::Account account_{runtime_, {}};
  halley::testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
};

constexpr const char* kElsewhere = "dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/";

TEST_F(UsersTest, APermissionForADocumentByItsRidIsNotMadeWhereItNamesNothing) {
  const auto differences = differing(kElsewhere);
  ASSERT_THAT(differences, SizeIs(2));
  EXPECT_EQ(differences[0].obstacle, "") << "the user is made";
  EXPECT_THAT(differences[1].obstacle, HasSubstr("by its _rid, Lx1BALxJyZ8BAAAAAAAAAA=="));
  ASSERT_TRUE(put_user_difference(*client_, differences[0], {}));
  const Status refused = put_user_difference(*client_, differences[1], {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported);
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_THAT(client_->list_permissions("shop", "ada", {}).value(), SizeIs(0));
}

TEST_F(UsersTest, APermissionForADocumentByItsRidIsMadeInItsOwnContainer) {
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"1","pk":"a"})"));
  const std::string container = rid({"dbs", "shop", "colls", "orders"});
  const auto document = (*account_.engine().container("shop", "orders"))->live_documents().front();
  const std::string link = json::parse(document->text).value().string_at("_self");
  ASSERT_THAT(link, HasSubstr(container));
  for (const UserDifference& each : differing(link)) {
    EXPECT_EQ(each.obstacle, "");
    EXPECT_TRUE(put_user_difference(*client_, each, {}));
  }
  EXPECT_THAT(differing(link), SizeIs(0));
}

TEST(NamedPermissions, LinksOfRidsAreNamedAndThoseOfDocumentsStayWhole) {
  HandMadeBackup backup;
  backup.define(DefinitionKind::account, "", "", "account", R"({"id":"test-account"})", at(0));
  backup.define(DefinitionKind::database, "", "", "a shop", R"({"id":"a shop"})", at(0), "Lx1BAA==");
  backup.container("a shop", "orders", at(0), "", "Lx1BALxJyZ8=");
  backup.define(DefinitionKind::user, "a shop", "", "ada", R"({"id":"ada"})", at(0));
  const auto permit = [&](const std::string& id, const std::string& link) {
    backup.define(DefinitionKind::permission, "a shop", "ada", id,
                  R"({"id":")" + id + R"(","permissionMode":"Read","resource":")" + link + R"("})", at(0));
  };
  permit("1", "dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/");
  permit("2", kElsewhere);
  permit("3", "/dbs/a shop/colls/orders");
  permit("4", "dbs/a%20shop/colls/orders/docs/1");
  backup.definitions_known(at(0), at(100));
  const auto definitions = DefinitionsAt::read(backup.repository(), Moment::of(at(70)), false);
  ASSERT_TRUE(definitions) << definitions.error().to_string();
  const auto named = named_permissions(*definitions, "a shop");
  ASSERT_TRUE(named) << named.error().to_string();
  std::vector<std::string> links;
  for (const Definition& each : *named) {
    links.push_back(json::parse(each.text).value().string_at("resource"));
  }
  EXPECT_THAT(links, ::testing::ElementsAre("dbs/a%20shop/colls/orders", kElsewhere, "/dbs/a shop/colls/orders",
                                            "dbs/a%20shop/colls/orders/docs/1"));
}

}  // namespace
}  // namespace halley::recovery
