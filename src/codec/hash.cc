#include "codec/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>

#include "base/check.h"

namespace halley::codec {
namespace {

constexpr std::size_t kSha256Size = 32;

const unsigned char* as_bytes(std::string_view view) { return reinterpret_cast<const unsigned char*>(view.data()); }
unsigned char* as_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Fetched once: OpenSSL looks an algorithm up by name on each implicit use.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

std::string digest_of(const EVP_MD* algorithm, std::string_view bytes) {
  std::string digest(static_cast<std::size_t>(EVP_MD_get_size(algorithm)), '\0');
  CHECK(EVP_Digest(bytes.data(), bytes.size(), as_bytes(digest), nullptr, algorithm, nullptr) == 1);
  return digest;
}

}  // namespace

std::string sha256(std::string_view bytes) { return digest_of(sha256_algorithm(), bytes); }

std::string md5(std::string_view bytes) { return digest_of(EVP_md5(), bytes); }

std::string sha1(std::string_view bytes) { return digest_of(EVP_sha1(), bytes); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string mac(kSha256Size, '\0');
  CHECK(HMAC(sha256_algorithm(), key.data(), static_cast<int>(key.size()), as_bytes(bytes), bytes.size(), as_bytes(mac),
             nullptr) != nullptr);
  return mac;
}

std::string hkdf_sha256(std::string_view key, std::string_view info, std::size_t size) {
  CHECK(size <= 255 * kSha256Size);
  const std::string pseudorandom_key = hmac_sha256(std::string(kSha256Size, '\0'), key);
  std::string out;
  std::string block;
  for (char counter = 1; out.size() < size; ++counter) {
    block += info;
    block += counter;
    block = hmac_sha256(pseudorandom_key, block);
    out += block;
  }
  out.resize(size);
  return out;
}

std::uint64_t xxh3_64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 xxh3_128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

struct Xxh3::State {
  XXH3_state_t* state = XXH3_createState();
  ~State() { XXH3_freeState(state); }
};

Xxh3::Xxh3() : state_(std::make_unique<State>()) {
  CHECK(state_->state != nullptr);
  restart();
}

Xxh3::~Xxh3() = default;

void Xxh3::update(std::string_view bytes) {
  CHECK(XXH3_64bits_update(state_->state, bytes.data(), bytes.size()) == XXH_OK);
}

std::uint64_t Xxh3::finish() const { return XXH3_64bits_digest(state_->state); }

void Xxh3::restart() { CHECK(XXH3_64bits_reset(state_->state) == XXH_OK); }

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  CHECK(state_->context != nullptr);
  CHECK(EVP_DigestInit_ex2(state_->context, sha256_algorithm(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  std::string digest(kSha256Size, '\0');
  CHECK(EVP_DigestFinal_ex(state_->context, as_bytes(digest), nullptr) == 1);
  return digest;
}

}  // namespace halley::codec
