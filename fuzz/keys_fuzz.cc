// The plain files of a repository: halley.json and a key file, with a line feed between them. Checksums are made right,
// so that what stands behind them is reached.
#include "codec/hash.h"
#include "fuzz/target.h"
#include "repo/checked_text.h"
#include "repo/key_ring.h"
#include "store/memory_store.h"

namespace halley {
namespace {

std::string checked(std::string_view text) {
  const bool object = text.size() > 2 && text.ends_with('}');
  return object ? repo::with_checksum(std::string(text)) : std::string(text);
}

}  // namespace

void fuzz_one(std::string_view input) {
  const std::size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view description = input.substr(0, cut);
  const std::string_view key = input.substr(std::min(cut + 1, input.size()));
  const auto store = store::make_memory_store();
  (void)repo::parse_checked(input, "halley.json");
  (void)store->put("halley.json", checked(description));
  (void)store->put("keys/00000000000000000000000000000000", checked(key));
  (void)repo::inspect_key_files(*store, std::string(16, '\0'));
  // Deriving a key costs what the file says, which is not what is looked for here.
  if (input.find("\"n\":2,\"r\":1,\"p\":1") != std::string_view::npos) (void)repo::KeyRing::open(*store, "password");
}

}  // namespace halley
