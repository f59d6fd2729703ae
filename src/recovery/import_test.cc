#include "recovery/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <mutex>
#include <utility>

#include "cosmos/signing.h"
#include "json/document_scanner.h"
#include "recovery/hand_made_backup.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/temporary_folder.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// How exports begin.
const std::string kExport = R"({"exported_at":"2026-01-17T10:00:00Z","database":"s\"p","container":"o","at":"x",)";

class ReaderTest : public ::testing::Test {
 protected:
  // "line/offset text" of each item; an error as its last line.
  std::vector<std::string> read(const std::string& content, ImportFormat format = ImportFormat::guess) {
    folder_.write("file", content);
    std::vector<std::string> all;
    auto reader = ImportReader::open(folder_.path("file"), format);
    if (!reader) return {reader.error().message};
    ImportItem item;
    while (true) {
      const auto more = reader->next(item);
      if (!more) all.push_back(more.error().message);
      if (!more || !*more) break;
      std::string text(item.text.size() < 100 ? item.text : "long");
      all.push_back(std::to_string(item.line) + "/" + std::to_string(item.offset) + " " +
                    (item.oversized ? "oversized" : text));
    }
    count_ = reader->declared_count();
    format_ = reader->format();
    return all;
  }

  const halley::testing::TemporaryFolder folder_;
  std::optional<std::uint64_t> count_;
  ImportFormat format_ = ImportFormat::guess;
};

TEST_F(ReaderTest, TakesTheShapesThatExportsHave) {
  EXPECT_THAT(read("{\"exported_at\":\"x\",\"count\":2,\"items\":[\n{\"a\":\"]},\\\"\"},\n{\"b\":[{}]}\n]}\n",
                   ImportFormat::json),
              ElementsAre(R"(2/39 {"a":"]},\""})", R"(3/54 {"b":[{}]})"));
  EXPECT_EQ(count_, 2U);
  EXPECT_THAT(
      read("{ \"exported_at\" : 1, \"x\": {\"items\":[1]}, \"items\" : [ ] , \"count\" : 0 }", ImportFormat::json),
      IsEmpty());
  EXPECT_EQ(count_, 0U);
  EXPECT_THAT(read(" [ {\"a\":1} , 5 ]"), ElementsAre(R"(1/3 {"a":1})", "1/13 5"));
  EXPECT_THAT(read("{\"id\":\"1\",\"items\":[1]}\r\n\n  {\"id\":\"2\"}"),
              ElementsAre(R"(1/0 {"id":"1","items":[1]})", R"(3/27 {"id":"2"})"))
      << "line 2 is empty";
  EXPECT_EQ(format_, ImportFormat::ndjson);
  EXPECT_THAT(read("\xEF\xBB\xBF{\"id\":\"1\"}\n"), ElementsAre(R"(1/3 {"id":"1"})"));
  EXPECT_THAT(read("{\"count\":1,\"items\":[{}]}", ImportFormat::json), ElementsAre("1/20 {}"));
  EXPECT_THAT(read(""), IsEmpty());
}

TEST_F(ReaderTest, TakesForAnExportWhatBeginsLikeOne) {
  EXPECT_THAT(read(kExport + R"("count":1,"items":[{"a":1}]})"), ElementsAre(HasSubstr(R"({"a":1})")));
  EXPECT_EQ(format_, ImportFormat::json);
  EXPECT_THAT(read(R"( { "exported_at" : "x" ,)"
                   "\n"
                   R"("database": "d", "container":"c" , "at" : "" , "items" : []})"),
              IsEmpty());
  EXPECT_EQ(format_, ImportFormat::json);
  for (const char* document : {R"({"exported_at":"x","id":"1","items":[{"id":"2"}]})",
                               R"({"exported_at":1,"database":"d","container":"c","at":"x","items":[]})",
                               R"({"exported_at":"x","database":"d","at":"x","container":"c","items":[]})",
                               R"({"exported_at":"x","database":"d","container":"c","at":"x"})",
                               R"({"exported_at":"x","database":"d)", R"({"exported_at")"}) {
    EXPECT_THAT(read(document), ElementsAre(std::string("1/0 ") + document));
    EXPECT_EQ(format_, ImportFormat::ndjson) << document;
  }
}

TEST_F(ReaderTest, StopsThoughNothingComes) {
  const std::string path = folder_.path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::stop_source stop;
  stop.request_stop();
  const auto waiting = ImportReader::open(path, ImportFormat::guess, stop.get_token());
  ASSERT_FALSE(waiting);
  EXPECT_EQ(waiting.error().code, Code::cancelled);
}

TEST_F(ReaderTest, NamesWhereItIsNotJson) {
  EXPECT_THAT(read("{\"exported_at\":1,\n\"items\":[{} {}]}", ImportFormat::json),
              ElementsAre("2/27 {}", HasSubstr(":2: not JSON at byte 30")));
  EXPECT_THAT(read("[{},{\"a\":"), ElementsAre("1/1 {}", HasSubstr("not JSON at byte 9: the file ends")));
  EXPECT_THAT(read("[{}"), ElementsAre("1/1 {}", HasSubstr("byte 3")));
  EXPECT_THAT(read("[] x"), ElementsAre(HasSubstr("something follows")));
  EXPECT_THAT(read("{\"exported_at\":\"", ImportFormat::json), ElementsAre(HasSubstr("byte 16")));
  EXPECT_THAT(read("5", ImportFormat::json), ElementsAre(HasSubstr("byte 0")));
  EXPECT_THAT(read("[,]"), ElementsAre(HasSubstr("byte 1")));
  for (const char* without : {R"({"Documents":[{"id":"1"}]})", R"({"exported_at":1,"items":null})", "{}"}) {
    EXPECT_THAT(read(without, ImportFormat::json), ElementsAre(HasSubstr("no array `items`"))) << without;
  }
  EXPECT_EQ(ImportReader::open(folder_.path("missing"), ImportFormat::guess).error().code, Code::not_found);
}

TEST_F(ReaderTest, ItemsOverTheEndOfABufferAreWhole) {
  std::string content = "[";
  std::uint64_t expected = 0;
  for (int i = 0; i < 40; ++i) {
    content += (i == 0 ? "" : ",") + std::string("{\"text\":\"") +
               std::string(100'000 + static_cast<std::size_t>(i), 'x') + "\"}";
    expected += 100'011 + static_cast<std::uint64_t>(i);
  }
  for (const char* end : {"]", "\n]\n"}) {
    folder_.write("file", content + end);
    auto reader = ImportReader::open(folder_.path("file"), ImportFormat::guess);
    ASSERT_TRUE(reader);
    std::uint64_t bytes = 0;
    ImportItem item;
    while (*reader->next(item)) {
      EXPECT_TRUE(json::value_digest(item.text));
      bytes += item.text.size();
    }
    EXPECT_EQ(bytes, expected);
  }
}

TEST_F(ReaderTest, AnItemTooLargeIsPassedOver) {
  const std::string large = "{\"a\":\"" + std::string(ImportReader::kMaxItem, 'x') + "\"}";
  EXPECT_THAT(read("[{}," + large + ",{\"b\":1}]"),
              ElementsAre("1/1 {}", "1/4 oversized", "1/" + std::to_string(large.size() + 5) + R"( {"b":1})"));
  EXPECT_THAT(read("{}\n" + large + "\n{\"b\":1}"),
              ElementsAre("1/0 {}", "2/3 oversized", "3/" + std::to_string(large.size() + 4) + R"( {"b":1})"));
  // What stands behind many bytes counts, too.
  EXPECT_THAT(read("{\"exported_at\":1,\"items\":[" + large + "],\"count\":1}", ImportFormat::json),
              ElementsAre("1/26 oversized"));
  EXPECT_EQ(count_, 1U);
}

TEST_F(ReaderTest, AnItemBeginsWhereItDoesHoweverLongTheNameOfItsFirstMember) {
  const std::string name = "{\"" + std::string(ImportReader::kMaxItem, 'x') + "\":1}";
  EXPECT_THAT(read(" " + name + "\n{\"b\":1}"),
              ElementsAre("1/1 oversized", "2/" + std::to_string(name.size() + 2) + R"( {"b":1})"));
  EXPECT_EQ(format_, ImportFormat::ndjson);
  for (const char* other : {R"({"exported_atx":1})", R"({"exported_a":1})", R"({"exported)", "{", "{}"}) {
    EXPECT_THAT(read(other), ElementsAre(std::string("1/0 ") + other));
    EXPECT_EQ(format_, ImportFormat::ndjson) << other;
  }
}

class ImportTest : public ::testing::Test {
 protected:
  ImportTest() : account_(runtime_, options()), transport_(account_) {
    cosmos::ClientOptions client_options;
    client_options.endpoint = "http://target.test/";
    client_options.key = std::string(cosmos::kEmulatorKey);
    auto client = cosmos::Client::create(runtime_, transport_, client_options);
    EXPECT_TRUE(client) << client.error().to_string();
    client_ = std::move(*client);
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(account_.engine().create_container(
        "shop", R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  }
  static server::AccountOptions options() {
    server::AccountOptions options;
    options.partitions = 4;
    return options;
  }

  Result<ImportReport> run(const std::string& content, const ImportOptions& import_options = {},
                           const std::string& container = "orders") {
    folder_.write("file", content);
    ASSIGN(ImportReader reader, ImportReader::open(folder_.path("file"), ImportFormat::guess));
    return import_documents(runtime_, *client_, {"shop", container}, reader, import_options, progress_, {});
  }
  std::size_t count() { return (*account_.engine().container("shop", "orders"))->live_documents().size(); }
  std::string text(const std::string& id, const std::string& key) {
    return client_->read_document({"shop", "orders"}, id, key, {}).value_or(cosmos::ReadDocument{}).text;
  }
  static std::string many(int documents) {
    std::string content;
    for (int i = 0; i < documents; ++i) {
      content +=
          R"({"id":")" + std::to_string(i) + R"(","pk":)" + std::to_string(i) + R"(,"v":1.5,"_kept":"é"})" + "\n";
    }
    return content;
  }

  halley::testing::VirtualRuntime runtime_{at(1000)};
  server::Account account_;
  halley::testing::DirectTransport transport_;
  std::unique_ptr<cosmos::Client> client_;
  const halley::testing::TemporaryFolder folder_;
  ImportProgress progress_;
};

TEST_F(ImportTest, WritesAllAndTakesSystemPropertiesOff) {
  std::atomic<int> requests{0};
  std::atomic<bool> told{false};
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.headers.is_true("x-ms-cosmos-is-batch-request")) ++requests;
    if (request.body.find("_self") != std::string::npos) told = true;
    return std::nullopt;
  };
  const std::string last = R"({"id":"s","pk":"s","_rid":"r","_self":"s","_etag":"e","_attachments":"a","_ts":1})";
  const auto report = run(many(1000) + last);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, 1001U);
  EXPECT_EQ(report->written, 1001U);
  EXPECT_EQ(report->problem_count, 0U);
  EXPECT_EQ(count(), 1001U);
  EXPECT_THAT(text("7", "[7]"), HasSubstr(R"({"id":"7","pk":7,"v":1.5,"_kept":"é")"));
  EXPECT_FALSE(told);
  EXPECT_LE(requests, 20) << "documents in any order are gathered by range";
  // Once more: the same documents.
  ASSERT_TRUE(run(many(1000) + last));
  EXPECT_EQ(count(), 1001U);
}

TEST_F(ImportTest, KeepsWhatIsThereWhenAskedTo) {
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"1","pk":1,"v":"mine"})"));
  const std::string large = R"({"id":"big","pk":"b","v":")" + std::string(300'000, 'x') + "\"}";
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"big","pk":"b","v":"mine"})"));
  ImportOptions keep;
  keep.keep_existing = true;
  const auto report = run(many(10) + large, keep);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->kept, 2U);
  EXPECT_EQ(report->written, 9U);
  EXPECT_EQ(report->problem_count, 0U);
  EXPECT_THAT(text("1", "[1]"), HasSubstr("mine"));
  EXPECT_THAT(text("big", R"(["b"])"), HasSubstr("mine"));
  ASSERT_TRUE(run(many(10) + large));
  EXPECT_THAT(text("1", "[1]"), HasSubstr("1.5"));
  EXPECT_THAT(text("big", R"(["b"])"), HasSubstr("xxx"));
}

TEST_F(ImportTest, OfADocumentThatComesTwiceTheLastRemainsOrTheFirstIsKept) {
  const std::string twice = R"({"id":"x","pk":"a","v":"first"})"
                            "\n" +
                            many(250) + R"({"id":"x","pk":"a","v":"last"})";
  auto report = run(twice);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->written, 252U);
  EXPECT_THAT(text("x", R"(["a"])"), HasSubstr("last"));
  ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", "x"));
  ImportOptions keep;
  keep.keep_existing = true;
  report = run(twice, keep);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->written, 1U);
  EXPECT_EQ(report->kept, 251U);
  EXPECT_THAT(text("x", R"(["a"])"), HasSubstr("first"));
}

// Documents of which another writer makes one of its own while the import is under way.
TEST_F(ImportTest, KeepsALargeDocumentThatCameMeanwhile) {
  bool too_large = false;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.method != "POST") return std::nullopt;
    if (request.headers.is_true("x-ms-cosmos-is-batch-request")) {
      http::Response refused;
      refused.status = 413;
      refused.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
      return too_large ? std::optional(Result<http::Response>(std::move(refused))) : std::nullopt;
    }
    EXPECT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"big","pk":"b","v":"mine"})"));
    return std::nullopt;
  };
  ImportOptions keep;
  keep.keep_existing = true;
  for (const std::size_t size : {300'000U, 10U}) {
    too_large = size == 10;
    const auto report = run(R"({"id":"big","pk":"b","v":")" + std::string(size, 'x') + "\"}", keep);
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->kept, 1U) << size;
    EXPECT_EQ(report->written, 0U) << size;
    EXPECT_THAT(text("big", R"(["b"])"), HasSubstr("mine")) << size;
    ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["b"])", "big"));
  }
}

// The first answer says of every operation that was carried out that it was not (429), or that it failed (500).
TEST_F(ImportTest, WhatItWroteItselfIsNotKept) {
  std::string said = "500";
  bool first = true;
  std::mutex mutex;
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    const std::lock_guard lock(mutex);
    if (!request.headers.is_true("x-ms-cosmos-is-batch-request") || !std::exchange(first, false)) return response;
    for (const std::string done : {"\"statusCode\":201", "\"statusCode\":409"}) {
      for (std::size_t at; (at = response.body.find(done)) != std::string::npos;) {
        response.body.replace(at, done.size(), "\"statusCode\":" + said);
      }
    }
    response.body.reserve(response.body.size() + json::kPadding);
    return response;
  };
  ImportOptions keep;
  keep.keep_existing = true;
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"there","pk":"a","v":"mine"})"));
  const std::string documents =
      "{\"id\":\"1\",\"pk\":\"a\"}\n{\"id\":\"2\",\"pk\":\"a\"}\n{\"id\":\"there\",\"pk\":\"a\"}\n";
  auto report = run(documents, keep);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->written, 2U);
  EXPECT_EQ(report->kept, 1U);
  // They are there now, as they are in the file: what was certainly not done says nothing else.
  said = "429";
  first = true;
  report = run(documents, keep);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->written, 0U);
  EXPECT_EQ(report->kept, 3U);
}

TEST_F(ImportTest, AnObjectWithoutItemsIsAProblem) {
  folder_.write("file", R"({"Documents":[{"id":"1","pk":1}]})");
  auto reader = ImportReader::open(folder_.path("file"), ImportFormat::json);
  ASSERT_TRUE(reader);
  const auto report = import_documents(runtime_, *client_, {"shop", "orders"}, *reader, {}, progress_, {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, 0U);
  ASSERT_EQ(report->problem_count, 1U);
  EXPECT_THAT(report->problems.front().why, HasSubstr("`jq .MEMBER`"));
}

TEST_F(ImportTest, NamesWhatItCannotWriteAndGoesOn) {
  const std::string content =
      "{\"id\":\"1\",\"pk\":\"a\"}\nnot json\n{\"pk\":\"a\"}\n{\"id\":5}\n{\"id\":\"2\",\"pk\":{\"a\":1}}\n"
      "{\"id\":\"3\",\"pk\":\"" +
      std::string(kMaxDocumentBytes, 'x') + "\"}\n[1]\n{\"id\":\"4\"}\n{\"id\":\"\"}\n";
  const auto report = run(content);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, 9U);
  EXPECT_EQ(report->written, 2U);
  EXPECT_EQ(report->without_key, 1U);
  EXPECT_EQ(count(), 2U);
  std::vector<std::string> told;
  for (const ImportProblem& problem : report->problems) {
    told.push_back(std::to_string(problem.line) + "/" + std::to_string(problem.offset) + " " + problem.id + " " +
                   problem.why);
  }
  EXPECT_THAT(told, ElementsAre(HasSubstr("2/20  not JSON"), HasSubstr("3/29  it has no id"),
                                HasSubstr("4/40  it has no id"), HasSubstr("5/49 2 its partition key is an object"),
                                HasSubstr("6/73 3 it has 209"), HasSubstr("7/"), HasSubstr("9/")));
}

TEST_F(ImportTest, WhatTheAccountRefusesIsAProblemOfThatDocument) {
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    // The account finds fault with one document of a bulk request.
    const std::size_t at = request.body.find(R"("id":"3")");
    if (request.headers.is_true("x-ms-cosmos-is-batch-request") && at != std::string::npos) {
      const std::size_t status = response.body.find("\"statusCode\":20");
      if (status != std::string::npos) response.body.replace(status + 13, 3, "400");
    }
    return response;
  };
  const auto report = run(many(5));
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->written, 4U);
  EXPECT_EQ(report->problem_count, 1U);
  EXPECT_FALSE(report->problems.front().id.empty());
  EXPECT_THAT(report->problems.front().why, HasSubstr("400"));
}

TEST_F(ImportTest, AFileThatIsCutIsNoticed) {
  const auto cut = run(kExport + R"("count":3,"items":[{"id":"1"},{"id":"2"},{"id")");
  ASSERT_TRUE(cut) << cut.error().to_string();
  EXPECT_FALSE(cut->read_whole);
  EXPECT_EQ(cut->written, 2U);
  EXPECT_THAT(cut->problems.front().why, HasSubstr("byte " + std::to_string(kExport.size() + 46)));
  const auto fewer = run(kExport + R"("count":3,"items":[{"id":"1"},{"id":"2"}]})");
  ASSERT_TRUE(fewer);
  EXPECT_THAT(fewer->problems.front().why, HasSubstr("`count` says 3"));
}

TEST_F(ImportTest, ADryRunWritesNothing) {
  ImportOptions dry;
  dry.dry_run = true;
  const auto report = run(many(5) + "oops", dry);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->written, 5U);
  EXPECT_EQ(report->problem_count, 1U);
  EXPECT_EQ(count(), 0U);
}

TEST_F(ImportTest, NeedsTheContainer) {
  const auto missing = run(many(1), {}, "nowhere");
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_FALSE(missing.error().hint.empty());
}

TEST_F(ImportTest, FailsWhenTheAccountDoes) {
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!request.headers.is_true("x-ms-cosmos-is-batch-request")) return std::nullopt;
    http::Response refused;
    refused.status = 403;
    refused.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
    return refused;
  };
  EXPECT_FALSE(run(many(5)));
}

}  // namespace
}  // namespace halley::recovery
