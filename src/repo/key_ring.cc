#include "repo/key_ring.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "json/writer.h"
#include "repo/checked_text.h"
#include "repo/object_names.h"

namespace halley::repo {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kSuite = "aes-256-gcm+sha-256+zstd";
constexpr std::size_t kIdSize = 16;
constexpr std::size_t kSaltSize = 32;
constexpr std::size_t kMaxKeyFiles = 1000;
constexpr std::uint64_t kMaxPlainFile = 16 * 1024;  // halley.json or a key file
// What deriving keys may cost, as n * r * p, for all the key files that are tried: a file is plain text, and who put it
// there could else keep this machine busy for days. A writer's file costs 2^19. The cheapest are tried first.
constexpr std::uint64_t kMaxWork = std::uint64_t{1} << 22;

constexpr std::string_view kRandomPasswordPrefix = "halley-";
constexpr std::size_t kRandomPasswordBytes = 32;
constexpr codec::ScryptCost kNoStretching{2, 1, 1};

// What make_random_password() made: nobody tries out 256 random bits.
bool is_random_password(std::string_view password) {
  if (!password.starts_with(kRandomPasswordPrefix)) return false;
  const auto bytes = from_hex(password.substr(kRandomPasswordPrefix.size()));
  return bytes && bytes->size() == kRandomPasswordBytes;
}

// A key file as it is read: the keys are still wrapped.
struct KeyFile {
  std::string id;
  std::string repository_id;
  std::uint64_t number = 0;
  codec::ScryptCost cost;
  std::string salt;
  std::string wrapped;

  std::uint64_t work() const { return cost.n * cost.r * cost.p; }
};

Error malformed(std::string_view name, std::string_view member) {
  return {Code::corrupt, fmt::format("`{}` has no proper `{}`", name, member)};
}

Result<std::string> hex_member(const json::Value& object, std::string_view member, std::size_t size,
                               std::string_view name) {
  auto bytes = from_hex(object.string_at(member));
  if (!bytes || bytes->size() != size) return fail(malformed(name, member));
  return bytes;
}

Result<std::uint64_t> number_member(const json::Value& object, std::string_view member, std::string_view name) {
  const json::Value* const value = object.find(member);
  const auto number = value == nullptr ? std::nullopt : value->as_integer();
  if (!number || *number < 0) return fail(malformed(name, member));
  return static_cast<std::uint64_t>(*number);
}

Status check_format(const json::Value& object, std::string_view name) {
  ASSIGN(const std::uint64_t format, number_member(object, "format", name));
  if (format != kFormat) {
    return fail(Code::unsupported,
                fmt::format("`{}` has format {}, this program knows format {}", name, format, kFormat),
                "Use a newer version of Halley.");
  }
  return {};
}

std::string description_text(std::string_view id) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member_integer("format", kFormat).member("id", to_hex(id)).member("suite", kSuite).end_object();
  return with_checksum(text);
}

// The repository's id.
Result<std::string> parse_description(std::string_view file) {
  ASSIGN(const json::Value object, parse_checked(file, kDescriptionName));
  TRY(check_format(object, kDescriptionName));
  if (object.string_at("suite") != kSuite) {
    return fail(Code::unsupported,
                "the repository is sealed with `" + object.string_at("suite") + "`, which is not known here");
  }
  return hex_member(object, "id", kIdSize, kDescriptionName);
}

Result<codec::ScryptCost> parse_cost(const json::Value& object, const std::string& name) {
  const json::Value* const kdf = object.find("kdf");
  if (kdf == nullptr || kdf->string_at("name") != "scrypt") {
    return fail(Code::unsupported, "`" + name + "` derives its key in a way that is not known here");
  }
  codec::ScryptCost cost;
  ASSIGN(cost.n, number_member(*kdf, "n", name));
  ASSIGN(const std::uint64_t r, number_member(*kdf, "r", name));
  ASSIGN(const std::uint64_t p, number_member(*kdf, "p", name));
  const bool bounded = r >= 1 && r <= 1024 && p >= 1 && p <= 16 && cost.n <= kMaxWork && cost.n * r * p <= kMaxWork;
  if (!bounded) return fail(malformed(name, "kdf"));
  cost.r = static_cast<std::uint32_t>(r);
  cost.p = static_cast<std::uint32_t>(p);
  return cost;
}

std::string key_file_text(const KeyFile& file) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member_integer("format", kFormat).member("id", to_hex(file.id));
  writer.member("repository", to_hex(file.repository_id)).key("epoch").unsigned_integer(file.number);
  writer.key("kdf").begin_object().member("name", "scrypt");
  writer.key("n").unsigned_integer(file.cost.n);
  writer.key("r").unsigned_integer(file.cost.r);
  writer.key("p").unsigned_integer(file.cost.p).end_object();
  writer.member("salt", to_hex(file.salt)).member("wrapped", to_hex(file.wrapped)).end_object();
  return with_checksum(text);
}

Result<KeyFile> parse_key_file(std::string_view text, const std::string& name) {
  ASSIGN(const json::Value object, parse_checked(text, name));
  TRY(check_format(object, name));
  KeyFile file;
  ASSIGN(file.id, hex_member(object, "id", kIdSize, name));
  ASSIGN(file.repository_id, hex_member(object, "repository", kIdSize, name));
  ASSIGN(file.number, number_member(object, "epoch", name));
  ASSIGN(file.cost, parse_cost(object, name));
  ASSIGN(file.salt, hex_member(object, "salt", kSaltSize, name));
  ASSIGN(file.wrapped, hex_member(object, "wrapped", 2 * codec::kKeySize + codec::kTagSize, name));
  if (name != key_name(to_hex(file.id))) return fail(Code::corrupt, "`" + name + "` is the file of another key");
  return file;
}

std::string wrap_context(const KeyFile& file) {
  std::string context = "halley key ";
  context += file.repository_id;
  context += file.id;
  put_u64(context, file.number);
  return context;
}

// The salt is random and each file has its own, so the derived key seals once and its nonce can be zero.
const std::string kZeroNonce(codec::kNonceSize, '\0');

Result<KeyEpoch> unwrap(const KeyFile& file, std::string_view password) {
  ASSIGN(const std::string key, codec::scrypt(password, file.salt, file.cost));
  std::string keys;
  if (!codec::Aead(key).open(kZeroNonce, wrap_context(file), file.wrapped, keys)) {
    return fail(Code::wrong_password, "the password does not open this repository");
  }
  return KeyEpoch{file.id, file.number, keys.substr(0, codec::kKeySize), keys.substr(codec::kKeySize)};
}

// What has lanes was a repository. Without its description nothing tells which keys are its own.
Status refuse_headless(store::ObjectStore& store) {
  ASSIGN(const std::vector<std::string> lanes, store.list("lanes/", "", 1));
  if (lanes.empty() || store.size(kDescriptionName)) return {};  // made meanwhile
  return fail(Code::corrupt, "there was a repository at " + store.description() + ", but its halley.json is missing",
              "Bring halley.json back from another copy of the repository.");
}

Result<std::string> read_description(store::ObjectStore& store) {
  const auto file = store.get_all(kDescriptionName, kMaxPlainFile);
  if (!file && file.error().code == Code::not_found) {
    TRY(refuse_headless(store));
    return fail(Code::no_repository, "there is no repository at " + store.description(),
                "Make one with `halley init`.");
  }
  if (!file) return fail(file.error());
  return parse_description(*file);
}

// The names of key files; others in their place are not of the repository.
Result<std::vector<std::string>> key_files(store::ObjectStore& store) {
  ASSIGN(std::vector<std::string> names, store.list("keys/", "", store::kNoLimit));
  std::erase_if(names, [](const std::string& name) {
    const auto id = from_hex(std::string_view(name).substr(key_name("").size()));
    return !id || id->size() != kIdSize || name != key_name(to_hex(*id));
  });
  if (names.size() > kMaxKeyFiles) return fail(Code::corrupt, "there are more than 1,000 key files in keys/");
  return names;
}

Result<KeyFile> read_key_file(store::ObjectStore& store, const std::string& name) {
  ASSIGN(const std::string text, store.get_all(name, kMaxPlainFile));
  return parse_key_file(text, name);
}

// The key files of a repository, those that can be read.
struct WholeKeyFiles {
  std::vector<KeyFile> files;   // the cheapest to try first
  std::optional<Error> damage;  // of the first of the others
};

Result<WholeKeyFiles> read_key_files(store::ObjectStore& store, std::string_view repository_id) {
  ASSIGN(const std::vector<std::string> names, key_files(store));
  WholeKeyFiles whole;
  for (const std::string& name : names) {
    auto file = read_key_file(store, name);
    if (!file && !is_damage(file.error())) return fail(file.error());
    if (!file && !whole.damage) whole.damage = file.error();
    // One of another repository was left by a creation that lost or was interrupted.
    if (file && file->repository_id == repository_id) whole.files.push_back(std::move(*file));
  }
  std::stable_sort(whole.files.begin(), whole.files.end(),
                   [](const KeyFile& a, const KeyFile& b) { return a.work() < b.work(); });
  return whole;
}

// The keys that the password opens, and what became of the others.
struct TriedKeys {
  std::vector<KeyEpoch> opened;
  bool refused = false;          // a whole file is not opened by the password
  std::optional<Error> damage;   // of the first file that could not be tried
  std::optional<Error> untried;  // of the first that would have cost too much
};

Result<TriedKeys> try_keys(WholeKeyFiles whole, std::string_view password) {
  TriedKeys keys;
  keys.damage = std::move(whole.damage);
  const auto damaged = [&](Error error) {
    if (!keys.damage) keys.damage = std::move(error);
  };
  std::uint64_t work = 0;
  for (const KeyFile& file : whole.files) {
    const std::string name = key_name(to_hex(file.id));
    if (file.work() > kMaxWork - work) {
      if (!keys.untried) {
        keys.untried = Error(Code::corrupt, "`" + name + "` is not tried: the key files ask for too much work",
                             "Move those that are not of this repository out of keys/.");
      }
      continue;
    }
    work += file.work();
    auto epoch = unwrap(file, password);
    if (epoch) {
      keys.opened.push_back(std::move(*epoch));
    } else if (epoch.error().code == Code::invalid_argument) {
      damaged(malformed(name, "kdf"));
    } else if (epoch.error().code == Code::wrong_password) {
      keys.refused = true;
    } else {
      return fail(epoch.error());
    }
  }
  return keys;
}

}  // namespace

bool is_damage(const Error& error) { return error.code == Code::corrupt || error.code == Code::unsupported; }

std::string make_random_password(Runtime& runtime) {
  return std::string(kRandomPasswordPrefix) + to_hex(runtime.random_bytes(kRandomPasswordBytes));
}

Result<KeyRing> KeyRing::create(Runtime& runtime, store::ObjectStore& store, std::string_view password,
                                const codec::ScryptCost& cost) {
  const auto there = store.size(kDescriptionName);
  if (there) return fail(Code::already_exists, "there is a repository at " + store.description() + " already");
  if (there.error().code != Code::not_found) return fail(there.error());
  TRY(refuse_headless(store));

  KeyRing ring;
  ring.repository_id_ = runtime.random_bytes(kIdSize);
  const KeyEpoch epoch{runtime.random_bytes(kIdSize), 1, runtime.random_bytes(codec::kKeySize),
                       runtime.random_bytes(codec::kKeySize)};
  ring.epochs_.push_back(epoch);
  KeyFile file{epoch.id, ring.repository_id_, epoch.number, cost, runtime.random_bytes(kSaltSize), {}};
  if (is_random_password(password)) file.cost = kNoStretching;
  ASSIGN(const std::string key, codec::scrypt(password, file.salt, file.cost));
  codec::Aead(key).seal(kZeroNonce, wrap_context(file), epoch.data_key + epoch.control_key, file.wrapped);
  TRY(store::put_settled(store, key_name(to_hex(epoch.id)), key_file_text(file)));
  TRY(store::put_settled(store, kDescriptionName, description_text(ring.repository_id_)));
  return ring;
}

Result<KeyRing> KeyRing::open(store::ObjectStore& store, std::string_view password) {
  KeyRing ring;
  ASSIGN(ring.repository_id_, read_description(store));
  ASSIGN(WholeKeyFiles whole, read_key_files(store, ring.repository_id_));
  ASSIGN(TriedKeys keys, try_keys(std::move(whole), password));
  // Whether the password is right is not known then.
  if (keys.opened.empty() && keys.untried) return fail(std::move(*keys.untried));
  if (keys.opened.empty() && keys.refused) {
    return fail(Code::wrong_password, "the password does not open this repository",
                keys.damage ? "But then, " + keys.damage->to_string() + "." : "");
  }
  if (keys.opened.empty() && keys.damage) return fail(std::move(*keys.damage));
  if (keys.opened.empty()) {
    return fail(Code::corrupt, "the key file of the repository is missing",
                "Bring keys/ back from another copy of the repository.");
  }
  ring.epochs_ = std::move(keys.opened);
  std::sort(ring.epochs_.begin(), ring.epochs_.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return ring;
}

const KeyEpoch* KeyRing::find(std::string_view id) const {
  const auto at = std::find_if(epochs_.begin(), epochs_.end(), [&](const KeyEpoch& epoch) { return epoch.id == id; });
  return at == epochs_.end() ? nullptr : &*at;
}

Result<std::vector<KeyFileState>> inspect_key_files(store::ObjectStore& store, std::string_view repository_id) {
  std::vector<KeyFileState> files;
  const auto description = read_description(store);
  files.push_back({std::string(kDescriptionName), true, std::nullopt});
  if (!description) files.back().damage = description.error();
  if (!description && !is_damage(description.error()) && description.error().code != Code::no_repository) {
    return fail(description.error());
  }
  if (description && *description != repository_id) {
    files.back().damage = Error(Code::corrupt, "`halley.json` is of another repository");
  }
  ASSIGN(const std::vector<std::string> names, key_files(store));
  for (const std::string& name : names) {
    const auto file = read_key_file(store, name);
    if (!file && !is_damage(file.error())) return fail(file.error());
    if (file) files.push_back({name, file->repository_id == repository_id, std::nullopt});
    if (!file) files.push_back({name, true, file.error()});
  }
  return files;
}

}  // namespace halley::repo
