#include "recovery/documents.h"

#include <algorithm>
#include <set>
#include <utility>

#include "json/value.h"

namespace halley::recovery {

Result<bool> narrow(const Selection& selection, const cosmos::PartitionKeyDefinition& key, repo::ReadOptions& options) {
  if (!selection.partition_key) return true;
  ASSIGN(const json::Value components, json::parse(*selection.partition_key));
  const std::size_t count = components.items().size();
  if (count == key.paths.size()) {
    options.partition_key = selection.partition_key;
    if (selection.ids.size() == 1) options.id = selection.ids.front();
    return true;
  }
  if (count == 0 || count > key.paths.size() || key.kind != cosmos::KeyKind::multi_hash) return false;
  ASSIGN(const cosmos::HashRange keys, range_of_key(key, *selection.partition_key));
  options.range = {std::max(options.range.min, keys.min), std::min(options.range.max, keys.max)};
  return true;
}

Error no_such_keys(const Selection& selection) {
  return {Code::invalid_argument, "no selected container has partition keys like " + *selection.partition_key,
          "a key is a JSON array with one value for each path of the container's partition key"};
}

Result<Documents> Documents::open(repo::Repository& repository, const PlannedContainer& container,
                                  const Selection& selection, bool bodies, std::stop_token stop) {
  ASSIGN(repo::LaneState lane, repository.read_lane(container.lane));
  return open(repository, std::make_shared<const repo::LaneState>(std::move(lane)), container, selection, bodies, {},
              std::move(stop));
}

Result<Documents> Documents::open(repo::Repository& repository, std::shared_ptr<const repo::LaneState> lane,
                                  const PlannedContainer& container, const Selection& selection, bool bodies,
                                  const Slice& slice, std::stop_token stop) {
  Documents documents;
  documents.container_ = &container;
  documents.selection_ = &selection;
  documents.all_ = selection.selects_all_documents();
  documents.lane_ = std::move(lane);

  repo::ReadOptions options;
  options.cut = container.cut;
  options.bodies = bodies || container.expiry.enabled();
  options.range = slice.range;
  options.streams = slice.of;
  options.stop = std::move(stop);
  ASSIGN(const bool fits, narrow(selection, container.key, options));
  if (!fits) return fail(no_such_keys(selection));
  ASSIGN(documents.stream_, repository.snapshot(*documents.lane_, options));
  return documents;
}

Result<bool> Documents::next(repo::Version& out) {
  while (true) {
    ASSIGN(const bool more, stream_->next(out));
    if (!more) return false;
    if (out.operation != repo::Operation::upsert) continue;
    if (!all_ && !selection_->selects_document(out.partition_key, out.id)) continue;
    if (container_->expiry.enabled()) {
      auto expired = is_expired(container_->expiry, out.ts, out.body, container_->at);
      if (!expired)
        return fail(std::move(expired).error().in("document '" + std::string(out.id) + "' of " + container_->name()));
      if (*expired) {
        ++expired_;
        continue;
      }
    }
    return true;
  }
}

std::string Documents::rid_path() const {
  return "dbs/" + lane_->identity.database_rid + "/colls/" + lane_->identity.container_rid + "/";
}

Status check_documents(repo::Repository& repository, const RestorePlan& plan, const std::stop_token& stop) {
  const Selection& selection = plan.selection;
  if (selection.selects_all_documents()) return {};
  std::set<std::string, std::less<>> missing(selection.ids.begin(), selection.ids.end());
  bool any = false;
  for (const PlannedContainer& container : plan.containers) {
    ASSIGN(Documents documents, Documents::open(repository, container, selection, false, stop));
    repo::Version version;
    while (!any || !missing.empty()) {
      if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
      ASSIGN(const bool more, documents.next(version));
      if (!more) break;
      any = true;
      if (const auto found = missing.find(version.id); found != missing.end()) missing.erase(found);
    }
  }
  if (any && missing.empty()) return {};
  std::string what;
  for (const std::string& id : missing) what += (what.empty() ? "with the id '" : "', '") + id;
  if (!what.empty()) what += "'";
  if (selection.partition_key)
    what += (what.empty() ? "of " : " of ") + ("the partition key " + *selection.partition_key);
  return fail(Code::not_found, "there was no document " + what + " at " + plan.moment.text(),
              "`halley find` and `halley history` tell when a document was there");
}

std::string_view document_body(const repo::Version& version, std::string& scratch) {
  if (version.layout != repo::kVerbatim) return version.body;
  scratch = repo::body_text(version);
  return scratch;
}

Result<std::string_view> scanned_body(const json::ScannedDocument& document, std::string& scratch) {
  if (document.standard_layout) {
    scratch = document.prefix;
    scratch += '}';
    return std::string_view(scratch);
  }
  static const std::vector<std::string_view> kNames(json::kSystemPropertyNames.begin(),
                                                    json::kSystemPropertyNames.end());
  ASSIGN(scratch, json::without_members(document.text, kNames));
  return std::string_view(scratch);
}

}  // namespace halley::recovery
