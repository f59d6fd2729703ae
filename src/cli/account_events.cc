#include "cli/account_events.h"

#include "native/account_queries.h"

namespace halley::cli {

Result<native::AccountExpectation> expectation_of(const Configuration& configuration) {
  native::AccountExpectation expected;
  if (!configuration.tier.empty()) {
    ASSIGN(expected.tier, native::parse_tier(configuration.tier));
  }
  if (!configuration.longest_lag.empty()) {
    ASSIGN(expected.longest_lag, parse_lag(configuration.longest_lag));
  }
  expected.redundancy = configuration.redundancy;
  expected.zone_redundant = configuration.zone_redundant;
  expected.all_versions = configuration.all_versions || configuration.mode == "all-versions";
  return expected;
}

Result<std::vector<native::AccountEvent>> deletion_events(const Context& context, native::ArmClient& arm,
                                                          const native::AccountId& id, Error missing) {
  const auto accounts = native::restorable_accounts(arm, id.subscription, context.stop);
  auto events = accounts ? native::check_deleted(*accounts, {id.name}) : std::vector<native::AccountEvent>();
  if (events.empty()) return fail(std::move(missing));
  return events;
}

Result<std::vector<native::AccountEvent>> account_events(const Context& context, const Configuration& configuration,
                                                         native::ArmClient& arm, const native::AccountId& id) {
  ASSIGN(const native::AccountExpectation expected, expectation_of(configuration));
  const auto account = native::account_state(arm, id, context.stop);
  if (!account && account.error().code == Code::not_found) {
    return deletion_events(context, arm, id, account.error());
  }
  if (!account) return fail(account.error());
  return native::check_account(*account, expected, {}, {}, context.runtime.wall_second());
}

void write_events(json::Writer& writer, const std::vector<native::AccountEvent>& events) {
  writer.begin_array();
  for (const native::AccountEvent& event : events) {
    writer.begin_object().member("event", native::account_event_name(event.kind));
    writer.member("severity", native::severity_name(native::severity_of(event.kind))).member("subject", event.subject);
    writer.member("message", event.message).member("hint", event.hint).end_object();
  }
  writer.end_array();
}

std::string event_text(const native::AccountEvent& event) { return "! " + event.message + ": " + event.hint; }

}  // namespace halley::cli
