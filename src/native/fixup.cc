#include "native/fixup.h"

#include <algorithm>
#include <array>

#include "native/fixup_parts.h"

namespace halley::native {
namespace {

constexpr std::array<std::string_view, 7> kPartNames = {"script",  "throughput", "conflicts", "role",
                                                        "network", "tags",       "expiry"};

}  // namespace

std::string_view fixup_part_name(FixupPart part) { return kPartNames[static_cast<std::size_t>(part)]; }

const json::Value& fixup_member(const json::Value& object, std::string_view name) {
  static const json::Value null;
  const json::Value* const found = object.is_object() ? object.find(name) : nullptr;
  return found == nullptr ? null : *found;
}

Result<FixupPlan> plan_fixup(ArmClient& arm, const FixupWish& wish, std::stop_token stop) {
  FixupPlan plan;
  TRY(compare_databases(arm, wish, plan, stop));
  TRY(compare_account(arm, wish, plan, stop));
  std::stable_sort(plan.steps.begin(), plan.steps.end(),
                   [](const FixupStep& a, const FixupStep& b) { return a.part < b.part; });
  return plan;
}

Status carry_out(ArmClient& arm, const FixupStep& step, std::stop_token stop) {
  for (const Request& request : step.requests) {
    const auto done = arm.run(request, step.what, stop);
    if (!done) return fail(done.error());
  }
  return {};
}

}  // namespace halley::native
