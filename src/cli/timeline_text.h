// The timeline as people read it.
#pragma once

#include "cli/output.h"
#include "recovery/timeline.h"

namespace halley::cli {

void print_timeline(Output& output, const recovery::Timeline& timeline);

}  // namespace halley::cli
