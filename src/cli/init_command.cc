// halley init: make a repository.
#include "cli/access.h"
#include "cli/commands.h"
#include "json/writer.h"

namespace halley::cli {
namespace {

Result<ExitCode> run(Context& context) {
  for (const char* given : {"--password-file", "--password-command"}) {
    if (!context.arguments.has("--generate-password") || !context.arguments.has(given)) continue;
    return fail(Code::invalid_argument, std::string("give --generate-password or ") + given + ", not both",
                "--generate-password names the new file that it writes the password to");
  }
  ASSIGN(const Configuration configuration, load_configuration(context));
  auto made = create_repository(context, configuration);
  if (!made && made.error().code == Code::already_exists && made.error().hint.empty()) {
    return fail(Error(made.error()).with_hint("back up to it with 'halley backup', or give another --repo"));
  }
  ASSIGN(const auto repository, std::move(made));
  const std::string place = repository->store().description();
  std::string json;
  json::Writer(json).begin_object().member("repository", repository->id()).member("place", place).end_object();
  context.output.line("Made repository " + repository->id() + " at " + place + ".");
  context.output.line("Keep its password safe: without it nothing that is backed up here can be read again.");
  context.output.result(json);
  return ExitCode::success;
}

}  // namespace

Command init_command() {
  return {
      "init",
      "make a repository",
      "Makes an empty, encrypted repository. Its password is taken from --password-file, --password-command,\n"
      "HALLEY_PASSWORD or HALLEY_PASSWORD_FILE, or asked for on the terminal. --generate-password FILE makes a random\n"
      "one instead and keeps it in FILE, for --password-file from then on: it can't be guessed, and it opens the\n"
      "repository at once, where a password that a person chose is made slow to try on purpose.",
      "  halley init --repo /backup/shop --generate-password /etc/halley/password",
      {},
      repository_options() + OptionNames{"--generate-password"},
      run};
}

}  // namespace halley::cli
