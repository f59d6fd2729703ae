#include "recovery/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "json/value.h"
#include "recovery/hand_made_backup.h"

namespace halley::recovery {
namespace {

class ExportTest : public ::testing::Test {
 protected:
  ExportTest() {
    std::string pattern = ::testing::TempDir() + "halley-export-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    backup.database("shop", at(0));
    backup.container("shop", "orders", at(0), R"(,"defaultTtl":-1)");
    backup.definitions_known(at(0), at(100));
    auto& orders = backup.lane("shop", "orders");
    backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","n":1.50})", at(5));
    backup.put(orders, R"(["a"])", "2", "{\"id\":\"2\",\n\"pk\":\"a\"}", at(5));
    backup.put(orders, R"(["a"])", "gone", R"({"id":"gone","pk":"a","ttl":5})", at(5));
    backup.exact(orders, at(10), at(100));
  }
  ~ExportTest() override { std::filesystem::remove_all(folder_); }

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
  std::string folder_;
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

}  // namespace
}  // namespace halley::recovery
