// A request to Resource Manager, taken apart.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/listener.h"
#include "json/value.h"

namespace halley::arm {

struct Call {
  std::string method;
  std::vector<std::string> path;  // decoded segments
  std::vector<std::pair<std::string, std::string>> query;
  json::Value body;  // null when there is none
  std::string base;  // "https://host:port" by which it came

  std::string query_of(std::string_view name) const;
  std::string api_version() const { return query_of("api-version"); }
  // Whether the version of the API is this one or a later one. A preview has what is stable before it.
  bool has_version(std::string_view first) const { return api_version() >= first; }
  bool is_preview() const { return api_version().ends_with("-preview"); }

  // Whether the segments from `from` on are these words, without case; "*" is any one.
  bool matches(std::size_t from, std::initializer_list<std::string_view> words) const;
};

// Refuses with 400 what is not percent-encoded correctly, a body that is not JSON, and in both what is not UTF-8.
Result<Call> read_call(const http::ServerRequest& request);

// The path as it is sent, encoded.
std::string path_text(const std::vector<std::string>& segments);

// "West US" -> "westus": two names of one place are the same.
std::string short_name(std::string_view location);

}  // namespace halley::arm
