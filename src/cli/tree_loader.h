// Loads an account tree into an account.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "cli/account_tree.h"
#include "cosmos/client.h"
#include "runtime/runtime.h"
#include "server/engine.h"

namespace halley::cli {

struct LoadedContainer {
  cosmos::ContainerName name;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;  // of their lines
};

struct LoadReport {
  std::uint64_t databases = 0;
  std::uint64_t scripts = 0;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::vector<LoadedContainer> containers;
};

// Makes databases, containers, scripts and throughput as the tree says and streams the documents in, through the same
// target that restores use: memory does not grow with the tree. Fails with already_exists where a container has
// documents.
Result<LoadReport> load_tree(Runtime& runtime, cosmos::Client& client, const AccountTree& tree, std::stop_token stop);

// Makes the users of the tree's databases, which are there, and their permissions. What restores to an account leave
// alone an emulator's tree has.
Status load_users(server::Engine& engine, const AccountTree& tree);

}  // namespace halley::cli
