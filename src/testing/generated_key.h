// Keys and certificates made for tests.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/check.h"

namespace halley::testing {

// A key with a certificate of its own.
class GeneratedKey {
 public:
  static GeneratedKey rsa() { return GeneratedKey(EVP_RSA_gen(2048)); }
  static GeneratedKey elliptic() { return GeneratedKey(EVP_EC_gen("P-256")); }

  // PEM; encrypted when there is a password.
  std::string private_key(const std::string& password = {}) const {
    return pem([&](BIO* bio) {
      return password.empty() ? PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr)
                              : PEM_write_bio_PKCS8PrivateKey(bio, key_.get(), EVP_aes_256_cbc(), password.data(),
                                                              static_cast<int>(password.size()), nullptr, nullptr);
    });
  }
  std::string certificate() const {
    return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
  }
  std::string certificate_der() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate_.get(), &bytes);
    std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
  }
  bool verifies(const std::string& text, const std::string& signature) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool good =
        EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    EVP_MD_CTX_free(context);
    return good;
  }

 private:
  explicit GeneratedKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    X509* made = certificate_.get();
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key_.get());
    CHECK(X509_sign(made, key_.get(), EVP_sha256()) > 0);
  }

  template <typename Write>
  static std::string pem(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    CHECK(write(bio) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free_all(bio);
    return text;
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

}  // namespace halley::testing
