// What happens to the account of the demonstration: ordinary work, and a faulty deployment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "cli/account_tree.h"
#include "cosmos/client.h"

namespace halley::cli {

struct Edits {
  std::uint64_t written = 0;
  std::uint64_t deleted = 0;
};

// Changes, copies and deletes some of the container's documents, others in each shift.
Result<Edits> ordinary_work(cosmos::Client& client, const TreeContainer& container, int shift, std::stop_token stop);

// Of so many documents the faulty deployment overwrites one.
constexpr std::size_t kSpoiledOneOf = 5;

struct FaultyDeployment {
  Edits edits;
  std::string example_id;   // one of the documents that it overwrote
  std::string example_key;  // and its partition key
};

// Overwrites the text of every kSpoiledOneOf-th document, deletes some more, and breaks the stored procedures.
Result<FaultyDeployment> faulty_deployment(cosmos::Client& client, const TreeContainer& container,
                                           std::stop_token stop);

}  // namespace halley::cli
