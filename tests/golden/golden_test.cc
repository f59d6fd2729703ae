// Repositories of every format version and every format of segments, kept forever: each later program reads them, and
// finds in them what this file says. HALLEY_WRITE_GOLDEN=<folder> writes the newest one anew, there; only for a format
// that has not been released.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "json/document_scanner.h"
#include "repo/check.h"
#include "repo/repository.h"
#include "store/file_store.h"

namespace halley::repo {
namespace {

constexpr const char* kPassword = "golden";
constexpr std::int64_t kBegin = 1'700'000'000;
constexpr std::uint64_t kCommits = 9;

struct Golden {
  const char* folder;
  std::uint64_t documents;  // that a commit adds
};
constexpr Golden kFormat1{"tests/golden/format-1", 12};
constexpr Golden kSegments2{"tests/golden/segments-2", 40};  // enough for bodies to be taken apart

struct Written {
  std::string key, id, rid, etag, body;
  Version version;
};

LaneIdentity orders_identity() {
  LaneIdentity identity{"account-1", "shop", "orders", "EIMBAA==", "EIMBANvVg9o=", "instance-1", {}};
  identity.key = cosmos::PartitionKeyDefinition{{{"tenant"}, {"user", "id"}}, cosmos::KeyKind::multi_hash, 2, false};
  return identity;
}
LaneIdentity account_identity() { return {"account-1", "", "", "", "", "", {}}; }

// What commit `seq` of the container's lane adds: documents of every form.
std::vector<Written> written_by(std::uint64_t seq, std::uint64_t documents) {
  std::vector<Written> all;
  for (std::uint64_t i = 0; i < documents; ++i) {
    const std::uint64_t lsn = 100 * seq + i;
    const std::string number = std::to_string((seq * 5 + i) % 17);
    Written w;
    w.key = i % 3 == 0 ? "[\"tenant\"," + number + "]" : i % 3 == 1 ? "[{},null]" : "[\"\xC3\xA9\",true]";
    w.id = i % 4 == 0 ? "a #?% \xF0\x9F\x90\x8B" : "d" + number;
    w.version.ts = {kBegin + static_cast<std::int64_t>(lsn)};
    w.version.time = w.version.ts + static_cast<std::int64_t>(i % 2);
    w.version.since = i == 5 ? w.version.ts - 100 : w.version.time;
    w.version.position = {static_cast<std::uint32_t>(seq / 5), lsn};
    if (i == 5 || i == 6) {
      w.version.operation = i == 5 ? Operation::remove : Operation::expire;
      all.push_back(std::move(w));
      continue;
    }
    w.rid =
        i == 7 ? "of another form" : "EIMBANvVg9o" + std::string(1, static_cast<char>('A' + i % 26)) + "AAAAAAAAAA==";
    w.etag = i == 8 ? "\"literal\"" : "\"0000d826-0000-0700-0000-5f3e0a1c0000\"";
    w.body = "{\"id\":\"" + w.id + "\",\"value\":" + number + ",\"text\":\"" + std::string(i * 20, 'x') + "\"}";
    w.version.layout = i == 9 ? kVerbatim : 0x1F;
    if (i == 9) w.body = "{\"_ts\":1,\"id\":\"" + w.id + "\"}";
    if (i > 12 && i % 5 == 0) w.body.insert(1, "\"more\":[1,{\"n\":" + number + "},\"\\n\",null, true],");
    w.version.digest = lsn * 0x9E3779B97F4A7C15;
    all.push_back(std::move(w));
  }
  return all;
}

CommitDraft draft_of(std::uint64_t seq) {
  const auto at = static_cast<std::int64_t>(seq);
  CommitDraft draft;
  draft.mode = CaptureMode::latest;
  RangeState range;
  range.range_id = "3";
  range.epoch = 1;
  range.feed = "\"" + std::to_string(seq) + "\"";
  range.base = "base";
  range.base_done = seq > 1;
  range.cursor_lsn = 5;
  range.base_end_lsn = 6;
  range.base_end_time = {kBegin};
  range.lsn = seq;
  range.newest = {kBegin + at};
  range.until = {kBegin - at};
  range.last_304 = {1};
  draft.ranges = {range};
  draft.exact = {{{"", "\x20"}, {kBegin}, {kBegin + at}}};
  for (std::int64_t i = 0; i < 300; ++i) draft.sync_points.push_back({{kBegin + 1000 * at + i}, {{{}, {1, seq}}}});
  draft.events = {{{kBegin + at}, "gap", "commit " + std::to_string(seq)}};
  return draft;
}

// As a backup has them: the id is a part of the body, and where the values stand is told.
void tell_values(std::string body, Version& version, VersionBatch& batch) {
  body.reserve(body.size() + json::kPadding);
  const std::string& kept = batch.adopt(std::move(body));
  json::DocumentScanner scanner({});
  const auto scanned = scanner.scan_document(kept);
  ASSERT_TRUE(scanned) << scanned.error().to_string();
  ASSERT_EQ(version.id, (*scanned)->id);
  version.body = kept;
  version.id = (*scanned)->id;
  version.values = batch.keep((*scanned)->values);
}

VersionBatch batch_of(const std::vector<Written>& all) {
  VersionBatch batch;
  for (const Written& w : all) {
    Version version = w.version;
    version.partition_key = batch.keep(w.key);
    version.id = batch.keep(w.id);
    version.rid = batch.keep(w.rid);
    version.etag = batch.keep(w.etag);
    version.body = batch.keep(w.body);
    if (!w.body.empty()) tell_values(w.body, version, batch);
    batch.add(version);
  }
  return batch;
}

std::vector<Written> definitions() {
  std::vector<Written> all(2);
  all[0].key = "[\"database\",\"shop\",\"\"]";
  all[0].id = "shop";
  all[0].body = "{\"id\":\"shop\",\"_rid\":\"EIMBAA==\"}";
  all[0].version.layout = kVerbatim;
  all[1] = all[0];
  all[1].id = "gone";
  all[1].body.clear();
  all[1].version.operation = Operation::remove;
  return all;
}

LaneId lane_of(const LaneIdentity& identity) {
  return container_lane(identity.account_id, identity.database_rid, identity.container_rid, identity.restore_instance);
}

void write_golden(const std::string& folder) {
  RepositoryOptions options;
  options.password_cost = {16, 1, 1};
  options.block_bytes = 12'000;
  options.inline_bytes = 1000;
  options.rollup_every = 4;
  auto repository =
      Repository::create(real_runtime(), std::move(*store::open_file_store(folder, true)), kPassword, options);
  ASSERT_TRUE(repository) << repository.error().to_string();
  auto orders = *(*repository)->open_writer(lane_of(orders_identity()), orders_identity());
  for (std::uint64_t seq = 1; seq <= kCommits; ++seq) {
    std::vector<Written> all = written_by(seq, kSegments2.documents);
    if (seq % 3 == 0) all.resize(2);
    VersionBatch batch = batch_of(all);
    ASSERT_TRUE(orders->commit(draft_of(seq), batch));
  }
  auto account = *(*repository)->open_writer(LaneId(kAccountLane), account_identity());
  VersionBatch batch = batch_of(definitions());
  CommitDraft draft;
  const LaneState& head = orders->state();
  draft.heads = {{head.lane, head.identity.database, head.identity.container, head.seq, head.head_hash}};
  ASSERT_TRUE(account->commit(draft, batch));
}

bool same(const Written& w, const Version& v) {
  return w.key == v.partition_key && w.id == v.id && w.rid == v.rid && w.etag == v.etag && w.body == v.body &&
         w.version.ts == v.ts && w.version.time == v.time && w.version.since == v.since &&
         w.version.position == v.position && w.version.operation == v.operation && w.version.layout == v.layout &&
         w.version.digest == v.digest;
}

// Every version of `all` is read back once, and nothing else.
void expect_versions(Repository& repository, const LaneState& lane, std::vector<Written> all) {
  auto stream = repository.versions(lane, {});
  ASSERT_TRUE(stream) << stream.error().to_string();
  for (;;) {
    Version version;
    const auto more = (*stream)->next(version);
    ASSERT_TRUE(more) << more.error().to_string();
    if (!*more) break;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Written& w) { return same(w, version); });
    ASSERT_NE(found, all.end()) << version.partition_key << " " << version.id << " " << version.position.lsn;
    all.erase(found);
  }
  EXPECT_TRUE(all.empty());
}

void expect_read_whole(const Golden& golden) {
  auto store = store::open_file_store(golden.folder, false);
  ASSERT_TRUE(store) << store.error().to_string();
  auto opened = Repository::open(real_runtime(), std::move(*store), kPassword);
  ASSERT_TRUE(opened) << opened.error().to_string();
  Repository& repository = **opened;

  const auto checked = check(repository, {1.0, {}, {}});
  ASSERT_TRUE(checked) << checked.error().to_string();
  // The digests of these documents are made up: that is told of each segment, and when nothing else is wrong.
  for (const auto& each : checked->damaged) EXPECT_NE(each.why.find("its digest is of"), std::string::npos);
  EXPECT_EQ(checked->unreferenced, 0u);

  EXPECT_EQ(repository.lanes().value(), (std::vector<LaneId>{LaneId(kAccountLane), lane_of(orders_identity())}));
  const auto account = repository.read_lane(LaneId(kAccountLane));
  ASSERT_TRUE(account) << account.error().to_string();
  EXPECT_EQ(account->identity, account_identity());
  ASSERT_EQ(account->heads.size(), 1u);
  EXPECT_EQ(account->heads[0].lane, lane_of(orders_identity()));
  expect_versions(repository, *account, definitions());

  const auto orders = repository.read_lane(lane_of(orders_identity()));
  ASSERT_TRUE(orders) << orders.error().to_string();
  EXPECT_EQ(orders->identity, orders_identity());
  EXPECT_EQ(orders->seq, kCommits);
  EXPECT_FALSE(is_behind(*orders, account->heads[0]));
  EXPECT_EQ(orders->mode, CaptureMode::latest);
  EXPECT_EQ(orders->ranges, draft_of(kCommits).ranges);
  EXPECT_EQ(orders->exact, draft_of(kCommits).exact);
  std::vector<SyncPoint> sync_points;
  std::vector<Event> events;
  std::vector<Written> versions;
  for (std::uint64_t seq = 1; seq <= kCommits; ++seq) {
    const CommitDraft draft = draft_of(seq);
    sync_points.insert(sync_points.end(), draft.sync_points.begin(), draft.sync_points.end());
    events.insert(events.end(), draft.events.begin(), draft.events.end());
    std::vector<Written> added = written_by(seq, golden.documents);
    if (seq % 3 == 0) added.resize(2);
    versions.insert(versions.end(), added.begin(), added.end());
  }
  EXPECT_EQ(orders->sync_points, sync_points);
  EXPECT_EQ(orders->events, events);
  expect_versions(repository, *orders, versions);
}

TEST(GoldenTest, Format1IsReadWhole) { expect_read_whole(kFormat1); }

TEST(GoldenTest, SegmentsOfFormat2AreReadWhole) {
  if (const char* folder = std::getenv("HALLEY_WRITE_GOLDEN")) write_golden(folder);
  expect_read_whole(kSegments2);
}

}  // namespace
}  // namespace halley::repo
