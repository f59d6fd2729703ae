// halley restore --using: which way to restore is compared, shown and chosen.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/configuration.h"
#include "recovery/moment.h"
#include "recovery/selection.h"
#include "repo/repository.h"

namespace halley::cli {

// The code of the restore by Azure, when that way was chosen and taken; nothing when the repository is to be gone on
// with (`repository`, or why it cannot be opened). Fails when the way that was named, or every one, is refused, and
// when auto's choice is not agreed to.
Result<std::optional<ExitCode>> restore_using(Context& context, const Configuration& configuration,
                                              const recovery::Selection& selection, const recovery::Moment& moment,
                                              const Result<std::unique_ptr<repo::Repository>>& repository,
                                              const std::string& using_what);

}  // namespace halley::cli
