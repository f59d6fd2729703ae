// The documents of a planned container: what was visible in it at the plan's moment.
#pragma once

#include <memory>
#include <stop_token>

#include "json/document_scanner.h"
#include "recovery/plan.h"

namespace halley::recovery {

// Narrows a read to the partition key that is selected, if one is. False where no document of such a container can
// have it.
Result<bool> narrow(const Selection& selection, const cosmos::PartitionKeyDefinition& key, repo::ReadOptions& options);

// That no container selected can have documents of the selection's partition key: invalid_argument.
Error no_such_keys(const Selection& selection);

class Documents {
 public:
  // What is not in the range is left out. So many are read at once: their streams share memory.
  struct Slice {
    cosmos::HashRange range;
    std::size_t of = 1;
  };

  // Of the lane as it is given, or is read now. Fails with invalid_argument where the container can't have documents of
  // the partition key that is selected, and with cancelled once it is asked to stop. `bodies` false leaves bodies out
  // where expiry does not need them. The plan and the selection must outlive this.
  static Result<Documents> open(repo::Repository& repository, std::shared_ptr<const repo::LaneState> lane,
                                const PlannedContainer& container, const Selection& selection, bool bodies,
                                const Slice& slice, std::stop_token stop);
  static Result<Documents> open(repo::Repository& repository, const PlannedContainer& container,
                                const Selection& selection, bool bodies, std::stop_token stop);

  // The next document in the order of the hash space, false at the end. Views are valid until the next call.
  Result<bool> next(repo::Version& out);

  std::uint64_t expired() const { return expired_; }  // passed over because they were expired at the moment
  std::string rid_path() const;  // "dbs/<rid>/colls/<rid>/" of the source, as repo::original_text() takes it

 private:
  Documents() = default;
  const PlannedContainer* container_ = nullptr;
  const Selection* selection_ = nullptr;
  std::shared_ptr<const repo::LaneState> lane_;
  std::unique_ptr<repo::VersionStream> stream_;
  std::uint64_t expired_ = 0;
  bool all_ = false;
};

// Fails with not_found where the plan's selection names documents and some are not there at its moment: each id must be
// that of a document, and without ids the partition key.
Status check_documents(repo::Repository& repository, const RestorePlan& plan, const std::stop_token& stop);

// The body without system properties: a view of `version`, or of `scratch` where it had to be made.
std::string_view document_body(const repo::Version& version, std::string& scratch);

// The same of a document that was scanned: a view of `scratch`.
Result<std::string_view> scanned_body(const json::ScannedDocument& document, std::string& scratch);

}  // namespace halley::recovery
