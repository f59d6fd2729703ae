#include "identity/client_assertion.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "codec/base64.h"
#include "codec/freed_by.h"
#include "codec/hash.h"
#include "json/writer.h"

namespace halley::identity {
namespace {

constexpr std::int64_t kLifetime = 600;
constexpr std::int64_t kClockMargin = 60;  // Entra's clock may be behind this machine's.

using Key = std::unique_ptr<EVP_PKEY, codec::FreedBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, codec::FreedBy<X509_free>>;
using MemoryBio = std::unique_ptr<BIO, codec::FreedBy<BIO_free_all>>;
using SignContext = std::unique_ptr<EVP_MD_CTX, codec::FreedBy<EVP_MD_CTX_free>>;

MemoryBio reading(const std::string& pem) {
  return MemoryBio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// OpenSSL asks for the password; without one an encrypted key is refused rather than asked for on the terminal.
int give_password(char* into, int size, int, void* user) {
  const auto& password = *static_cast<const std::string*>(user);
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(password.begin(), password.end(), into);  // its length counts, not a zero behind it
  return static_cast<int>(password.size());
}

Result<Key> read_key(const std::string& pem, const std::string& password) {
  const MemoryBio bio = reading(pem);
  std::string held = password;
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &held));
  ERR_clear_error();
  if (!key && pem.find("PRIVATE KEY") == std::string::npos) {
    return fail(Code::invalid_argument, "there is no private key in PEM form in it",
                "a .pfx is made one by: openssl pkcs12 -in FILE.pfx -out FILE.pem -nodes");
  }
  if (!key) {
    return fail(Code::invalid_argument, "its private key cannot be read",
                "is it encrypted, and AZURE_CLIENT_CERTIFICATE_PASSWORD missing or wrong?");
  }
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return fail(Code::invalid_argument, "its private key is not an RSA key");
  return key;
}

// The certificate of the key, in DER.
Result<std::string> certificate_of(const std::string& pem, EVP_PKEY* key) {
  const MemoryBio bio = reading(pem);
  while (const Certificate each{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    const bool ours = X509_check_private_key(each.get(), key) == 1;
    ERR_clear_error();
    if (!ours) continue;
    std::string der(static_cast<std::size_t>(i2d_X509(each.get(), nullptr)), '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    i2d_X509(each.get(), &out);
    return der;
  }
  ERR_clear_error();
  return fail(Code::invalid_argument, "it holds no certificate of its private key");
}

Result<std::string> sign(EVP_PKEY* key, const std::string& text) {
  const SignContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return fail(Code::invalid_argument, "its private key cannot sign");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) !=
      1) {
    return fail(Code::invalid_argument, "its private key cannot sign");
  }
  signature.resize(size);
  return signature;
}

std::string header_json(const std::string& certificate) {
  std::string json;
  json::Writer(json)
      .begin_object()
      .member("alg", "RS256")
      .member("typ", "JWT")
      .member("x5t", codec::base64url_encode(codec::sha1(certificate)))
      .member("x5t#S256", codec::base64url_encode(codec::sha256(certificate)))
      .end_object();
  return json;
}

std::string claims_json(const AssertionClaims& claims) {
  std::string json;
  json::Writer(json)
      .begin_object()
      .member("aud", claims.audience)
      .member("iss", claims.client_id)
      .member("sub", claims.client_id)
      .member("jti", claims.id)
      .member_integer("nbf", claims.now.value - kClockMargin)
      .member_integer("exp", claims.now.value + kLifetime)
      .end_object();
  return json;
}

}  // namespace

Result<std::string> client_assertion(const std::string& pem, const std::string& password,
                                     const AssertionClaims& claims) {
  ASSIGN(const Key key, read_key(pem, password));
  ASSIGN(const std::string certificate, certificate_of(pem, key.get()));
  const std::string text =
      codec::base64url_encode(header_json(certificate)) + "." + codec::base64url_encode(claims_json(claims));
  ASSIGN(const std::string signature, sign(key.get(), text));
  return text + "." + codec::base64url_encode(signature);
}

}  // namespace halley::identity
