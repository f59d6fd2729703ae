#include "native/request.h"

#include "http/message.h"

namespace halley::native {

std::string Request::target() const {
  std::string text = path + "?api-version=" + std::string(api_version);
  for (const auto& [name, value] : query) text += "&" + name + "=" + http::percent_encode(value);
  return text;
}

Request get(std::string path, std::string_view api_version) { return {"GET", std::move(path), {}, api_version, {}}; }

Request put(std::string path, std::string body, std::string_view api_version) {
  return {"PUT", std::move(path), std::move(body), api_version, {}};
}

Request patch(std::string path, std::string body, std::string_view api_version) {
  return {"PATCH", std::move(path), std::move(body), api_version, {}};
}

Request remove(std::string path) { return {"DELETE", std::move(path), {}, api::kGeneral, {}}; }

Request post(std::string path, std::string body) {
  return {"POST", std::move(path), std::move(body), api::kGeneral, {}};
}

}  // namespace halley::native
