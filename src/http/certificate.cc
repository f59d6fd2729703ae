// generate_certificate: the one place that makes X.509 certificates, with OpenSSL.
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "codec/freed_by.h"
#include "http/listener.h"

namespace halley::http {
namespace {

constexpr long kDay = 24 * 60 * 60;
constexpr long kValidDays = 10 * 365;

using Key = std::unique_ptr<EVP_PKEY, codec::FreedBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, codec::FreedBy<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, codec::FreedBy<X509_EXTENSION_free>>;
using MemoryBio = std::unique_ptr<BIO, codec::FreedBy<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, codec::FreedBy<BN_free>>;

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool is_address(const std::string& host) {
  const std::unique_ptr<ASN1_OCTET_STRING, codec::FreedBy<ASN1_OCTET_STRING_free>> address(a2i_IPADDRESS(host.c_str()));
  return address != nullptr;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    if (!names.empty()) names += ',';
    names += is_address(host) ? "IP:" : "DNS:";
    names += host;
  }
  return names;
}

bool set_identity(X509* certificate, EVP_PKEY* key, const std::string& common_name) {
  const BigNumber serial(BN_new());
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  return serial && BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr &&
         X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), kDay * kValidDays) != nullptr &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1;
}

template <typename Write>
std::string pem_text(Write write) {
  const MemoryBio bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Result<GeneratedCertificate> generate_certificate(const std::vector<std::string>& hosts) {
  const auto failed = [] { return fail(Code::internal, "cannot make a self-signed certificate"); };
  if (hosts.empty()) return fail(Code::invalid_argument, "a certificate needs at least one host name");
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !set_identity(certificate.get(), key.get(), "Halley (self-signed)")) return failed();
  // It is its own authority, so that clients can be told to trust just this one.
  if (!add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyCertSign") ||
      !add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") ||
      !add_extension(certificate.get(), NID_subject_key_identifier, "hash")) {
    return failed();
  }
  if (!add_extension(certificate.get(), NID_subject_alt_name, alternative_names(hosts))) {
    return fail(Code::invalid_argument, "a host name that no certificate can hold");
  }
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) return failed();
  GeneratedCertificate made;
  made.certificate_pem = pem_text([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  made.private_key_pem = pem_text(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  if (made.certificate_pem.empty() || made.private_key_pem.empty()) return failed();
  return made;
}

}  // namespace halley::http
