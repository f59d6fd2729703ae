// For tests: a target of restores that takes everything and keeps nothing.
#pragma once

#include "recovery/restore.h"

namespace halley::recovery {

class HollowTarget : public RestoreTarget {
 public:
  Status check(const RestorePlan&, std::vector<std::string>&, std::stop_token) override { return {}; }
  Status open(const RestorePlan&, std::vector<std::string>&, std::stop_token) override { return {}; }
  Status put_database(const PlannedDatabase&, std::stop_token) override { return {}; }
  Result<std::optional<RestoredContainer>> begin_container(const PlannedContainer&, std::stop_token) override {
    return std::nullopt;
  }
  Status put_document(std::string_view, std::string_view, std::string_view, std::stop_token) override { return {}; }
  Status finish_documents(std::stop_token) override { return {}; }
  Result<bool> read_back(const PlannedContainer&, const EachDocument&, std::stop_token) override { return false; }
  Status finish_container(const PlannedContainer&, const RestoredContainer&, std::stop_token) override { return {}; }
  Status close(std::stop_token) override { return {}; }
};

}  // namespace halley::recovery
