// Configuration files.
#include "cli/configuration.h"
#include "fuzz/target.h"

namespace halley {

void fuzz_one(std::string_view input) { (void)cli::parse_configuration(input, "halley.toml"); }

}  // namespace halley
