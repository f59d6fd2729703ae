// An account and its journal: after a restart it is as if there had been none.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"
#include "codec/base64.h"
#include "cosmos/signing.h"
#include "server/account_fixture.h"
#include "server/data_directory.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "testing/temporary_folder.h"
#include "testing/virtual_runtime.h"

namespace halley::server {
namespace {

using Kind = ItemOperation::Kind;

class MemoryJournal : public Journal {
 public:
  Status read(const Each& each) override {
    for (const auto& [owner, event] : events) TRY(each(owner, event));
    return {};
  }
  Status compact(const std::vector<std::string>& owners, std::string_view event) override {
    std::erase_if(
        events, [&](const auto& each) { return std::find(owners.begin(), owners.end(), each.first) == owners.end(); });
    events.emplace_back("", event);
    return {};
  }
  void record(std::string owner, std::string event) override {
    events.emplace_back(std::move(owner), std::move(event));
  }
  Status settle() override {
    ++settled;
    if (full) return fail(Code::no_space, "the disk is full");
    return {};
  }

  std::vector<std::pair<std::string, std::string>> events;
  bool full = false;
  int settled = 0;
};

// Everything that can be seen of an account.
std::string image_of(Engine& engine) {
  std::string image;
  const std::function<void(Engine::Path, ResourceKind)> append = [&](Engine::Path path, ResourceKind kind) {
    for (int k = 1; k <= static_cast<int>(ResourceKind::offer); ++k) {
      const auto child_kind = static_cast<ResourceKind>(k);
      const ResourceTraits& traits = traits_of(child_kind);
      if (traits.parent != kind) continue;
      const auto listing = engine.list(path, child_kind);
      for (const auto& text : listing->texts) {
        image += *text + "\n";
        Engine::Path child = path;
        child.emplace_back(traits.keyword);
        child.push_back(json::parse(*text)->string_at("id"));
        append(child, child_kind);
      }
    }
    if (kind != ResourceKind::container) return;
    const auto container = engine.find(path)->container;
    // What is about to be purged is, before its place is told.
    (void)container->scan({}, 0, 0);
    image += fmt::format("version {}\n", container->ranges_version());
    for (const RangeInfo& range : container->ranges()) {
      image += fmt::format("range {} {}-{} lsn {} of {}\n", range.id, to_hex(range.range.min), to_hex(range.range.max),
                           range.lsn, fmt::join(range.parents, ","));
      for (const bool all : {false, true}) {
        ChangesRequest request;
        request.selection.range_id = range.id;
        request.all_versions = all;
        request.after = 0;
        request.limits = {1'000'000, 1'000'000'000};
        const auto page = container->read_changes(request);
        if (!page) {
          image += page.error().message + "\n";
          continue;
        }
        for (const LogEntry& entry : page->entries) {
          image +=
              fmt::format("{} {} {} {} {} {} {}\n", entry.lsn, entry.previous_lsn, entry.time.value,
                          static_cast<int>(entry.change), entry.current, entry.document->number, entry.document->text);
        }
        image += fmt::format("next {}\n", page->next);
      }
    }
    for (const DocumentPtr& document : container->live_documents()) image += document->text + "\n";
  };
  append({}, ResourceKind::account);
  return image;
}

// An engine that things are done to by number. The same numbers do the same.
class World {
 public:
  World(testing::VirtualRuntime& runtime, Journal* journal) : runtime_(runtime), engine_(runtime, {2, {}, journal}) {}

  Engine& engine() { return engine_; }

  void begin() {
    (void)engine_.create_database("d");
    (void)engine_.create_container("d", R"({"id":"c0","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":-1})");
  }

  void act(std::uint32_t number) {
    const std::uint32_t what = number % 32;
    number /= 32;
    const std::string container_id = fmt::format("c{}", number % 2);
    const auto container = engine_.container("d", container_id);
    if (what == 0) {
      act_on_resources(number / 2, container_id);
    } else if (container) {
      act_on_documents(what, number / 2, **container);
    }
  }

 private:
  void act_on_resources(std::uint32_t number, const std::string& container_id) {
    const Engine::Path in = {"dbs", "d", "colls", container_id};
    const std::string ttl = number % 3 == 0 ? "" : fmt::format(R"(,"defaultTtl":{})", number % 5 == 0 ? -1 : 20);
    const std::string unique = container_id == "c1" ? R"(,"uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/u"]}]})" : "";
    const std::string definition =
        fmt::format(R"({{"id":"{}","partitionKey":{{"paths":["/pk"],"version":2}}{}{}}})", container_id, ttl, unique);
    const auto offers = engine_.list({}, ResourceKind::offer);
    switch (number % 8) {
      case 0:
        (void)engine_.remove(in);
        break;
      case 1:
      case 2:
        (void)engine_.create_container("d", definition);
        break;
      case 3:
      case 4:
        (void)engine_.replace(in, *json::parse(definition));
        break;
      case 5:
        (void)engine_.create(in, ResourceKind::sproc,
                             *json::parse(fmt::format(R"({{"id":"s{}","body":"x"}})", number / 8 % 4)));
        break;
      case 6:
        (void)engine_.remove({"dbs", "d", "colls", container_id, "sprocs", fmt::format("s{}", number / 8 % 4)});
        break;
      default:
        if (offers->texts.empty()) break;
        (void)engine_.replace({"offers", json::parse(*offers->texts.front())->string_at("id")},
                              *json::parse(fmt::format(R"({{"content":{{"offerThroughput":{}}}}})", number)));
    }
  }

  void act_on_documents(std::uint32_t what, std::uint32_t number, Container& container) {
    const std::string key = fmt::format(R"(["{}"])", number / 16 % 8);
    ItemOperation operation;
    operation.id = fmt::format("i{}", number % 8);
    operation.key = key;
    const std::string ttl = number % 5 == 0 ? fmt::format(R"(,"ttl":{})", number % 3 == 0 ? -1 : 7) : "";
    operation.body = fmt::format(R"({{"id":"i{}","pk":"{}","n":{},"u":{}{}}})", number % 8, number / 16 % 8, number,
                                 number / 128 % 16, ttl);
    const auto ranges = container.ranges();
    switch (what) {
      case 1:
        (void)container.split(ranges[number % ranges.size()].id);
        break;
      case 2:
        if (ranges.size() > 1) (void)container.merge(ranges[number % 2].id, ranges[number % 2 == 0 ? 1 : 0].id);
        break;
      case 3:
        container.restore_in_place(engine_.stamps().now() + -static_cast<std::int64_t>(number % 4));
        break;
      case 4:
        (void)container.remove_key(key);
        break;
      case 5:
      case 6:
        (void)runtime_.sleep(Milliseconds(1000 * (number % 6)), {});
        break;
      case 7: {
        std::vector<ItemOperation> batch(3, operation);
        for (auto& each : batch) each.kind = Kind::upsert;
        batch[1].kind = Kind::remove;
        (void)container.run_batch(key, batch);
        break;
      }
      default:
        operation.kind = std::array{Kind::create, Kind::upsert, Kind::replace, Kind::remove, Kind::read}[what % 5];
        (void)container.run(operation);
    }
  }

  testing::VirtualRuntime& runtime_;
  Engine engine_;
};

RC_GTEST_PROP(Restart, GoesOnAsIfThereHadBeenNone,
              (const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after)) {
  testing::VirtualRuntime runtime(kStart);
  MemoryJournal journal;
  World world(runtime, &journal);
  RC_ASSERT(world.engine().recover().has_value());
  world.begin();
  for (const std::uint32_t number : before) world.act(number);

  testing::VirtualRuntime other_runtime(runtime.wall_second());
  MemoryJournal copy;
  const auto begin_again = [&] {
    auto again = std::make_unique<World>(other_runtime, &copy);
    RC_ASSERT(again->engine().recover().has_value());
    return again;
  };
  copy.events = journal.events;
  begin_again();  // drops what is no longer needed
  auto again = begin_again();
  RC_ASSERT(image_of(again->engine()) == image_of(world.engine()));
  for (const std::uint32_t number : after) {
    world.act(number);
    again->act(number);
  }
  const std::string image = image_of(world.engine());
  RC_ASSERT(image_of(again->engine()) == image);
  // And once more: what was dropped as no longer needed was not needed.
  again = begin_again();
  RC_ASSERT(image_of(again->engine()) == image);
}

// What was given to something that is gone, and forgotten, is not given again.
TEST(Restart, NoRidAndNoTagIsGivenTwice) {
  testing::VirtualRuntime runtime(kStart);
  MemoryJournal journal;
  std::set<std::string> rids;
  std::set<std::string> etags;
  for (int round = 0; round < 6; ++round) {
    Engine engine(runtime, {1, {}, &journal});
    ASSERT_TRUE(engine.recover());
    if (round % 2 == 1) continue;  // nothing but what a start does
    ASSERT_TRUE(engine.create_database("d"));
    const auto container = engine.create_container("d", R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2}})");
    ASSERT_TRUE(engine.upsert("d", "c", R"({"id":"1","pk":"a"})"));
    for (const auto& view : {engine.find({"dbs", "d"}), engine.find({"dbs", "d", "colls", "c"})}) {
      EXPECT_TRUE(rids.insert(view->rid).second) << view->rid;
      EXPECT_TRUE(etags.insert(view->etag).second) << view->etag;
    }
    EXPECT_TRUE(etags.insert((*container)->live_documents()[0]->etag).second);
    ASSERT_TRUE(engine.remove({"dbs", "d"}));
  }
  EXPECT_EQ(journal.events.size(), 1u);  // the counters
}

TEST(Restart, ADirectoryKeepsAnAccount) {
  const testing::TemporaryFolder folder;
  testing::VirtualRuntime runtime(kStart);
  std::string image;
  for (int round = 0; round < 4; ++round) {
    const auto directory = DataDirectory::open(real_runtime(), folder.path() + "/data");
    ASSERT_TRUE(directory) << directory.error().to_string();
    World world(runtime, directory->get());
    const auto recovered = world.engine().recover();
    ASSERT_TRUE(recovered) << recovered.error().to_string();
    if (round == 0) world.begin();
    if (round > 0) {
      ASSERT_TRUE(image_of(world.engine()) == image) << image_of(world.engine()) << "\nbefore:\n" << image;
    }
    for (std::uint32_t i = 0; i < 500; ++i) world.act((i + 977 * static_cast<std::uint32_t>(round)) * 2654435761u);
    image = image_of(world.engine());
    ASSERT_TRUE((*directory)->settle());
  }
}

// Of events that were dropped, added or moved: told as corrupt or made something of, never a crash.
RC_GTEST_PROP(Restart, AJournalThatMakesNoSenseIsCorrupt,
              (const std::vector<std::uint32_t>& numbers, std::uint16_t from, std::uint16_t to)) {
  testing::VirtualRuntime runtime(kStart);
  MemoryJournal journal;
  World world(runtime, &journal);
  world.begin();
  for (const std::uint32_t number : numbers) world.act(number);
  auto& events = journal.events;
  const auto moved = events[from % events.size()];
  events.erase(events.begin() + from % static_cast<std::ptrdiff_t>(events.size()));
  if (to % 4 != 0) events.insert(events.begin() + to % static_cast<std::ptrdiff_t>(events.size() + 1), moved);
  if (to % 4 == 1) events.insert(events.begin() + to % static_cast<std::ptrdiff_t>(events.size() + 1), moved);
  Engine again(runtime, {2, {}, &journal});
  const auto recovered = again.recover();
  RC_ASSERT(recovered || recovered.error().code == Code::corrupt);
}

class JournalledAccountTest : public ::testing::Test {
 protected:
  JournalledAccountTest() : account_(runtime_, options()) {}

  AccountOptions options() {
    AccountOptions options;
    options.journal = &journal_;
    return options;
  }

  http::ServerResponse send(std::string_view method, std::string_view type, std::string_view link,
                            std::string_view target, std::string_view body) {
    http::Headers headers;
    const std::string date = format_http_date(runtime_.wall_second());
    headers.add("x-ms-date", date);
    headers.add("authorization",
                cosmos::master_key_token(*codec::base64_decode(account_.key()), method, type, link, date));
    return account_.handle({method, target, headers, body});
  }
  int create(const std::string& name) { return send("POST", "dbs", "", "/dbs", R"({"id":")" + name + "\"}").status; }
  int read(const std::string& name) { return send("GET", "dbs", "dbs/" + name, "/dbs/" + name, {}).status; }

  testing::VirtualRuntime runtime_{kStart};
  MemoryJournal journal_;
  Account account_;
};

TEST_F(JournalledAccountTest, NothingIsAnsweredThatIsNotDurable) {
  EXPECT_EQ(create("a"), 201);
  EXPECT_GE(journal_.settled, 1);
  journal_.full = true;
  const auto refused = send("POST", "dbs", "", "/dbs", R"({"id":"b"})");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("the disk is full"), std::string::npos) << refused.body;
  // A read would tell of it.
  EXPECT_EQ(read("b"), 503);
  // From now on nothing more is done.
  const std::size_t recorded = journal_.events.size();
  EXPECT_EQ(create("c"), 503);
  EXPECT_EQ(journal_.events.size(), recorded);
  journal_.full = false;
  EXPECT_EQ(read("a"), 200);
  EXPECT_EQ(read("b"), 200);
  EXPECT_EQ(read("c"), 404);
  EXPECT_EQ(create("c"), 201);
}

}  // namespace
}  // namespace halley::server
