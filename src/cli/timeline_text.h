// The timeline as people read it.
#pragma once

#include "cli/exit_code.h"
#include "cli/output.h"
#include "json/writer.h"
#include "recovery/timeline.h"

namespace halley::cli {

void print_timeline(Output& output, const recovery::Timeline& timeline);

// Of what moments of all that is taken in are told: "the whole account", or a part of it.
std::string scope_text(const recovery::Timeline& timeline);

// The members "selection", what the newest backup took in (null = everything), and "uncovered".
void write_scope(json::Writer& writer, const recovery::Timeline& timeline);

// Says which backups are lost or damaged, and which containers backups have missed, if any: then what was listed is not
// all there was.
ExitCode conclude(Output& output, const recovery::Timeline& timeline);

}  // namespace halley::cli
