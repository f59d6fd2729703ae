// Requests to Resource Manager as values: they can be shown instead of sent.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace halley::native {

// The versions of the API that requests ask for: the one table of them (docs/resource-manager.md says what each is the
// first to know).
namespace api {
inline constexpr std::string_view kGeneral = "2024-05-15";
inline constexpr std::string_view kTimeToLive = "2024-08-15";           // restores with time to live turned off
inline constexpr std::string_view kAllVersions = "2024-12-01-preview";  // the all-versions change feed
inline constexpr std::string_view kLongTier = "2026-04-01-preview";     // Continuous35Days
}  // namespace api

struct Request {
  std::string method;  // upper-case
  std::string path;    // percent-encoded, from the root
  std::string body;    // JSON, or empty
  std::string_view api_version = api::kGeneral;
  std::vector<std::pair<std::string, std::string>> query;  // beside api-version; values not encoded yet

  bool asks_only = false;  // of a POST: it changes nothing

  // Whether sending it may change something.
  bool changes() const { return method != "GET" && !asks_only; }

  // The path with its query.
  std::string target() const;
};

Request get(std::string path, std::string_view api_version = api::kGeneral);
Request put(std::string path, std::string body, std::string_view api_version = api::kGeneral);
Request patch(std::string path, std::string body, std::string_view api_version = api::kGeneral);
Request remove(std::string path);
Request post(std::string path, std::string body);

}  // namespace halley::native
