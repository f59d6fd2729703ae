// Authenticated encryption and password derivation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::codec {

inline constexpr std::size_t kKeySize = 32;    // AES-256
inline constexpr std::size_t kNonceSize = 12;  // GCM
inline constexpr std::size_t kTagSize = 16;

// AES-256-GCM under one key. The caller must never use a nonce twice with a key. One object per thread.
class Aead {
 public:
  explicit Aead(std::string_view key);  // kKeySize bytes
  ~Aead();
  Aead(Aead&&) noexcept;

  // Appends ciphertext and tag (plaintext size + kTagSize bytes) to `out`.
  void seal(std::string_view nonce, std::string_view additional, std::string_view plaintext, std::string& out);
  // Appends the plaintext to `out`; corrupt (and `out` as it was) when the tag does not match.
  Status open(std::string_view nonce, std::string_view additional, std::string_view sealed, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// scrypt (RFC 7914): a key of kKeySize bytes from a password. Memory 128 * n * r bytes.
struct ScryptCost {
  std::uint64_t n = 1 << 16;
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};
Result<std::string> scrypt(std::string_view password, std::string_view salt, const ScryptCost& cost);

}  // namespace halley::codec
