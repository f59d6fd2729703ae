// The timeline as people read it.
#pragma once

#include "cli/exit_code.h"
#include "cli/output.h"
#include "recovery/timeline.h"

namespace halley::cli {

void print_timeline(Output& output, const recovery::Timeline& timeline);

// Says which backups are lost or damaged, if any: then what was listed is not all there was.
ExitCode conclude(Output& output, const recovery::Timeline& timeline);

}  // namespace halley::cli
