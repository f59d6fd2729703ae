#include "world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "capture/margins.h"
#include "server/engine.h"
#include "server/faults.h"
#include "server/topology.h"
#include "store/memory_store.h"

namespace halley::sim {
namespace {

constexpr std::string_view kDatabase = "shop";
constexpr std::array<std::string_view, 3> kContainers = {"orders", "users", "notes"};
constexpr std::string_view kPassword = "password";
constexpr std::size_t kMostRanges = 6;
constexpr std::array<std::string_view, 3> kRegions = {"West", "East", "North"};

std::string host_of(std::string_view region) { return fmt::format("{}.test", region); }

server::AccountOptions account_of(const WorldOptions& options) {
  server::AccountOptions account;
  account.account_id = "world";
  account.partitions = options.partitions;
  account.all_versions_feed = options.all_versions;
  account.throughput.limits = options.request_units > 0;
  if (account.throughput.limits) account.throughput.unasked = options.request_units;
  for (int i = 0; options.regions > 1 && i < options.regions; ++i) {
    account.regions.push_back(
        {std::string(kRegions[static_cast<std::size_t>(i)]), host_of(kRegions[static_cast<std::size_t>(i)])});
  }
  return account;
}

std::string definition_of(const WorldOptions& options, std::string_view name, TimeToLive default_ttl) {
  const std::string ttl = default_ttl ? fmt::format(R"(,"defaultTtl":{})", *default_ttl) : "";
  const std::string key = options.hierarchical_key ? R"({"paths":["/tenant","/user"],"kind":"MultiHash","version":2})"
                                                   : R"({"paths":["/tenant"],"kind":"Hash","version":2})";
  return fmt::format(R"({{"id":"{}","partitionKey":{}{}}})", name, key, ttl);
}

std::vector<std::string> path_of(std::string_view container) {
  return {"dbs", std::string(kDatabase), "colls", std::string(container)};
}

std::string pattern_of(std::string_view container) { return fmt::format("{}/{}", kDatabase, container); }

// The container that a request is about; empty: none.
std::string container_of(const http::Request& request) {
  const std::size_t colls = request.url.find("/colls/");
  if (colls == std::string::npos) return {};
  const std::size_t name = colls + std::string_view("/colls/").size();
  return request.url.substr(name, request.url.find('/', name) - name);
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      random_(options_.seed),
      runtime_(kStart, options_.seed),
      account_(runtime_, account_of(options_)),
      gateway_(account_),
      transport_(runtime_, gateway_, {options_.seed, Milliseconds(options_.seed % 7 == 0 ? 400 : 15)}),
      plan_(options_.faults ? options_.faults : std::make_shared<testing::FaultPlan>()),
      writing_pace_(options_.writing_pace) {
  if (std::getenv("HALLEY_SIM_TRACE") != nullptr) runtime_.print_notes();
  if (options_.regions > 1) write_region_ = kRegions[0];
  gateway_.before = [this](const http::Request& request) {
    lag(request);
    return refuse_feed(request);
  };
  gateway_.after = [this](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    const auto date = parse_http_date(response.headers.get("Date"));
    if (!date) return response;
    response.headers.set("Date", format_http_date(*date + options_.date_skew));
    note_feed(request, *date + options_.date_skew);
    return response;
  };
  transport_.alive = [this] { return live_through("request"); };
  CHECK(account_.engine().create_database(std::string(kDatabase)));
  for (int i = 0; i < options_.containers; ++i) make(kContainers[static_cast<std::size_t>(i)]);
  for (int i = 1; i < options_.regions; ++i) {
    account_.topology().set_behind(kRegions[static_cast<std::size_t>(i)], pick(4));
  }
  repo::RepositoryOptions repository_options;
  repository_options.password_cost.n = 1 << 4;
  repository_options.inline_bytes = options_.seed % 2 == 0 ? 0 : 4096;
  repository_options.rollup_every = 3;
  store_ = store::make_memory_store();
  CHECK(repo::Repository::create(runtime_, testing::share_store(store_), kPassword, repository_options));
  plan_->before = [this](std::string_view call, std::string_view name) {
    runtime_.yield();
    runtime_.note(fmt::format("store {} {}", call, name));
    if (!live_through(call)) plan_->crashed = true;
  };
  open_repository(repository_options);
}

World::~World() = default;

// Whether the process lives on through this call.
bool World::live_through(std::string_view call) {
  if (dies_at_ == 0) return true;
  if (++calls_ < dies_at_) return true;
  if (!died_) runtime_.note(fmt::format("the process dies at a {}", call));
  died_ = true;
  end_.request_stop();
  return false;
}

// As a process of its own: a client that knows nothing of earlier passes.
void World::connect() {
  cosmos::ClientOptions options;
  options.endpoint = "http://account.test/";
  options.key = account_.key();
  options.max_page_items = 1 + options_.seed % 5;
  options.attempt_timeout = Milliseconds(2000);
  if (options_.regions > 1 && options_.seed % 3 != 0) options.preferred_regions = {std::string(kRegions[1])};
  auto client = cosmos::Client::create(runtime_, transport_, options);
  CHECK(client);
  client_ = std::move(*client);
}

// A replica answers a change feed that lacks some of what was written so lately that the margin covers it.
void World::lag(const http::Request& request) {
  server::Topology& topology = account_.topology();
  if (!lagging_.empty()) topology.set_behind(std::exchange(lagging_, {}), 0);
  const std::string name = container_of(request);
  if (options_.weather.lag == 0 || calm_ || name.empty() || request.headers.get("A-IM").empty()) return;
  const std::string id(request.headers.get("x-ms-documentdb-partitionkeyrangeid"));
  const auto found = account_.engine().container(std::string(kDatabase), name);
  if (!found) return;
  const Second margin = now() - (capture::kCoverageMarginSeconds - options_.date_skew);
  for (const server::RangeInfo& range : (*found)->ranges()) {
    auto& log = logs_[{(*found)->rid(), range.id}];
    log.push_back({now(), range.lsn});
    while (log.front().at < margin) log.pop_front();
    const std::uint64_t late = range.lsn - std::min(range.lsn, log.front().lsn);
    if (range.id != id || late == 0 || !chance(options_.weather.lag)) continue;
    lagging_ = write_region_;
    topology.set_behind(lagging_, 1 + pick(late));
    runtime_.note("a replica lags");
  }
}

void World::finish_moves() {
  for (const Incarnation& each : incarnations_) {
    if (!each.dropped) static_cast<void>(stored(each)->finish_move());  // there may be none
  }
}

void World::note_feed(const http::Request& request, Second date) {
  if (request.headers.get("A-IM") != "Incremental feed" || request.url.find("/docs") == std::string::npos) return;
  const std::string name = container_of(request);
  for (Incarnation& each : incarnations_) {
    if (each.name == name && !each.dropped) each.base_read = date;
  }
}

// The answer to a request of the all-versions feed that the account can't serve.
std::optional<testing::DirectTransport::Answer> World::refuse_feed(const http::Request& request) {
  if (request.headers.get("A-IM") != "Full-Fidelity Feed") return std::nullopt;
  const auto forgotten = forgotten_ranges_.find(
      {container_of(request), std::string(request.headers.get("x-ms-documentdb-partitionkeyrangeid"))});
  const bool from_now = request.headers.get("If-None-Match") == "*";
  if (feed_offered_ && from_now && forgotten != forgotten_ranges_.end()) forgotten_ranges_.erase(forgotten);
  if (feed_offered_ && (from_now || forgotten == forgotten_ranges_.end())) return std::nullopt;
  http::Response response;
  response.status = 400;
  response.headers.add("Date", format_http_date(now()));
  response.body = R"({"code":"BadRequest","message":"not to be had"})";
  return testing::DirectTransport::Answer(std::move(response));
}

void World::open_repository(const repo::RepositoryOptions& options) {
  auto repository = repo::Repository::open(runtime_, testing::make_faulty_store(store_, plan_), kPassword, options);
  CHECK(repository);
  repository_ = std::move(*repository);
}

void World::restart() {
  dies_at_ = 0;
  plan_->at = 0;
  plan_->crashed = false;
  repo::RepositoryOptions options;
  options.inline_bytes = options_.seed % 2 == 0 ? 0 : 4096;
  options.rollup_every = 3;
  open_repository(options);
}

Second World::now() { return account_.clock().now(); }

std::size_t World::pick(std::size_t below) { return random_() % below; }
bool World::chance(double probability) {
  return probability > 0 && static_cast<double>(random_() >> 11) / static_cast<double>(1ULL << 53) < probability;
}

Incarnation* World::any_container() {
  std::vector<Incarnation*> living;
  for (Incarnation& each : incarnations_) {
    if (!each.dropped) living.push_back(&each);
  }
  return living.empty() ? nullptr : living[pick(living.size())];
}

std::shared_ptr<server::Container> World::stored(const Incarnation& container) {
  const auto found = account_.engine().container(std::string(kDatabase), container.name);
  CHECK(found);
  return *found;
}

void World::make(std::string_view name) {
  CHECK(
      account_.engine().create_container(std::string(kDatabase), definition_of(options_, name, options_.default_ttl)));
  incarnations_.push_back({std::string(name), {}, Model(options_.default_ttl), now()});
  incarnations_.back().rid = stored(incarnations_.back())->rid();
  runtime_.note(fmt::format("{} is made", name));
}

void World::drop_or_make() {
  const auto is_there = [&](std::string_view name) {
    return std::any_of(incarnations_.begin(), incarnations_.end(),
                       [&](const Incarnation& each) { return each.name == name && !each.dropped; });
  };
  for (int i = 0; i < options_.containers; ++i) {
    const std::string_view name = kContainers[static_cast<std::size_t>(i)];
    if (!is_there(name)) return make(name);
  }
  Incarnation& container = *any_container();
  CHECK(account_.engine().remove(path_of(container.name)));
  container.dropped = now();
  std::erase_if(forgotten_ranges_, [&](const auto& range) { return range.first == container.name; });
  runtime_.note(fmt::format("{} is dropped", container.name));
  if (chance(0.5)) make(container.name);
}

DocumentName World::random_name() {
  const std::string tenant = fmt::format(R"("t{}")", pick(6));
  const std::string key = options_.hierarchical_key ? fmt::format("[{},{}]", tenant, pick(3)) : "[" + tenant + "]";
  return {key, fmt::format("d{}", pick(8))};
}

std::string World::body_of(const DocumentName& name, TimeToLive ttl) {
  const json::Value key = *json::parse(name.first);
  std::string body = fmt::format(R"({{"id":"{}","tenant":{})", name.second, key.items()[0].to_text());
  if (options_.hierarchical_key) body += fmt::format(R"(,"user":{})", key.items()[1].to_text());
  if (ttl) body += fmt::format(R"(,"ttl":{})", *ttl);
  return body + fmt::format(R"(,"n":{}}})", ++writes_);
}

void World::write_one() {
  Incarnation* const container = any_container();
  if (container == nullptr) return;
  const DocumentName name = random_name();
  const Second before = now();
  Model& model = container->model;
  if (model.is_live(name, before) && chance(0.4)) {
    // After the clock was set back it may have been purged already.
    if (account_.engine().remove_document(std::string(kDatabase), container->name, name.first, name.second)) {
      model.remove(name, before);
    }
    return;
  }
  TimeToLive ttl;
  if (model.default_ttl() && chance(0.5)) ttl = static_cast<std::int64_t>(1 + pick(30));
  const std::string body = body_of(name, ttl);
  CHECK(account_.engine().upsert(std::string(kDatabase), container->name, body));
  model.upsert(name, body, ttl, before);
}

void World::write_twice() {
  using Kind = server::ItemOperation::Kind;
  Incarnation* const container = any_container();
  if (container == nullptr) return;
  const DocumentName name = random_name();
  const Second before = now();
  std::vector<server::ItemOperation> operations;
  bool live = container->model.is_live(name, before) && is_stored(*container, name);
  for (std::size_t i = 0; i < 2 + pick(2); ++i) {
    server::ItemOperation operation;
    operation.id = name.second;
    if (live && chance(0.5)) {
      operation.kind = Kind::remove;
      container->model.remove(name, before);
    } else {
      operation.kind = Kind::upsert;
      operation.body = body_of(name, std::nullopt);
      container->model.upsert(name, operation.body, std::nullopt, before);
    }
    live = operation.kind == Kind::upsert;
    operations.push_back(std::move(operation));
  }
  const auto done = stored(*container)->run_batch(name.first, std::move(operations));
  CHECK(done && done->results.back().status < 300);
}

void World::forget_feed() {
  const Incarnation* const container = any_container();
  if (container == nullptr) return;
  for (const server::RangeInfo& range : stored(*container)->ranges()) {
    forgotten_ranges_.emplace(container->name, range.id);
  }
}

void World::offer_feed(bool offered) { feed_offered_ = offered; }

bool World::restore_in_place() {
  Incarnation* const container = any_container();
  if (container == nullptr) return true;
  const Second moment = now() - static_cast<std::int64_t>(1 + pick(40));
  const auto before = stored(*container)->ranges();
  stored(*container)->restore_in_place(moment);
  container->model.restore_in_place(moment, now());
  container->restored = now();
  const auto after = stored(*container)->ranges();
  bool told = true;
  for (const repo::RangeState& captured : lane(*container).ranges) {
    const std::uint64_t stands = cosmos::position_of(captured.feed).value_or(0);
    for (std::size_t i = 0; !captured.feed.empty() && i < after.size(); ++i) {
      if (!after[i].range.overlaps(captured.range) || after[i].lsn == before[i].lsn) continue;
      told = told && (after[i].lsn < stands || before[i].lsn <= stands);
    }
  }
  return told;
}

// Whether a document is held, expired or not.
bool World::is_stored(const Incarnation& container, const DocumentName& name) {
  const auto documents = stored(container)->live_documents();
  return std::any_of(documents.begin(), documents.end(),
                     [&](const auto& document) { return document->key == name.first && document->id == name.second; });
}

void World::set_default_ttl(TimeToLive ttl) {
  Incarnation* const container = any_container();
  if (container == nullptr) return;
  stored(*container)->set_ttl({});  // without expiry all that is stored is live
  std::set<DocumentName> left;
  for (const auto& document : stored(*container)->live_documents()) left.emplace(document->key, document->id);
  CHECK(
      account_.engine().replace(path_of(container->name), *json::parse(definition_of(options_, container->name, ttl))));
  container->model.set_default_ttl(ttl, now(), [&](const DocumentName& name) { return left.count(name) != 0; });
  runtime_.note(fmt::format("defaultTtl of {} is {} now", container->name, ttl ? std::to_string(*ttl) : "off"));
}

void World::step_clock(std::int64_t seconds) {
  for (Incarnation& each : incarnations_) each.model.set_clock(now(), now() + seconds);
  if (seconds < 0) twice_.push_back({now() + seconds, now()});
  if (!passes_.empty() && passes_.back().running) {
    passes_.back().reach(now());
    passes_.back().reach(now() + seconds);
  }
  account_.clock().advance(seconds);
  runtime_.note(fmt::format("the clock steps by {} s", seconds));
}

void World::change_script() {
  const Incarnation* const container = any_container();
  if (container == nullptr) return;
  const auto text = fmt::format(R"({{"id":"p","body":"function(){{return {}}}"}})", ++writes_);
  std::vector<std::string> path = path_of(container->name);
  (void)account_.engine().create(path, server::ResourceKind::sproc, *json::parse(text));
  path.insert(path.end(), {"sprocs", "p"});
  CHECK(account_.engine().replace(path, *json::parse(text)));
}

void World::arm(const std::vector<std::string>& faults) {
  for (const std::string& text : faults) {
    const auto fault = server::parse_fault(*json::parse(text));
    CHECK(fault);
    account_.faults().arm(*fault);
    std::string name(server::fault_kind_name(fault->kind));
    if (fault->kind == server::Fault::Kind::status) name = fmt::format("{}/{}", fault->status, fault->sub_status);
    armed_.push_back(name + (fault->processed ? " done" : ""));
  }
}

void World::calm() {
  static_cast<void>(struck());
  finish_moves();
  calm_ = true;
  writing_pace_ = Milliseconds(0);
  account_.faults().clear();
  for (const Incarnation& each : incarnations_) {
    if (!each.dropped) stored(each)->budget().set_limit(0);
  }
  for (int i = 0; i < options_.regions; ++i) {
    account_.topology().set_state(kRegions[static_cast<std::size_t>(i)], server::Topology::State::up);
  }
}

const std::map<std::string, std::uint64_t>& World::struck() {
  if (calm_) return struck_;
  struck_.clear();
  const json::Value faults = *json::parse(account_.faults().describe());
  const auto& items = faults.find("faults")->items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    struck_[armed_.at(i)] += static_cast<std::uint64_t>(items[i].find("struck")->as_integer().value_or(0));
  }
  return struck_;
}

bool World::is_beyond_knowledge(const Incarnation& container, const DocumentName& name, Second moment) const {
  const Model& model = container.model;
  const auto looked = [&](const Pass& pass) {
    const bool in_time = !container.restored || pass.ended < *container.restored;  // what was deleted is back then
    return pass.whole && in_time && (!container.dropped || pass.ended < *container.dropped) &&
           pass.takes_in(container.name);
  };
  // One pass may end in the second in which the next begins; one that died at its end has left its sync point.
  for (auto pass = passes_.begin(); pass != passes_.end(); ++pass) {
    if (moment < pass->began || pass->ended < moment) continue;
    if (model.is_as_written_since(name, pass->began, moment) && model.was_gone_within(name, moment, pass->ended)) {
      return true;
    }
    const bool newest = std::none_of(pass + 1, passes_.end(), looked);
    if (newest && model.was_gone_within(name, pass->began, moment)) return true;
  }
  return false;
}

bool World::Pass::takes_in(std::string_view container) const {
  return std::find(left_out.begin(), left_out.end(), pattern_of(container)) == left_out.end();
}

bool World::was_left_out_until(const Incarnation& container, Second moment) const {
  return options_.left_out > 0 && std::none_of(passes_.begin(), passes_.end(), [&](const Pass& pass) {
           return pass.began <= moment && pass.whole && pass.takes_in(container.name);
         });
}

bool World::came_twice(Second moment) const {
  return std::any_of(twice_.begin(), twice_.end(),
                     [&](const Pass& span) { return span.began <= moment && moment <= span.ended; });
}

Second World::newest_second() {
  Second newest = now();
  for (const Pass& span : twice_) newest = std::max(newest, span.ended);
  return newest + options_.date_skew;
}

void World::change() {
  if (chance(0.25)) {
    account_.clock().advance(static_cast<std::int64_t>(1 + pick(4)));
  } else {
    write_one();
  }
}

void World::split() {
  const Incarnation* const container = any_container();
  if (container == nullptr) return;
  static_cast<void>(stored(*container)->finish_move());  // if there is one
  const auto ranges = stored(*container)->ranges();
  if (ranges.size() >= kMostRanges) return;
  const std::string& range = ranges[pick(ranges.size())].id;
  const bool held = chance(options_.weather.held) && stored(*container)->begin_split(range, {}, 1 + pick(4));
  if (!held) CHECK(stored(*container)->split(range));
  runtime_.note(held ? "a split is under way" : "a partition is split");
}

void World::merge() {
  const Incarnation* const container = any_container();
  if (container == nullptr) return;
  static_cast<void>(stored(*container)->finish_move());  // if there is one
  const auto ranges = stored(*container)->ranges();
  if (ranges.size() < 2) return;
  const std::size_t left = pick(ranges.size() - 1);
  const std::string& one = ranges[left].id;
  const std::string& other = ranges[left + 1].id;
  const bool held = chance(options_.weather.held) && stored(*container)->begin_merge(one, other, 1 + pick(4));
  if (!held) CHECK(stored(*container)->merge(one, other));
  runtime_.note(held ? "a merge is under way" : "two partitions are merged");
}

// What befalls the world besides its writer.
void World::weather() {
  const Weather& weather = options_.weather;
  if (chance(weather.split)) split();
  if (chance(weather.merge)) merge();
  if (chance(weather.drop)) drop_or_make();
  if (chance(weather.clock_step)) {
    const auto span = static_cast<std::size_t>(2 * weather.clock_steps + 1);
    step_clock(static_cast<std::int64_t>(pick(span)) - weather.clock_steps);
  }
  if (options_.regions < 2) return;
  server::Topology& topology = account_.topology();
  const std::string_view region = kRegions[pick(static_cast<std::size_t>(options_.regions))];
  if (chance(weather.failover)) {
    for (int i = 0; i < options_.regions; ++i) {
      topology.set_behind(kRegions[static_cast<std::size_t>(i)],
                          kRegions[static_cast<std::size_t>(i)] == region ? 0 : pick(4));
    }
    topology.set_write_region(region);
    write_region_ = region;
    runtime_.note(fmt::format("{} takes the writes", region));
  }
  for (int i = 0; i < options_.regions; ++i) {
    topology.set_state(kRegions[static_cast<std::size_t>(i)], server::Topology::State::up);
  }
  if (chance(weather.region_down)) topology.set_state(region, server::Topology::State::down);
  if (region != write_region_ && chance(weather.region_removed)) {
    topology.set_state(region, server::Topology::State::removed);
  }
}

// The writer of a pass: often it writes quickly, now and then it rests.
void World::write_on(const std::stop_token& stop) {
  while (true) {
    const auto longest = static_cast<std::size_t>(writing_pace_.count());
    const std::size_t pause = chance(0.4) ? pick(1 + longest / 40) : pick(1 + longest);
    if (!runtime_.sleep(Milliseconds(pause), stop)) return;
    if (chance(0.1)) account_.clock().advance(1);
    write_one();
    weather();
  }
}

Result<capture::BackupReport> World::backup(bool wait, std::uint64_t dies_at) {
  capture::BackupOptions options;
  options.wait = wait;
  options.flush_bytes = 600 * (1 + options_.seed % 3);
  options.ranges_at_once = static_cast<unsigned>(1 + options_.seed % 3);
  if (!calm_ && chance(options_.latest_mode)) options.mode = capture::ModeChoice::latest;
  for (int i = 1; !calm_ && i < options_.containers; ++i) {
    if (chance(options_.left_out)) options.exclude.push_back(pattern_of(kContainers[static_cast<std::size_t>(i)]));
  }
  capture::BackupProgress progress;
  connect();
  calls_ = 0;
  dies_at_ = dies_at;
  died_ = false;
  end_ = std::stop_source();
  passes_.push_back({now(), now(), false, true, options.exclude});
  Thread writer;
  if (writing_pace_.count() > 0) {
    writer = *runtime_.start_thread("writer", [this](const std::stop_token& stop) { write_on(stop); });
  }
  auto report = capture::backup(runtime_, *client_, *repository_, options, progress, end_.get_token());
  writer = Thread();
  dies_at_ = 0;
  passes_.back().reach(now());
  passes_.back().running = false;
  passes_.back().whole = report && report->incomplete.empty();
  runtime_.note(!report                      ? report.error().to_string()
                : report->incomplete.empty() ? "the pass is whole"
                                             : report->incomplete.front().error.to_string());
  if (died_) restart();
  return report;
}

std::map<std::string, repo::LaneState> World::lanes() {
  std::map<std::string, repo::LaneState> lanes;
  const auto ids = repository_->lanes();
  CHECK(ids);
  for (const repo::LaneId& id : *ids) {
    auto lane = repository_->read_lane(id);
    CHECK(lane);
    lanes.emplace(lane->identity.container_rid, std::move(*lane));
  }
  return lanes;
}

std::string World::history_of(const Incarnation& container, const std::set<DocumentName>& names) {
  const repo::LaneState lane = this->lane(container);
  std::string text = container.name + fmt::format(" made at {} s", container.made - kStart) +
                     (container.dropped ? fmt::format(", dropped at {} s\n", *container.dropped - kStart) : "\n");
  for (const repo::ExactInterval& exact : lane.exact) {
    text += fmt::format("exact [{}, {}) {} to {} s\n", cosmos::epk_to_hex(exact.range.min),
                        cosmos::epk_to_hex(exact.range.max), exact.from - kStart, exact.until - kStart);
  }
  for (const repo::Event& event : lane.events) {
    text += fmt::format("event at {} s: {} {}\n", event.at - kStart, event.kind, event.text);
  }
  for (const Pass& pass : passes_) {
    text += fmt::format("pass {} to {} s {}\n", pass.began - kStart, pass.ended - kStart, pass.whole ? "whole" : "");
  }
  auto stream = repository_->versions(lane, {});
  repo::Version version;
  while (*(*stream)->next(version)) {
    if (names.count({std::string(version.partition_key), std::string(version.id)}) == 0) continue;
    text += fmt::format("{} {} operation {} ts {} since {} time {} position {}/{} {}\n", version.partition_key,
                        version.id, static_cast<int>(version.operation), version.ts - kStart, version.since - kStart,
                        version.time - kStart, version.position.epoch, version.position.lsn, version.body);
  }
  text += container.model.rules(kStart);
  for (const DocumentName& name : names) text += container.model.history_of(name, kStart);
  return text;
}

std::string World::describe() const {
  return fmt::format("all_versions {} containers {} partitions {} regions {} hierarchical {} ttl {} skew {} pace {} ms",
                     options_.all_versions, options_.containers, options_.partitions, options_.regions,
                     options_.hierarchical_key, options_.default_ttl ? std::to_string(*options_.default_ttl) : "off",
                     options_.date_skew, options_.writing_pace.count()) +
         fmt::format("\nreplay: ./dev sim --world {} --seed {}\n", options_.kind, options_.seed);
}

}  // namespace halley::sim
