#include "world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "recovery/expiry.h"
#include "repo/coverage.h"
#include "repo/definitions.h"
#include "server/engine.h"
#include "store/memory_store.h"

namespace halley::sim {
namespace {

constexpr Second kStart{1'800'000'000};
constexpr std::string_view kDatabase = "shop";
constexpr std::string_view kContainer = "orders";
constexpr std::string_view kPassword = "password";

thread_local SteadyTime sent_at;  // of the request this thread waits for

std::string definition_of(const WorldOptions& options) {
  const std::string ttl = options.default_ttl ? fmt::format(R"(,"defaultTtl":{})", *options.default_ttl) : "";
  const std::string key = options.hierarchical_key ? R"({"paths":["/tenant","/user"],"kind":"MultiHash","version":2})"
                                                   : R"({"paths":["/tenant"],"kind":"Hash","version":2})";
  return fmt::format(R"({{"id":"{}","partitionKey":{}{}}})", kContainer, key, ttl);
}

}  // namespace

World::World(WorldOptions options)
    : options_(options),
      random_(options.seed),
      runtime_(kStart, mutex_),
      account_(runtime_, {.account_id = "world",
                          .key = {},
                          .partitions = options.partitions,
                          .all_versions_feed = options.all_versions}),
      transport_(account_),
      model_(options.default_ttl) {
  transport_.before = [this](const http::Request&) -> std::optional<testing::DirectTransport::Answer> {
    const std::lock_guard lock(mutex_);
    while (writing_ && chance(options_.writes_during_backup)) write_one();
    sent_at = runtime_.steady_now();
    return std::nullopt;
  };
  // Time may move while a request is under way, when another thread sleeps: its round trip says so.
  transport_.after = [this](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    response.round_trip = std::chrono::ceil<Milliseconds>(runtime_.steady_now() - sent_at);
    return response;
  };
  CHECK(account_.engine().create_database(std::string(kDatabase)));
  CHECK(account_.engine().create_container(std::string(kDatabase), definition_of(options)));
  auto client = cosmos::Client::create(
      runtime_, transport_,
      {.endpoint = "http://account.test/", .key = account_.key(), .max_page_items = 1 + options.seed % 5});
  CHECK(client);
  client_ = std::move(*client);
  repo::RepositoryOptions repository_options;
  repository_options.password_cost.n = 1 << 10;
  repository_options.inline_bytes = options.seed % 2 == 0 ? 0 : 4096;
  repository_options.rollup_every = 3;
  store_ = store::make_memory_store();
  auto repository = repo::Repository::create(runtime_, testing::share_store(store_), kPassword, repository_options);
  CHECK(repository);
  repository_ = std::move(*repository);
  if (options_.faults) open_repository(testing::make_faulty_store(store_, options_.faults), repository_options);
}

World::~World() = default;

void World::open_repository(std::unique_ptr<store::ObjectStore> store, const repo::RepositoryOptions& options) {
  auto repository = repo::Repository::open(runtime_, std::move(store), kPassword, options);
  CHECK(repository);
  repository_ = std::move(*repository);
}

void World::restart() { open_repository(testing::share_store(store_), {}); }

Second World::now() { return account_.clock().now(); }

std::size_t World::pick(std::size_t below) { return random_() % below; }
bool World::chance(double probability) { return std::uniform_real_distribution<double>(0, 1)(random_) < probability; }

DocumentName World::random_name() {
  const std::string tenant = fmt::format(R"("t{}")", pick(6));
  const std::string key = options_.hierarchical_key ? fmt::format("[{},{}]", tenant, pick(3)) : "[" + tenant + "]";
  return {key, fmt::format("d{}", pick(8))};
}

std::string World::body_of(const DocumentName& name, std::optional<std::int64_t> ttl) {
  const json::Value key = *json::parse(name.first);
  std::string body = fmt::format(R"({{"id":"{}","tenant":{})", name.second, key.items()[0].to_text());
  if (options_.hierarchical_key) body += fmt::format(R"(,"user":{})", key.items()[1].to_text());
  if (ttl) body += fmt::format(R"(,"ttl":{})", *ttl);
  return body + fmt::format(R"(,"n":{}}})", ++writes_);
}

void World::write_one() {
  const DocumentName name = random_name();
  const Second before = now();
  if (model_.is_live(name, before) && chance(0.4)) {
    CHECK(account_.engine().remove_document(std::string(kDatabase), std::string(kContainer), name.first, name.second));
    model_.remove(name, before);
  } else {
    std::optional<std::int64_t> ttl;
    if (options_.default_ttl && chance(0.5)) ttl = static_cast<std::int64_t>(1 + pick(30));
    const std::string body = body_of(name, ttl);
    CHECK(account_.engine().upsert(std::string(kDatabase), std::string(kContainer), body));
    model_.upsert(name, body, ttl, before);
  }
}

void World::change() {
  const std::lock_guard lock(mutex_);
  if (chance(0.25)) {
    account_.clock().advance(static_cast<std::int64_t>(1 + pick(4)));
  } else {
    write_one();
  }
}

void World::split() {
  const std::lock_guard lock(mutex_);
  const auto container = account_.engine().container(std::string(kDatabase), std::string(kContainer));
  CHECK(container);
  const auto ranges = (*container)->ranges();
  if (ranges.size() < 6) CHECK((*container)->split(ranges[pick(ranges.size())].id));
}

Result<capture::BackupReport> World::backup(bool wait) {
  capture::BackupOptions options;
  options.wait = wait;
  options.flush_bytes = 600 * (1 + options_.seed % 3);
  options.ranges_at_once = static_cast<unsigned>(1 + options_.seed % 3);
  capture::BackupProgress progress;
  writing_ = true;
  auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
  writing_ = false;
  return report;
}

repo::LaneState World::lane() {
  const auto account = repository_->read_lane(repo::LaneId(repo::kAccountLane));
  CHECK(account);
  const auto definitions = repo::read_definitions(*repository_, *account, {});
  CHECK(definitions);
  const repo::Definition* database = nullptr;
  const repo::Definition* container = nullptr;
  for (const repo::Definition& definition : *definitions) {
    if (definition.key.kind == repo::DefinitionKind::database) database = &definition;
    if (definition.key.kind == repo::DefinitionKind::container) container = &definition;
  }
  CHECK(database != nullptr && container != nullptr);
  auto lane = repository_->read_lane(repo::lane_of("world", *database, *container));
  CHECK(lane);
  return std::move(*lane);
}

Documents World::restored(const repo::LaneState& lane, const repo::Cut& cut, Second moment) {
  repo::ReadOptions options;
  options.cut = cut;
  auto stream = repository_->snapshot(lane, options);
  CHECK(stream);
  const auto rule = recovery::ExpiryRule::of(*json::parse(definition_of(options_)));
  Documents documents;
  repo::Version version;
  while (true) {
    const auto more = (*stream)->next(version);
    CHECK(more);
    if (!*more) return documents;
    if (version.operation != repo::Operation::upsert) continue;
    const auto expired = recovery::is_expired(rule, version.ts, version.body, moment);
    CHECK(expired);
    if (!*expired) {
      documents.emplace(DocumentName(version.partition_key, version.id), repo::body_text(version));
    }
  }
}

std::string World::difference(const repo::LaneState& lane, const Documents& restored, const Documents& truth) {
  std::string text;
  for (const repo::ExactInterval& exact : lane.exact) {
    text +=
        fmt::format("exact [{}, {}) {} s\n", cosmos::epk_to_hex(exact.range.min), cosmos::epk_to_hex(exact.range.max),
                    fmt::format("{} to {}", exact.from - kStart, exact.until - kStart));
  }
  auto stream = repository_->versions(lane, {});
  repo::Version version;
  while (*(*stream)->next(version)) {
    const DocumentName name(version.partition_key, version.id);
    const auto was = truth.find(name);
    const auto is = restored.find(name);
    const bool same =
        (was == truth.end()) == (is == restored.end()) && (was == truth.end() || was->second == is->second);
    if (same) continue;
    text += fmt::format("{} {} operation {} ts {} time {} position {}/{} {}\n", version.partition_key, version.id,
                        static_cast<int>(version.operation), version.ts - kStart, version.time - kStart,
                        version.position.epoch, version.position.lsn, version.body);
  }
  return text + model_.history_of_differences(restored, truth, kStart);
}

std::string World::describe() const {
  return fmt::format("seed {} all_versions {} partitions {} hierarchical {} ttl {} writes_during_backup {}",
                     options_.seed, options_.all_versions, options_.partitions, options_.hierarchical_key,
                     options_.default_ttl ? std::to_string(*options_.default_ttl) : "off",
                     options_.writes_during_backup);
}

std::size_t expect_truth(World& world, Second from) {
  const repo::LaneState lane = world.lane();
  std::size_t offered = 0;
  for (Second moment = from; moment < world.now() + 10; moment = moment + 1) {
    const auto cut = repo::cut_at(lane, moment);
    if (!cut) continue;
    ++offered;
    const Documents restored = world.restored(lane, *cut, moment);
    const Documents truth = world.model().at(moment);
    if (restored == truth) continue;
    ADD_FAILURE() << world.describe() << " at " << moment - from << " s:\n" << world.difference(lane, restored, truth);
    break;
  }
  return offered;
}

}  // namespace halley::sim
