// halley native restore-database and restore-container: what was deleted, back in its own account.
#include <algorithm>

#include "cli/azure.h"
#include "cli/commands.h"
#include "cli/operands.h"
#include "native/resource_restore.h"

namespace halley::cli {
namespace {

Result<native::ResourceRestoreWish> base_wish(const Context& context) {
  native::ResourceRestoreWish wish;
  if (context.arguments.has("--at")) {
    ASSIGN(wish.at, past_moment(context));
  }
  wish.keep_time_to_live = context.arguments.has("--keep-ttl");
  wish.with_containers = context.arguments.has("--with-containers");
  return wish;
}

std::string outcome_text(const native::ResourceRestoreOutcome& outcome, bool waited) {
  const std::string name = outcome.resource.name() + " as of " + format_rfc3339(outcome.at);
  if (outcome.failure) return name + ": failed: " + outcome.failure->to_string();
  return name + (waited || !outcome.operation ? ": restored" : ": begun");
}

std::string result_json(const std::vector<native::ResourceRestoreOutcome>& outcomes, bool waited) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member_boolean("waited", waited).key("resources").begin_array();
  for (const native::ResourceRestoreOutcome& outcome : outcomes) {
    writer.begin_object().member("name", outcome.resource.name()).member("at", format_rfc3339(outcome.at));
    writer.key("operation");
    outcome.operation ? writer.string(outcome.operation->id) : writer.null();
    writer.key("error");
    outcome.failure ? writer.string(outcome.failure->to_string()) : writer.null();
    writer.end_object();
  }
  writer.end_array().end_object();
  return json;
}

// What came of it: all failed is a failure, some failed is incomplete.
Result<ExitCode> code_of(const std::vector<native::ResourceRestoreOutcome>& outcomes) {
  const auto failed =
      std::count_if(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.failure.has_value(); });
  if (failed == 0) return ExitCode::success;
  return static_cast<std::size_t>(failed) == outcomes.size() ? ExitCode::failed : ExitCode::incomplete;
}

Result<ExitCode> restore(Context& context, const native::ResourceRestoreWish& wish) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const native::AccountId id, account_of(context, configuration));
  ASSIGN(const auto azure, open_azure(context, configuration));
  native::ArmClient& arm = *azure->arm;
  ASSIGN(const native::AccountState account, native::account_state(arm, id, context.stop));
  ASSIGN(const auto steps, native::plan_resource_restore(arm, account, wish, context.stop));
  for (const native::ResourceRestoreStep& step : steps) {
    context.output.note(step.resource.name() + " as of " + format_rfc3339(step.at) +
                        (step.implied ? " (needed, or asked for with its database)" : ""));
  }
  if (context.arguments.has("--dry-run")) {
    std::vector<native::Request> requests;
    for (const native::ResourceRestoreStep& step : steps) requests.push_back(step.request);
    print_requests(context.output, *azure, requests);
    return ExitCode::success;
  }
  const bool wait = context.arguments.has("--wait");
  ASSIGN(
      const auto outcomes,
      native::restore_resources(
          arm, steps, wait, [&](const native::Operation& operation) { announce(context, operation); },
          [&](const native::Operation& operation, const std::string& status) {
            std::string json;
            json::Writer(json).begin_object().member("operation", operation.id).member("status", status).end_object();
            context.output.progress(operation.what + ": " + status, json);
          },
          context.stop));
  context.output.clear_progress();
  for (const native::ResourceRestoreOutcome& outcome : outcomes) {
    if (wait && outcome.operation) saved_operations(context).forget(outcome.operation->id);
    context.output.line(outcome_text(outcome, wait));
    if (outcome.failure && !outcome.failure->hint.empty()) context.output.note("hint: " + outcome.failure->hint);
  }
  context.output.result(result_json(outcomes, wait));
  return code_of(outcomes);
}

Result<ExitCode> run_database(Context& context) {
  ASSIGN(native::ResourceRestoreWish wish, base_wish(context));
  std::vector<std::string> names = context.arguments.all("--database");
  names.insert(names.begin(), *context.arguments.find("DATABASE"));
  for (const std::string& name : names) {
    if (name.empty() || name.find('/') != std::string::npos) {
      return fail(Code::invalid_argument, "'" + name + "' is no database name",
                  "for a container: 'halley native restore-container DB/NAME'");
    }
    wish.resources.push_back({name, {}});
  }
  return restore(context, wish);
}

Result<ExitCode> run_container(Context& context) {
  ASSIGN(native::ResourceRestoreWish wish, base_wish(context));
  std::vector<std::string> names = context.arguments.all("--container");
  names.insert(names.begin(), *context.arguments.find("DB/NAME"));
  for (const std::string& name : names) {
    ASSIGN(const cosmos::ContainerName container, parse_container_name(name));
    wish.resources.push_back({container.database, container.container});
  }
  return restore(context, wish);
}

constexpr std::string_view kRules =
    "as of the last second before it was\n"
    "deleted, or --at. What is still there is refused. Documents do not expire in what comes back unless --keep-ttl\n"
    "is given. At most three are restored at once; one that fails does not keep the others from coming back (exit\n"
    "code 3 then). Scripts and throughput do not come back by it: 'halley native fixup' brings them.";

}  // namespace

Command native_restore_database_command() {
  static const std::string details = "Brings a deleted database back in its own account, " + std::string(kRules);
  return {"native restore-database",
          "Azure's own restore of a deleted database in its account",
          details,
          "  halley native restore-database kraftd --with-containers --wait\n"
          "  halley native restore-database kraftd --at 2026-01-17T15:30:00Z --dry-run",
          {{"DATABASE", "the database; --database for more of them", true}},
          OptionNames{"--at", "--database", "--with-containers", "--keep-ttl", "--dry-run", "--wait"} + azure_options(),
          run_database,
          {{"--at", "2026-01-17T10:00:00Z, or an age such as -2h or -3d12h (else the last second)"},
           {"--database", "one more database (again for more)"}}};
}

Command native_restore_container_command() {
  static const std::string details =
      "Brings a deleted container back in its own account, and its database before it if\n"
      "that is gone, too; " +
      std::string(kRules);
  return {"native restore-container",
          "Azure's own restore of a deleted container in its account",
          details,
          "  halley native restore-container kraftd/documents --wait\n"
          "  halley native restore-container kraftd/documents --container kraftd/users --at 2026-01-17T15:30:00Z",
          {{"DB/NAME", "the container; --container for more of them", true}},
          OptionNames{"--at", "--container", "--keep-ttl", "--dry-run", "--wait"} + azure_options(),
          run_container,
          {{"--at", "2026-01-17T10:00:00Z, or an age such as -2h or -3d12h (else the last second)"},
           {"--container", "one more container (again for more)"}}};
}

}  // namespace halley::cli
