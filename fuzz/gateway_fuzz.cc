// HTTP requests to the embedded account: request line, header fields, an empty line, a body. Signed for it, so that
// what is behind the door is reached.
#include <memory>

#include "base/time.h"
#include "codec/base64.h"
#include "cosmos/signing.h"
#include "fuzz/target.h"
#include "server/emulator.h"
#include "server/engine.h"

namespace halley {
namespace {

constexpr std::string_view kContainer = R"({"id":"c","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";

std::unique_ptr<server::Account> make_account() {
  server::AccountOptions options;
  options.partitions = 2;
  auto account = std::make_unique<server::Account>(real_runtime(), options);
  (void)account->engine().create_database("d");
  (void)account->engine().create_container("d", kContainer);
  for (const char* id : {"1", "2", "3"}) {
    (void)account->engine().upsert("d", "c", std::string(R"({"id":")") + id + R"(","pk":")" + id + R"("})");
  }
  return account;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// What master_key_token() signs of a target.
cosmos::SignedResource signed_part(std::string_view target) {
  std::vector<std::string> segments;
  target = target.substr(0, target.find('?'));
  while (!target.empty()) {
    const std::size_t end = std::min(target.find('/'), target.size());
    if (end > 0) segments.push_back(http::percent_decode(target.substr(0, end)).value_or(""));
    target.remove_prefix(std::min(end + 1, target.size()));
  }
  return cosmos::signed_resource(segments);
}

void sign(std::string_view method, std::string_view target, http::Headers& headers) {
  static const std::string key = *codec::base64_decode(cosmos::kEmulatorKey);
  const std::string date = format_http_date(real_runtime().wall_second());
  const cosmos::SignedResource resource = signed_part(target);
  headers.set("x-ms-date", date);
  headers.set("authorization", cosmos::master_key_token(key, method, resource.type, resource.link, date));
}

}  // namespace

void fuzz_one(std::string_view input) {
  // A new account now and then: what one input leaves behind is part of the next one's world, but not for ever.
  static std::unique_ptr<server::Account> account;
  static int uses = 0;
  if (account == nullptr || ++uses % 500 == 0) account = make_account();
  const std::string_view first = take_line(input);
  const std::size_t space = std::min(first.find(' '), first.size());
  const std::string_view method = first.substr(0, space);
  const std::string_view target = first.substr(std::min(space + 1, first.size()));
  http::Headers headers;
  headers.add("host", "account.test");
  for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    headers.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 2, line.size()))));
  }
  if (headers.find("authorization") == nullptr) sign(method, target, headers);
  (void)account->handle({method, target, headers, input});
}

}  // namespace halley
