#include "http/repeat.h"

#include <algorithm>
#include <charconv>

#include "runtime/back_off.h"

namespace halley::http {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return std::min<std::int64_t>(number, 24 * 3600 * 1000);
}

bool leaves_open(const Result<Response>& answer) {
  if (!answer) return answer.error().code == Code::ambiguous || answer.error().code == Code::timeout;
  const int status = answer->status;
  return status == 408 || status == 500 || status == 502 || status == 504;
}

bool worth_repeating(const Result<Response>& answer, const RepeatPolicy& policy) {
  if (leaves_open(answer)) return policy.may_be_done_twice;
  if (!answer) return is_retryable(answer.error());
  const auto& also = policy.also_passing;
  return is_passing(answer->status) || std::find(also.begin(), also.end(), answer->status) != also.end();
}

}  // namespace

bool is_passing(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::optional<Milliseconds> retry_after(const Response& response, Second now) {
  if (const auto exact = whole_number(response.headers.get("retry-after-ms"))) return Milliseconds(*exact);
  const std::string_view text = response.headers.get("Retry-After");
  if (text.empty()) return std::nullopt;
  if (const auto seconds = whole_number(text)) return Milliseconds(std::min<std::int64_t>(*seconds, 86400) * 1000);
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return Milliseconds(std::clamp<std::int64_t>(*date - now, 0, 86400) * 1000);
}

Result<Response> send_repeating(Runtime& runtime, Transport& transport, const Request& request,
                                const RepeatPolicy& policy, std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    auto answer = transport.send(request, Deadline::after(runtime, policy.attempt_timeout), stop);
    if (attempt >= policy.attempts || !worth_repeating(answer, policy)) return answer;
    Milliseconds wait = back_off(runtime, policy.first_wait, policy.longest_wait, attempt);
    if (answer) {
      const auto asked = retry_after(*answer, runtime.wall_second());
      wait = std::max(wait, std::min(asked.value_or(Milliseconds(0)), policy.longest_wait));
    }
    if (policy.on_repeat) {
      policy.on_repeat(answer ? "answered " + std::to_string(answer->status) : answer.error().message, wait);
    }
    if (!runtime.sleep(wait, stop)) return fail(Code::cancelled, "stopped while waiting to repeat a request");
  }
}

}  // namespace halley::http
