// Asking before something is done that cannot be taken back.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace halley::cli {

// Goes on with --yes, or when the user says yes on the terminal. Fails with invalid_argument when the answer is another
// one, and where nobody can be asked, naming --yes. The lines of the warning are told in any case.
Status confirm(Context& context, const std::vector<std::string>& warning);

}  // namespace halley::cli
