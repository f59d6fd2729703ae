#include "recovery/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cosmos/signing.h"
#include "json/value.h"
#include "recovery/hand_made_backup.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/temporary_folder.h"

namespace halley::recovery {
namespace {

class ExportTest : public ::testing::Test {
 protected:
  ExportTest() {
    backup.database("shop", at(0));
    backup.container("shop", "orders", at(0), R"(,"defaultTtl":-1)");
    backup.definitions_known(at(0), at(100));
    auto& orders = backup.lane("shop", "orders");
    backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","n":1.50})", at(5));
    backup.put(orders, R"(["a"])", "2", "{\"id\":\"2\",\n\"pk\":\"a\"}", at(5));
    backup.put(orders, R"(["a"])", "gone", R"({"id":"gone","pk":"a","ttl":5})", at(5));
    backup.exact(orders, at(10), at(100));
  }

  static std::string content(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }

  std::string run(const ExportOptions& options, bool stream) {
    const auto planned = plan_container(backup.repository(), Moment::of(at(50)), "shop", "orders");
    EXPECT_TRUE(planned) << planned.error().to_string();
    const std::string path = folder_ + "/out";
    FILE* const file = stream ? fopen(path.c_str(), "w") : nullptr;
    auto out = stream ? Result<OutputFile>(OutputFile::to_descriptor(fileno(file), "out")) : OutputFile::create(path);
    ExportProgress progress;
    const auto report = export_moment(real_runtime(), backup.repository(), *planned, options, *out, progress, {});
    EXPECT_TRUE(report) << report.error().to_string();
    if (file != nullptr) fclose(file);
    EXPECT_EQ(report->documents, 2U);
    EXPECT_EQ(report->at, at(50));
    EXPECT_EQ(progress.documents, 2U);
    EXPECT_EQ(report->bytes, std::filesystem::file_size(path));
    return content(path);
  }

  HandMadeBackup backup;
  const halley::testing::TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path();
};

TEST_F(ExportTest, JsonHasTheCountBeforeTheItemsInFilesAndStreams) {
  for (const bool stream : {false, true}) {
    const std::string text = run({}, stream);
    const auto value = json::parse(text);
    ASSERT_TRUE(value) << text;
    std::vector<std::string> names;
    for (const auto& [name, member] : value->members()) names.push_back(name);
    EXPECT_THAT(names, ::testing::ElementsAre("exported_at", "database", "container", "at", "count", "items"));
    EXPECT_EQ(value->find("count")->as_integer(), 2);
    EXPECT_EQ(value->find("items")->items().size(), 2U);
    EXPECT_EQ(value->string_at("at"), format_rfc3339(at(50)));
    EXPECT_TRUE(parse_rfc3339(value->string_at("exported_at")));
    EXPECT_THAT(text, ::testing::HasSubstr(R"({"id":"1","pk":"a","n":1.50})"));
  }
}

TEST_F(ExportTest, NdjsonHasOneDocumentALineAsItStands) {
  ExportOptions options;
  options.format = ExportFormat::ndjson;
  std::istringstream lines(run(options, false));
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  EXPECT_THAT(all, ::testing::UnorderedElementsAre(R"({"id":"1","pk":"a","n":1.50})", R"({"id":"2", "pk":"a"})"));
}

TEST_F(ExportTest, SystemPropertiesOnRequest) {
  ExportOptions options;
  options.system_properties = true;
  EXPECT_THAT(run(options, false), ::testing::HasSubstr(R"("n":1.50,"_rid":"rid-of-1")"));
}

TEST_F(ExportTest, AnInterruptedExportLeavesNoFile) {
  const auto planned = plan_container(backup.repository(), Moment::of(at(50)), "shop", "orders");
  ASSERT_TRUE(planned);
  std::stop_source stop;
  stop.request_stop();
  {
    auto out = OutputFile::create(folder_ + "/out");
    ExportProgress progress;
    const auto report =
        export_moment(real_runtime(), backup.repository(), *planned, {}, *out, progress, stop.get_token());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Code::cancelled);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// Exports of an account: shop/live with as many documents as asked for, in several partitions.
class LiveExportTest : public ::testing::Test {
 protected:
  LiveExportTest() : account_(real_runtime(), options()), transport_(account_) {
    cosmos::ClientOptions client_options;
    client_options.endpoint = "http://source.test/";
    client_options.key = std::string(cosmos::kEmulatorKey);
    client_options.max_page_items = 7;
    auto client = cosmos::Client::create(real_runtime(), transport_, client_options);
    EXPECT_TRUE(client) << client.error().to_string();
    client_ = std::move(*client);
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(
        account_.engine().create_container("shop", R"({"id":"live","partitionKey":{"paths":["/pk"],"version":2}})"));
    for (int i = 0; i < 50; ++i) {
      const std::string number = std::to_string(i);
      EXPECT_TRUE(account_.engine().upsert("shop", "live", R"({"id":")" + number + R"(","pk":)" + number + "}"));
    }
  }

  static server::AccountOptions options() {
    server::AccountOptions options;
    options.partitions = 3;
    return options;
  }

  json::Value run(const ExportOptions& options, bool stream) {
    const std::string path = folder_.path("out");
    FILE* const file = stream ? fopen(path.c_str(), "w") : nullptr;
    auto out = stream ? Result<OutputFile>(OutputFile::to_descriptor(fileno(file), "out")) : OutputFile::create(path);
    ExportProgress progress;
    const auto report = export_live(real_runtime(), *client_, {"shop", "live"}, options, *out, progress, {});
    EXPECT_TRUE(report) << report.error().to_string();
    if (file != nullptr) fclose(file);
    EXPECT_EQ(report->documents, 50U);
    auto value = json::parse(folder_.read("out"));
    EXPECT_TRUE(value) << folder_.read("out");
    return std::move(*value);
  }

  const halley::testing::TemporaryFolder folder_;
  server::Account account_;
  halley::testing::DirectTransport transport_;
  std::unique_ptr<cosmos::Client> client_;
};

TEST_F(LiveExportTest, HasEveryDocumentOnceAndTheRightCount) {
  for (const bool stream : {false, true}) {
    const json::Value value = run({}, stream);
    EXPECT_EQ(value.find("count")->as_integer(), 50);
    std::set<std::string> ids;
    for (const json::Value& item : value.find("items")->items()) {
      ids.insert(item.string_at("id"));
      EXPECT_EQ(item.members().size(), 2U) << item.to_text();
    }
    EXPECT_EQ(ids.size(), 50U);
    EXPECT_NE(value.string_at("at"), "1970-01-01T00:00:00Z");
  }
}

TEST_F(LiveExportTest, SystemPropertiesOnRequest) {
  ExportOptions options;
  options.system_properties = true;
  const json::Value value = run(options, false);
  EXPECT_NE(value.find("items")->items().front().find("_etag"), nullptr);
}

TEST_F(LiveExportTest, AMissingContainerIsNamed) {
  auto out = OutputFile::create(folder_.path("out"));
  ExportProgress progress;
  const auto report = export_live(real_runtime(), *client_, {"shop", "none"}, {}, *out, progress, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::not_found);
}

}  // namespace
}  // namespace halley::recovery
