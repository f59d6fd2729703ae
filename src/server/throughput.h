// Throughput as offers say it, and what follows from it.
#pragma once

#include <cstdint>
#include <optional>

#include "json/value.h"

namespace halley::server {

// Throughput asked for at creation: the offer's `content`; null = none was asked for.
struct Throughput {
  json::Value content;
};

// The contents of offers: so many request units a second, or up to so many.
json::Value manual_content(std::int64_t units);
json::Value autoscale_content(std::int64_t most);

// The request units of a second that an offer's content asks for, autoscale's maximum where there is one; nothing when
// it says none that can be.
std::optional<std::int64_t> units_of(const json::Value& content);

struct ThroughputRules {
  // Whether containers answer 429 beyond their throughput: their own, or what they share of their database.
  bool limits = false;
  // What a container has for which none was asked, and whose database shares none.
  std::int64_t unasked = 400;
};

}  // namespace halley::server
