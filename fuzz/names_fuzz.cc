// Names, keys, patterns and moments as command lines, paths and files have them.
#include <string>

#include "base/check.h"
#include "base/time.h"
#include "cli/operands.h"
#include "cosmos/name_pattern.h"
#include "cosmos/resource_path.h"
#include "fuzz/target.h"
#include "http/message.h"
#include "recovery/moment.h"
#include "recovery/restore.h"
#include "server/exchange.h"
#include "store/object_store.h"

namespace halley {
namespace {

constexpr Second kNow{1'800'000'000};
constexpr std::size_t kLongestFileName = 255;

// What is encoded is plain and comes back; what is decoded may be encoded again.
void check_percent(std::string_view text) {
  const std::string encoded = http::percent_encode(text);
  CHECK(encoded.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
        std::string::npos);
  CHECK(http::percent_decode(encoded) == text);
  if (const auto decoded = http::percent_decode(text)) {
    CHECK(http::percent_decode(http::percent_encode(*decoded)) == *decoded);
  }
}

void check_file_name(std::string_view name) {
  const std::string file = recovery::file_name_of(name);
  CHECK(file.size() < kLongestFileName && !file.starts_with('.') && file.find('/') == std::string::npos);
  CHECK(!file.ends_with(".json") && !file.ends_with(".ndjson"));
  const bool hashed = file.find("%~") != std::string::npos;
  CHECK(hashed || http::percent_decode(file) == name);
}

// What the client puts into a path is what the server finds in it.
void check_path(std::string_view name) {
  const std::string path = cosmos::resource_path({"dbs", name, "colls", "c", "docs", name}).encoded;
  const auto segments = server::split_target(path);
  CHECK(segments.has_value());
  if (name.empty()) return;
  CHECK(segments->size() == 6 && (*segments)[1] == name && (*segments)[5] == name);
}

void check_keys(const std::string& text) {
  const auto key = cli::parse_partition_key(text);
  if (!key) return;
  CHECK(cosmos::canonical_key(*key) == *key);
  CHECK(cosmos::canonical_key(cosmos::header_text(*key)) == *key);
  const cosmos::PartitionKeyDefinition definition{{{"pk"}, {"a", "b"}}, cosmos::KeyKind::multi_hash, 2, false};
  const auto effective = cosmos::effective_partition_key(definition, *key);
  if (!effective) return;
  CHECK(cosmos::epk_from_hex(cosmos::epk_to_hex(*effective)) == *effective);
}

void check_moments(std::string_view text) {
  const auto moment = recovery::parse_moment(kNow, text);
  if (moment && !moment->latest) CHECK(recovery::parse_moment(kNow, moment->text())->at == moment->at);
  if (const auto date = parse_http_date(text)) CHECK(parse_http_date(format_http_date(*date)) == *date);
}

}  // namespace

void fuzz_one(std::string_view input) {
  const std::string text(input);
  check_percent(input);
  check_file_name(input);
  check_path(input);
  check_keys(text);
  check_moments(input);
  const std::size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view name = input.substr(std::min(cut + 1, input.size()));
  (void)cosmos::matches_container(input.substr(0, cut), name, name);
  if (const auto container = cli::parse_container_name(text)) {
    CHECK(container->text() == text);
    if (text.find_first_of("*?") == std::string::npos) {
      CHECK(cosmos::matches_container(text, container->database, container->container));
    }
  }
  (void)store::check_name(input);
  (void)server::split_target(input);
}

}  // namespace halley
