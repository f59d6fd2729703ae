#include "cli/restore_ways.h"

#include <algorithm>
#include <limits>

#include "json/value.h"

namespace halley::cli {
namespace {

constexpr double kGigabyte = 1e9;
// Writing and reading back, with the indexing that containers have by default: about 5 RU for a small document, and
// 1.5 RU for each KB.
constexpr double kUnitsOfDocument = 5;
constexpr double kUnitsOfKilobyte = 1.5;
constexpr double kUnitsUnknown = 5000;        // RU/s where no throughput is known: what a serverless container gives
constexpr double kFileBytesOfSecond = 100e6;  // to files
constexpr double kSecondsAtLeast = 5;

std::int64_t request_units_of(const std::optional<repo::Definition>& offer) {
  if (!offer) return 0;
  const auto value = json::parse(offer->text);
  const json::Value* const content = value ? value->find("content") : nullptr;
  if (content == nullptr) return 0;
  const json::Value* const scale = content->find("offerAutopilotSettings");
  const json::Value* const most = scale != nullptr && scale->is_object() ? scale->find("maxThroughput") : nullptr;
  const json::Value* const fixed = content->find("offerThroughput");
  if (most != nullptr) return most->as_integer().value_or(0);
  return fixed == nullptr ? 0 : fixed->as_integer().value_or(0);
}

}  // namespace

Result<RestoreSize> size_of(repo::Repository& repository, const recovery::RestorePlan& plan) {
  RestoreSize size;
  for (const recovery::PlannedDatabase& database : plan.databases)
    size.request_units += request_units_of(database.offer);
  for (const recovery::PlannedContainer& container : plan.containers) {
    size.request_units += request_units_of(container.offer);
    ASSIGN(const repo::LaneState lane, repository.read_lane(container.lane));
    for (const repo::SegmentRef& segment : lane.segments) {
      if (segment.oldest > container.at) continue;
      size.documents += segment.upserts;
      size.bytes += segment.body_bytes;
    }
  }
  return size;
}

double units_of(const RestoreSize& size) {
  return static_cast<double>(size.documents) * kUnitsOfDocument +
         static_cast<double>(size.bytes) / 1000 * kUnitsOfKilobyte;
}

void estimate_native(const Prices& prices, const RestoreSize& size, RestoreWay& way) {
  const double gigabytes = static_cast<double>(size.bytes) / kGigabyte;
  way.seconds = prices.native_restore_minutes * 60;
  if (prices.native_restore_gb_hour > 0) *way.seconds += gigabytes / prices.native_restore_gb_hour * 3600;
  way.cost = gigabytes * prices.native_restore_gb;
}

void estimate_repository(const Prices& prices, const RestoreSize& size, bool to_files, RestoreWay& way) {
  const double gigabytes = static_cast<double>(size.bytes) / kGigabyte;
  way.cost = gigabytes * prices.repository_gb;
  if (to_files) {
    way.seconds = kSecondsAtLeast + static_cast<double>(size.bytes) / kFileBytesOfSecond;
    return;
  }
  const double units = units_of(size);
  const double per_second = size.request_units > 0 ? static_cast<double>(size.request_units) : kUnitsUnknown;
  way.seconds = kSecondsAtLeast + units / per_second;
  *way.cost += units / (100.0 * 3600) * prices.request_units_hour;
}

const RestoreWay* best_of(const std::vector<RestoreWay>& ways) {
  const auto worse = [](const RestoreWay& a, const RestoreWay& b) {
    constexpr double kNever = std::numeric_limits<double>::max();
    if (a.exact != b.exact) return b.exact;
    const double a_seconds = a.seconds.value_or(kNever);
    const double b_seconds = b.seconds.value_or(kNever);
    if (a_seconds != b_seconds) return b_seconds < a_seconds;
    return b.cost.value_or(kNever) < a.cost.value_or(kNever);
  };
  const RestoreWay* best = nullptr;
  for (const RestoreWay& way : ways) {
    if (!way.refused && (best == nullptr || worse(*best, way))) best = &way;
  }
  return best;
}

}  // namespace halley::cli
