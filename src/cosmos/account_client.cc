#include "cosmos/account_client.h"

#include "base/check.h"
#include "codec/base64.h"
#include "cosmos/read_feed.h"

namespace halley::cosmos {
namespace {

// The endpoint without the slash at its end.
Result<std::string> endpoint_base(std::string_view endpoint) {
  const auto wrong = [&] {
    // A connection string holds the key.
    const bool open = endpoint.find_first_of(";=@") == std::string_view::npos;
    const std::string given = open ? "`" + std::string(endpoint) + "`" : "what was given";
    return fail(Code::invalid_argument, given + " is not the endpoint of an account",
                "it looks like https://ACCOUNT.documents.azure.com:443/");
  };
  std::string_view rest = endpoint;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong();
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty() || rest.find_first_of("/?#@\\ \t\r\n") != std::string_view::npos) return wrong();
  return std::string(endpoint.substr(0, endpoint.size() - (endpoint.ends_with('/') ? 1 : 0)));
}

bool flag(const json::Value& record, std::string_view name) {
  const json::Value* value = record.find(name);
  return value != nullptr && value->as_bool().value_or(false);
}

}  // namespace

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::metadata:
      return "metadata";
    case Operation::change_feed:
      return "change_feed";
    case Operation::read_feed:
      return "read_feed";
    case Operation::point_read:
      return "point_read";
    case Operation::query:
      return "query";
    case Operation::write:
      return "write";
  }
  CHECK(false);
}

double Charges::request_units() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : by_operation) sum += entry.milli_units;
  return static_cast<double>(sum) / 1000;
}

std::uint64_t Charges::bytes_received() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : by_operation) sum += entry.bytes_received;
  return sum;
}

std::string_view script_path(ScriptKind kind) {
  switch (kind) {
    case ScriptKind::stored_procedure:
      return "sprocs";
    case ScriptKind::trigger:
      return "triggers";
    case ScriptKind::user_defined_function:
      return "udfs";
  }
  CHECK(false);
}

Result<std::unique_ptr<Client>> Client::create(Runtime& runtime, http::Transport& transport,
                                               const ClientOptions& options) {
  ASSIGN(std::string base, endpoint_base(options.endpoint));
  auto key = codec::base64_decode(options.key);
  if (!key || key->empty()) {
    return fail(Code::invalid_argument, "the account key is not base64",
                "copy the primary or secondary key of the account, whole");
  }
  return std::make_unique<AccountClient>(runtime, transport, std::move(base), std::move(*key), options);
}

AccountClient::~AccountClient() {
  const Charges charges = sender_.charges();
  std::uint64_t requests = 0;
  for (const Charges::Entry& entry : charges.by_operation) requests += entry.requests;
  if (requests == 0) return;
  sender_.log(std::to_string(requests) + " requests, repeated: " + describe_retries(charges.retries_by_reason));
}

Result<Resource> parse_resource(std::string text, const std::string& what) {
  auto value = json::parse(text);
  if (!value) return fail(std::move(value.error()).in(what));
  const json::Value* id = value->find("id");
  if (!value->is_object() || id == nullptr || !id->is_string()) {
    return fail(Error(Code::corrupt, "the service answered with a resource that has no id").in(what));
  }
  Resource resource;
  resource.id = id->text();
  resource.rid = value->string_at("_rid");
  resource.etag = value->string_at("_etag");
  if (const json::Value* ts = value->find("_ts"); ts != nullptr) resource.ts = {ts->as_integer().value_or(0)};
  resource.text = std::move(text);
  resource.value = std::move(*value);
  return resource;
}

Result<Resource> AccountClient::read(const ResourcePath& path, const std::string& what, const std::stop_token& stop) {
  Call call;
  call.method = "GET";
  call.path = path;
  call.what = what;
  ASSIGN(http::Response response, sender_.send(call, stop).response);
  return parse_resource(std::move(response.body), what);
}

Result<std::vector<Resource>> AccountClient::list(const ResourcePath& path, std::string_view envelope,
                                                  const std::string& what, const std::stop_token& stop) {
  std::vector<Resource> all;
  std::string continuation;
  Continuations seen;
  do {
    Call call;
    call.method = "GET";
    call.path = path;
    call.what = what;
    call.headers.add("x-ms-max-item-count", "-1");
    if (!continuation.empty()) call.headers.add("x-ms-continuation", continuation);
    ASSIGN(http::Response response, sender_.send(call, stop).response);
    auto elements = json::array_member_slices(response.body, envelope);
    if (!elements) return fail(std::move(elements.error()).in(what));
    for (const std::string_view element : *elements) {
      ASSIGN(Resource resource, parse_resource(std::string(element), what));
      all.push_back(std::move(resource));
    }
    continuation = response.headers.get("x-ms-continuation");
    TRY(seen.add(continuation, what));
  } while (!continuation.empty());
  return all;
}

Result<Account> AccountClient::read_account(std::stop_token stop) { return read_account({}, std::move(stop)); }

Result<Account> AccountClient::read_account(std::vector<std::string> ask_last, std::stop_token stop) {
  Call call;
  call.ask_last = std::move(ask_last);
  call.method = "GET";
  call.path = resource_path({});
  call.what = "reading the account";
  Outcome outcome = sender_.send(call, stop);
  ASSIGN(http::Response response, std::move(outcome.response));
  ASSIGN(Resource resource, parse_resource(std::move(response.body), call.what));
  Account account;
  account.id = sender_.learn_account(resource.value, outcome.base);
  account.continuous_backup = flag(resource.value, "continuousBackupEnabled");
  account.all_versions_feed = flag(resource.value, "enableAllVersionsAndDeletesChangeFeed");
  account.multiple_write_regions = flag(resource.value, "enableMultipleWriteLocations");
  if (const json::Value* regions = resource.value.find("writableLocations"); regions && !regions->items().empty()) {
    account.write_endpoint = regions->items().front().string_at("databaseAccountEndpoint");
  }
  account.value = std::move(resource.value);
  return account;
}

Result<std::vector<Resource>> AccountClient::list_databases(std::stop_token stop) {
  return list(resource_path({"dbs"}), "Databases", "listing the databases", stop);
}

Result<std::vector<Resource>> AccountClient::list_containers(std::string_view database, std::stop_token stop) {
  return list(resource_path({"dbs", database, "colls"}), "DocumentCollections",
              "listing the containers of " + std::string(database), stop);
}

Result<Resource> AccountClient::read_database(std::string_view database, std::stop_token stop) {
  return read(resource_path({"dbs", database}), "reading database " + std::string(database), stop);
}

Result<Resource> AccountClient::read_container(const ContainerName& name, std::stop_token stop) {
  return read(resource_path({"dbs", name.database, "colls", name.container}), "reading container " + name.text(), stop);
}

Result<std::vector<Resource>> AccountClient::list_scripts(const ContainerName& name, ScriptKind kind,
                                                          std::stop_token stop) {
  constexpr std::array<std::string_view, 3> kEnvelopes = {"StoredProcedures", "Triggers", "UserDefinedFunctions"};
  return list(resource_path({"dbs", name.database, "colls", name.container, script_path(kind)}),
              kEnvelopes[static_cast<std::size_t>(kind)],
              "listing the " + std::string(script_path(kind)) + " of " + name.text(), stop);
}

Result<Resource> AccountClient::read_script(const ContainerName& name, ScriptKind kind, std::string_view id,
                                            std::stop_token stop) {
  return read(resource_path({"dbs", name.database, "colls", name.container, script_path(kind), id}),
              "reading " + std::string(script_path(kind)) + "/" + std::string(id) + " of " + name.text(), stop);
}

Result<Resource> AccountClient::read_user(std::string_view database, std::string_view user, std::stop_token stop) {
  return read(resource_path({"dbs", database, "users", user}),
              "reading user " + std::string(user) + " of " + std::string(database), stop);
}

Result<Resource> AccountClient::read_permission(std::string_view database, std::string_view user,
                                                std::string_view permission, std::stop_token stop) {
  return read(resource_path({"dbs", database, "users", user, "permissions", permission}),
              "reading permission " + std::string(permission) + " of user " + std::string(user) + " of " +
                  std::string(database),
              stop);
}

Result<std::vector<Resource>> AccountClient::list_users(std::string_view database, std::stop_token stop) {
  return list(resource_path({"dbs", database, "users"}), "Users", "listing the users of " + std::string(database),
              stop);
}

Result<std::vector<Resource>> AccountClient::list_permissions(std::string_view database, std::string_view user,
                                                              std::stop_token stop) {
  return list(resource_path({"dbs", database, "users", user, "permissions"}), "Permissions",
              "listing the permissions of user " + std::string(user) + " of " + std::string(database), stop);
}

Result<std::vector<Resource>> AccountClient::list_offers(std::stop_token stop) {
  return list(resource_path({"offers"}), "Offers", "listing the throughput settings", stop);
}

}  // namespace halley::cosmos
