#include "cli/azure.h"

#include <fmt/core.h>

#include <mutex>

#include "cli/access.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "cli/progress.h"
#include "identity/cloud.h"
#include "identity/environment.h"
#include "recovery/moment.h"

namespace halley::cli {
namespace {

Result<std::string> named(const Context& context, const std::string& option, const std::string& configured,
                          const std::string& key) {
  auto name = context.arguments.find(option);
  if (name && !name->empty()) return *std::move(name);
  if (!configured.empty()) return configured;
  return fail(Code::invalid_argument, option + " is missing",
              "give " + option + ", or write [native] " + key + " in halley.toml");
}

// How an operation stands, for the display.
class Standing {
 public:
  Standing(Runtime& runtime, const native::Operation& operation)
      : runtime_(runtime), operation_(operation), begun_(runtime.steady_now()) {}

  void set(const std::string& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  ProgressSample sample() {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(runtime_.steady_now() - begun_).count();
    std::string status;
    {
      const std::lock_guard lock(mutex_);
      status = status_;
    }
    std::string json;
    json::Writer(json)
        .begin_object()
        .member("operation", operation_.id)
        .member("what", operation_.what)
        .member("status", status)
        .member_integer("seconds", seconds)
        .end_object();
    return {fmt::format("{}: {} for {}", operation_.what, status, show_age(seconds)), json};
  }

 private:
  Runtime& runtime_;
  const native::Operation& operation_;
  const SteadyTime begun_;
  std::mutex mutex_;
  std::string status_ = "begun";
};

}  // namespace

http::CurlOptions azure_trust(const Context& context, const Configuration& configuration) {
  http::CurlOptions options;
  options.ca_file = context.arguments.find("--azure-ca").value_or(configuration.azure_ca);
  return options;
}

Result<std::unique_ptr<Azure>> open_azure(const Context& context, const Configuration& configuration) {
  std::string name = context.arguments.find("--cloud").value_or(configuration.cloud);
  if (name.empty()) name = "AzureCloud";
  ASSIGN(const identity::Cloud cloud, identity::find_cloud(name));
  ASSIGN(DebugLog log, debug_log(context));
  auto azure = std::make_unique<Azure>();
  azure->transport = http::make_curl_transport(context.runtime, azure_trust(context, configuration));
  ASSIGN(azure->tokens, identity::tokens_of_environment(context.runtime, *azure->transport, context.variables, cloud));
  azure->base = cloud.resource_manager;
  native::ArmOptions options;
  options.base = cloud.resource_manager;
  options.scope = cloud.management_scope();
  options.debug_log = std::move(log);
  azure->arm = std::make_unique<native::ArmClient>(context.runtime, *azure->transport, *azure->tokens, options);
  return azure;
}

Result<std::string> subscription_of(const Context& context, const Configuration& configuration) {
  const std::string otherwise = context.variables("AZURE_SUBSCRIPTION_ID").value_or(configuration.subscription);
  return named(context, "--subscription", otherwise, "subscription");
}

Result<std::string> resource_group_of(const Context& context, const Configuration& configuration) {
  return named(context, "--resource-group", configuration.resource_group, "resource_group");
}

Result<std::string> account_name_of(const Context& context, const Configuration& configuration) {
  return named(context, "--account", configuration.account, "account");
}

Result<native::AccountId> account_of(const Context& context, const Configuration& configuration) {
  native::AccountId account;
  ASSIGN(account.subscription, subscription_of(context, configuration));
  ASSIGN(account.resource_group, resource_group_of(context, configuration));
  ASSIGN(account.name, account_name_of(context, configuration));
  return account;
}

void print_requests(Output& output, const Azure& azure, const std::vector<native::Request>& requests) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member_boolean("dry_run", true).key("requests").begin_array();
  for (const native::Request& request : requests) {
    const std::string url = azure.base + request.target();
    output.line(request.method + " " + url);
    writer.begin_object().member("method", request.method).member("url", url);
    if (!request.body.empty()) {
      if (!output.json()) output.raw(request.body + "\n");
      writer.key("body").raw(request.body);
    }
    writer.end_object();
  }
  writer.end_array().end_object();
  if (requests.empty()) output.line("Nothing would be sent.");
  output.result(json);
}

native::SavedOperations saved_operations(const Context& context) {
  const auto state = context.variables("XDG_STATE_HOME");
  const std::string home = context.variables("HOME").value_or(".");
  return native::SavedOperations((state ? *state : home + "/.local/state") + "/halley/operations");
}

void announce(Context& context, const native::Operation& operation) {
  if (operation.id.empty())
    return context.output.note(operation.what + ": 'halley native status --wait' goes on with it");
  const auto kept = saved_operations(context).keep(operation);
  context.output.note(operation.what + ": operation " + operation.id +
                      (kept ? "; 'halley native status --operation " + operation.id + " --wait' goes on with it"
                            : "; it cannot be asked for later: " + kept.error().to_string()));
}

Result<json::Value> follow(Context& context, native::ArmClient& arm, const native::Operation& operation) {
  Standing standing(context.runtime, operation);
  auto made = [&] {
    const ProgressDisplay display(context.runtime, context.output, [&] { return standing.sample(); });
    return arm.finish(
        operation, [&](const native::Operation&, const std::string& status) { standing.set(status); }, context.stop);
  }();
  const bool goes_on = !made && (made.error().code == Code::cancelled || made.error().code == Code::timeout ||
                                 made.error().code == Code::unavailable);
  if (!goes_on && !operation.id.empty()) saved_operations(context).forget(operation.id);
  if (goes_on && !operation.id.empty()) {
    return fail(std::move(made).error().with_hint("go on with it: halley native status --operation " + operation.id +
                                                  " --wait"));
  }
  return made;
}

void write_account(json::Writer& writer, const native::AccountId& account) {
  writer.member("subscription", account.subscription).member("resource_group", account.resource_group);
  writer.member("account", account.name);
}

Result<Second> past_moment(const Context& context) {
  ASSIGN(const std::string text, context.arguments.required("--at"));
  ASSIGN(const recovery::Moment moment, recovery::parse_moment(context.runtime.wall_second(), text));
  if (!moment.latest) return moment.at;
  return fail(Code::invalid_argument, "--at takes a moment here, not latest",
              "'halley native latest DB/CONTAINER' says up to when a container can be restored");
}

}  // namespace halley::cli
