// Containers' definitions and scripts, compared.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "recovery/diff.h"

namespace halley::recovery {

// Texts of a container and its scripts.
using DefinitionTexts = std::map<std::pair<repo::DefinitionKind, std::string>, std::string>;

DefinitionTexts texts_of(const PlannedContainer& container);
// The same as the account has them.
Result<DefinitionTexts> read_texts(cosmos::Client& client, const cosmos::Resource& container,
                                   const cosmos::ContainerName& name, std::stop_token stop);

// What differs, members that the service adds (`_…`) left out.
Result<std::vector<DefinitionDifference>> definition_differences(const DefinitionTexts& before,
                                                                 const DefinitionTexts& after);

}  // namespace halley::recovery
