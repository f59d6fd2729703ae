#include "identity/client_assertion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "codec/base64.h"
#include "codec/hash.h"
#include "json/value.h"
#include "testing/generated_key.h"

namespace halley::identity {
namespace {

using halley::testing::GeneratedKey;
using ::testing::HasSubstr;
using ::testing::Not;

const AssertionClaims kClaims{"the-client", "https://login.example/t/oauth2/v2.0/token", "once", Second{1795000000}};

std::vector<std::string> parts_of(const std::string& jwt) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t dot = jwt.find('.'); dot != std::string::npos; dot = jwt.find('.', from)) {
    parts.push_back(jwt.substr(from, dot - from));
    from = dot + 1;
  }
  parts.push_back(jwt.substr(from));
  return parts;
}

std::string decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  return codec::base64_decode(text).value();
}

// What a PEM is refused with; none of its lines may be in it.
std::string refused(const std::string& pem, const std::string& password = {}) {
  const auto assertion = client_assertion(pem, password, kClaims);
  EXPECT_FALSE(assertion.has_value());
  if (assertion) return {};
  EXPECT_EQ(assertion.error().code, Code::invalid_argument);
  const std::string said = assertion.error().to_string() + " / " + assertion.error().hint;
  EXPECT_THAT(said, Not(HasSubstr("MII")));
  return said;
}

TEST(ClientAssertion, IsAJwtSignedWithTheKeyOfTheCertificate) {
  const GeneratedKey key = GeneratedKey::rsa();
  const std::string jwt = client_assertion(key.private_key() + key.certificate(), "", kClaims).value();
  const auto parts = parts_of(jwt);
  ASSERT_EQ(parts.size(), 3u);
  const json::Value header = json::parse(decoded(parts[0])).value();
  EXPECT_EQ(header.string_at("alg"), "RS256");
  EXPECT_EQ(header.string_at("typ"), "JWT");
  EXPECT_EQ(decoded(header.string_at("x5t")), codec::sha1(key.certificate_der()));
  EXPECT_EQ(decoded(header.string_at("x5t#S256")), codec::sha256(key.certificate_der()));
  const json::Value claims = json::parse(decoded(parts[1])).value();
  EXPECT_EQ(claims.string_at("aud"), kClaims.audience);
  EXPECT_EQ(claims.string_at("iss"), "the-client");
  EXPECT_EQ(claims.string_at("sub"), "the-client");
  EXPECT_EQ(claims.string_at("jti"), "once");
  EXPECT_EQ(claims.find("exp")->as_integer(), kClaims.now.value + 600);
  EXPECT_LT(*claims.find("nbf")->as_integer(), kClaims.now.value);
  EXPECT_TRUE(key.verifies(parts[0] + "." + parts[1], decoded(parts[2])));
  EXPECT_FALSE(key.verifies(parts[0] + "." + parts[1] + "x", decoded(parts[2])));
}

TEST(ClientAssertion, TheOrderInTheFileDoesNotMatterNorDoOtherCertificates) {
  const GeneratedKey key = GeneratedKey::rsa();
  const GeneratedKey other = GeneratedKey::rsa();
  const auto jwt = client_assertion(other.certificate() + key.certificate() + key.private_key(), "", kClaims);
  ASSERT_TRUE(jwt.has_value()) << jwt.error().to_string();
  const json::Value header = json::parse(decoded(parts_of(*jwt)[0])).value();
  EXPECT_EQ(decoded(header.string_at("x5t")), codec::sha1(key.certificate_der()));
}

TEST(ClientAssertion, AnEncryptedKeyNeedsItsPassword) {
  const GeneratedKey key = GeneratedKey::rsa();
  const std::string pem = key.private_key("open sesame") + key.certificate();
  EXPECT_TRUE(client_assertion(pem, "open sesame", kClaims).has_value());
  EXPECT_THAT(refused(pem), HasSubstr("AZURE_CLIENT_CERTIFICATE_PASSWORD"));
  EXPECT_THAT(refused(pem, "wrong"), Not(HasSubstr("wrong\"")));
}

TEST(ClientAssertion, WhatIsMissingOrOfAnotherKindIsSaid) {
  const GeneratedKey key = GeneratedKey::rsa();
  const GeneratedKey elliptic = GeneratedKey::elliptic();
  EXPECT_THAT(refused(""), HasSubstr("openssl pkcs12"));
  EXPECT_THAT(refused(key.certificate()), HasSubstr("no private key"));
  EXPECT_THAT(refused(key.private_key()), HasSubstr("no certificate of its private key"));
  EXPECT_THAT(refused(key.private_key() + GeneratedKey::rsa().certificate()), HasSubstr("no certificate of"));
  EXPECT_THAT(refused(elliptic.private_key() + elliptic.certificate()), HasSubstr("not an RSA key"));
  EXPECT_THAT(refused("-----BEGIN PRIVATE KEY-----\nMIIgarbage\n-----END PRIVATE KEY-----\n"),
              HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace halley::identity
