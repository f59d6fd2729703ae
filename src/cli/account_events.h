// The safety net of Azure's own backup, for commands that look at an account: what is not as it should be.
#pragma once

#include <vector>

#include "cli/azure.h"
#include "native/account_checks.h"
#include "native/description.h"

namespace halley::cli {

// What [native] says of how the account should be. Fails with invalid_argument.
Result<native::AccountExpectation> expectation_of(const Configuration& configuration);

// The events of the account as a whole (containers are not looked at); that it was deleted, while its backup lasts.
Result<std::vector<native::AccountEvent>> account_events(const Context& context, const Configuration& configuration,
                                                         native::ArmClient& arm, const native::AccountId& id);

// That an account which is not there was deleted; `missing` where nothing of it is known.
Result<std::vector<native::AccountEvent>> deletion_events(const Context& context, native::ArmClient& arm,
                                                          const native::AccountId& id, Error missing);

// [{"event":…,"severity":…,"subject":…,"message":…,"hint":…}]
void write_events(json::Writer& writer, const std::vector<native::AccountEvent>& events);
std::string event_text(const native::AccountEvent& event);  // "! what is: what to do"

}  // namespace halley::cli
