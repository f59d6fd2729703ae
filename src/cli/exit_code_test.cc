#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace halley::cli {
namespace {

// Of two backups that overlap the one that came late is not incomplete: it has to wait.
TEST(ExitCode, OfWorkThatOnlyOthersStoodInTheWayOfIsLocked) {
  const Error taken(Code::already_exists, "another backup writes to this container");
  EXPECT_EQ(exit_code_of(std::vector<Error>{}), ExitCode::success);
  EXPECT_EQ(exit_code_of(std::vector<Error>{taken}), ExitCode::locked);
  EXPECT_EQ(exit_code_of(std::vector<Error>{taken, taken}), ExitCode::locked);
  EXPECT_EQ(exit_code_of(std::vector<Error>{taken, Error(Code::timeout, "no answer")}), ExitCode::incomplete);
  EXPECT_EQ(exit_code_of(std::vector<Error>{Error(Code::unauthorized, "the key is wrong")}), ExitCode::incomplete);
}

}  // namespace
}  // namespace halley::cli
