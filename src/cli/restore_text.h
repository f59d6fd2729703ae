// What a restore did, or would do, as people and programs read it.
#pragma once

#include "cli/output.h"
#include "recovery/restore.h"

namespace halley::cli {

// The moment told is that of the documents: with `latest` each container has its own, and its line then names it.
void print_restored(Output& output, const recovery::RestoreReport& report);
void print_plan(Output& output, const recovery::RestorePlan& plan);

}  // namespace halley::cli
