#include "shop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <utility>

#include "base/check.h"
#include "repo/check.h"
#include "repo/coverage.h"
#include "server/engine.h"

namespace halley::crash {
namespace {

constexpr Second kStart{1'800'000'000};
constexpr std::string_view kPassword = "password";
constexpr const char* kNames[] = {"orders", "people"};

server::AccountOptions account_options(bool all_versions) {
  server::AccountOptions options;
  options.account_id = "shop";
  options.partitions = 2;
  options.all_versions_feed = all_versions;
  return options;
}

sim::DocumentName name_of(int number) { return {fmt::format(R"(["t{}"])", number % 3), fmt::format("d{}", number)}; }

void check_all(repo::Repository& repository) {
  repo::CheckOptions options;
  options.read_data = 1;
  const auto checked = repo::check(repository, options);
  ASSERT_TRUE(checked) << checked.error().to_string();
  for (const repo::Damage& damage : checked->damaged) ADD_FAILURE() << damage.object << ": " << damage.why;
}

void expect_nothing_twice(repo::Repository& repository, const repo::LaneState& lane) {
  auto stream = repository.versions(lane, {});
  ASSERT_TRUE(stream) << stream.error().to_string();
  std::set<std::string> seen;
  for (repo::Version version;;) {
    const auto more = (*stream)->next(version);
    ASSERT_TRUE(more) << more.error().to_string();
    if (!*more) break;
    const std::string what = fmt::format("{} {} {} {} {}", version.partition_key, version.id, version.etag,
                                         version.position.lsn, static_cast<int>(version.operation));
    EXPECT_TRUE(seen.insert(what).second) << "twice: " << what;
  }
  EXPECT_FALSE(seen.empty());
}

}  // namespace

bool tries_all() { return std::getenv("HALLEY_CRASH_ALL") != nullptr; }

std::filesystem::path quick_place() {
  return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
}

Shop::Shop(bool all_versions)
    : runtime_(kStart),
      account_(runtime_, account_options(all_versions)),
      transport_(account_),
      models_(kContainers, sim::Model(std::nullopt)) {
  CHECK(account_.engine().create_database("db"));
  for (const char* name : kNames) {
    const std::string definition =
        fmt::format(R"({{"id":"{}","partitionKey":{{"paths":["/pk"],"kind":"Hash","version":2}}}})", name);
    CHECK(account_.engine().create_container("db", definition));
  }
}

// So many letters that don't compress away.
std::string Shop::letters(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += static_cast<char>('a' + random_() % 26);
  return text;
}

void Shop::upsert(int container, int number) {
  const auto name = name_of(number);
  const std::string body = fmt::format(R"({{"id":"{}","pk":"t{}","n":{},"text":"{}"}})", name.second, number % 3,
                                       ++writes_, letters(200 - 10 * (number % 10)));
  CHECK(account_.engine().upsert("db", kNames[container], body));
  models_[static_cast<std::size_t>(container)].upsert(name, body, std::nullopt, now());
}

void Shop::remove(int container, int number) {
  const auto name = name_of(number);
  CHECK(account_.engine().remove_document("db", kNames[container], name.first, name.second));
  models_[static_cast<std::size_t>(container)].remove(name, now());
}

void Shop::trade() {
  const int first = 5 * rounds_++;
  for (int container = 0; container < kContainers; ++container) {
    for (int number = first; number < first + 8; ++number) upsert(container, number);
    changed_.push_back(now());
    account_.clock().advance(2);
    upsert(container, first + 1);
    remove(container, first + 2);
    remove(container, first + 4);
    changed_.push_back(now());
    account_.clock().advance(2);
    upsert(container, first + 2);
    remove(container, first + 6);
    changed_.push_back(now());
    account_.clock().advance(1);
  }
}

Result<std::unique_ptr<repo::Repository>> Shop::open(std::unique_ptr<store::ObjectStore> store) {
  repo::RepositoryOptions options;
  options.password_cost.n = 1 << 4;
  options.inline_bytes = 700;  // some segments ride in their commit, some are objects of their own
  options.rollup_every = 3;
  const auto there = store->size("halley.json");
  if (!there && there.error().code == Code::not_found) {
    return repo::Repository::create(runtime_, std::move(store), kPassword, options);
  }
  return repo::Repository::open(runtime_, std::move(store), kPassword, options);
}

Status Shop::pass(std::unique_ptr<store::ObjectStore> store) {
  ASSIGN(const auto repository, open(std::move(store)));
  cosmos::ClientOptions client_options;
  client_options.endpoint = "http://account.test/";
  client_options.key = account_.key();
  client_options.max_page_items = 4;
  ASSIGN(const auto client, cosmos::Client::create(runtime_, transport_, client_options));
  capture::BackupOptions options;
  options.flush_bytes = 1200;
  capture::BackupProgress progress;
  ASSIGN(const auto report, capture::backup(runtime_, *client, *repository, options, progress, {}));
  if (!report.incomplete.empty()) return fail(report.incomplete.front().error);
  if (!report.restorable_until) return fail(Code::internal, "a whole pass made nothing restorable");
  return note_promise(*repository);
}

Status Shop::note_promise(repo::Repository& repository) {
  promised_.clear();
  ASSIGN(const auto lanes, repository.lanes());
  for (const repo::LaneId& id : lanes) {
    if (id == repo::kAccountLane) continue;
    ASSIGN(const auto lane, repository.read_lane(id));
    const auto restorable = repo::restorable_seconds(lane);
    if (restorable.empty()) return fail(Code::internal, "a whole pass made nothing restorable");
    promised_[lane.identity.container] = restorable.back().until - 1;
  }
  return {};
}

void Shop::expect_undamaged(std::unique_ptr<store::ObjectStore> store) {
  const auto repository = open(std::move(store));
  ASSERT_TRUE(repository) << repository.error().to_string();
  check_all(**repository);
}

void Shop::expect_truth(std::unique_ptr<store::ObjectStore> store, const Promise& promised) {
  const auto repository = open(std::move(store));
  ASSERT_TRUE(repository) << repository.error().to_string();
  check_all(**repository);
  const auto lanes = (*repository)->lanes();
  ASSERT_TRUE(lanes);
  EXPECT_EQ(lanes->size(), 1U + kContainers);
  for (const repo::LaneId& id : *lanes) {
    if (id == repo::kAccountLane) continue;
    const auto lane = (*repository)->read_lane(id);
    ASSERT_TRUE(lane) << lane.error().to_string();
    expect_lane(**repository, *lane, promised);
    expect_nothing_twice(**repository, *lane);
  }
}

void Shop::expect_lane(repo::Repository& repository, const repo::LaneState& lane, const Promise& promised) {
  std::set<Second> moments;
  for (const Promise* promise : {&promised, &std::as_const(promised_)}) {
    const auto moment = promise->find(lane.identity.container);
    if (moment == promise->end()) continue;
    EXPECT_TRUE(repo::cut_at(lane, moment->second)) << "what was promised is gone";
    moments.insert(moment->second);
  }
  for (const Second second : changed_) {
    for (const std::int64_t step : {-1, 0, 1}) moments.insert(second + step);
  }
  for (const repo::Interval& interval : repo::restorable_seconds(lane)) {
    moments.insert(interval.from);
    moments.insert(interval.until - 1);
  }
  for (const Second moment : moments) expect_moment(repository, lane, moment);
}

void Shop::expect_moment(repo::Repository& repository, const repo::LaneState& lane, Second moment) {
  const auto cut = repo::cut_at(lane, moment);
  if (!cut) return;
  repo::ReadOptions options;
  options.cut = *cut;
  auto stream = repository.snapshot(lane, options);
  ASSERT_TRUE(stream) << stream.error().to_string();
  sim::Documents documents;
  for (repo::Version version;;) {
    const auto more = (*stream)->next(version);
    ASSERT_TRUE(more) << more.error().to_string();
    if (!*more) break;
    if (version.operation != repo::Operation::upsert) continue;
    documents.emplace(sim::DocumentName(version.partition_key, version.id), repo::body_text(version));
  }
  const sim::Model& model = models_[lane.identity.container == kNames[0] ? 0 : 1];
  const sim::Documents truth = model.at(moment);
  ++compared_;
  EXPECT_TRUE(documents == truth) << lane.identity.container << " at " << moment - kStart << " s\n"
                                  << model.history_of_differences(documents, truth, kStart);
}

Objects objects_of(store::ObjectStore& store) {
  Objects objects;
  const auto names = store.list("", "", 100'000);
  CHECK(names);
  for (const std::string& name : *names) objects.emplace(name, store.get_all(name).value());
  return objects;
}

void put_objects(const Objects& objects, store::ObjectStore& store) {
  for (const auto& [name, bytes] : objects) CHECK(store.put(name, bytes));
}

}  // namespace halley::crash
