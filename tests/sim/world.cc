#include "world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "recovery/expiry.h"
#include "recovery/uncertain.h"
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

server::AccountOptions account_of(const WorldOptions& options) {
  server::AccountOptions account;
  account.account_id = "world";
  account.partitions = options.partitions;
  account.all_versions_feed = options.all_versions;
  return account;
}

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
      account_(runtime_, account_of(options)),
      transport_(account_),
      model_(options.default_ttl),
      writes_during_backup_(options.writes_during_backup) {
  transport_.before = [this](const http::Request& request) {
    const std::lock_guard lock(mutex_);
    while (writing_ && chance(writes_during_backup_)) write_one();
    if (writing_ && writes_during_backup_ > 0 && chance(0.1)) account_.clock().advance(1);
    sent_at = runtime_.steady_now();
    return refuse_feed(request);
  };
  // Time may move while a request is under way, when another thread sleeps: its round trip says so.
  transport_.after = [this](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    const auto date = parse_http_date(response.headers.get("Date"));
    if (date) response.headers.set("Date", format_http_date(*date + options_.date_skew));
    response.round_trip = std::chrono::ceil<Milliseconds>(runtime_.steady_now() - sent_at);
    return response;
  };
  CHECK(account_.engine().create_database(std::string(kDatabase)));
  CHECK(account_.engine().create_container(std::string(kDatabase), definition_of(options)));
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

// As a process of its own: a client that knows nothing of earlier passes.
void World::connect() {
  cosmos::ClientOptions options;
  options.endpoint = "http://account.test/";
  options.key = account_.key();
  options.max_page_items = 1 + options_.seed % 5;
  auto client = cosmos::Client::create(runtime_, transport_, options);
  CHECK(client);
  client_ = std::move(*client);
}

// The answer to a request of the all-versions feed that the account can't serve.
std::optional<testing::DirectTransport::Answer> World::refuse_feed(const http::Request& request) {
  if (request.headers.get("A-IM") != "Full-Fidelity Feed") return std::nullopt;
  const auto forgotten = forgotten_ranges_.find(request.headers.get("x-ms-documentdb-partitionkeyrangeid"));
  const bool from_now = request.headers.get("If-None-Match") == "*";
  if (feed_offered_ && from_now && forgotten != forgotten_ranges_.end()) forgotten_ranges_.erase(forgotten);
  if (feed_offered_ && (from_now || forgotten == forgotten_ranges_.end())) return std::nullopt;
  http::Response response;
  response.status = 400;
  response.headers.add("Date", format_http_date(now()));
  response.body = R"({"code":"BadRequest","message":"not to be had"})";
  return testing::DirectTransport::Answer(std::move(response));
}

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

void World::write_twice() {
  const std::lock_guard lock(mutex_);
  using Kind = server::ItemOperation::Kind;
  const DocumentName name = random_name();
  const Second before = now();
  std::vector<server::ItemOperation> operations;
  bool live = model_.is_live(name, before);
  for (std::size_t i = 0; i < 2 + pick(2); ++i) {
    server::ItemOperation operation;
    operation.id = name.second;
    if (live && chance(0.5)) {
      operation.kind = Kind::remove;
      model_.remove(name, before);
    } else {
      operation.kind = Kind::upsert;
      operation.body = body_of(name, std::nullopt);
      model_.upsert(name, operation.body, std::nullopt, before);
    }
    live = operation.kind == Kind::upsert;
    operations.push_back(std::move(operation));
  }
  const auto container = account_.engine().container(std::string(kDatabase), std::string(kContainer));
  CHECK(container);
  const auto done = (*container)->run_batch(name.first, std::move(operations));
  CHECK(done && done->results.back().status < 300);
}

void World::forget_feed() {
  const std::lock_guard lock(mutex_);
  const auto container = account_.engine().container(std::string(kDatabase), std::string(kContainer));
  CHECK(container);
  for (const server::RangeInfo& range : (*container)->ranges()) forgotten_ranges_.insert(range.id);
}

void World::offer_feed(bool offered) {
  const std::lock_guard lock(mutex_);
  feed_offered_ = offered;
}

void World::restore_in_place() {
  const std::lock_guard lock(mutex_);
  const auto container = account_.engine().container(std::string(kDatabase), std::string(kContainer));
  CHECK(container);
  const Second moment = now() - static_cast<std::int64_t>(1 + pick(40));
  (*container)->restore_in_place(moment);
  model_.restore_in_place(moment, now());
}

bool World::is_beyond_knowledge(const DocumentName& name, Second moment) const {
  const auto pass = std::find_if(passes_.begin(), passes_.end(),
                                 [&](const Pass& each) { return each.began <= moment && moment <= each.ended; });
  if (pass == passes_.end()) return false;
  if (model_.is_as_written_since(name, pass->began, moment) && model_.was_gone_within(name, moment, pass->ended)) {
    return true;
  }
  return pass + 1 == passes_.end() && model_.was_gone_within(name, pass->began, moment);
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
  connect();
  passes_.push_back({now(), {}});
  writing_ = true;
  auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
  writing_ = false;
  passes_.back().ended = now();
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
    text += fmt::format("{} {} operation {} ts {} since {} time {} position {}/{} {}\n", version.partition_key,
                        version.id, static_cast<int>(version.operation), version.ts - kStart, version.since - kStart,
                        version.time - kStart, version.position.epoch, version.position.lsn, version.body);
  }
  return text + model_.history_of_differences(restored, truth, kStart);
}

std::string World::describe() const {
  return fmt::format("seed {} all_versions {} partitions {} hierarchical {} ttl {} skew {} writes_during_backup {}",
                     options_.seed, options_.all_versions, options_.partitions, options_.hierarchical_key,
                     options_.default_ttl ? std::to_string(*options_.default_ttl) : "off", options_.date_skew,
                     options_.writes_during_backup) +
         fmt::format("\nreplay: HALLEY_SIM_SEED={} tests_sim --gtest_filter='{}.{}'", options_.seed,
                     ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name(),
                     ::testing::UnitTest::GetInstance()->current_test_info()->name());
}

namespace {

// The names whose documents differ between the two.
std::vector<DocumentName> differing(const Documents& restored, const Documents& truth) {
  std::vector<DocumentName> names;
  for (const auto& [name, body] : restored) {
    const auto was = truth.find(name);
    if (was == truth.end() || was->second != body) names.push_back(name);
  }
  for (const auto& [name, body] : truth) {
    if (restored.count(name) == 0) names.push_back(name);
  }
  return names;
}

// Whether all differences at a sync point are named as uncertain, or beyond knowledge; counts them.
bool is_explained(World& world, const repo::LaneState& lane, Second moment, const Documents& restored,
                  const Documents& truth, Truth& result) {
  const auto uncertain = recovery::uncertain_documents(world.repository(), lane, moment);
  CHECK(uncertain);
  std::set<DocumentName> named;
  for (const recovery::DocumentName& name : *uncertain) named.emplace(name.partition_key, name.id);
  result.documents += std::max(restored.size(), truth.size());
  result.uncertain += named.size();
  for (const DocumentName& name : differing(restored, truth)) {
    if (named.count(name) != 0) continue;
    if (!world.is_beyond_knowledge(name, moment)) return false;
    ++result.untold;
  }
  return true;
}

}  // namespace

Truth expect_truth(World& world, Second from) {
  const repo::LaneState lane = world.lane();
  Truth result;
  // Of long histories some of the exact seconds, others at each call; those where coverage begins and ends always.
  constexpr std::int64_t kMostSeconds = 60;
  const std::int64_t stride = 1 + (world.now() - from) / kMostSeconds;
  for (Second moment = from; moment < world.now() + 10; moment = moment + 1) {
    const auto cut = repo::cut_at(lane, moment);
    if (!cut) continue;
    const bool exact = cut->positions.empty();
    const bool inner = exact && repo::cut_at(lane, moment - 1) && repo::cut_at(lane, moment + 1);
    if (inner && (moment - from) % stride != world.now().value % stride) continue;
    const Documents restored = world.restored(lane, *cut, moment);
    const Documents truth = world.model().at(moment);
    ++(exact ? result.exact_seconds : result.sync_points);
    if (exact ? restored == truth : is_explained(world, lane, moment, restored, truth, result)) continue;
    ADD_FAILURE() << world.describe() << " at " << moment - from << " s:\n" << world.difference(lane, restored, truth);
    break;
  }
  return result;
}

}  // namespace halley::sim
