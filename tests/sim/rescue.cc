#include "rescue.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "json/document_scanner.h"
#include "json/structure.h"
#include "recovery/documents.h"
#include "recovery/plan.h"
#include "recovery/restore.h"
#include "repo/coverage.h"
#include "server/engine.h"
#include "server/faults.h"
#include "server/topology.h"

namespace halley::sim {
namespace {

// The account that is restored into, and the way there.
class Target {
 public:
  explicit Target(World& world)
      : world_(world),
        account_(world.runtime(), options(world)),
        gateway_(account_),
        transport_(world.runtime(), gateway_, {world.options().seed + 1, Milliseconds(15)}),
        merges_(world.chance(0.5)) {
    transport_.alive = [this] { return lives_on(); };
  }

  void arm(const std::vector<std::string>& faults) {
    for (const std::string& text : faults) account_.faults().arm(*server::parse_fault(*json::parse(text)));
  }
  void calm() {
    account_.faults().clear();
    dies_at_ = 0;
  }
  void die_at(std::uint64_t call) { dies_at_ = call; }

  Result<recovery::RestoreReport> restore(const recovery::RestorePlan& plan, bool resume) {
    calls_ = 0;
    end_ = std::stop_source();
    cosmos::ClientOptions options;
    options.endpoint = "http://target.test/";
    options.key = account_.key();
    options.attempt_timeout = Milliseconds(2000);
    auto client = cosmos::Client::create(world_.runtime(), transport_, options);
    CHECK(client);
    recovery::CosmosTargetOptions target_options;
    target_options.resume = resume;
    target_options.requests_in_flight = static_cast<unsigned>(1 + world_.pick(3));
    target_options.request_operations = 1 + world_.pick(8);
    recovery::RestoreProgress progress;
    const auto target = recovery::make_cosmos_target(world_.runtime(), **client, target_options, progress);
    return recovery::restore(world_.runtime(), world_.repository(), plan, *target, progress, end_.get_token());
  }

  Documents documents(const std::string& name) {
    const auto container = account_.engine().container("shop", name);
    if (!container) return {};
    (*container)->set_ttl({});  // time to live counts anew: nothing is gone for good yet
    Documents documents;
    std::vector<std::string_view> system(json::kSystemPropertyNames.begin(), json::kSystemPropertyNames.end());
    for (const auto& document : (*container)->live_documents()) {
      const auto body = json::without_members(document->text, system);
      CHECK(body);
      documents.emplace(DocumentName(document->key, document->id), *body);
    }
    return documents;
  }

 private:
  static server::AccountOptions options(World& world) {
    server::AccountOptions options;
    options.account_id = "target";
    options.partitions = static_cast<int>(1 + world.pick(3));
    options.throughput.limits = world.chance(0.3);
    options.throughput.unasked = static_cast<std::int64_t>(30 + world.pick(100));
    if (world.chance(0.4)) options.regions = {{"South", "south.test"}, {"Centre", "centre.test"}};
    return options;
  }

  bool lives_on() {
    if (world_.chance(0.02)) move_partitions();
    if (world_.chance(0.02)) fail_over();
    if (dies_at_ == 0 || ++calls_ < dies_at_) return true;
    end_.request_stop();
    return false;
  }
  // A partition is split, or two are merged.
  void move_partitions() {
    const std::size_t which = world_.pick(world_.incarnations().size());
    const auto container = account_.engine().container("shop", world_.incarnations()[which].name);
    if (!container) return;
    const auto ranges = (*container)->ranges();
    const std::size_t range = world_.pick(ranges.size());
    if (merges_ && range + 1 < ranges.size() && world_.chance(0.5)) {
      CHECK((*container)->merge(ranges[range].id, ranges[range + 1].id));
    } else if (ranges.size() < 6) {
      CHECK((*container)->split(ranges[range].id));
    }
  }
  // Another region takes the writes. There may be one only.
  void fail_over() { static_cast<void>(account_.topology().set_write_region(world_.chance(0.5) ? "South" : "Centre")); }

  World& world_;
  server::Account account_;
  testing::DirectTransport gateway_;
  testing::SimTransport transport_;
  std::uint64_t calls_ = 0;
  std::uint64_t dies_at_ = 0;
  std::stop_source end_;
  bool merges_;
};

// Which all containers that are there now are covered at.
std::optional<Second> covered_moment(World& world) {
  auto lanes = world.lanes();
  auto seconds = repo::restorable_seconds(lanes[""]);  // of the account
  for (const Incarnation& each : world.incarnations()) {
    if (!each.dropped) seconds = repo::common(seconds, repo::restorable_seconds(lanes[each.rid]));
  }
  if (seconds.empty()) return std::nullopt;
  const repo::Interval& interval = seconds[world.pick(seconds.size())];
  return interval.from +
         static_cast<std::int64_t>(world.pick(static_cast<std::size_t>(interval.until - interval.from)));
}

Documents planned_documents(World& world, const recovery::RestorePlan& plan,
                            const recovery::PlannedContainer& container) {
  auto stream = recovery::Documents::open(world.repository(), container, plan.selection, true, {});
  CHECK(stream);
  Documents documents;
  repo::Version version;
  while (*stream->next(version)) {
    documents.emplace(DocumentName(version.partition_key, version.id), repo::body_text(version));
  }
  return documents;
}

bool may_expire(const recovery::PlannedContainer& container, const std::string& body) {
  const bool own = body.find(R"("ttl":)") != std::string::npos;
  return container.expiry.enabled() && (own || *container.expiry.default_ttl > 0);
}

}  // namespace

Rescue expect_restore(World& world, const std::vector<std::string>& faults) {
  Rescue rescue;
  const auto moment = covered_moment(world);
  if (!moment) return rescue;
  const auto plan = recovery::make_plan(world.repository(), recovery::Moment::of(*moment), {});
  // A container that was there then and is dropped now may not be covered.
  const bool dropped = world.options().weather.drop > 0;
  EXPECT_TRUE(plan || (dropped && plan.error().code == Code::outside_coverage))
      << world.describe() << plan.error().to_string();
  if (!plan || plan->containers.empty()) return rescue;
  Target target(world);
  target.arm(faults);
  if (world.chance(0.4)) target.die_at(1 + world.pick(60));
  auto report = target.restore(*plan, false);
  if (!report) {
    EXPECT_TRUE(report.error().code != Code::internal && report.error().code != Code::corrupt &&
                report.error().code != Code::difference)
        << world.describe() << report.error().to_string();
    target.calm();
    rescue.resumed = true;
    report = target.restore(*plan, true);
  }
  EXPECT_TRUE(report) << world.describe() << report.error().to_string();
  if (!report) return rescue;
  rescue.restored = true;
  for (const auto& container : report->containers) EXPECT_TRUE(container.compared) << world.describe();
  for (const recovery::PlannedContainer& each : plan->containers) {
    const Documents restored = target.documents(each.container);
    Documents planned = planned_documents(world, *plan, each);
    // In one that was done before others documents may have expired since, and be gone for good.
    if (plan->containers.size() > 1) {
      std::erase_if(planned, [&](const auto& document) {
        return restored.count(document.first) == 0 && may_expire(each, document.second);
      });
    }
    EXPECT_EQ(restored, planned) << world.describe();
  }
  return rescue;
}

}  // namespace halley::sim
