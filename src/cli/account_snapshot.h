// Everything an account holds, as digests: to compare two accounts, or one with itself later.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "cosmos/client.h"

namespace halley::cli {

struct AccountSnapshot {
  // "database atlas", "container atlas/cities", "stored procedure library/cards/renameSet" -> digest without system
  // properties.
  std::map<std::string, std::uint64_t> definitions;
  // "atlas/cities" -> "[key] id" -> digest of the value without system properties.
  std::map<std::string, std::map<std::string, std::uint64_t>> documents;

  std::uint64_t document_count() const;
};

// Reads the whole account. Nothing of it may change meanwhile.
Result<AccountSnapshot> take_snapshot(cosmos::Client& client, std::stop_token stop);

struct SnapshotComparison {
  std::uint64_t equal_documents = 0;
  std::uint64_t equal_definitions = 0;
  std::vector<std::string> differences;  // a line each
};

SnapshotComparison compare_snapshots(const AccountSnapshot& expected, const AccountSnapshot& found);

}  // namespace halley::cli
