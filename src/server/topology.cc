#include "server/topology.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/message.h"
#include "json/writer.h"
#include "server/refusal.h"

namespace halley::server {

Topology::Topology(std::vector<RegionOptions> regions, bool multiple_writes) : multiple_writes_(multiple_writes) {
  if (regions.empty()) regions.push_back({"Local", ""});
  for (RegionOptions& each : regions) regions_.push_back({std::move(each.name), std::move(each.host)});
  note_special();
}

void Topology::note_special() {
  special_ = regions_.size() > 1 || regions_.front().state != State::up || regions_.front().behind > 0;
}

Topology::Region* Topology::find(std::string_view name) {
  const auto found = std::find_if(regions_.begin(), regions_.end(), [&](const Region& r) { return r.name == name; });
  return found == regions_.end() ? nullptr : &*found;
}

Topology::Region Topology::region_of(std::string_view host) {
  const std::lock_guard lock(mutex_);
  for (const Region& region : regions_) {
    if (region.host.empty() || !http::equal_ignoring_case(region.host, host)) continue;
    Region found = region;
    found.by_name = true;
    return found;
  }
  return regions_[write_region_];
}

std::optional<Error> Topology::refusal(const Region& region, const Call& call) {
  if (region.state == State::removed) {
    return refuse(403, fmt::format("Database Account does not exist in region {}.", region.name), cosmos::kNotInRegion)
        .value();
  }
  if (!changes_something(call)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (regions_[write_region_].name == region.name) return std::nullopt;
  if (multiple_writes_ && call.is_true("x-ms-cosmos-allow-tentative-writes")) return std::nullopt;
  return refuse(403, fmt::format("Region {} takes no writes.", region.name), cosmos::kNoWritesHere).value();
}

bool Topology::knows(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return find(name) != nullptr;
}

bool Topology::set_host(std::string_view name, std::string host) {
  const std::lock_guard lock(mutex_);
  Region* const region = find(name);
  if (region != nullptr) region->host = std::move(host);
  return region != nullptr;
}

bool Topology::set_state(std::string_view name, State state) {
  const std::lock_guard lock(mutex_);
  Region* const region = find(name);
  if (region != nullptr) region->state = state;
  note_special();
  return region != nullptr;
}

bool Topology::set_behind(std::string_view name, std::uint64_t transactions) {
  const std::lock_guard lock(mutex_);
  Region* const region = find(name);
  if (region != nullptr) region->behind = transactions;
  note_special();
  return region != nullptr;
}

bool Topology::set_write_region(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const Region* const region = find(name);
  if (region != nullptr) write_region_ = static_cast<std::size_t>(region - regions_.data());
  return region != nullptr;
}

void Topology::append_locations(json::Writer& writer, std::string_view scheme, std::string_view host) {
  const std::lock_guard lock(mutex_);
  const auto append = [&](const Region& region) {
    if (region.state == State::removed) return;
    writer.begin_object().member("name", region.name);
    writer.member("databaseAccountEndpoint",
                  fmt::format("{}{}/", scheme, region.host.empty() ? host : std::string_view(region.host)));
    writer.end_object();
  };
  // The write region is named first in both.
  const auto append_all = [&](std::string_view member, bool others) {
    writer.key(member).begin_array();
    append(regions_[write_region_]);
    for (std::size_t i = 0; others && i < regions_.size(); ++i) {
      if (i != write_region_) append(regions_[i]);
    }
    writer.end_array();
  };
  append_all("writableLocations", multiple_writes_);
  append_all("readableLocations", true);
}

}  // namespace halley::server
