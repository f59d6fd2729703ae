#include "cosmos/retry.h"

#include <algorithm>

#include "base/check.h"
#include "cosmos/sub_status.h"
#include "runtime/back_off.h"

namespace halley::cosmos {
namespace {

using Where = Repeat::Where;

constexpr Milliseconds kFirstBackOff{100};
constexpr Milliseconds kLongestBackOff{5000};
constexpr Milliseconds kFirstRaceBackOff{10};  // 449
constexpr Milliseconds kLongestRaceBackOff{1000};
constexpr Milliseconds kRacePatience{30000};  // of waiting, as the SDKs have
constexpr Milliseconds kShortestThrottle{5};
constexpr Milliseconds kFailoverPause{1000};
constexpr Milliseconds kLongestAsked{60000};  // No more is believed of a retry-after, throttling aside.

constexpr int kAnySubStatus = -1;
constexpr int kAnyServerError = 599;
constexpr int kUnlimited = 0;                // As many attempts as the client's limit says.
constexpr int kPatiently = -1;               // As long as the waits together are not too long.
constexpr int kInBulkOnly = 1;               // Of a call by itself the refusal stands.
constexpr int kUnknownEndpointAttempts = 3;  // A wrong address does not get better.
constexpr int kFailoverAttempts = 120;       // At a second each: a failover takes its time.
constexpr int kNowhereElseAttempts = 3;      // Of a failover in an account of one endpoint.
constexpr int kSessionTriesHere = 2;

enum class Pace : std::uint8_t { back_off, throttle, race, failover, at_once_first };

// A row of the table in docs/wire-protocol.md, repeats. The first row that fits counts. `status` 0: no answer came.
struct Rule {
  int status;
  int sub_status;
  RetryReason reason;
  int attempts;  // of the call, the first included
  Pace pace;
  Where where;  // of reads; of writes too where the refusal promises that nothing was done
};

// Some failures tend to last: more attempts than these only delay the message.
constexpr Rule kRules[] = {
    {403, kNoWritesHere, RetryReason::write_region_moved, kFailoverAttempts, Pace::failover, Where::after_account_read},
    {403, kNotInRegion, RetryReason::region_removed, kFailoverAttempts, Pace::failover, Where::after_account_read},
    {404, kSessionAhead, RetryReason::session_not_reached, kUnlimited, Pace::back_off, Where::here},
    {404, kContainerNotReady, RetryReason::container_in_creation, kUnlimited, Pace::back_off, Where::here},
    {408, kAnySubStatus, RetryReason::service_timeout, 3, Pace::back_off, Where::elsewhere},
    {410, kNameCacheStale, RetryReason::name_cache_stale, 3, Pace::back_off, Where::here},
    {410, kRangeGone, RetryReason::partition_gone, 3, Pace::back_off, Where::here},
    {410, kCompletingMove, RetryReason::partition_moving, 6, Pace::back_off, Where::here},
    {410, kCompletingMigration, RetryReason::partition_moving, 6, Pace::back_off, Where::here},
    {410, kLeaseLost, RetryReason::lease_lost, kUnlimited, Pace::back_off, Where::elsewhere},
    {410, kAnySubStatus, RetryReason::partition_gone, kInBulkOnly, Pace::back_off, Where::here},
    {424, kAnySubStatus, RetryReason::not_tried, kInBulkOnly, Pace::back_off, Where::here},
    {429, kRegionExhausted, RetryReason::region_exhausted, kPatiently, Pace::throttle, Where::elsewhere},
    {429, kAnySubStatus, RetryReason::throttled, kPatiently, Pace::throttle, Where::here},
    {449, kAnySubStatus, RetryReason::write_race, kPatiently, Pace::race, Where::here},
    {500, kAnySubStatus, RetryReason::service_error, 3, Pace::back_off, Where::elsewhere},
    {503, kAnySubStatus, RetryReason::service_unavailable, kUnlimited, Pace::back_off, Where::elsewhere},
    {kAnyServerError, kAnySubStatus, RetryReason::gateway_error, kUnlimited, Pace::back_off, Where::elsewhere},
};
constexpr Rule kNotConnected = {
    0, 0, RetryReason::not_connected, kUnlimited, Pace::back_off, Where::after_account_read};
// A kept connection that broke before any answer is replaced by a fresh one at once.
constexpr Rule kConnectionLost = {
    0, 0, RetryReason::connection_lost, kUnlimited, Pace::at_once_first, Where::elsewhere};
constexpr Rule kNoAnswer = {0, 0, RetryReason::no_answer_in_time, 3, Pace::back_off, Where::elsewhere};

const Rule* rule_for(const Error& error) {
  if (error.status == 0) {
    if (error.code == Code::unavailable) return &kNotConnected;
    if (error.code == Code::ambiguous) return &kConnectionLost;
    return error.code == Code::timeout ? &kNoAnswer : nullptr;
  }
  for (const Rule& rule : kRules) {
    const bool same_status = rule.status == error.status ||
                             (rule.status == kAnyServerError && error.status / 100 == 5 && error.status != 501);
    if (same_status && (rule.sub_status == kAnySubStatus || rule.sub_status == error.sub_status)) return &rule;
  }
  return nullptr;
}

// Says nothing about whether a write was done.
bool leaves_open(const Error& error) { return error.code == Code::ambiguous || error.code == Code::timeout; }

// Before the repeat of that number: 1 is the first.
Milliseconds pause(Runtime& runtime, const Rule& rule, std::optional<Milliseconds> asked, int repeats) {
  if (rule.pace == Pace::throttle) {
    const Milliseconds wait =
        asked ? std::max(*asked, kShortestThrottle) : back_off(runtime, kFirstBackOff, kLongestBackOff, repeats);
    // Spread out, so that callers throttled together do not come back together.
    return wait + Milliseconds(runtime.random_u64() % (static_cast<std::uint64_t>(wait.count()) / 4 + 1));
  }
  Milliseconds wait{0};
  if (rule.pace == Pace::race) {
    wait = back_off(runtime, kFirstRaceBackOff, kLongestRaceBackOff, repeats);
  } else if (rule.pace == Pace::failover) {
    wait = repeats == 1 ? Milliseconds(0) : kFailoverPause;
  } else if (rule.pace == Pace::back_off || repeats > 1) {
    wait = back_off(runtime, kFirstBackOff, kLongestBackOff, repeats);
  }
  return std::max(wait, std::min(asked.value_or(Milliseconds(0)), kLongestAsked));
}

// A request that names a range of a container that was made again, or a range that is gone, goes back to its caller.
bool needs_fresh_ranges(RetryReason reason) {
  return reason == RetryReason::name_cache_stale || reason == RetryReason::partition_gone;
}

int attempts_allowed(const Rule& rule, const RetriedCall& call, const RetryLimits& limits, const Endpoints& endpoints) {
  if (needs_fresh_ranges(rule.reason) && call.names_range) return 0;
  if (rule.pace == Pace::failover) return endpoints.of_account > 1 ? rule.attempts : kNowhereElseAttempts;
  if (rule.reason == RetryReason::not_connected && !call.endpoint_known) {
    return std::min(kUnknownEndpointAttempts, limits.max_attempts);
  }
  return rule.attempts == kUnlimited ? limits.max_attempts : std::min(rule.attempts, limits.max_attempts);
}

}  // namespace

std::string_view retry_reason_name(RetryReason reason) {
  constexpr std::array<std::string_view, kRetryReasons> kNames = {
      "throttled",           "region_exhausted",      "write_race",
      "service_unavailable", "service_error",         "gateway_error",
      "service_timeout",     "write_region_moved",    "region_removed",
      "session_not_reached", "container_in_creation", "name_cache_stale",
      "partition_gone",      "partition_moving",      "lease_lost",
      "not_tried",           "not_connected",         "connection_lost",
      "no_answer_in_time"};
  const auto index = static_cast<std::size_t>(reason);
  CHECK(index < kNames.size());
  return kNames[index];
}

std::string describe_retries(const RetryCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += retry_reason_name(static_cast<RetryReason>(i));
    text += ' ';
    text += std::to_string(counts[i]);
  }
  return text.empty() ? "none" : text;
}

std::optional<Repeat> Retry::next(const Error& error, const Endpoints& endpoints) {
  const bool unclear = leaves_open(error);
  if (unclear) may_have_worked_ = true;
  const Rule* rule = rule_for(error);
  if (rule == nullptr) return std::nullopt;

  Repeat repeat{rule->reason, {}, rule->where, false, false};
  // What may have been done here is done again here: elsewhere it would be a second write. Only where the account must
  // say anew which regions there are, it goes where that says.
  const bool stays = unclear || (may_have_worked_ && rule->where == Where::elsewhere);
  if (stays && call_.effect == Effect::write) repeat.where = Where::here;
  if (rule->attempts == kPatiently) {
    const bool race = rule->pace == Pace::race;
    Waited& waited = race ? raced_ : throttled_;
    repeat.wait = pause(runtime_, *rule, error.retry_after, ++waited.times);
    waited.altogether += repeat.wait;
    return waited.altogether <= (race ? kRacePatience : limits_.throttle_patience) ? std::optional(repeat)
                                                                                   : std::nullopt;
  }
  // While writes move to another region, requests fail in other ways, too: these don't count as waiting for it.
  int& failures = rule->pace == Pace::failover ? failovers_ : failures_;
  if (++failures >= attempts_allowed(*rule, call_, limits_, endpoints)) return std::nullopt;

  repeat.endpoint_down = rule->where == Where::after_account_read;
  if (repeat.reason == RetryReason::session_not_reached) choose_session(repeat, endpoints.of_call);
  if (rule->pace == Pace::at_once_first && failures == 1) repeat.where = Where::here;
  repeat.wait = pause(runtime_, *rule, error.retry_after, failures);
  return repeat;
}

// A replica that is behind catches up: the same region again, then each other one. A token that no region has reached
// is of a past that is lost (a restore in place, a forced failover).
void Retry::choose_session(Repeat& repeat, std::size_t places) {
  if (++session_failures_ <= kSessionTriesHere) return;
  repeat.where = Where::elsewhere;
  const bool asked_everywhere = session_failures_ - kSessionTriesHere >= static_cast<int>(places);
  repeat.without_session = asked_everywhere && !call_.keeps_session;
}

BulkReaction bulk_reaction(int status, int sub_status) {
  if (status >= 200 && status < 300) return {BulkReaction::Step::done, {}, false};
  Error error(code_of(status, sub_status, Effect::write), "");
  error.status = status;
  error.sub_status = sub_status;
  return bulk_reaction(error);
}

BulkReaction bulk_reaction(const Error& error) {
  using Step = BulkReaction::Step;
  if (error.status == 413) return {Step::alone, {}, false};
  const Rule* rule = rule_for(error);
  if (rule == nullptr) return {};
  return {error.code == Code::gone ? Step::route_anew : Step::repeat, rule->reason, leaves_open(error)};
}

Milliseconds bulk_pause(Runtime& runtime, const Error& error, int repeats) {
  const Rule* rule = rule_for(error);
  CHECK(rule != nullptr);
  return pause(runtime, *rule, error.retry_after, repeats);
}

}  // namespace halley::cosmos
