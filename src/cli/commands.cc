#include "cli/commands.h"

namespace halley::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      init_command(),
      backup_command(),
      timeline_command(),
      restore_command(),
      export_command(),
      import_command(),
      get_command(),
      history_command(),
      find_command(),
      diff_command(),
      ls_command(),
      verify_command(),
      status_command(),
      emulator_command(),
      demo_command(),
      native_enable_command(),
      native_status_command(),
      native_latest_command(),
      native_restorable_command(),
      native_restore_command(),
      native_restore_database_command(),
      native_restore_container_command(),
      native_fixup_command(),
  };
  return all;
}

}  // namespace halley::cli
