// The two halves of plan_fixup(): each adds what it finds to the plan.
#pragma once

#include "native/fixup.h"

namespace halley::native {

Status compare_databases(ArmClient& arm, const FixupWish& wish, FixupPlan& plan, const std::stop_token& stop);
Status compare_account(ArmClient& arm, const FixupWish& wish, FixupPlan& plan, const std::stop_token& stop);

// A member of an object, or null.
const json::Value& fixup_member(const json::Value& object, std::string_view name);

// Null, empty, or an object of nothing else: the same as a member that is not there.
bool says_nothing(const json::Value& value);

// Whether what is there is not what was, apart from members that the service added.
bool is_another(const json::Value& was, const json::Value& is);

}  // namespace halley::native
