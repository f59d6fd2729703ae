// halley native fixup: what Azure's restore does not bring back.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "cli/access.h"
#include "cli/azure.h"
#include "cli/commands.h"
#include "cli/confirmation.h"
#include "cli/figures.h"
#include "cosmos/name_pattern.h"
#include "native/account_queries.h"
#include "native/fixup.h"
#include "recovery/definitions_at.h"
#include "recovery/selection.h"
#include "recovery/users.h"

namespace halley::cli {
namespace {

using native::FixupPart;
using native::FixupStep;
using repo::DefinitionKind;

// What is compared with what.
struct Subject {
  native::AccountState account;
  Second at;
  native::FixupWish wish;
  std::vector<repo::Definition> users;
  std::vector<repo::Definition> permissions;
  std::vector<native::FixupDifference> unknown;  // what there is nothing to compare with
};

// What is not as it was, at one look.
struct Look {
  native::FixupPlan plan;
  std::vector<recovery::UserDifference> users;

  bool has_steps() const { return !plan.steps.empty() || !users.empty(); }
};

std::string what_of(const recovery::UserDifference& user) {
  return user.name() + (user.is_there ? " is another" : " is missing");
}

// Steps of expiry are not taken: what they would put right is a difference that stays.
void leave_expiry(native::FixupPlan& plan) {
  const auto expiry = std::stable_partition(plan.steps.begin(), plan.steps.end(),
                                            [](const FixupStep& step) { return step.part != FixupPart::expiry; });
  for (auto step = expiry; step != plan.steps.end(); ++step) {
    plan.differences.push_back({step->what, "--no-ttl leaves it as it is"});
  }
  plan.steps.erase(expiry, plan.steps.end());
}

// What was tried.
struct Attempt {
  std::string what;
  std::optional<Error> failure;
};

// Whether options say what was restored. Then it is not what made the account, and the account around it is left alone.
bool is_named(const Arguments& arguments) { return arguments.has("--database") || arguments.has("--container"); }

Result<Second> moment_of_restore(const Context& context, const native::AccountState& account) {
  if (context.arguments.has("--at")) return past_moment(context);
  if (is_named(context.arguments)) {
    return fail(Code::invalid_argument, "an account does not say of which moment a part of it is",
                "give --at with the moment that the part was restored to");
  }
  if (account.restored_at) return *account.restored_at;
  return fail(Code::invalid_argument, account.id.name + " does not say of which moment it is",
              "give --at with the moment that was restored");
}

// All of an account that a restore made, or what is named.
Result<recovery::Selection> scope_of(const Arguments& arguments, const native::AccountState& account) {
  recovery::Selection scope;
  for (const char* const option : {"--database", "--container"}) {
    const auto names = arguments.all(option);
    scope.include.insert(scope.include.end(), names.begin(), names.end());
  }
  if (is_named(arguments)) return scope;
  if (account.restored_from.empty()) {
    return fail(Code::invalid_argument, account.id.name + " was not made by a restore",
                "name what was restored in it: --container DB/NAME or --database NAME; the rest is left as it is");
  }
  for (const auto& [database, containers] : account.restored_only) {
    if (containers.empty()) scope.include.push_back(database);
    for (const std::string& container : containers) scope.include.push_back(database + "/" + container);
  }
  return scope;
}

bool is_in(const recovery::Selection& scope, const repo::DefinitionKey& key) {
  switch (key.kind) {
    case DefinitionKind::database:
      return scope.selects_database(key.id);
    case DefinitionKind::container:
      return scope.selects_container(key.database, key.id);
    case DefinitionKind::offer:
      if (key.parent.empty()) return scope.selects_database(key.database);
      return scope.selects_container(key.database, key.parent);
    default:
      return scope.selects_container(key.database, key.parent);
  }
}

// A name given that selects nothing is misspelt.
Status check_scope(const recovery::Selection& scope, const native::FixupWish& wish, Second at) {
  for (const std::string& pattern : scope.include) {
    recovery::Selection one;
    one.include = {pattern};
    const bool found = std::any_of(wish.definitions.begin(), wish.definitions.end(),
                                   [&](const repo::Definition& each) { return is_in(one, each.key); });
    if (!found) return fail(Code::not_found, "there was no " + pattern + " at " + format_rfc3339(at));
  }
  return {};
}

Status take_definitions(const recovery::DefinitionsAt& definitions, const recovery::Selection& scope,
                        Subject& subject) {
  const auto take = [&](const recovery::DefinitionsAt::Each& found) {
    for (const repo::Definition* each : found) {
      if (is_in(scope, each->key)) subject.wish.definitions.push_back(*each);
    }
  };
  take(definitions.databases());
  take(definitions.containers());
  for (const repo::Definition* database : definitions.databases()) {
    const std::string& name = database->key.id;
    if (const auto* offer = definitions.offer(name, "")) take({offer});
    if (!scope.selects_database(name)) continue;
    for (const repo::Definition* user : definitions.users(name)) subject.users.push_back(*user);
    ASSIGN(const auto permissions, recovery::named_permissions(definitions, name));
    subject.permissions.insert(subject.permissions.end(), permissions.begin(), permissions.end());
  }
  for (const repo::Definition* container : definitions.containers()) {
    take(definitions.scripts(container->key.database, container->key.id));
    if (const auto* offer = definitions.offer(container->key.database, container->key.id)) take({offer});
  }
  return {};
}

// Whether a pattern may select something of the database.
bool reaches(const recovery::Selection& scope, const std::string& database) {
  return scope.include.empty() ||
         std::any_of(scope.include.begin(), scope.include.end(), [&](const std::string& pattern) {
           return cosmos::matches_whole_database(pattern.substr(0, pattern.find('/')), database);
         });
}

// What is in the account, or was restored there, and there is no definition of.
Status find_unknown(native::ArmClient& arm, const recovery::Selection& scope, Subject& subject,
                    const std::stop_token& stop) {
  const native::AccountState& account = subject.account;
  std::set<std::string> names;
  for (const auto& [database, containers] : account.restored_only) {
    if (containers.empty() && scope.selects_database(database)) names.insert("database " + database);
    for (const std::string& each : containers) {
      if (scope.selects_container(database, each)) names.insert("container " + database + "/" + each);
    }
  }
  ASSIGN(const auto databases, native::database_names(arm, account.id, stop));
  for (const std::string& database : databases) {
    if (!reaches(scope, database)) continue;
    if (scope.selects_database(database)) names.insert("database " + database);
    ASSIGN(const auto containers, native::container_names(arm, account.id, database, stop));
    for (const std::string& each : containers) {
      if (scope.selects_container(database, each)) names.insert("container " + database + "/" + each);
    }
  }
  for (const repo::Definition& each : subject.wish.definitions) {
    if (each.key.kind == DefinitionKind::database) names.erase("database " + each.key.id);
    if (each.key.kind == DefinitionKind::container) names.erase("container " + each.key.database + "/" + each.key.id);
  }
  for (const std::string& name : names) {
    subject.unknown.push_back({name + " is not in the repository as of the moment: it cannot be compared",
                               "it was made since, or was not backed up"});
  }
  return {};
}

Result<Subject> subject_of(const Context& context, const Configuration& configuration, native::ArmClient& arm) {
  Subject subject;
  native::AccountId& target = subject.wish.target;
  ASSIGN(target.subscription, subscription_of(context, configuration));
  ASSIGN(target.name, context.arguments.required("--to"));
  target.resource_group = context.arguments.find("--to-resource-group").value_or("");
  if (target.resource_group.empty()) {
    ASSIGN(target.resource_group, resource_group_of(context, configuration));
  }
  ASSIGN(subject.account, native::account_state(arm, target, context.stop));
  ASSIGN(subject.at, moment_of_restore(context, subject.account));
  ASSIGN(const recovery::Selection scope, scope_of(context.arguments, subject.account));
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(const auto definitions, recovery::DefinitionsAt::read(*repository, recovery::Moment::of(subject.at),
                                                               context.arguments.has("--approximate")));
  TRY(take_definitions(definitions, scope, subject));
  const bool named = is_named(context.arguments);
  if (named) TRY(check_scope(scope, subject.wish, subject.at));
  TRY(find_unknown(arm, scope, subject, context.stop));
  if (named) return subject;
  if (const repo::Definition* const description = definitions.description()) {
    ASSIGN(subject.wish.description, native::parse_description(description->text));
  } else {
    subject.unknown.push_back({"network rules, roles for data and tags as they were are not in the repository",
                               "'halley backup' keeps them once [native] names the account"});
  }
  return subject;
}

// The data side of the account, for users and permissions, which Resource Manager does not have.
Result<OpenAccount> open_data(const Context& context, const Configuration& configuration, native::ArmClient& arm,
                              const Subject& subject) {
  ASSIGN(std::string key, target_key(context));
  if (key.empty()) {
    ASSIGN(key, native::account_key(arm, subject.account.id, context.stop));
  }
  ASSIGN(DebugLog log, debug_log(context));
  return connect(context.runtime, subject.account.endpoint, key, trust_of(context, configuration), std::move(log));
}

class Fixup {
 public:
  Fixup(Context& context, native::ArmClient& arm, const Subject& subject)
      : context_(context), arm_(arm), subject_(subject) {}

  void give(Result<OpenAccount> data) { data_ = std::move(data); }

  Result<Look> look() {
    Look found;
    ASSIGN(found.plan, native::plan_fixup(arm_, subject_.wish, context_.stop));
    if (context_.arguments.has("--no-ttl")) leave_expiry(found.plan);
    auto& differences = found.plan.differences;
    differences.insert(differences.end(), subject_.unknown.begin(), subject_.unknown.end());
    if (subject_.users.empty()) return found;
    auto users = differing_users();
    if (users) {
      for (recovery::UserDifference& user : *users) {
        if (user.obstacle.empty()) {
          found.users.push_back(std::move(user));
        } else {
          differences.push_back({what_of(user) + ": " + user.obstacle, std::string(recovery::kMakeAnew)});
        }
      }
    } else if (users.error().code == Code::cancelled) {
      return fail(users.error());
    } else {
      differences.push_back({"users and permissions cannot be compared: " + users.error().to_string(),
                             "they need the account's endpoint and key: from where its network rules let in"});
    }
    return found;
  }

  // All but expiry, then a look, and expiry. What only that look finds, nobody has agreed to replace.
  Result<Look> put_right(const Look& first) {
    for (const FixupStep& step : first.plan.steps) {
      if (step.part != FixupPart::expiry) TRY(attempt(step.what, native::carry_out(arm_, step, context_.stop)));
    }
    ASSIGN(Look second, look());
    for (const recovery::UserDifference& user : second.users) {
      if (user.is_there && !is_agreed(first, user)) continue;
      TRY(attempt(what_of(user), recovery::put_user_difference(*data_->client, user, context_.stop)));
    }
    for (const FixupStep& step : native::agreed_expiry(first.plan, second.plan)) {
      TRY(attempt(step.what, native::carry_out(arm_, step, context_.stop)));
    }
    return look();
  }

  const std::vector<Attempt>& attempts() const { return attempts_; }

 private:
  Result<std::vector<recovery::UserDifference>> differing_users() {
    if (!data_) return fail(data_.error());
    return recovery::differing_users(*data_->client, subject_.users, subject_.permissions, context_.stop);
  }

  static bool is_agreed(const Look& first, const recovery::UserDifference& user) {
    return std::any_of(first.users.begin(), first.users.end(), [&](const recovery::UserDifference& each) {
      return each.is_there && each.name() == user.name();
    });
  }

  Status attempt(const std::string& what, Status done) {
    if (!done && done.error().code == Code::cancelled) return done;
    context_.output.line((done ? "put right: " : "failed:    ") + what + (done ? "" : ": " + done.error().to_string()));
    attempts_.push_back({what, done ? std::nullopt : std::optional(done.error())});
    return {};
  }

  Context& context_;
  native::ArmClient& arm_;
  const Subject& subject_;
  Result<OpenAccount> data_ = fail(Code::precondition, "no users are compared");
  std::vector<Attempt> attempts_;
};

// What a look found, in sentences with hints.
std::vector<native::FixupDifference> left_of(const Look& look) {
  std::vector<native::FixupDifference> left;
  for (const FixupStep& step : look.plan.steps) left.push_back({step.what, ""});
  for (const recovery::UserDifference& user : look.users) {
    left.push_back({what_of(user), ""});
  }
  left.insert(left.end(), look.plan.differences.begin(), look.plan.differences.end());
  return left;
}

void write_steps(json::Writer& writer, const Azure& azure, const Look& look) {
  writer.key("steps").begin_array();
  for (const FixupStep& step : look.plan.steps) {
    writer.begin_object().member("part", native::fixup_part_name(step.part)).member("subject", step.subject);
    writer.member("what", step.what).member_boolean("replaces", step.replaces).key("requests").begin_array();
    for (const native::Request& request : step.requests) {
      writer.begin_object().member("method", request.method).member("url", azure.base + request.target());
      if (!request.body.empty()) writer.key("body").raw(request.body);
      writer.end_object();
    }
    writer.end_array().end_object();
  }
  for (const recovery::UserDifference& user : look.users) {
    writer.begin_object().member("part", "user").member("subject", user.key.database);
    writer.member("what", what_of(user)).member_boolean("replaces", user.is_there).end_object();
  }
  writer.end_array();
}

void write_left(json::Writer& writer, const std::vector<native::FixupDifference>& left) {
  writer.key("differences").begin_array();
  for (const native::FixupDifference& each : left) {
    writer.begin_object().member("what", each.what).member("hint", each.hint).end_object();
  }
  writer.end_array();
}

void print_left(Output& output, const std::vector<native::FixupDifference>& left) {
  for (const auto& each : left) output.line("! " + each.what + (each.hint.empty() ? "" : " (" + each.hint + ")"));
}

void print_plan(Output& output, const Azure& azure, const Subject& subject, const Look& look) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member_boolean("dry_run", true);
  write_account(writer, subject.account.id);
  writer.member("at", format_rfc3339(subject.at));
  write_steps(writer, azure, look);
  write_left(writer, look.plan.differences);
  writer.end_object();
  const auto asked = [](bool replaces) { return replaces ? " (to be agreed to)" : ""; };
  for (const FixupStep& step : look.plan.steps) {
    output.line("would put right: " + step.what + asked(step.replaces || step.part == FixupPart::expiry));
  }
  for (const recovery::UserDifference& user : look.users) {
    output.line("would put right: " + what_of(user) + asked(user.is_there));
  }
  print_left(output, look.plan.differences);
  if (!look.has_steps()) output.line("Nothing would be changed.");
  output.result(json);
}

ExitCode report(Context& context, const Subject& subject, const std::vector<Attempt>& attempts, const Look& last) {
  const auto left = left_of(last);
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  write_account(writer, subject.account.id);
  writer.member("at", format_rfc3339(subject.at)).key("done").begin_array();
  for (const Attempt& each : attempts) {
    writer.begin_object().member("what", each.what).key("error");
    each.failure ? writer.string(each.failure->to_string()) : writer.null();
    writer.end_object();
  }
  writer.end_array();
  write_left(writer, left);
  writer.member_boolean("as_it_was", left.empty()).end_object();
  print_left(context.output, left);
  const std::string& name = subject.account.id.name;
  context.output.line(left.empty() ? name + " is as it was at " + format_rfc3339(subject.at) + "."
                                   : show_number_of(left.size(), "thing") + " of " + name + " not as at " +
                                         format_rfc3339(subject.at) + ".");
  context.output.result(json);
  return left.empty() ? ExitCode::success : ExitCode::damage;
}

// What takes the place of something, opens the account or takes documents away is agreed to; what is missing is not
// asked about.
Status agree(Context& context, const Subject& subject, const Look& look) {
  std::vector<std::string> replaced;
  std::string expiring;
  for (const FixupStep& step : look.plan.steps) {
    if (step.replaces) replaced.push_back("  " + step.what);
    if (step.part == FixupPart::expiry) expiring += (expiring.empty() ? "" : ", ") + step.subject;
  }
  for (const recovery::UserDifference& user : look.users) {
    if (user.is_there) replaced.push_back("  " + what_of(user));
  }
  std::vector<std::string> warning;
  if (!replaced.empty()) {
    warning.push_back("what " + subject.account.id.name + " has now is replaced by what was at " +
                      format_rfc3339(subject.at) + ":");
    warning.insert(warning.end(), replaced.begin(), replaced.end());
  }
  if (!expiring.empty()) {
    warning.push_back("time to live comes back in " + expiring +
                      ": documents that have expired by now are deleted (--no-ttl leaves it as it is)");
  }
  return warning.empty() ? Status() : confirm(context, warning);
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto azure, open_azure(context, configuration));
  native::ArmClient& arm = *azure->arm;
  ASSIGN(const Subject subject, subject_of(context, configuration, arm));
  Fixup fixup(context, arm, subject);
  if (!subject.users.empty()) fixup.give(open_data(context, configuration, arm, subject));
  ASSIGN(Look look, fixup.look());
  if (context.arguments.has("--dry-run")) {
    print_plan(context.output, *azure, subject, look);
    return ExitCode::success;
  }
  if (look.has_steps()) {
    TRY(agree(context, subject, look));
    ASSIGN(look, fixup.put_right(look));
  }
  return report(context, subject, fixup.attempts(), look);
}

}  // namespace

Command native_fixup_command() {
  return {"native fixup",
          "after Azure's restore: bring back what it does not",
          "Compares the account --to with what the repository knows of the moment that was restored, and brings back\n"
          "what is missing or another: stored procedures, triggers, functions, throughput, conflict policy, users and\n"
          "permissions; of an account that a restore made also network rules, roles for data and tags, where backups\n"
          "kept them. What is missing is added; what takes the place of something, or opens the account to networks,\n"
          "must be agreed to. So must time to live, armed last, in containers whose scripts are all there: what has\n"
          "expired goes then; --no-ttl leaves it as it is. Tells what still is not as it was, and exits with 4 then.\n"
          "May be given again: what is right is left alone. What was restored in its own account is named, with its\n"
          "moment; the rest there is left.",
          "  halley native fixup --to kraftd-db-copy --dry-run\n"
          "  halley native fixup --to kraftd-db --container kraftd/documents --at 2026-01-17T15:29:59Z --yes",
          {},
          OptionNames{"--to", "--at", "--to-resource-group", "--database", "--container", "--approximate", "--no-ttl",
                      "--dry-run", "--yes", "--target-key-env", "--target-key-file"} +
              azure_options() + repository_options(),
          run,
          {{"--at", "2026-01-17T10:00:00Z, or an age such as -2h or -3d12h (else what the account says)"}}};
}

}  // namespace halley::cli
