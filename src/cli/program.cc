#include "cli/program.h"

#include <algorithm>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"

namespace halley::cli {
namespace {

Result<ExitCode> run_words(const Surroundings& surroundings, const std::vector<std::string>& words, Output& output) {
  ASSIGN(const CommandLine line, parse_command_line(commands(), words));
  if (line.version) {
    output.raw("halley " + surroundings.version + "\n");
    return ExitCode::success;
  }
  if (line.help) {
    output.raw(line.command != nullptr ? command_help(*line.command)
               : line.group.empty()    ? program_help(commands())
                                       : group_help(commands(), line.group));
    return ExitCode::success;
  }
  if (line.command == nullptr) {
    return fail(Code::invalid_argument, "no command given", "'halley --help' shows what there is");
  }
  Context context{surroundings.runtime, line.arguments, surroundings.variables, output, surroundings.stop};
  return line.command->run(context);
}

}  // namespace

ExitCode run_program(const Surroundings& surroundings, const std::vector<std::string>& words) {
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  Output output(surroundings.out, surroundings.err, json, surroundings.terminal);
  auto code = run_words(surroundings, words, output);
  const auto flushed = output.flush();
  if (code && !flushed && (flushed.error().code != Code::cancelled || *code == ExitCode::success)) {
    code = fail(flushed.error());
  }
  if (code) return *code;
  // Cancelled, and not by the user: the reader of standard output has seen enough.
  if (code.error().code == Code::cancelled && !surroundings.stop.stop_requested()) return ExitCode::nobody_reads;
  output.error(code.error());
  return exit_code_of(code.error());
}

}  // namespace halley::cli
