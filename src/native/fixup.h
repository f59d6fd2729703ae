// What Azure's restore does not bring back, brought back after it: scripts, throughput, conflict policy and expiry of
// containers from their definitions as of the moment, the account's network rules, tags and roles for data from its
// description. Everything is compared first, so that it may be done again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "native/arm_client.h"
#include "native/description.h"
#include "repo/definitions.h"

namespace halley::native {

struct FixupWish {
  AccountId target;
  // Of what was restored: databases, containers, scripts and offers. Other kinds are passed over.
  std::vector<repo::Definition> definitions;
  // How the account was; nothing when that is not known or not wanted.
  std::optional<AccountDescription> description;
};

// In the order in which they are done. `expiry_off`: documents expire that did not; `expiry`: they do not, and did.
enum class FixupPart { expiry_off, script, throughput, conflicts, role, network, tags, expiry };
// "expiry_off", "script", …
std::string_view fixup_part_name(FixupPart part);

// Something that can be made as it was.
struct FixupStep {
  FixupPart part;
  std::string subject;            // the container or database, else the account
  std::string what;               // "stored procedure bulk of store/orders is missing"
  std::vector<Request> requests;  // one after the other
  // Takes the place of something that is there, or lets networks in: not to be done unasked. Nor is expiry.
  bool replaces = false;
};

// Something that cannot, by this.
struct FixupDifference {
  std::string what;
  std::string hint;  // what to do; may be empty
};

struct FixupPlan {
  std::vector<FixupStep> steps;  // in the order in which they are done, expiry last
  std::vector<FixupDifference> differences;
};

// Compares the account with what it should be. Only reads. Steps of expiry send the whole definition that was read, so
// they are carried out from a plan that was made after all other steps.
Result<FixupPlan> plan_fixup(ArmClient& arm, const FixupWish& wish, std::stop_token stop);

// The steps of expiry in `now`, a plan made after all other steps, that may be carried out: in containers of which
// `agreed` had one, too, and whose scripts are all there.
std::vector<FixupStep> agreed_expiry(const FixupPlan& agreed, const FixupPlan& now);

// Carries one step out.
Status carry_out(ArmClient& arm, const FixupStep& step, std::stop_token stop);

}  // namespace halley::native
