#include "repo/repository.h"

#include <gmock/gmock.h>

#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::UnorderedElementsAreArray;

TEST_F(RepositoryTest, KeepsWhatWasCommittedAcrossOpens) {
  const std::vector<OwnedVersion> written = {write_of("a", "1", 1), write_of("b", "2", 2), write_of("a", "3", 3)};
  std::string id;
  {
    auto repository = create();
    id = repository->id();
    commit(*writer(*repository), written);
  }
  auto repository = open();
  EXPECT_EQ(repository->id(), id);
  EXPECT_EQ(repository->lanes().value(), std::vector<LaneId>{lane_});
  const LaneState lane = repository->read_lane(lane_).value();
  EXPECT_EQ(lane.seq, 1u);
  EXPECT_EQ(lane.identity, identity_);
  EXPECT_THAT(drain(repository->versions(lane, {})), UnorderedElementsAreArray(written));
}

}  // namespace
}  // namespace halley::repo
