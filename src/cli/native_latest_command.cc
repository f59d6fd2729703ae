// halley native latest: up to when a container can be restored.
#include "cli/azure.h"
#include "cli/commands.h"
#include "cli/moment_writer.h"
#include "cli/operands.h"
#include "native/account_queries.h"
#include "native/bodies.h"

namespace halley::cli {
namespace {

constexpr Milliseconds kInterval{30000};
constexpr Milliseconds kPatience{2 * 3600 * 1000};

Result<std::string> region_of(const Context& context, native::ArmClient& arm, const native::AccountId& account) {
  if (const auto region = context.arguments.find("--location")) return *region;
  ASSIGN(const json::Value resource,
         arm.send(native::get(native::account_path(account)), "reading the account " + account.name, context.stop));
  ASSIGN(const native::AccountState state, native::read_account(resource));
  return state.write_region();
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const cosmos::ContainerName container, parse_container_name(*context.arguments.find("DB/NAME")));
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const native::AccountId account, account_of(context, configuration));
  ASSIGN(const auto azure, open_azure(context, configuration));
  native::ArmClient& arm = *azure->arm;
  ASSIGN(const std::string region, region_of(context, arm, account));
  const std::string path = native::container_path(account, container.database, container.container);
  if (context.arguments.has("--dry-run")) {
    print_requests(context.output, *azure,
                   {native::post(native::latest_backup_path(path), native::latest_backup_body(region))});
    return ExitCode::success;
  }
  const auto deadline = Deadline::after(context.runtime, kPatience);
  std::optional<Second> latest;
  while (true) {
    ASSIGN(latest,
           native::latest_restorable(arm, account, container.database, container.container, region, context.stop));
    if (latest || !context.arguments.has("--wait")) break;
    if (deadline.passed(context.runtime)) {
      return fail(Code::timeout, container.text() + " cannot be restored yet", "see 'halley native status'");
    }
    if (!context.runtime.sleep(kInterval, context.stop)) return fail(Code::cancelled, "interrupted");
  }
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", container.text()).member("region", region).key("latest");
  write_moment(writer, latest);
  writer.end_object();
  context.output.line(latest ? format_rfc3339(*latest) : "not yet: " + container.text() + " has no restorable moment");
  context.output.result(json);
  return latest ? ExitCode::success : ExitCode::incomplete;
}

}  // namespace

Command native_latest_command() {
  return {
      "native latest",
      "up to when Azure can restore a container",
      "Asks Azure for the last moment up to which the container is backed up in a region. A container, or a backup,\n"
      "that is minutes old has none yet (exit code 3): --wait waits for it.",
      "  halley native latest shop/orders\n"
      "  halley native latest shop/orders --location 'East US 2' --wait",
      {{"DB/NAME", "the container", true}},
      OptionNames{"--location", "--wait", "--dry-run"} + azure_options(),
      run};
}

}  // namespace halley::cli
