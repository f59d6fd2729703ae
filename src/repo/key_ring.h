// What opens a repository: its description (halley.json) and its keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/seal.h"
#include "runtime/runtime.h"
#include "store/object_store.h"

namespace halley::repo {

// An error that says what is wrong with an object. Others say that the store can't be asked now.
bool is_damage(const Error& error);

// The keys of one epoch. The data key wraps the object keys of segments; the control key those of commits, rollups
// and spans.
struct KeyEpoch {
  std::string id;  // 16 bytes
  std::uint64_t number = 0;
  std::string data_key;
  std::string control_key;
};

class KeyRing {
 public:
  // Makes keys/<id> and then halley.json, which decides between two that create at once: already_exists for the loser.
  // corrupt where a repository was that has lost its halley.json.
  // `cost` is that of deriving a key from the password; one of make_random_password() costs nothing.
  static Result<KeyRing> create(Runtime& runtime, store::ObjectStore& store, std::string_view password,
                                const codec::ScryptCost& cost);
  // no_repository, wrong_password, corrupt or unsupported. Key files that are damaged, or are of another repository,
  // don't matter as long as another is opened; what is spent on trying them is bounded, the cheapest first.
  static Result<KeyRing> open(store::ObjectStore& store, std::string_view password);

  const std::string& repository_id() const { return repository_id_; }  // 16 bytes
  const std::vector<KeyEpoch>& epochs() const { return epochs_; }
  const KeyEpoch& newest() const { return epochs_.back(); }
  const KeyEpoch* find(std::string_view id) const;  // nullptr: not one of this ring

 private:
  std::string repository_id_;
  std::vector<KeyEpoch> epochs_;  // by number
};

// A password of 256 random bits, as text. Nobody can try it out, so it is not stretched: what is sealed with it opens
// at once.
std::string make_random_password(Runtime& runtime);

// halley.json and the files under keys/, looked at without a password.
struct KeyFileState {
  std::string name;
  bool ours = true;  // false: left by another creation at this place
  std::optional<Error> damage;
};
Result<std::vector<KeyFileState>> inspect_key_files(store::ObjectStore& store, std::string_view repository_id);

}  // namespace halley::repo
