#include "testing/sim_transport.h"

#include <string>
#include <utility>

namespace halley::testing {

Milliseconds SimTransport::one_way() {
  return Milliseconds(random_() % (static_cast<std::uint64_t>(network_.longest_way.count()) + 1));
}

Result<http::Response> SimTransport::send(const http::Request& request, Deadline deadline, std::stop_token stop) {
  runtime_.yield();
  if (alive && !alive()) return fail(Code::unavailable, "this process has died (on purpose)");
  const SteadyTime sent = runtime_.steady_now();
  if (!runtime_.sleep(one_way(), stop)) return fail(Code::cancelled, "stopped");
  auto answer = inner_.send(request, deadline, {});
  // Who stops waiting does not undo what was done.
  if (!runtime_.sleep(one_way(), stop)) return fail(Code::cancelled, "stopped");
  runtime_.note(request.method + " " + request.url + " " +
                (answer ? std::to_string(answer->status) + " " + std::to_string(answer->body.size())
                        : std::string(code_name(answer.error().code))));
  if (deadline.passed(runtime_)) return fail(Code::timeout, "no answer in time (on purpose)");
  if (answer) answer->round_trip = std::chrono::ceil<Milliseconds>(runtime_.steady_now() - sent);
  return answer;
}

}  // namespace halley::testing
