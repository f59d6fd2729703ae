#include "native/fixup.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "cosmos/account_client.h"
#include "native/fixup_parts.h"

namespace halley::native {
namespace {

constexpr std::array<std::string_view, 8> kPartNames = {"expiry_off", "script",  "throughput", "conflicts",
                                                        "role",       "network", "tags",       "expiry"};

bool has_step(const FixupPlan& plan, FixupPart part, const std::string& subject) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [&](const FixupStep& step) { return step.part == part && step.subject == subject; });
}

}  // namespace

std::string_view fixup_part_name(FixupPart part) { return kPartNames[static_cast<std::size_t>(part)]; }

const json::Value& fixup_member(const json::Value& object, std::string_view name) {
  static const json::Value null;
  const json::Value* const found = object.is_object() ? object.find(name) : nullptr;
  return found == nullptr ? null : *found;
}

bool says_nothing(const json::Value& value) {
  if (value.is_array()) return value.items().empty();
  if (value.is_string()) return value.text().empty();
  if (!value.is_object()) return value.is_null();
  return std::all_of(value.members().begin(), value.members().end(),
                     [](const json::Value::Member& member) { return says_nothing(member.second); });
}

bool is_another(const json::Value& was, const json::Value& is) {
  if (says_nothing(was) || says_nothing(is)) return says_nothing(was) != says_nothing(is);
  return !cosmos::says_the_same(was, is);
}

Result<FixupPlan> plan_fixup(ArmClient& arm, const FixupWish& wish, std::stop_token stop) {
  FixupPlan plan;
  TRY(compare_databases(arm, wish, plan, stop));
  TRY(compare_account(arm, wish, plan, stop));
  std::stable_sort(plan.steps.begin(), plan.steps.end(),
                   [](const FixupStep& a, const FixupStep& b) { return a.part < b.part; });
  return plan;
}

std::vector<FixupStep> agreed_expiry(const FixupPlan& agreed, const FixupPlan& now) {
  std::vector<FixupStep> steps;
  std::copy_if(now.steps.begin(), now.steps.end(), std::back_inserter(steps), [&](const FixupStep& step) {
    return step.part == FixupPart::expiry && has_step(agreed, FixupPart::expiry, step.subject) &&
           !has_step(now, FixupPart::script, step.subject);
  });
  return steps;
}

Status carry_out(ArmClient& arm, const FixupStep& step, std::stop_token stop) {
  for (const Request& request : step.requests) {
    const auto done = arm.run(request, step.what, stop);
    if (!done) return fail(done.error());
  }
  return {};
}

}  // namespace halley::native
