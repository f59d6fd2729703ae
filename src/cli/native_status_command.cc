// halley native status: how the account and its continuous backup stand.
#include <fmt/core.h>

#include <algorithm>

#include "cli/account_events.h"
#include "cli/azure.h"
#include "cli/commands.h"
#include "cli/moment_writer.h"
#include "native/account_checks.h"
#include "native/account_queries.h"

namespace halley::cli {
namespace {

struct ContainerStanding {
  std::string name;
  std::optional<Second> earliest;
  std::optional<Second> latest;
};

struct Standing {
  native::AccountState account;
  std::optional<Second> earliest;
  std::vector<ContainerStanding> containers;
  std::vector<native::AccountEvent> events;  // what is not as it should be
};

// When each container that is there was made, by name; those made before the feed begins are not in it.
std::optional<Second> made_at(const std::vector<native::ResourceEvent>& events, const std::string& container) {
  for (const native::ResourceEvent& event : events) {
    if (event.name == container && event.kind == "Create") return event.at;
  }
  return std::nullopt;
}

Status read_containers(const Context& context, native::ArmClient& arm, Standing& standing) {
  const native::AccountState& account = standing.account;
  ASSIGN(const auto databases, native::database_names(arm, account.id, context.stop));
  ASSIGN(const auto events, native::database_events(arm, account.backup(), context.stop));
  for (const std::string& database : databases) {
    ASSIGN(const auto containers, native::container_names(arm, account.id, database, context.stop));
    const auto own = std::find_if(events.begin(), events.end(), [&](const auto& e) { return e.name == database; });
    std::vector<native::ResourceEvent> made;
    if (own != events.end()) {
      ASSIGN(made, native::container_events(arm, account.backup(), own->rid, context.stop));
    }
    for (const std::string& container : containers) {
      ContainerStanding each{database + "/" + container, standing.earliest, {}};
      if (const auto made_when = made_at(made, container)) {
        each.earliest = std::max(each.earliest.value_or(*made_when), *made_when);
      }
      ASSIGN(each.latest,
             native::latest_restorable(arm, account.id, database, container, account.write_region(), context.stop));
      standing.containers.push_back(std::move(each));
    }
  }
  return {};
}

Result<std::vector<native::AccountEvent>> check(const Context& context, const Configuration& configuration,
                                                const Standing& standing) {
  ASSIGN(const native::AccountExpectation expected, expectation_of(configuration));
  std::map<std::string, std::optional<Second>> latest;
  std::map<std::string, Second> made;
  for (const ContainerStanding& container : standing.containers) {
    latest[container.name] = container.latest;
    if (container.earliest) made[container.name] = *container.earliest;
  }
  return native::check_account(standing.account, expected, latest, made, context.runtime.wall_second());
}

Result<Standing> read_standing(const Context& context, native::ArmClient& arm, const native::AccountId& id) {
  Standing standing;
  ASSIGN(standing.account, native::account_state(arm, id, context.stop));
  if (!standing.account.continuous) return standing;
  ASSIGN(const json::Value backup, arm.send(native::get(native::restorable_account_path(standing.account.backup())),
                                            "reading the backup of " + id.name, context.stop));
  ASSIGN(const native::RestorableAccount restorable, native::read_restorable_account(backup));
  standing.earliest = restorable.from();
  TRY(read_containers(context, arm, standing));
  return standing;
}

std::string regions_text(const native::AccountState& account) {
  std::string text;
  for (const native::Region& region : account.regions) {
    const bool writes = std::any_of(account.write_regions.begin(), account.write_regions.end(),
                                    [&](const auto& each) { return each.name == region.name; });
    text += (text.empty() ? "" : ", ") + region.name + (writes ? " (writes)" : "") +
            (region.zone_redundant ? " (zone-redundant)" : "");
  }
  return text;
}

std::string backup_text(const native::AccountState& account) {
  if (account.continuous) return "continuous, " + account.tier;
  return fmt::format("periodic, every {} minutes, kept {} hours, redundancy {}", account.interval_minutes,
                     account.retention_hours, account.redundancy.empty() ? "not told" : account.redundancy);
}

std::string moment_text(const std::optional<Second>& moment) { return moment ? format_rfc3339(*moment) : "not yet"; }

void print(Output& output, const Standing& standing) {
  const native::AccountState& account = standing.account;
  output.line("account     " + account.id.name + " in " + account.id.resource_group + ", " +
              account.provisioning_state);
  output.line("backup      " + backup_text(account));
  if (!account.migration_status.empty()) {
    output.line("migration   to " + account.migration_target + ": " + account.migration_status +
                (account.migration_began ? ", begun " + format_rfc3339(*account.migration_began) : ""));
  }
  output.line(std::string("all-versions feed  ") + (!account.all_versions   ? "not told"
                                                    : *account.all_versions ? "on"
                                                                            : "off"));
  output.line("regions     " + regions_text(account));
  output.line(std::string("network     ") + (!account.public_network ? "closed to the public"
                                             : account.network_rules ? "open to chosen networks"
                                                                     : "open to the public"));
  if (!account.restored_from.empty()) output.line("restored    as of " + moment_text(account.restored_at));
  if (!account.continuous) return;
  output.line("restorable  from " + moment_text(standing.earliest));
  std::size_t width = 9;
  for (const auto& container : standing.containers) width = std::max(width, container.name.size());
  if (standing.containers.empty()) return;
  output.line();
  output.line(fmt::format("{:<{}}  {:<20}  {:<20}", "CONTAINER", width, "EARLIEST", "LATEST"));
  for (const auto& container : standing.containers) {
    output.line(fmt::format("{:<{}}  {:<20}  {:<20}", container.name, width, moment_text(container.earliest),
                            moment_text(container.latest)));
  }
}

void print_events(Output& output, const Standing& standing) {
  if (!standing.events.empty()) output.line();
  for (const native::AccountEvent& event : standing.events) output.line(event_text(event));
}

void write_backup(json::Writer& writer, const native::AccountState& account) {
  writer.member("mode", account.continuous ? "continuous" : "periodic").key("tier");
  account.continuous ? writer.string(account.tier) : writer.null();
  writer.key("window_days");
  const auto tier = native::parse_tier(account.tier);
  tier ? writer.integer(native::tier_days(*tier)) : writer.null();
  if (!account.continuous) {
    writer.member_integer("interval_minutes", account.interval_minutes);
    writer.member_integer("retention_hours", account.retention_hours).member("redundancy", account.redundancy);
  }
  writer.key("migration");
  if (account.migration_status.empty()) {
    writer.null();
  } else {
    writer.begin_object().member("status", account.migration_status).member("target", account.migration_target);
    writer.key("began");
    write_moment(writer, account.migration_began);
    writer.end_object();
  }
  writer.key("all_versions");
  account.all_versions ? writer.boolean(*account.all_versions) : writer.null();
}

std::string standing_json(const Standing& standing) {
  const native::AccountState& account = standing.account;
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  write_account(writer, account.id);
  writer.member("provisioning_state", account.provisioning_state);
  write_backup(writer, account);
  writer.key("regions").begin_array();
  for (const native::Region& region : account.regions) {
    writer.begin_object().member("name", region.name).member_boolean("zone_redundant", region.zone_redundant);
    writer.end_object();
  }
  writer.end_array().member("write_region", account.write_region());
  writer.member_boolean("public_network", account.public_network);
  writer.member_boolean("network_rules", account.network_rules).key("restored_at");
  write_moment(writer, account.restored_at);
  writer.key("earliest");
  write_moment(writer, standing.earliest);
  writer.key("containers").begin_array();
  for (const ContainerStanding& container : standing.containers) {
    writer.begin_object().member("container", container.name).key("earliest");
    write_moment(writer, container.earliest);
    writer.key("latest");
    write_moment(writer, container.latest);
    writer.end_object();
  }
  writer.end_array().key("events");
  write_events(writer, standing.events);
  writer.end_object();
  return json;
}

Result<ExitCode> show_operation(Context& context, native::ArmClient& arm, const std::string& id) {
  ASSIGN(const native::Operation operation, saved_operations(context).find(id, arm.origin()));
  std::string status = "Succeeded";
  bool done = true;
  if (context.arguments.has("--wait")) {
    TRY(follow(context, arm, operation));
  } else {
    ASSIGN(const native::OperationState state, arm.look(operation, context.stop));
    status = state.status;
    done = state.done;
    if (done) saved_operations(context).forget(id);
  }
  std::string json;
  json::Writer(json)
      .begin_object()
      .member("operation", id)
      .member("what", operation.what)
      .member("status", status)
      .member_boolean("done", done)
      .member("begun", format_rfc3339(operation.begun))
      .end_object();
  context.output.line(operation.what + ": " + status + " (begun " + format_rfc3339(operation.begun) + ")");
  context.output.result(json);
  return ExitCode::success;
}

// An account that is not there, whose backup may be.
Result<ExitCode> show_deletion(Context& context, native::ArmClient& arm, const native::AccountId& id, Error missing) {
  ASSIGN(const auto events, deletion_events(context, arm, id, std::move(missing)));
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  write_account(writer, id);
  writer.member_boolean("deleted", true).key("events");
  write_events(writer, events);
  writer.end_object();
  for (const native::AccountEvent& event : events) context.output.line(event_text(event));
  context.output.result(json);
  return context.arguments.has("--check") ? ExitCode::damage : ExitCode::incomplete;
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  if (const auto operation = context.arguments.find("--operation")) {
    ASSIGN(const auto azure, open_azure(context, configuration));
    return show_operation(context, *azure->arm, *operation);
  }
  ASSIGN(const native::AccountId id, account_of(context, configuration));
  ASSIGN(const auto azure, open_azure(context, configuration));
  if (context.arguments.has("--dry-run")) {
    print_requests(context.output, *azure, {native::get(native::account_path(id))});
    return ExitCode::success;
  }
  if (context.arguments.has("--wait")) {
    native::Operation change;
    change.what = "waiting for " + id.name;
    change.resource = native::account_path(id);
    TRY(follow(context, *azure->arm, change));
  }
  auto read = read_standing(context, *azure->arm, id);
  if (!read && read.error().code == Code::not_found) {
    return show_deletion(context, *azure->arm, id, std::move(read).error());
  }
  ASSIGN(Standing standing, std::move(read));
  ASSIGN(standing.events, check(context, configuration, standing));
  if (!context.output.json()) print(context.output, standing);
  if (!context.output.json()) print_events(context.output, standing);
  context.output.result(standing_json(standing));
  return context.arguments.has("--check") && !standing.events.empty() ? ExitCode::damage : ExitCode::success;
}

}  // namespace

Command native_status_command() {
  return {
      "native status",
      "how Azure's own backup of the account stands",
      "Shows mode and tier, a migration that goes on, the all-versions feed, regions and their redundancy, whether\n"
      "the account is open to the public, and for each container from when to when it can be restored. Lines with !\n"
      "say what is not as it should be: continuous backup off, a tier, lag, redundancy or feed other than [native] in\n"
      "the configuration wants, a restored account that is open to the public, an account that was deleted, with the\n"
      "days its backup lasts (exit code 3). --check exits with 4 when there is any. --wait waits first until nothing\n"
      "changes the account any more; --operation shows, or waits for, what an earlier command began and did not wait\n"
      "for.",
      "  halley native status\n"
      "  halley native status --check --json\n"
      "  halley native status --operation 512c20ce-7c0a-4b9f-a831-a4cd5d87a70b --wait",
      {},
      OptionNames{"--check", "--operation", "--wait", "--dry-run"} + azure_options(),
      run};
}

}  // namespace halley::cli
