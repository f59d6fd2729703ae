#include "identity/cloud.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/message.h"

namespace halley::identity {
namespace {

// The one table of the places of each cloud (docs/resource-manager.md, clouds).
struct Row {
  const char* name;
  const char* authority;
  const char* resource_manager;
  const char* cosmos_scope;
};
constexpr std::array<Row, 3> kClouds = {{
    {"AzureCloud", "https://login.microsoftonline.com", "https://management.azure.com",
     "https://cosmos.azure.com/.default"},
    {"AzureUSGovernment", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net",
     "https://cosmos.azure.us/.default"},
    {"AzureChinaCloud", "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn",
     "https://cosmos.azure.cn/.default"},
}};

Cloud cloud_of(const Row& row) { return {row.name, row.authority, row.resource_manager, row.cosmos_scope}; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == ':' || c == '[' || c == ']';
}

constexpr std::pair<std::string_view, std::string_view> kDefaultPorts[] = {{"https://", ":443"}, {"http://", ":80"}};

bool is_loopback(std::string_view authority) {
  return authority == "localhost" || authority.starts_with("localhost:") || authority.starts_with("127.") ||
         authority.starts_with("[::1]");
}

}  // namespace

std::string origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::size_t end = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  const std::string_view authority = url.substr(scheme + 3, end - scheme - 3);
  const bool plain = !authority.empty() && std::all_of(authority.begin(), authority.end(), is_host_character);
  if (!plain) return {};
  std::string_view origin = url.substr(0, end);
  for (const auto& [kind, port] : kDefaultPorts) {
    if (origin.starts_with(kind) && origin.ends_with(port)) origin.remove_suffix(port.size());
  }
  return std::string(origin);
}

Result<std::string> token_place(const std::string& text, const std::string& what) {
  std::string url = text.find("://") == std::string::npos ? "https://" + text : text;
  while (url.ends_with('/')) url.pop_back();
  const std::string origin = origin_of(url);
  if (origin.empty() || url.find_first_of("?# ") != std::string::npos) {
    return fail(Code::invalid_argument, what + ": '" + text + "' is not the URL of a service");
  }
  const bool safe = origin.starts_with("https://") || (origin.starts_with("http://") && is_loopback(origin.substr(7)));
  if (safe) return url;
  return fail(Code::invalid_argument, what + ": '" + text + "' would take secrets in the clear", "use an https:// URL");
}

Result<Cloud> find_cloud(const std::string& name_or_url) {
  std::string names;
  for (const Row& row : kClouds) {
    if (http::equal_ignoring_case(row.name, name_or_url)) return cloud_of(row);
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  if (name_or_url.find("://") == std::string::npos) {
    return fail(Code::invalid_argument, "no cloud is called '" + name_or_url + "'",
                "there are " + names + "; another one is named by the URL of its Resource Manager");
  }
  ASSIGN(const std::string url, token_place(name_or_url, "the cloud"));
  for (const Row& row : kClouds) {
    if (http::equal_ignoring_case(row.resource_manager, url)) return cloud_of(row);
  }
  return Cloud{url, kClouds[0].authority, url, kClouds[0].cosmos_scope};
}

}  // namespace halley::identity
