// halley.json and the key files: each member of theirs is looked at, and what is wrong is named.
#include "repo/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "repo/checked_text.h"
#include "repo/object_names.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::HasSubstr;

class KeyRingTest : public RepositoryTest {
 protected:
  void SetUp() override {
    create();
    key_name_ = names("keys/").at(0);
  }

  // Replaces `from` by `to` in a file and makes its checksum right.
  void edit(const std::string& name, const std::string& from, const std::string& to) {
    std::string text = *store_->get_all(name);
    text = text.substr(0, text.rfind(",\"checksum\"")) + "}";
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << text;
    text.replace(at, from.size(), to);
    replace(name, with_checksum(text));
  }

  // What opening says of the repository after that edit, which is undone.
  Error refusal(const std::string& name, const std::string& from, const std::string& to) {
    const std::string before = *store_->get_all(name);
    edit(name, from, to);
    const auto opened = KeyRing::open(*store_, kPassword);
    EXPECT_FALSE(opened) << from << " -> " << to;
    const auto inspected = inspect_key_files(*store_, *from_hex(repository_id(before)));
    EXPECT_TRUE(inspected);
    replace(name, before);
    return opened ? Error(Code::internal, "opened") : opened.error();
  }

  static std::string repository_id(const std::string& text) {
    const bool description = text.find("\"suite\"") != std::string::npos;
    const auto value = json::parse(text);
    return value ? value->string_at(description ? "id" : "repository") : "";
  }

  std::string key_name_;
};

TEST_F(KeyRingTest, NamesEachMemberOfTheDescriptionThatIsWrong) {
  const std::string name(kDescriptionName);
  Error error = refusal(name, "\"format\":1", "\"format\":2");
  EXPECT_EQ(error.code, Code::unsupported);
  EXPECT_THAT(error.message, HasSubstr("halley.json"));
  error = refusal(name, "\"format\":1", "\"format\":-1");
  EXPECT_EQ(error.code, Code::corrupt);
  EXPECT_THAT(error.message, HasSubstr("format"));
  error = refusal(name, "aes-256-gcm", "rot13");
  EXPECT_EQ(error.code, Code::unsupported);
  EXPECT_THAT(error.message, HasSubstr("rot13"));
  error = refusal(name, "\"id\":\"", "\"id\":\"00");
  EXPECT_EQ(error.code, Code::corrupt);
  EXPECT_THAT(error.message, HasSubstr("`id`"));
}

TEST_F(KeyRingTest, NamesEachMemberOfAKeyFileThatIsWrong) {
  const auto corrupt = [&](const std::string& from, const std::string& to, const std::string& member) {
    const Error error = refusal(key_name_, from, to);
    EXPECT_EQ(error.code, Code::corrupt) << error.to_string();
    EXPECT_THAT(error.message, HasSubstr(key_name_));
    EXPECT_THAT(error.message, HasSubstr(member));
  };
  corrupt("\"id\":\"", "\"id\":\"zz", "`id`");
  corrupt("\"repository\":\"", "\"repository\":\"00", "`repository`");
  corrupt("\"epoch\":1", "\"epoch\":\"1\"", "`epoch`");
  corrupt("\"n\":16", "\"m\":16", "`n`");
  corrupt("\"r\":1", "\"r\":4096", "`kdf`");
  corrupt("\"p\":1", "\"p\":4096", "`kdf`");
  corrupt("\"salt\":\"", "\"salt\":\"00", "`salt`");
  corrupt("\"wrapped\":\"", "\"wrapped\":\"00", "`wrapped`");
  const Error unknown = refusal(key_name_, "scrypt", "bcrypt");
  EXPECT_EQ(unknown.code, Code::unsupported);
  EXPECT_THAT(unknown.message, HasSubstr(key_name_));
}

TEST_F(KeyRingTest, WhatIsNoObjectIsDamaged) {
  const std::string whole = *store_->get_all(kDescriptionName);
  for (const std::string& text : {std::string(), std::string("x"), std::string(",\"checksum\":\"\"}\n"),
                                  "{" + whole.substr(whole.rfind(",\"checksum\"")), "x" + whole}) {
    replace(std::string(kDescriptionName), text);
    const auto opened = KeyRing::open(*store_, kPassword);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().code, Code::corrupt) << text;
    EXPECT_THAT(opened.error().message, HasSubstr("`halley.json` is damaged"));
  }
}

TEST_F(KeyRingTest, AKeyFileUnderAnotherNameIsDamageAndKeepsNobodyOut) {
  const std::string other = "keys/00000000000000000000000000000000";
  ASSERT_TRUE(store_->put(other, *store_->get_all(key_name_)));
  const auto opened = KeyRing::open(*store_, kPassword);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(opened->epochs().size(), 1U);
  const auto files = inspect_key_files(*store_, opened->repository_id());
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3U);
  ASSERT_TRUE(files->at(1).damage);
  EXPECT_THAT(files->at(1).damage->message, HasSubstr(other));
  EXPECT_EQ(KeyRing::open(*store_, "another").error().code, Code::wrong_password);
  // Where no other opens, it is told.
  ASSERT_TRUE(store_->remove(key_name_));
  EXPECT_EQ(KeyRing::open(*store_, kPassword).error().code, Code::corrupt);
  EXPECT_THAT(KeyRing::open(*store_, kPassword).error().message, HasSubstr(other));
}

TEST_F(KeyRingTest, OtherFilesAmongTheKeysAreLeftAlone) {
  for (const char* name : {"keys/readme.txt", "keys/.nfs000000000012", "keys/0", "keys/a/b",
                           "keys/00000000000000000000000000000000.tmp", "keys/g0000000000000000000000000000000"}) {
    ASSERT_TRUE(store_->put(name, "x"));
  }
  const auto opened = KeyRing::open(*store_, kPassword);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(inspect_key_files(*store_, opened->repository_id())->size(), 2U);
}

TEST_F(KeyRingTest, AKeyFileThatIsTooLargeIsNotRead) {
  const std::string other = "keys/00000000000000000000000000000000";
  ASSERT_TRUE(store_->put(other, "x"));
  OddStore& odd = make_odd();
  odd.huge.insert(other);
  const auto opened = KeyRing::open(*store_, kPassword);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_TRUE(inspect_key_files(*store_, opened->repository_id())->at(1).damage);
  odd.huge = {std::string(kDescriptionName)};
  EXPECT_EQ(KeyRing::open(*store_, kPassword).error().code, Code::corrupt);
}

// Planted files may not keep the machine busy: what they ask for is bounded, in one and in all.
TEST_F(KeyRingTest, ThePriceOfPlantedKeyFilesIsBounded) {
  const std::string cost = R"("n":16,"r":1,"p":1)";
  EXPECT_EQ(refusal(key_name_, cost, R"("n":16,"r":1,"p":17)").code, Code::corrupt);
  EXPECT_EQ(refusal(key_name_, cost, R"("n":1048576,"r":8,"p":4)").code, Code::corrupt);
  EXPECT_EQ(refusal(key_name_, cost, R"("n":4611686018427387904,"r":4,"p":1)").code, Code::corrupt);
  const std::string own = *store_->get_all(key_name_);
  const std::string own_id = key_name_.substr(5);
  for (int i = 0; i < 2; ++i) {  // each as dear as one may be; in front of the true one
    const std::string id = std::string(31, '0') + std::to_string(i);
    ASSERT_TRUE(store_->put(key_name(id), own));
    edit(key_name(id), own_id, id);
    edit(key_name(id), cost, R"("n":2,"r":1024,"p":16)");
  }
  EXPECT_TRUE(KeyRing::open(*store_, kPassword));  // 2^15 each
  for (int i = 0; i < 2; ++i)
    edit(key_name(std::string(31, '0') + std::to_string(i)), R"("n":2,"r":1024,"p":16)", R"("n":1024,"r":256,"p":16)");
  EXPECT_TRUE(KeyRing::open(*store_, kPassword));  // the true one is cheaper and tried before them
  ASSERT_TRUE(store_->remove(key_name_));
  const Error error = KeyRing::open(*store_, kPassword).error();
  EXPECT_EQ(error.code, Code::corrupt);  // by the first of them; whether the other opens is not known
  EXPECT_THAT(error.message, HasSubstr("too much work"));
}

TEST_F(KeyRingTest, AKeyThatWasWrappedForAnotherPlaceIsNotOpened) {
  EXPECT_EQ(refusal(key_name_, "\"epoch\":1", "\"epoch\":2").code, Code::wrong_password);
  EXPECT_EQ(refusal(key_name_, "\"n\":16", "\"n\":32").code, Code::wrong_password);
}

TEST_F(KeyRingTest, WhereARepositoryHasLostItsDescriptionNoOtherIsMade) {
  ASSERT_TRUE(store_->put("lanes/account/000000000001", "a commit"));
  ASSERT_TRUE(store_->remove(kDescriptionName));
  const Error opened = KeyRing::open(*store_, kPassword).error();
  EXPECT_EQ(opened.code, Code::corrupt);
  EXPECT_THAT(opened.message, HasSubstr("halley.json is missing"));
  const Error created = KeyRing::create(real_runtime(), *store_, kPassword, {2, 1, 1}).error();
  EXPECT_EQ(created.code, Code::corrupt);
  EXPECT_EQ(names("keys/").size(), 1u);
  ASSERT_TRUE(store_->remove("lanes/account/000000000001"));
  EXPECT_EQ(KeyRing::open(*store_, kPassword).error().code, Code::no_repository);
  EXPECT_TRUE(KeyRing::create(real_runtime(), *store_, kPassword, {2, 1, 1})) << "what was interrupted is begun again";
}

TEST_F(KeyRingTest, TheDescriptionOfAnotherRepositoryIsDamage) {
  const auto files = inspect_key_files(*store_, std::string(16, 'x'));
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2u);
  ASSERT_TRUE(files->at(0).damage);
  EXPECT_THAT(files->at(0).damage->message, HasSubstr("another repository"));
  EXPECT_FALSE(files->at(1).ours);
}

TEST_F(KeyRingTest, WhatTheStoreRefusesIsToldAsItIs) {
  const auto plan = std::make_shared<testing::FaultPlan>();
  plan->crashed = true;  // every call is refused
  const auto refusing = testing::make_faulty_store(store_, plan);
  EXPECT_EQ(KeyRing::open(*refusing, kPassword).error().code, Code::unavailable);
  EXPECT_EQ(KeyRing::create(real_runtime(), *refusing, kPassword, {2, 1, 1}).error().code, Code::unavailable);
}

}  // namespace
}  // namespace halley::repo
