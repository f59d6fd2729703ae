// halley native restore: Azure's own backup of an account, as a new account.
#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/native_restore.h"

namespace halley::cli {
namespace {

// "db" or "db=c1,c2", again for more.
Result<std::map<std::string, std::vector<std::string>>> parse_databases(const std::vector<std::string>& texts) {
  std::map<std::string, std::vector<std::string>> databases;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string database = text.substr(0, equals);
    std::vector<std::string> containers;
    for (std::size_t from = equals; from != std::string::npos && from < text.size();) {
      const std::size_t end = text.find(',', from + 1);
      containers.push_back(text.substr(from + 1, end == std::string::npos ? end : end - from - 1));
      from = end;
    }
    const bool empty = std::any_of(containers.begin(), containers.end(), [](const auto& name) { return name.empty(); });
    if (database.empty() || empty || database.find('/') != std::string::npos) {
      return fail(Code::invalid_argument,
                  "--databases takes DATABASE or DATABASE=CONTAINER,CONTAINER, not '" + text + "'");
    }
    if (!databases.emplace(database, std::move(containers)).second) {
      return fail(Code::invalid_argument, "the database " + database + " is named twice");
    }
  }
  return databases;
}

void print_plan(Output& output, const native::AccountRestorePlan& plan) {
  std::size_t containers = 0;
  for (const auto& [database, names] : plan.resources) containers += names.size();
  output.note(fmt::format("{} as of {} becomes the new account {} in {}: {}, {}", plan.source.name,
                          format_rfc3339(plan.restore.at), plan.target.name, plan.restore.region,
                          show_number_of(plan.resources.size(), "database"), show_number_of(containers, "container")));
  output.note(plan.restore.public_network ? "It is open to public networks."
                                          : "It is closed to public networks (--public-network opens it).");
  output.note(plan.restore.keep_time_to_live ? "Documents expire there as they did."
                                             : "Documents do not expire there (--keep-ttl lets them).");
}

std::string result_json(const native::AccountRestorePlan& plan, const native::Operation& operation,
                        const std::optional<native::AccountState>& made) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  write_account(writer, plan.target);
  writer.member("source", plan.source.name).member("instance", plan.source.id.instance);
  writer.member("at", format_rfc3339(plan.restore.at)).member("region", plan.restore.region);
  writer.member_boolean("public_network", plan.restore.public_network);
  writer.member_boolean("keep_ttl", plan.restore.keep_time_to_live).key("databases").begin_array();
  for (const auto& [database, containers] : plan.resources) {
    writer.begin_object().member("database", database).key("containers").begin_array();
    for (const std::string& container : containers) writer.string(container);
    writer.end_array().end_object();
  }
  writer.end_array().key("operation");
  operation.id.empty() ? writer.null() : writer.string(operation.id);
  writer.member_boolean("done", made.has_value()).key("endpoint");
  made ? writer.string(made->endpoint) : writer.null();
  writer.end_object();
  return json;
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(native::AccountRestoreWish wish, account_restore_wish(context, configuration));
  ASSIGN(wish.databases, parse_databases(context.arguments.all("--databases")));
  ASSIGN(const auto azure, open_azure(context, configuration));
  ASSIGN(const auto plan, native::plan_account_restore(*azure->arm, wish, context.stop));
  return restore_account(context, *azure, plan);
}

}  // namespace

Result<native::AccountRestoreWish> account_restore_wish(const Context& context, const Configuration& configuration) {
  const Arguments& arguments = context.arguments;
  native::AccountRestoreWish wish;
  ASSIGN(wish.at, past_moment(context));
  ASSIGN(wish.subscription, subscription_of(context, configuration));
  ASSIGN(wish.account, account_name_of(context, configuration));
  wish.to_resource_group = arguments.find("--to-resource-group").value_or("");
  if (wish.to_resource_group.empty()) {
    ASSIGN(wish.to_resource_group, resource_group_of(context, configuration));
  }
  wish.instance = arguments.find("--instance").value_or("");
  wish.to_account = arguments.find("--to-account").value_or("");
  wish.region = arguments.find("--location").value_or("");
  wish.public_network = arguments.has("--public-network");
  wish.keep_time_to_live = arguments.has("--keep-ttl");
  return wish;
}

Result<ExitCode> restore_account(Context& context, const Azure& azure, const native::AccountRestorePlan& plan) {
  print_plan(context.output, plan);
  if (context.arguments.has("--dry-run")) {
    print_requests(context.output, azure, {plan.request});
    return ExitCode::success;
  }
  ASSIGN(const native::Operation operation, native::begin_account_restore(*azure.arm, plan, context.stop));
  announce(context, operation);
  std::optional<native::AccountState> made;
  if (context.arguments.has("--wait")) {
    ASSIGN(const json::Value resource, follow(context, *azure.arm, operation));
    ASSIGN(made, native::read_account(resource));
  }
  context.output.line(made ? "Restored: " + made->endpoint : "Begun: " + plan.target.name + " is being made.");
  context.output.note(
      "Stored procedures, triggers, user-defined functions, network rules and roles do not come back by Azure's "
      "restore: 'halley native fixup --to " +
      plan.target.name + "' brings them back when it is done.");
  context.output.result(result_json(plan, operation, made));
  return ExitCode::success;
}

Command native_restore_command() {
  return {"native restore",
          "Azure's own restore of the account, or a part of it, as a new account",
          "Makes a new account from Azure's continuous backup as of a moment: of an account that is there, or was\n"
          "deleted. The new account is closed to public networks, and its documents do not expire, unless told\n"
          "otherwise. A moment that the backup does not reach is refused with exit code 20. Given again after it was\n"
          "interrupted, the same command goes on with the restore it began.",
          "  halley native restore --at 2026-01-17T10:00:00Z --dry-run\n"
          "  halley native restore --at -2h --to-account kraftd-db-copy --databases kraftd=documents,users --wait",
          {},
          OptionNames{"--at", "--to-account", "--to-resource-group", "--databases", "--location", "--instance",
                      "--public-network", "--keep-ttl", "--dry-run", "--wait"} +
              azure_options(),
          run,
          {{"--at", "2026-01-17T10:00:00Z, or an age such as -2h or -3d12h (must be given)"}}};
}

}  // namespace halley::cli
