// Refusals: errors that carry the HTTP status, and where the service has one the sub-status, they are answered with.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::server {

// Sub-statuses this server answers with (docs/wire-protocol.md, statuses).
inline constexpr int kNoWritesHere = 3;             // with 403
inline constexpr int kNotInRegion = 1008;           // with 403
inline constexpr int kKeyMismatch = 1001;           // with 400
inline constexpr int kNameCacheStale = 1000;        // with 410
inline constexpr int kCompletingMove = 1007;        // with 410
inline constexpr int kReplyTooLarge = 3402;         // with 413
inline constexpr int kRangeGone = 1002;             // with 410
inline constexpr int kOwnerGone = 1003;             // with 404
inline constexpr int kSessionAhead = 1002;          // with 404
inline constexpr int kContainerChanged = 1024;      // with 400
inline constexpr int kBudgetSpent = 3200;           // with 429
inline constexpr int kUniqueKeyTaken = 3301;        // with 409
inline constexpr int kPatchConditionFailed = 1110;  // with 412

tl::unexpected<Error> refuse(int status, std::string message, int sub_status = 0);

// The `code` member of an error body for a status: 404 -> "NotFound".
std::string_view status_name(int status);

}  // namespace halley::server
