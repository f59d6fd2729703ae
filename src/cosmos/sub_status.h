// Sub-statuses: what `x-ms-substatus` says beside a status (docs/wire-protocol.md, statuses).
#pragma once

namespace halley::cosmos {

inline constexpr int kKeyMismatch = 1001;           // with 400
inline constexpr int kNeedsPlan = 1004;             // with 400
inline constexpr int kContainerChanged = 1024;      // with 400
inline constexpr int kNoWritesHere = 3;             // with 403
inline constexpr int kNotInRegion = 1008;           // with 403
inline constexpr int kPartitionFull = 1014;         // with 403
inline constexpr int kKeysDisabled = 5202;          // with 403
inline constexpr int kSessionAhead = 1002;          // with 404
inline constexpr int kOwnerGone = 1003;             // with 404
inline constexpr int kContainerNotReady = 1013;     // with 404
inline constexpr int kUniqueKeyTaken = 3301;        // with 409
inline constexpr int kNameCacheStale = 1000;        // with 410
inline constexpr int kRangeGone = 1002;             // with 410
inline constexpr int kCompletingMove = 1007;        // with 410
inline constexpr int kCompletingMigration = 1008;   // with 410
inline constexpr int kLeaseLost = 1022;             // with 410
inline constexpr int kPatchConditionFailed = 1110;  // with 412
inline constexpr int kReplyTooLarge = 3402;         // with 413
inline constexpr int kRegionExhausted = 3092;       // with 429
inline constexpr int kBudgetSpent = 3200;           // with 429

}  // namespace halley::cosmos
