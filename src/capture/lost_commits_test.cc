// What a pass of backup makes of a repository that has lost commits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/backup.h"
#include "repo/check.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "store/memory_store.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::capture {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LostCommits : public ::testing::Test {
 protected:
  LostCommits() {
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(account_.engine().create_container(
        "shop", R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
    cosmos::ClientOptions options;
    options.endpoint = "http://account.test/";
    options.key = account_.key();
    client_ = std::move(*cosmos::Client::create(runtime_, transport_, options));
    repo::RepositoryOptions cheap;
    cheap.password_cost.n = 1 << 10;
    repository_ = std::move(*repo::Repository::create(runtime_, store::make_memory_store(), "password", cheap));
  }

  BackupReport backup() {
    BackupProgress progress;
    auto report = capture::backup(runtime_, *client_, *repository_, {}, progress, {});
    EXPECT_TRUE(report) << report.error().to_string();
    return report ? std::move(*report) : BackupReport{};
  }
  std::size_t damage() { return repo::check(*repository_, {})->damaged.size(); }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  server::Account account_{runtime_, {}};
  testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
  std::unique_ptr<repo::Repository> repository_;
};

TEST_F(LostCommits, HeadsAreRecordedAndALossIsNotedByTheNextPass) {
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"d","pk":"a"})"));
  backup();
  const auto account = repository_->read_lane(repo::LaneId(repo::kAccountLane));
  ASSERT_EQ(account->heads.size(), 1U);
  const repo::LaneHead head = account->heads[0];
  EXPECT_EQ(head.container, "orders");
  const auto lane = repository_->read_lane(head.lane);
  EXPECT_EQ(lane->seq, head.seq);
  EXPECT_EQ(lane->head_hash, head.sha256);
  EXPECT_EQ(damage(), 0U);
  EXPECT_THAT(backup().events, IsEmpty());

  const auto names = repository_->store().list("lanes/" + head.lane + "/", "", 1000);
  for (const std::string& name : *names) ASSERT_TRUE(repository_->store().remove(name));
  EXPECT_EQ(damage(), 1U);
  EXPECT_THAT(backup().events, Contains(HasSubstr("lost")));
  EXPECT_EQ(damage(), 0U) << "what is there now is recorded anew";
}

}  // namespace
}  // namespace halley::capture
