#include "recovery/restore.h"

#include <algorithm>

#include "recovery/comparison.h"
#include "recovery/documents.h"

namespace halley::recovery {
namespace {

constexpr int kReadBackAttempts = 5;           // a split during the comparison begins it anew
constexpr int kTurn = 100;                     // documents of one slice before the next has its turn
constexpr std::size_t kMostSegmentsOpen = 64;  // in all streams
constexpr std::size_t kExaminedBuckets = 64;   // of BucketDigests::kBuckets: what is held in memory to name differences

// One application of a plan.
class Restoration {
 public:
  Restoration(Runtime& runtime, repo::Repository& repository, const RestorePlan& plan, RestoreTarget& target,
              RestoreProgress& progress, std::stop_token stop)
      : runtime_(runtime),
        repository_(repository),
        plan_(plan),
        target_(target),
        progress_(progress),
        stop_(std::move(stop)) {}

  Result<RestoreReport> run() {
    auto report = apply();
    if (!report) target_.abandon(report.error());
    return report;
  }

 private:
  Result<RestoreReport> apply() {
    const SteadyTime began = runtime_.steady_now();
    report_.at = plan_.at;
    report_.notes = plan_.notes;
    progress_.containers = plan_.containers.size();
    TRY(check_documents(repository_, plan_, stop_));
    TRY(target_.open(plan_, report_.notes, stop_));
    for (const PlannedDatabase& database : plan_.databases) {
      TRY(target_.put_database(database, stop_));
      ++report_.databases;
    }
    for (const PlannedContainer& container : plan_.containers) {
      auto restored = restore_container(container);
      if (!restored) return fail(std::move(restored).error().in("restoring " + container.name()));
      add_to_report(container, std::move(*restored));
      ++progress_.containers_done;
    }
    if (!differences_.empty()) {
      return fail(Code::difference, "what was restored is not what was planned: " + differences_,
                  "was something else writing there? Run the same restore again (into an account with --resume), or "
                  "restore into an empty place");
    }
    TRY(target_.close(stop_));
    report_.seconds = std::chrono::duration<double>(runtime_.steady_now() - began).count();
    return std::move(report_);
  }

  void add_to_report(const PlannedContainer& container, RestoredContainer&& restored) {
    report_.documents += restored.documents;
    report_.bytes += restored.bytes;
    report_.scripts += container.scripts.size();
    report_.containers.push_back(std::move(restored));
  }

  void add_difference(const std::string& text) { differences_ += (differences_.empty() ? "" : "; ") + text; }

  Result<RestoredContainer> restore_container(const PlannedContainer& container) {
    ASSIGN(auto done_before, target_.begin_container(container, stop_));
    if (done_before) {
      done_before->done_before = true;
      done_before->at = container.at;
      return std::move(*done_before);
    }
    RestoredContainer restored;
    restored.database = container.database;
    restored.container = container.container;
    restored.at = container.at;
    BucketDigests written;
    TRY(write_documents(container, restored, written));
    TRY(target_.finish_documents(stop_));
    restored.digest = written.total().text();
    TRY(compare(container, written, restored));
    const Status finished = target_.finish_container(container, restored, stop_);
    if (!finished && finished.error().code != Code::difference) return fail(finished.error());
    if (!finished) add_difference(finished.error().message);
    return restored;
  }

  // One stream for each slice of the target, in turns; one for several neighbours where memory does not suffice for
  // all, and a single one for one partition key, and where many segments would be open many times. All are of the lane
  // as it is now, whatever a backup adds meanwhile.
  Result<std::vector<Documents>> open_slices(const PlannedContainer& container) {
    std::vector<cosmos::HashRange> slices = target_.slices();
    ASSIGN(repo::LaneState read, repository_.read_lane(container.lane));
    const auto lane = std::make_shared<const repo::LaneState>(std::move(read));
    const bool many = lane->segments.size() * slices.size() > kMostSegmentsOpen;
    std::size_t count = plan_.selection.partition_key || many ? 1 : slices.size();
    if (count > 1) {
      repo::ReadOptions options;
      options.cut = container.cut;
      options.stop = stop_;
      ASSIGN(const std::size_t most, repository_.streams_at_once(*lane, options));
      count = std::min(count, most);
    }
    std::vector<Documents> streams;
    for (std::size_t i = 0; i < count; ++i) {
      Documents::Slice slice{{}, count};
      if (count > 1) {
        slice.range = {slices[i * slices.size() / count].min, slices[(i + 1) * slices.size() / count - 1].max};
      }
      ASSIGN(Documents stream, Documents::open(repository_, lane, container, plan_.selection, true, slice, stop_));
      streams.push_back(std::move(stream));
    }
    return streams;
  }

  Status write_documents(const PlannedContainer& container, RestoredContainer& restored, BucketDigests& written) {
    ASSIGN(std::vector<Documents> streams, open_slices(container));
    while (!streams.empty()) {
      for (auto stream = streams.begin(); stream != streams.end();) {
        ASSIGN(const bool more, write_some(*stream, restored, written));
        if (!more) restored.expired += stream->expired();
        stream = more ? stream + 1 : streams.erase(stream);
      }
    }
    return {};
  }

  // One turn of a stream; false when it is at its end.
  Result<bool> write_some(Documents& documents, RestoredContainer& restored, BucketDigests& written) {
    repo::Version version;
    for (int i = 0; i < kTurn; ++i) {
      ASSIGN(const bool more, documents.next(version));
      if (!more) return false;
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      const std::string_view body = document_body(version, scratch_);
      TRY(target_.put_document(version.partition_key, version.id, body, stop_));
      written.add(version.partition_key, version.id, version.digest);
      ++restored.documents;
      restored.bytes += body.size();
      progress_.documents.fetch_add(1, std::memory_order_relaxed);
      progress_.bytes.fetch_add(body.size(), std::memory_order_relaxed);
    }
    return true;
  }

  // Reads the target back, whole, however often its partitions change. False where it has compared by itself.
  Result<bool> read_back(const PlannedContainer& container, const std::function<RestoreTarget::EachDocument()>& begin) {
    for (int attempt = 1;; ++attempt) {
      const RestoreTarget::EachDocument each = begin();
      auto done = target_.read_back(
          container,
          [&](std::string_view key, std::string_view id, std::uint64_t digest) {
            if (plan_.selection.selects_document(key, id)) each(key, id, digest);
          },
          stop_);
      if (done || done.error().code != Code::gone || attempt == kReadBackAttempts) return done;
    }
  }

  Status compare(const PlannedContainer& container, const BucketDigests& written, RestoredContainer& restored) {
    BucketDigests found;
    const auto given = read_back(container, [&]() -> RestoreTarget::EachDocument {
      found = BucketDigests();
      return [&](std::string_view key, std::string_view id, std::uint64_t digest) {
        found.add(key, id, digest);
        progress_.compared.fetch_add(1, std::memory_order_relaxed);
      };
    });
    if (!given && given.error().code == Code::difference) {
      add_difference(container.name() + ": " + given.error().message);
      return {};
    }
    if (!given) return fail(given.error());
    if (!*given) progress_.compared.fetch_add(restored.documents, std::memory_order_relaxed);
    restored.compared = !*given || found == written;
    if (restored.compared) return {};
    const std::vector<bool> buckets = written.differing(found, kExaminedBuckets);
    ASSIGN(const std::string examples, name_differences(container, buckets));
    add_difference(container.name() + ": " + std::to_string(written.total().count) + " documents planned, " +
                   std::to_string(found.total().count) + " found; " + examples);
    return {};
  }

  Result<std::string> name_differences(const PlannedContainer& container, const std::vector<bool>& buckets) {
    DifferenceFinder expected(buckets);
    ASSIGN(Documents documents, Documents::open(repository_, container, plan_.selection, false, stop_));
    repo::Version version;
    while (true) {
      ASSIGN(const bool more, documents.next(version));
      if (!more) break;
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      expected.expect(version.partition_key, version.id, version.digest);
    }
    DifferenceFinder finder(buckets);
    TRY(read_back(container, [&]() -> RestoreTarget::EachDocument {
      finder = expected;
      return [&](std::string_view key, std::string_view id, std::uint64_t digest) { finder.found(key, id, digest); };
    }));
    return finder.text();
  }

  Runtime& runtime_;
  repo::Repository& repository_;
  const RestorePlan& plan_;
  RestoreTarget& target_;
  RestoreProgress& progress_;
  const std::stop_token stop_;
  RestoreReport report_;
  std::string differences_;
  std::string scratch_;
};

}  // namespace

Result<RestoreReport> restore(Runtime& runtime, repo::Repository& repository, const RestorePlan& plan,
                              RestoreTarget& target, RestoreProgress& progress, std::stop_token stop) {
  return Restoration(runtime, repository, plan, target, progress, std::move(stop)).run();
}

Result<std::vector<std::string>> rehearse(repo::Repository& repository, const RestorePlan& plan, RestoreTarget& target,
                                          std::stop_token stop) {
  std::vector<std::string> notes = plan.notes;
  TRY(check_documents(repository, plan, stop));
  TRY(target.check(plan, notes, std::move(stop)));
  return notes;
}

}  // namespace halley::recovery
