#include "cli/commands.h"
namespace halley::cli {
Command demo_command() {
  return {"demo",
          "the whole story on this machine in a minute",
          "",
          "",
          {},
          OptionNames{"--data", "--keep"},
          [](Context&) -> Result<ExitCode> { return fail(Code::unsupported, "later"); }};
}
}  // namespace halley::cli
