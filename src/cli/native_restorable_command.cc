// halley native restorable: what Azure's own backup could bring back.
#include <fmt/core.h>

#include <algorithm>

#include "cli/azure.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/moment_writer.h"
#include "http/message.h"
#include "native/account_queries.h"

namespace halley::cli {
namespace {

struct DatabaseHistory {
  std::string name;
  std::vector<native::ResourceEvent> events;
  std::vector<native::ResourceEvent> container_events;
};

// What is to be told of an account.
struct Restorable {
  std::vector<native::RestorableAccount> accounts;
  std::optional<native::RestorableAccount> chosen;
  std::vector<DatabaseHistory> history;
  std::optional<Second> at;
  native::RestorableResources resources;
};

// The account named, the live or newest one of several, or the one of --instance; nothing when none is named.
Result<std::optional<native::RestorableAccount>> choose(const Context& context, const Configuration& configuration,
                                                        const std::vector<native::RestorableAccount>& accounts) {
  const std::string name = context.arguments.find("--account").value_or(configuration.account);
  const std::string instance = context.arguments.find("--instance").value_or("");
  if (name.empty() && instance.empty()) return std::optional<native::RestorableAccount>();
  std::optional<native::RestorableAccount> chosen;
  for (const native::RestorableAccount& each : accounts) {
    if (!name.empty() && !http::equal_ignoring_case(each.name, name)) continue;
    if (!instance.empty() && !http::equal_ignoring_case(each.id.instance, instance)) continue;
    const bool better = !chosen || (chosen->deleted && !each.deleted);
    if (better) chosen = each;
  }
  if (chosen) return chosen;
  return fail(Code::not_found, "no continuous backup of " + (name.empty() ? instance : name) + " in this subscription",
              "without --account all of them are listed; 'halley native enable' gives one to an account");
}

Result<std::vector<DatabaseHistory>> read_history(const Context& context, native::ArmClient& arm,
                                                  const native::RestorableId& backup) {
  ASSIGN(const auto events, native::database_events(arm, backup, context.stop));
  std::vector<DatabaseHistory> history;
  for (const native::ResourceEvent& event : events) {
    auto known =
        std::find_if(history.begin(), history.end(), [&](const auto& each) { return each.name == event.name; });
    if (known == history.end()) known = history.insert(history.end(), {event.name, {}, {}});
    const bool new_rid = std::none_of(known->events.begin(), known->events.end(),
                                      [&](const auto& each) { return each.rid == event.rid; });
    known->events.push_back(event);
    if (!new_rid) continue;
    ASSIGN(const auto containers, native::container_events(arm, backup, event.rid, context.stop));
    known->container_events.insert(known->container_events.end(), containers.begin(), containers.end());
  }
  std::sort(history.begin(), history.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return history;
}

Result<Restorable> read(const Context& context, const Configuration& configuration, native::ArmClient& arm,
                        const std::string& subscription) {
  Restorable found;
  ASSIGN(found.accounts, native::restorable_accounts(arm, subscription, context.stop));
  ASSIGN(found.chosen, choose(context, configuration, found.accounts));
  if (context.arguments.has("--at")) {
    ASSIGN(found.at, past_moment(context));
  }
  if (!found.chosen && (found.at || context.arguments.has("--suggest"))) {
    return fail(Code::invalid_argument, "an account must be named for that", "give --account NAME");
  }
  if (!found.chosen) return found;
  if (found.at) {
    ASSIGN(found.chosen,
           native::account_at(found.accounts, found.chosen->name, context.arguments.find("--instance").value_or(""),
                              *found.at, context.runtime.wall_second()));
    const std::string region = context.arguments.find("--location").value_or(found.chosen->location);
    ASSIGN(found.resources, native::resources_at(arm, found.chosen->id, region, *found.at, context.stop));
  } else {
    ASSIGN(found.history, read_history(context, arm, found.chosen->id));
  }
  return found;
}

std::string left_text(const native::RestorableAccount& account) {
  const auto left = account.seconds_left();
  return left ? fmt::format("deleted {}, {} d left", format_rfc3339(*account.deleted), *left / 86400) : "live";
}

void print_accounts(Output& output, const std::vector<native::RestorableAccount>& accounts) {
  if (accounts.empty()) return output.line("No account of this subscription has a continuous backup.");
  output.line(
      fmt::format("{:<36}  {:<20}  {:<36}  {:<16}  {}", "ACCOUNT", "RESTORABLE FROM", "INSTANCE", "LOCATION", "STATE"));
  for (const native::RestorableAccount& account : accounts) {
    output.line(fmt::format("{:<36}  {:<20}  {:<36}  {:<16}  {}", account.name, format_rfc3339(account.from()),
                            account.id.instance, account.location, left_text(account)));
  }
}

void print_event(Output& output, const std::string& name, const native::ResourceEvent& event) {
  std::string note;
  if (event.is_delete() && !event.can_undelete.empty()) note = event.can_undelete;
  if (!event.reason.empty()) note += (note.empty() ? "" : ": ") + event.reason;
  output.line(fmt::format("{:<20}  {:<20}  {:<40}  {}", format_rfc3339(event.at), event.kind, name, note));
}

// Each deletion that can be taken back, with the command that does.
struct Suggestion {
  std::string name;
  Second deleted;
  Second last_second;
  std::string command;
};
std::vector<Suggestion> suggestions_of(const Restorable& found) {
  std::vector<Suggestion> all;
  const std::string account = found.chosen->name;
  const auto add = [&](const std::string& name, const native::Deletion& deletion, const std::string& option) {
    const std::string moment = format_rfc3339(deletion.last_second());
    const bool in_its_account = !found.chosen->deleted && !option.empty();
    const std::string command = "halley native restore" + (in_its_account ? "-" + option + " " + name : std::string()) +
                                " --account " + account + " --at " + moment;
    all.push_back({name, deletion.event.at, deletion.last_second(), command});
  };
  if (found.chosen->deleted) {
    native::ResourceEvent gone;
    gone.at = *found.chosen->deleted;
    add(account, {gone}, "");
  }
  for (const DatabaseHistory& database : found.history) {
    for (const auto& deletion : native::deletions_of(database.events)) add(database.name, deletion, "database");
    for (const auto& deletion : native::deletions_of(database.container_events)) {
      add(database.name + "/" + deletion.event.name, deletion, "container");
    }
  }
  return all;
}

void print(Output& output, const Restorable& found, bool suggest) {
  if (!found.chosen) return print_accounts(output, found.accounts);
  if (suggest) {
    const auto suggestions = suggestions_of(found);
    if (suggestions.empty()) return output.line("Nothing that was deleted is missing.");
    for (const Suggestion& each : suggestions) {
      output.line(each.name + ", deleted " + format_rfc3339(each.deleted) + ": last there at " +
                  format_rfc3339(each.last_second));
      output.line("  " + each.command);
    }
    return;
  }
  print_accounts(output, {*found.chosen});
  output.line();
  if (found.at) {
    output.line("There was at " + format_rfc3339(*found.at) + ":");
    for (const auto& [database, containers] : found.resources) {
      if (containers.empty()) output.line("  " + database + " (without containers)");
      for (const std::string& container : containers) output.line("  " + database + "/" + container);
    }
    return;
  }
  for (const DatabaseHistory& database : found.history) {
    for (const auto& event : database.events) print_event(output, database.name, event);
    for (const auto& event : database.container_events) print_event(output, database.name + "/" + event.name, event);
  }
}

void write_restorable_account(json::Writer& writer, const native::RestorableAccount& account) {
  writer.begin_object().member("account", account.name).member("instance", account.id.instance);
  writer.member("location", account.location).member("created", format_rfc3339(account.created)).key("deleted");
  write_moment(writer, account.deleted);
  writer.member("from", format_rfc3339(account.from())).key("days_left");
  const auto left = account.seconds_left();
  left ? writer.integer(*left / 86400) : writer.null();
  writer.key("regions").begin_array();
  for (const native::RestorableRegion& region : account.regions) writer.string(region.name);
  writer.end_array().end_object();
}

void write_events(json::Writer& writer, const std::vector<native::ResourceEvent>& events) {
  writer.begin_array();
  for (const native::ResourceEvent& event : events) {
    writer.begin_object().member("name", event.name).member("event", event.kind).member("at", format_rfc3339(event.at));
    writer.member("can_undelete", event.can_undelete).member("rid", event.rid).end_object();
  }
  writer.end_array();
}

std::string restorable_json(const Restorable& found) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("accounts").begin_array();
  for (const native::RestorableAccount& account : found.accounts) write_restorable_account(writer, account);
  writer.end_array().key("chosen");
  found.chosen ? writer.string(found.chosen->id.instance) : writer.null();
  writer.key("databases").begin_array();
  for (const DatabaseHistory& database : found.history) {
    writer.begin_object().member("database", database.name).key("events");
    write_events(writer, database.events);
    writer.key("container_events");
    write_events(writer, database.container_events);
    writer.end_object();
  }
  writer.end_array().key("at");
  write_moment(writer, found.at);
  writer.key("resources").begin_array();
  for (const auto& [database, containers] : found.resources) {
    writer.begin_object().member("database", database).key("containers").begin_array();
    for (const std::string& container : containers) writer.string(container);
    writer.end_array().end_object();
  }
  writer.end_array().key("suggestions").begin_array();
  const auto suggestions = found.chosen ? suggestions_of(found) : std::vector<Suggestion>();
  for (const Suggestion& each : suggestions) {
    writer.begin_object().member("name", each.name).member("deleted", format_rfc3339(each.deleted));
    writer.member("last_second", format_rfc3339(each.last_second)).member("command", each.command).end_object();
  }
  writer.end_array().end_object();
  return json;
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const std::string subscription, subscription_of(context, configuration));
  ASSIGN(const auto azure, open_azure(context, configuration));
  if (context.arguments.has("--dry-run")) {
    print_requests(context.output, *azure, {native::get(native::restorable_accounts_path(subscription))});
    return ExitCode::success;
  }
  ASSIGN(const Restorable found, read(context, configuration, *azure->arm, subscription));
  if (!context.output.json()) print(context.output, found, context.arguments.has("--suggest"));
  context.output.result(restorable_json(found));
  return ExitCode::success;
}

}  // namespace

Command native_restorable_command() {
  return {
      "native restorable",
      "what Azure can restore: accounts, deleted ones too; what happened when",
      "Lists the accounts of the subscription that have a continuous backup, deleted ones with the days that are\n"
      "left. For an account (--account, or the configuration's): what happened to its databases and containers and\n"
      "when; with --at the databases and containers that there were at a moment; with --suggest the last second\n"
      "before each deletion, and the command that brings back what was deleted.",
      "  halley native restorable\n"
      "  halley native restorable --account kraftd-db --at 2026-01-17T10:00:00Z\n"
      "  halley native restorable --account kraftd-db --suggest",
      {},
      OptionNames{"--at", "--suggest", "--instance", "--location", "--dry-run"} + azure_options(),
      run,
      {{"--at", "2026-01-17T10:00:00Z, or an age such as -2h or -3d12h"}}};
}

}  // namespace halley::cli
