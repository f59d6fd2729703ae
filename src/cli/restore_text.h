// What a restore did, or would do, as people and programs read it.
#pragma once

#include "cli/output.h"
#include "cli/restore_ways.h"
#include "recovery/restore.h"

namespace halley::cli {

// The moment told is that of the documents: with `latest` each container has its own, and its line then names it.
void print_restored(Output& output, const recovery::RestoreReport& report);
// `most`: as far as the repository knows; `notes`: the plan's, and what the target had to say.
void print_plan(Output& output, const recovery::RestorePlan& plan, const RestoreSize& most, bool to_files,
                const std::vector<std::string>& notes);

}  // namespace halley::cli
