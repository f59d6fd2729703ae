#include "codec/seal.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <limits>

#include "base/check.h"

namespace halley::codec {
namespace {

// The most memory that scrypt may ask for: the cost is read from a file, which can be damaged.
constexpr std::uint64_t kMaxScryptMemory = std::uint64_t{1} << 30;

const unsigned char* as_bytes(std::string_view view) { return reinterpret_cast<const unsigned char*>(view.data()); }
unsigned char* as_bytes(char* text) { return reinterpret_cast<unsigned char*>(text); }

int int_size(std::string_view view) {
  CHECK(view.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(view.size());
}

}  // namespace

struct Aead::State {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_CIPHER_CTX* sealing = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* opening = EVP_CIPHER_CTX_new();
  ~State() {
    EVP_CIPHER_CTX_free(sealing);
    EVP_CIPHER_CTX_free(opening);
    EVP_CIPHER_free(cipher);
  }
};

Aead::Aead(std::string_view key) : state_(std::make_unique<State>()) {
  CHECK(key.size() == kKeySize);
  CHECK(state_->cipher != nullptr && state_->sealing != nullptr && state_->opening != nullptr);
  CHECK(EVP_EncryptInit_ex2(state_->sealing, state_->cipher, as_bytes(key), nullptr, nullptr) == 1);
  CHECK(EVP_DecryptInit_ex2(state_->opening, state_->cipher, as_bytes(key), nullptr, nullptr) == 1);
}

Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;

void Aead::seal(std::string_view nonce, std::string_view additional, std::string_view plaintext, std::string& out) {
  CHECK(nonce.size() == kNonceSize);
  EVP_CIPHER_CTX* const context = state_->sealing;
  const std::size_t before = out.size();
  out.resize(before + plaintext.size() + kTagSize);
  char* const target = out.data() + before;
  int written = 0;
  CHECK(EVP_EncryptInit_ex2(context, nullptr, nullptr, as_bytes(nonce), nullptr) == 1);
  CHECK(EVP_EncryptUpdate(context, nullptr, &written, as_bytes(additional), int_size(additional)) == 1);
  CHECK(EVP_EncryptUpdate(context, as_bytes(target), &written, as_bytes(plaintext), int_size(plaintext)) == 1);
  CHECK(EVP_EncryptFinal_ex(context, as_bytes(target) + written, &written) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, target + plaintext.size()) == 1);
}

Status Aead::open(std::string_view nonce, std::string_view additional, std::string_view sealed, std::string& out) {
  CHECK(nonce.size() == kNonceSize);
  const auto bad = [] { return fail(Code::corrupt, "sealed bytes are damaged or belong elsewhere"); };
  if (sealed.size() < kTagSize || sealed.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return bad();
  EVP_CIPHER_CTX* const context = state_->opening;
  const std::string_view ciphertext = sealed.substr(0, sealed.size() - kTagSize);
  std::string tag(sealed.substr(ciphertext.size()));
  const std::size_t before = out.size();
  out.resize(before + ciphertext.size());
  char* const target = out.data() + before;
  int written = 0;
  CHECK(EVP_DecryptInit_ex2(context, nullptr, nullptr, as_bytes(nonce), nullptr) == 1);
  CHECK(EVP_DecryptUpdate(context, nullptr, &written, as_bytes(additional), int_size(additional)) == 1);
  CHECK(EVP_DecryptUpdate(context, as_bytes(target), &written, as_bytes(ciphertext), int_size(ciphertext)) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1);
  if (EVP_DecryptFinal_ex(context, as_bytes(target) + written, &written) != 1) {
    out.resize(before);
    return bad();
  }
  return {};
}

Result<std::string> scrypt(std::string_view password, std::string_view salt, const ScryptCost& cost) {
  const bool sane = cost.n >= 2 && (cost.n & (cost.n - 1)) == 0 && cost.n <= kMaxScryptMemory && cost.r >= 1 &&
                    cost.r <= 1024 && cost.p >= 1 && cost.p <= 1024 && 128 * cost.n * cost.r <= kMaxScryptMemory;
  if (!sane) return fail(Code::invalid_argument, "the cost of the password derivation is out of bounds");
  std::string key(kKeySize, '\0');
  if (EVP_PBE_scrypt(password.data(), password.size(), as_bytes(salt), salt.size(), cost.n, cost.r, cost.p,
                     2 * kMaxScryptMemory, as_bytes(key.data()), key.size()) != 1) {
    ERR_clear_error();
    return fail(Code::io, "the memory for the password derivation is not to be had");
  }
  return key;
}

}  // namespace halley::codec
