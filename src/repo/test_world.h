// What the tests of this module share: a repository on a store that outlives it, and documents that are easy to tell
// apart.
#pragma once

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/document_scanner.h"
#include "repo/repository.h"
#include "store/memory_store.h"
#include "testing/faulty_store.h"

namespace halley::repo {

inline RepositoryOptions quick_options() {
  RepositoryOptions options;
  options.password_cost = {16, 1, 1};
  return options;
}

// Allocated now, by any of this process; nothing where the allocator does not tell.
inline std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

inline LaneIdentity container_identity(int version = 2) {
  LaneIdentity identity;
  identity.account_id = "account-1";
  identity.database = "shop";
  identity.container = "orders";
  identity.database_rid = "EIMBAA==";
  identity.container_rid = "EIMBANvVg9o=";
  identity.key = cosmos::PartitionKeyDefinition{{{"customer"}}, cosmos::KeyKind::hash, version, false};
  return identity;
}

inline LaneId lane_of(const LaneIdentity& identity) {
  return container_lane(identity.account_id, identity.database_rid, identity.container_rid, identity.restore_instance);
}

// A version with texts of its own, for expectations that outlive streams.
struct OwnedVersion {
  std::string partition_key, id, rid, etag, body;
  Version version;

  OwnedVersion() = default;
  explicit OwnedVersion(const Version& v)
      : partition_key(v.partition_key), id(v.id), rid(v.rid), etag(v.etag), body(v.body), version(v) {}
  Version view() const {
    Version v = version;
    v.partition_key = partition_key;
    v.id = id;
    v.rid = rid;
    v.etag = etag;
    v.body = body;
    return v;
  }
  friend bool operator==(const OwnedVersion& a, const OwnedVersion& b) {
    return a.partition_key == b.partition_key && a.id == b.id && a.rid == b.rid && a.etag == b.etag &&
           a.body == b.body && a.version.ts == b.version.ts && a.version.time == b.version.time &&
           a.version.since == b.version.since && a.version.position == b.version.position &&
           a.version.operation == b.version.operation && a.version.layout == b.version.layout &&
           a.version.digest == b.version.digest;
  }
};
inline std::ostream& operator<<(std::ostream& out, const OwnedVersion& v) {
  return out << v.partition_key << ' ' << v.id << " @" << v.version.position.epoch << '/' << v.version.position.lsn
             << " t=" << v.version.time.value << " op=" << static_cast<int>(v.version.operation) << ' ' << v.body;
}

// Document `id` of customer `key` as written at `lsn`, one second for each.
inline OwnedVersion write_of(const std::string& key, const std::string& id, std::uint64_t lsn, std::size_t size = 20) {
  OwnedVersion v;
  v.partition_key = "[\"" + key + "\"]";
  v.id = id;
  v.rid = "EIMBANvVg9oBAAAAAAAAAA==";
  v.etag = "\"0000d826-0000-0700-0000-5f3e0a1c0000\"";
  v.body = "{\"id\":\"" + id + "\",\"at\":" + std::to_string(lsn) + ",\"text\":\"" + std::string(size, 'x') + "\"}";
  v.version.ts = v.version.time = v.version.since = Second{1'700'000'000 + static_cast<std::int64_t>(lsn)};
  v.version.position = {0, lsn};
  v.version.layout = 0x1F;
  v.version.digest = json::value_digest(v.body).value_or(1);  // an id with a quote makes no JSON of it
  return v;
}
inline OwnedVersion removal_of(const std::string& key, const std::string& id, std::uint64_t lsn,
                               Operation operation = Operation::remove) {
  OwnedVersion v = write_of(key, id, lsn);
  v.rid.clear();
  v.etag.clear();
  v.body.clear();
  v.version.operation = operation;
  v.version.layout = 0;
  v.version.digest = 0;
  return v;
}

inline VersionBatch batch_of(const std::vector<OwnedVersion>& versions) {
  VersionBatch batch;
  for (const OwnedVersion& owned : versions) {
    Version version = owned.version;
    version.partition_key = batch.keep(owned.partition_key);
    version.id = batch.keep(owned.id);
    version.rid = batch.keep(owned.rid);
    version.etag = batch.keep(owned.etag);
    version.body = batch.keep(owned.body);
    batch.add(version);
  }
  return batch;
}

inline std::vector<OwnedVersion> drain(Result<std::unique_ptr<VersionStream>> stream) {
  std::vector<OwnedVersion> versions;
  if (!stream) {
    ADD_FAILURE() << stream.error().to_string();
    return versions;
  }
  for (;;) {
    Version version;
    const auto more = (*stream)->next(version);
    if (!more) {
      ADD_FAILURE() << more.error().to_string();
      return versions;
    }
    if (!*more) return versions;
    versions.emplace_back(version);
  }
}

// A store that others write to while it is listed, or that holds what no writer wrote.
class OddStore final : public store::ObjectStore {
 public:
  explicit OddStore(std::shared_ptr<store::ObjectStore> inner) : inner_(std::move(inner)) {}

  Status put(std::string_view name, std::string_view bytes) override { return inner_->put(name, bytes); }
  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    if (const auto at = failing.find(name); at != failing.end()) return fail(at->second);
    if (huge.contains(name)) ADD_FAILURE() << name << " is read";
    if (at_get) at_get();
    return inner_->get(name, offset, size);
  }
  Result<std::uint64_t> size(std::string_view name) override {
    if (huge.contains(name)) return std::uint64_t{8} << 40;
    return inner_->size(name);
  }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    ++lists;
    ASSIGN(std::vector<std::string> names, inner_->list(prefix, after, limit));
    most_listed = std::max(most_listed, names.size());
    std::erase_if(names, [&](const std::string& name) { return unlisted.contains(name); });
    return names;
  }
  Status remove(std::string_view name) override { return inner_->remove(name); }
  std::string description() const override { return "odd"; }

  std::set<std::string, std::less<>> unlisted;  // there, and in no list
  std::set<std::string, std::less<>> huge;      // these have 8 TiB
  std::map<std::string, Error, std::less<>> failing;
  std::function<void()> at_get;
  std::size_t lists = 0;
  std::size_t most_listed = 0;  // by one of them

 private:
  const std::shared_ptr<store::ObjectStore> inner_;
};

class RepositoryTest : public ::testing::Test {
 protected:
  static constexpr const char* kPassword = "correct horse";

  std::unique_ptr<Repository> create(RepositoryOptions options = quick_options()) {
    auto made = Repository::create(real_runtime(), testing::share_store(store_), kPassword, options);
    EXPECT_TRUE(made) << made.error().to_string();
    return made ? std::move(*made) : nullptr;
  }
  std::unique_ptr<Repository> open(RepositoryOptions options = quick_options()) {
    auto opened = Repository::open(real_runtime(), testing::share_store(store_), kPassword, options);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<LaneWriter> writer(Repository& repository) {
    auto opened = repository.open_writer(lane_, identity_);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? std::move(*opened) : nullptr;
  }
  void commit(LaneWriter& writer, const std::vector<OwnedVersion>& versions, const CommitDraft& draft = {}) {
    VersionBatch batch = batch_of(versions);
    const auto done = writer.commit(draft, batch);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_TRUE(batch.empty());
  }
  std::vector<std::string> names(std::string_view prefix = "") { return *store_->list(prefix, "", 1'000'000); }
  // Puts other bytes in place of an object's.
  void replace(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(store_->remove(name));
    ASSERT_TRUE(store_->put(name, bytes));
  }

  // From now on the store may be odd.
  OddStore& make_odd() {
    auto odd = std::make_shared<OddStore>(store_);
    store_ = odd;
    return *odd;
  }

  std::shared_ptr<store::ObjectStore> store_ = store::make_memory_store();
  LaneIdentity identity_ = container_identity();
  LaneId lane_ = lane_of(identity_);
};

}  // namespace halley::repo
