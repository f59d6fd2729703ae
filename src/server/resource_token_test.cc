#include "server/resource_token.h"

#include "server/account_fixture.h"

namespace halley::server {
namespace {

class ResourceTokenTest : public AccountTest {
 protected:
  void SetUp() override {
    make_shop();
    ASSERT_EQ(send("POST", "/dbs/Shop/colls", R"({"id":"Other","partitionKey":{"paths":["/pk"]}})").status, 201);
    ASSERT_EQ(send("POST", "/dbs/Shop/users", R"({"id":"u"})").status, 201);
    create(R"({"id":"1","pk":"a"})");
    create(R"({"id":"2","pk":"a"})");
    create(R"({"id":"1","pk":"b"})", R"(["b"])");
  }

  // The token of a new permission; `more` are members of it, each with a comma in front.
  std::string permit(const std::string& id, const std::string& mode, const std::string& resource,
                     const std::string& more = {}, Fields fields = {}) {
    const Answer made =
        send("POST", "/dbs/Shop/users/u/permissions",
             fmt::format(R"({{"id":"{}","permissionMode":"{}","resource":"{}"{}}})", id, mode, resource, more), fields);
    EXPECT_EQ(made.status, 201) << made.body;
    return http::percent_encode(made.value().string_at("_token"));
  }
  int status_with(const std::string& token, std::string_view method, std::string_view target,
                  std::string_view body = {}, Fields fields = {}) {
    fields.emplace_back("authorization", token);
    fields.emplace_back("x-ms-date", "");
    return send(method, target, body, fields).status;
  }
  static Fields key(const std::string& text) { return {{"x-ms-documentdb-partitionkey", text}}; }
  static constexpr std::string_view kOne = "/dbs/Shop/colls/Orders/docs/1";
};

TEST_F(ResourceTokenTest, ReadCoversTheContainerAndNothingElse) {
  const std::string token = permit("p", "Read", "dbs/Shop/colls/Orders");
  EXPECT_EQ(status_with(token, "GET", "/"), 200);
  EXPECT_EQ(status_with(token, "GET", "/dbs/Shop/colls/Orders"), 200);
  EXPECT_EQ(status_with(token, "GET", "/dbs/Shop/colls/Orders/pkranges"), 200);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["a"])")), 200);
  EXPECT_EQ(status_with(token, "GET", kDocs, {}, {{"A-IM", "Incremental feed"}}), 200);
  EXPECT_EQ(
      status_with(token, "POST", kDocs, R"({"query":"SELECT * FROM c"})", {{"content-type", "application/query+json"}}),
      200);
  EXPECT_EQ(status_with(token, "GET", "/dbs/Shop/colls/" + rid_ + "/docs/1", {}, key(R"(["a"])")), 200);
  EXPECT_EQ(status_with(token, "POST", kDocs, R"({"id":"3","pk":"a"})", key(R"(["a"])")), 403);
  EXPECT_EQ(status_with(token, "DELETE", kOne, {}, key(R"(["a"])")), 403);
  EXPECT_EQ(status_with(token, "PATCH", kOne, R"([{"op":"set","path":"/x","value":1}])", key(R"(["a"])")), 403);
  for (const char* method : {"DELETE", "PUT", "PATCH"}) {
    EXPECT_EQ(status_with(token, method, kOne, R"({"id":"1","pk":"a"})",
                          {{"x-ms-documentdb-partitionkey", R"(["a"])"},
                           {"x-ms-documentdb-isquery", "true"},
                           {"content-type", "application/query+json"}}),
              403)
        << method << " is no query, whatever its headers say";
  }
  EXPECT_EQ(status_with(token, "POST", "/dbs/Shop/colls/Orders/operations/partitionkeydelete", {},
                        {{"x-ms-documentdb-partitionkey", R"(["a"])"}, {"x-ms-documentdb-isquery", "true"}}),
            403);
  for (const char* target : {"/dbs", "/dbs/Shop", "/dbs/Shop/colls", "/dbs/Shop/colls/Other", "/dbs/Shop/users",
                             "/dbs/Shop/users/u/permissions/p", "/offers", "/dbs/Shop/colls/Other/docs"}) {
    EXPECT_EQ(status_with(token, "GET", target), 403) << target;
  }
}

TEST_F(ResourceTokenTest, AllWritesTooButNotTheContainerItself) {
  const std::string token = permit("p", "All", "dbs/Shop/colls/Orders/");
  EXPECT_EQ(status_with(token, "POST", kDocs, R"({"id":"3","pk":"a"})", key(R"(["a"])")), 201);
  EXPECT_EQ(status_with(token, "DELETE", kOne, {}, key(R"(["a"])")), 204);
  EXPECT_EQ(status_with(token, "POST", "/dbs/Shop/colls/Orders/udfs", R"({"id":"f","body":"function(){}"})"), 201);
  EXPECT_EQ(status_with(token, "DELETE", "/dbs/Shop/colls/Orders"), 403);
  EXPECT_EQ(status_with(token, "PUT", "/dbs/Shop/colls/Orders", R"({"id":"Orders","partitionKey":{"paths":["/pk"]}})"),
            403);
}

TEST_F(ResourceTokenTest, OneDocumentOrOneKeyIsAllThatIsGranted) {
  const std::string one = permit("one", "All", "dbs/Shop/colls/Orders/docs/1", R"(,"resourcePartitionKey":["a"])");
  EXPECT_EQ(status_with(one, "GET", kOne, {}, key(R"(["a"])")), 200);
  EXPECT_EQ(status_with(one, "GET", std::string(kDocs) + "/2", {}, key(R"(["a"])")), 403);
  EXPECT_EQ(status_with(one, "GET", kDocs), 403);
  EXPECT_EQ(status_with(one, "GET", "/dbs/Shop/colls/Orders"), 200);
  const std::string a = permit("a", "All", "dbs/Shop/colls/" + rid_, R"(,"resourcePartitionKey":["a"])");
  EXPECT_EQ(status_with(a, "GET", kOne, {}, key(R"(["a"])")), 200);
  EXPECT_EQ(status_with(a, "GET", kOne, {}, key(R"(["b"])")), 403);
  EXPECT_EQ(status_with(a, "GET", kOne), 403);
  EXPECT_EQ(status_with(a, "GET", "/dbs/Shop/colls/Orders/sprocs", {}, key(R"(["a"])")), 403);
  EXPECT_EQ(status_with(a, "POST", kDocs, R"({"id":"3","pk":"a"})", key(R"(["a"])")), 201);
  EXPECT_EQ(status_with(a, "POST", kDocs, R"({"id":"3","pk":"b"})", key(R"(["a"])")), 400);
  EXPECT_EQ(status_with(a, "GET", kDocs, {}, {{"A-IM", "Incremental feed"}}), 403);
  EXPECT_EQ(status_with(a, "POST", kDocs, R"([{"operationType":"Delete","id":"1","partitionKey":"[\"b\"]"}])",
                        {{"x-ms-documentdb-partitionkey", R"(["a"])"},
                         {"x-ms-documentdb-partitionkeyrangeid", "0"},
                         {"x-ms-cosmos-is-batch-request", "true"}}),
            403)
      << "a bulk request states keys of its own";
}

TEST_F(ResourceTokenTest, OneDocumentIsOfOneKey) {
  const auto make = [&](const std::string& resource) {
    return send("POST", "/dbs/Shop/users/u/permissions",
                fmt::format(R"({{"id":"x","permissionMode":"All","resource":"{}"}})", resource))
        .status;
  };
  EXPECT_EQ(make("dbs/Shop/colls/Orders/docs/1"), 400) << "it is there under two keys";
  EXPECT_EQ(make("/dbs/Shop/colls/Orders/docs/1/"), 400);
  const std::string a = item("GET", "1").value().string_at("_self");
  const std::string token = permit("self", "All", a);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["a"])")), 200);
  EXPECT_EQ(status_with(token, "GET", "/" + a, {}, key(R"(["a"])")), 200);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["b"])")), 403) << "that is another document";
  EXPECT_EQ(status_with(token, "PUT", kOne, R"({"id":"1","pk":"b"})", key(R"(["b"])")), 403);
  ASSERT_EQ(item("DELETE", "1").status, 204);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["a"])")), 403) << "its document is gone";
}

TEST_F(ResourceTokenTest, UsersAreRenamedAndKeepTheirPermissions) {
  const std::string token = permit("p", "Read", "dbs/Shop/colls/Orders");
  ASSERT_EQ(send("POST", "/dbs/Shop/users", R"({"id":"taken"})").status, 201);
  EXPECT_EQ(send("PUT", "/dbs/Shop/users/u", R"({"id":"taken"})").status, 409);
  EXPECT_EQ(send("PUT", "/dbs/Shop/users/u", R"({"id":"v"})").status, 200);
  EXPECT_EQ(send("GET", "/dbs/Shop/users/u").status, 404);
  EXPECT_EQ(send("GET", "/dbs/Shop/users/v/permissions/p").status, 200);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["a"])")), 200);
}

TEST_F(ResourceTokenTest, TokensEndWithTheirTimeAndTheirPermission) {
  const std::string token =
      permit("p", "Read", "dbs/Shop/colls/Orders", {}, {{"x-ms-documentdb-expiry-seconds", "600"}});
  account_.clock().advance(599);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["a"])")), 200);
  account_.clock().advance(1);
  EXPECT_EQ(status_with(token, "GET", kOne, {}, key(R"(["a"])")), 403);
  EXPECT_EQ(status_with(token, "GET", "/"), 403);
  const Answer read = send("GET", "/dbs/Shop/users/u/permissions/p");
  const std::string fresh = http::percent_encode(read.value().string_at("_token"));
  EXPECT_EQ(status_with(fresh, "GET", kOne, {}, key(R"(["a"])")), 200);
  const Answer listed = send("GET", "/dbs/Shop/users/u/permissions");
  EXPECT_NE(listed.value().find("Permissions")->items()[0].string_at("_token"), "");
  EXPECT_EQ(send("DELETE", "/dbs/Shop/users/u/permissions/p").status, 204);
  EXPECT_EQ(status_with(fresh, "GET", kOne, {}, key(R"(["a"])")), 403);
}

TEST_F(ResourceTokenTest, ForgedTokensAreRefused) {
  const std::string token = permit("p", "Read", "dbs/Shop/colls/Orders");
  std::string other = *http::percent_decode(token);
  other[other.find("sig=") + 4] ^= 1;
  EXPECT_EQ(status_with(http::percent_encode(other), "GET", kOne, {}, key(R"(["a"])")), 401);
  for (const char* sig : {"", ";", ";;", "x", "AAAA;AAAA;", "AAAA;!;"}) {
    EXPECT_EQ(status_with(http::percent_encode("type=resource&ver=1.0&sig=" + std::string(sig)), "GET", kOne), 401)
        << sig;
  }
  EXPECT_EQ(status_with("type%3Daad%26ver%3D1.0%26sig%3Dx", "GET", kOne), 401);
}

TEST_F(ResourceTokenTest, PermissionsAreChecked) {
  const auto make = [&](std::string_view body) { return send("POST", "/dbs/Shop/users/u/permissions", body).status; };
  EXPECT_EQ(make(R"({"id":"p","permissionMode":"Write","resource":"dbs/Shop/colls/Orders"})"), 400);
  EXPECT_EQ(make(R"({"id":"p","permissionMode":"Read"})"), 400);
  EXPECT_EQ(make(R"({"id":"p","permissionMode":"Read","resource":"dbs/Shop/colls/Orders"})"), 201);
  EXPECT_EQ(make(R"({"id":"q","permissionMode":"All","resource":"dbs/Shop/colls/Orders"})"), 409)
      << "one for each resource";
  EXPECT_EQ(
      make(R"({"id":"q","permissionMode":"All","resource":"dbs/Shop/colls/Orders","resourcePartitionKey":["a"]})"),
      201);
  const auto put = [&](std::string_view id, std::string_view body) {
    return send("PUT", fmt::format("/dbs/Shop/users/u/permissions/{}", id), body).status;
  };
  constexpr std::string_view kQWithoutKey = R"({"id":"q","permissionMode":"All","resource":"dbs/Shop/colls/Orders"})";
  EXPECT_EQ(put("q", kQWithoutKey), 409) << "that is what p is for";
  EXPECT_EQ(send("POST", "/dbs/Shop/users/u/permissions", kQWithoutKey, {{"x-ms-documentdb-is-upsert", "true"}}).status,
            409);
  EXPECT_EQ(put("p", R"({"id":"p","permissionMode":"All","resource":"dbs/Shop/colls/Orders"})"), 200);
  for (const char* seconds : {"599", "86401", "x", "-1"}) {
    const Fields expiry{{"x-ms-documentdb-expiry-seconds", seconds}};
    EXPECT_EQ(send("GET", "/dbs/Shop/users/u/permissions/p", {}, expiry).status, 400) << seconds;
  }
}

}  // namespace
}  // namespace halley::server
