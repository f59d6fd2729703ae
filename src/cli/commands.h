// The commands of the program, each from a file of its own.
#pragma once

#include <vector>

#include "cli/command.h"

namespace halley::cli {

Command init_command();
Command backup_command();
Command timeline_command();
Command restore_command();
Command export_command();
Command import_command();
Command get_command();
Command history_command();
Command find_command();
Command diff_command();
Command ls_command();
Command verify_command();
Command status_command();
Command emulator_command();
Command demo_command();
Command native_enable_command();
Command native_status_command();
Command native_latest_command();
Command native_restorable_command();
Command native_restore_command();
Command native_restore_database_command();
Command native_restore_container_command();
Command native_fixup_command();

// All of them, in the order of the help.
const std::vector<Command>& commands();

}  // namespace halley::cli
