#include "cosmos/owners_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::cosmos {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> beyond(const char* wanted, const char* held) {
  return owners_members_beyond(json::parse(wanted).value(), json::parse(held).value());
}

TEST(OwnersMembers, AreNamedWhereTheyAreBeyondWhatWasWanted) {
  EXPECT_THAT(beyond(R"({"id":"c"})", R"({"id":"c","defaultTtl":60,"ttlPropertyPath":"/t"})"),
              ElementsAre("defaultTtl", "ttlPropertyPath"));
  EXPECT_THAT(beyond(R"({"id":"c","defaultTtl":null})", R"({"id":"c","defaultTtl":-1})"), ElementsAre("defaultTtl"));
  EXPECT_THAT(beyond(R"({"id":"c"})", R"({"id":"c","computedProperties":[{"name":"n","query":"q"}]})"),
              ElementsAre("computedProperties"));
  EXPECT_THAT(beyond(R"({"id":"c","defaultTtl":5})", R"({"id":"c","defaultTtl":60})"), IsEmpty())
      << "that it is another is seen by comparing";
}

TEST(OwnersMembers, WhatTheServiceAddsIsNotTheirs) {
  EXPECT_THAT(beyond(R"({"id":"c"})",
                     R"({"id":"c","indexingPolicy":{"automatic":true},"geospatialConfig":{"type":"Geography"},
                         "backupPolicy":{"type":1},"statistics":[{"id":"0"}],"new":5,"_rid":"r"})"),
              IsEmpty());
  EXPECT_THAT(beyond(R"({"id":"c"})", R"({"id":"c","defaultTtl":null,"computedProperties":[],
                                          "vectorEmbeddingPolicy":{"vectorEmbeddings":[]}})"),
              IsEmpty())
      << "says nothing";
}

TEST(OwnersMembers, APolicyIsNamedByItsListsAlone) {
  EXPECT_THAT(beyond(R"({"id":"c"})",
                     R"({"id":"c","fullTextPolicy":{"defaultLanguage":"en-US","fullTextPaths":[]},
                         "clientEncryptionPolicy":{"policyFormatVersion":1,"includedPaths":[]},
                         "vectorEmbeddingPolicy":{"vectorEmbeddings":null}})"),
              IsEmpty());
  EXPECT_THAT(beyond(R"({"id":"c","fullTextPolicy":{"defaultLanguage":"en-US","fullTextPaths":[]}})",
                     R"({"id":"c","fullTextPolicy":{"defaultLanguage":"en-US","fullTextPaths":[{"path":"/t"}]}})"),
              ElementsAre("fullTextPolicy"));
}

TEST(OwnersMembers, AnalyticalStorageIsNotTakenAwayByAReplacement) {
  EXPECT_THAT(beyond(R"({"id":"c"})", R"({"id":"c","analyticalStorageTtl":-1})"), IsEmpty());
}

}  // namespace
}  // namespace halley::cosmos
