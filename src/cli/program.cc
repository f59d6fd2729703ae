#include "cli/program.h"

#include <algorithm>

#include "cli/access.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"

namespace halley::cli {
namespace {

// Where the command line is wrong, whether JSON was asked for can be guessed only.
bool wants_json(const Result<CommandLine>& line, const std::vector<std::string>& words) {
  if (line) return line->arguments.has("--json");
  const auto options_end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), options_end, "--json") != options_end;
}

Result<ExitCode> run_line(const Surroundings& surroundings, const CommandLine& line, Output& output) {
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
  TRY(debug_log(context));  // an option of every command is looked at also by those that have nothing to tell by it
  return line.command->run(context);
}

// Whether standard output is for documents alone, as `--output -` asks for.
bool gives_documents(const std::vector<std::string>& words) {
  const auto output = std::find(words.begin(), words.end(), "--output");
  const bool next = output != words.end() && std::next(output) != words.end() && *std::next(output) == "-";
  return next || std::find(words.begin(), words.end(), "--output=-") != words.end();
}

}  // namespace

ExitCode run_program(const Surroundings& surroundings, const std::vector<std::string>& words) {
  const Result<CommandLine> line = parse_command_line(commands(), words);
  Output output(surroundings.out, surroundings.err, wants_json(line, words), surroundings.terminal);
  // Before a command is known to hold documents there: what is wrong with the command itself is no document, either.
  if (gives_documents(words)) output.leave_to_documents();
  Result<ExitCode> code = line ? run_line(surroundings, *line, output) : fail(line.error());
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
