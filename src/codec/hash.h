// Hashes. Digests are raw bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halley::codec {

std::string sha256(std::string_view bytes);                                              // 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);                   // 32 bytes
std::string hkdf_sha256(std::string_view key, std::string_view info, std::size_t size);  // RFC 5869, empty salt
std::string md5(std::string_view bytes);   // 16 bytes, for Content-MD5 only
std::string sha1(std::string_view bytes);  // 20 bytes, for the thumbprint of a certificate only
std::uint64_t xxh3_64(std::string_view bytes, std::uint64_t seed = 0);
struct Hash128 {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};
Hash128 xxh3_128(std::string_view bytes);

// xxh3_64 of bytes that arrive in pieces.
class Xxh3 {
 public:
  Xxh3();
  ~Xxh3();
  void update(std::string_view bytes);
  std::uint64_t finish() const;  // of the bytes so far; more may follow
  void restart();                // as if none had come

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// SHA-256 of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  std::string finish();  // 32 bytes; the object is spent afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace halley::codec
