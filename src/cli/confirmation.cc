#include "cli/confirmation.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "http/message.h"
#include "runtime/waiting_input.h"

namespace halley::cli {
namespace {

// A line typed at the terminal; nothing when there is none, or at its end.
Result<std::string> ask(const std::string& question, const std::stop_token& stop) {
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0) {
    return fail(Code::invalid_argument, "there is no terminal to ask on", "give --yes to agree without being asked");
  }
  std::string line;
  bool open_still = write(terminal, question.data(), question.size()) >= 0;
  while (open_still && !line.ends_with('\n') && !stop.stop_requested()) {
    std::array<char, 256> buffer;
    const auto count = read_input(terminal, buffer, stop);
    open_still = count.value_or(0) > 0;
    if (open_still) line.append(buffer.data(), *count);
  }
  close(terminal);
  if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

Status confirm(Context& context, const std::vector<std::string>& warning) {
  for (const std::string& line : warning) context.output.note(line);
  if (context.arguments.has("--yes")) return {};
  if (context.output.json() || !context.output.terminal()) {
    return fail(Code::invalid_argument, "this must be agreed to, and nobody can be asked", "give --yes to agree to it");
  }
  ASSIGN(const std::string answer, ask("Go on? Type 'yes': ", context.stop));
  if (http::equal_ignoring_case(answer, "yes")) return {};
  return fail(Code::invalid_argument, "not agreed to: nothing was changed");
}

}  // namespace halley::cli
