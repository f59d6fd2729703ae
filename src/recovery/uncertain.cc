#include "recovery/uncertain.h"

#include <algorithm>

#include "recovery/outside.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kNamed = 100;  // documents named one by one

bool is_uncertain(const repo::Version& version, Second moment, Second until) {
  if (version.time <= moment) return false;
  if (version.operation == repo::Operation::upsert) return version.time <= until;
  return version.since <= moment;
}

// Whether one document is as it was at a sync point, by its versions in their order, newest first.
class Doubt {
 public:
  explicit Doubt(Second moment) : moment_(moment) {}

  // `inside`: the version lies inside the sync point's cut.
  void weigh(const repo::Version& version, bool inside) {
    if (version.operation != repo::Operation::upsert) {
      open_ = open_ || (version.since <= moment_ && moment_ < version.time);
      gone_ = gone_ || inside;
    } else if (!inside) {
      if (version.time <= moment_) late_.emplace_back(version.rid, version.etag);
    } else {
      open_ = open_ || version.time > moment_;
      // It was there already: what came late is the same once more, back from expiry. Where a delete of it is held,
      // too, it may have been back.
      if (gone_ || late_.empty()) return;
      std::erase(late_, std::pair(std::string(version.rid), std::string(version.etag)));
    }
  }
  bool is_open() const { return open_ || !late_.empty(); }

 private:
  Second moment_;
  bool open_ = false;
  bool gone_ = false;                                      // a delete or expiry inside the cut was weighed
  std::vector<std::pair<std::string, std::string>> late_;  // _rid and _etag
};

bool lies_inside(const repo::SyncPoint& point, std::string_view effective_key, const repo::Position& position) {
  for (const repo::RangePosition& at : point.cut) {
    if (at.range.contains(effective_key)) return position <= at.position;
  }
  return false;
}

void name_documents(const std::string& container, const std::vector<DocumentName>& documents,
                    std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < std::min(documents.size(), kNamed); ++i) {
    notes.push_back(container + ": may not be as it was: '" + documents[i].id + "' of " + documents[i].partition_key);
  }
  if (documents.size() > kNamed) {
    notes.push_back(container + ": and " + std::to_string(documents.size() - kNamed) + " more may not be as they were");
  }
}

void add_once(const repo::Version& version, std::vector<DocumentName>& documents) {
  if (!documents.empty() && documents.back().id == version.id &&
      documents.back().partition_key == version.partition_key) {
    return;
  }
  documents.push_back({std::string(version.partition_key), std::string(version.id)});
}

}  // namespace

Result<std::vector<DocumentName>> uncertain_documents(repo::Repository& repository, const repo::LaneState& lane,
                                                      Second moment, const DocumentName* only, std::stop_token stop) {
  std::vector<DocumentName> documents;
  const auto point = std::find_if(lane.sync_points.rbegin(), lane.sync_points.rend(),
                                  [&](const repo::SyncPoint& each) { return each.at == moment; });
  if (point == lane.sync_points.rend() || !lane.identity.key) return documents;
  repo::ReadOptions options;
  options.bodies = false;
  options.stop = stop;
  if (only != nullptr && !only->partition_key.empty()) {
    options.partition_key = only->partition_key;
    options.id = only->id;
  }
  ASSIGN(const auto stream, repository.versions(lane, options));
  DocumentName name;
  Doubt doubt(moment);
  std::string effective;
  repo::Version version;
  while (true) {
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    ASSIGN(const bool more, stream->next(version));
    const bool same_key = more && version.partition_key == name.partition_key;
    if (!same_key || version.id != name.id) {
      if (doubt.is_open() && (only == nullptr || name.id == only->id)) documents.push_back(name);
      if (!more) return documents;
      name = {std::string(version.partition_key), std::string(version.id)};
      doubt = Doubt(moment);
    }
    if (!same_key) {
      ASSIGN(effective, cosmos::effective_partition_key(*lane.identity.key, name.partition_key));
    }
    doubt.weigh(version, lies_inside(*point, effective, version.position));
  }
}

Result<std::vector<std::string>> sync_point_notes(repo::Repository& repository, const repo::LaneState& lane,
                                                  Second moment, const DocumentName* only, std::stop_token stop) {
  ASSIGN(const std::vector<DocumentName> documents,
         uncertain_documents(repository, lane, moment, only, std::move(stop)));
  std::vector<std::string> notes;
  name_documents(lane.identity.database + "/" + lane.identity.container, documents, notes);
  return notes;
}

Result<std::vector<std::string>> uncertain_notes(repo::Repository& repository, const repo::LaneState& lane,
                                                 Second moment, std::stop_token stop) {
  const std::string name = lane.identity.database + "/" + lane.identity.container;
  const repo::Nearest nearest = repo::nearest(repo::restorable_seconds(lane), moment);
  std::vector<std::string> notes = {name + ": " + format_rfc3339(moment) + " is outside coverage; " +
                                    nearest_text(nearest)};
  if (!nearest.after) {
    notes.push_back(name + ": changes after the newest backup and up to the moment are not known");
    return notes;
  }
  repo::ReadOptions options;
  options.bodies = false;
  options.stop = stop;
  ASSIGN(const auto stream, repository.versions(lane, options));
  std::vector<DocumentName> documents;
  repo::Version version;
  while (true) {
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    ASSIGN(const bool more, stream->next(version));
    if (!more) break;
    if (is_uncertain(version, moment, *nearest.after)) add_once(version, documents);
  }
  name_documents(name, documents, notes);
  return notes;
}

}  // namespace halley::recovery
