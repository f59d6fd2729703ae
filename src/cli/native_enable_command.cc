// halley native enable: continuous backup on, as far back as wanted.
#include "cli/azure.h"
#include "cli/commands.h"
#include "cli/confirmation.h"
#include "native/account_queries.h"
#include "native/enable.h"

namespace halley::cli {
namespace {

Result<std::optional<native::Tier>> tier_of(const Context& context, const Configuration& configuration) {
  const std::string text = context.arguments.find("--tier").value_or(configuration.tier);
  if (text.empty()) return std::optional<native::Tier>();
  ASSIGN(const native::Tier tier, native::parse_tier(text));
  return std::optional(tier);
}

std::string result_json(const native::AccountState& account, std::size_t changes, const std::string& operation) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  write_account(writer, account.id);
  writer.key("changes").unsigned_integer(changes).key("operation");
  operation.empty() ? writer.null() : writer.string(operation);
  writer.member_boolean("done", operation.empty()).end_object();
  return json;
}

// Carries out the steps. Gives the id of the operation that is still going on; empty when all is done.
Result<std::string> carry_out(Context& context, native::ArmClient& arm, const std::vector<native::EnableStep>& steps) {
  const bool wait = context.arguments.has("--wait");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    ASSIGN(const auto operation, arm.begin(steps[i].request, steps[i].what, context.stop));
    if (!operation) continue;
    announce(context, *operation);
    // The service takes one change at a time: only the last one may be left to itself.
    if (!wait && i + 1 == steps.size()) return operation->id;
    TRY(follow(context, arm, *operation));
  }
  return std::string();
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const native::AccountId id, account_of(context, configuration));
  ASSIGN(const auto tier, tier_of(context, configuration));
  ASSIGN(const auto azure, open_azure(context, configuration));
  ASSIGN(const native::AccountState account, native::account_state(*azure->arm, id, context.stop));
  ASSIGN(const auto steps, native::plan_enable(account, tier, context.arguments.has("--all-versions")));
  if (context.arguments.has("--dry-run")) {
    std::vector<native::Request> requests;
    for (const native::EnableStep& step : steps) {
      if (!step.warning.empty()) context.output.note(step.warning);
      requests.push_back(step.request);
    }
    print_requests(context.output, *azure, requests);
    return ExitCode::success;
  }
  for (const native::EnableStep& step : steps) {
    if (!step.warning.empty()) TRY(confirm(context, {step.warning}));
  }
  ASSIGN(const std::string operation, carry_out(context, *azure->arm, steps));
  context.output.line(steps.empty()       ? "The account is so already: " + account.tier + "."
                      : operation.empty() ? "Done."
                                          : "Begun.");
  context.output.result(result_json(account, steps.size(), operation));
  return ExitCode::success;
}

}  // namespace

Command native_enable_command() {
  return {
      "native enable",
      "turn on continuous backup, and choose how far back it reaches",
      "Changes the account to continuous backup, or to another tier of it, and turns on the all-versions change\n"
      "feed if wanted. An account with periodic backup never returns to it, and a shorter tier loses what is older\n"
      "at once: both are said, and must be agreed to. Without --tier: the configuration's, else what the account\n"
      "has, else 30 days.",
      "  halley native enable --tier Continuous30Days --dry-run\n"
      "  halley native enable --tier Continuous30Days --all-versions --wait --yes",
      {},
      OptionNames{"--tier", "--all-versions", "--dry-run", "--wait", "--yes"} + azure_options(),
      run};
}

}  // namespace halley::cli
