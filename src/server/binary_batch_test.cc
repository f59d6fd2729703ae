// Binary batches through Account::handle, with a client that writes and reads them as the .NET SDK does.
#include "server/binary_batch.h"

#include <gtest/gtest.h>

#include <array>

#include "base/bytes.h"
#include "codec/base64.h"
#include "cosmos/signing.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "server/hybrid_row.h"
#include "testing/virtual_runtime.h"

namespace halley::server {
namespace {

using hybrid_row::Column;
using hybrid_row::Storage;
using hybrid_row::Type;
using hybrid_row::Value;

constexpr Column kInt{Type::int32, Storage::fixed};
constexpr Column kText{Type::utf8, Storage::variable};
constexpr Column kBinary{Type::binary, Storage::variable};
constexpr Column kSparse{Type::utf8, Storage::sparse};
constexpr std::array kOperationColumns = {kInt,
                                          kInt,
                                          kText,
                                          kBinary,
                                          kText,
                                          kBinary,
                                          kBinary,
                                          kSparse,
                                          kSparse,
                                          kSparse,
                                          Column{Type::int32, Storage::sparse},
                                          Column{Type::boolean, Storage::sparse}};
constexpr hybrid_row::Schema kOperation{2145473648u, kOperationColumns};
constexpr std::array kResultColumns = {
    kInt, kInt, kText, kBinary, Column{Type::uint32, Storage::sparse}, Column{Type::float64, Storage::sparse}};
constexpr hybrid_row::Schema kResult{2145473649u, kResultColumns};

enum : std::int32_t { kCreate = 0, kRead = 2, kDelete = 4, kReplace = 5, kUpsert = 20 };

hybrid_row::Row operation(std::int32_t type, std::string_view id, std::string_view body = {}) {
  hybrid_row::Row row(kOperationColumns.size());
  row[0] = type;
  row[1] = 2;
  if (!id.empty()) row[4] = id;
  if (!body.empty()) row[6] = body;
  return row;
}

std::string stream_of(const std::vector<hybrid_row::Row>& operations) {
  std::string stream;
  hybrid_row::append_stream_header(stream);
  for (const hybrid_row::Row& each : operations) {
    std::string row;
    hybrid_row::append_row(row, kOperation, each);
    hybrid_row::append_record(stream, row);
  }
  return stream;
}

struct BatchResult {
  std::int32_t status = 0;
  std::string etag;
  std::string body;
  double charge = 0;
};

class BinaryBatchTest : public ::testing::Test {
 protected:
  BinaryBatchTest() : account_(runtime_, {}) {
    static constexpr std::string_view kContainer = R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2}})";
    EXPECT_TRUE(account_.engine().create_database("d"));
    EXPECT_TRUE(account_.engine().create_container("d", kContainer));
  }

  http::ServerResponse send(std::string_view body, bool atomic = true) {
    http::Headers headers;
    const std::string date = format_http_date(runtime_.wall_second());
    headers.add("x-ms-date", date);
    headers.add("authorization",
                cosmos::master_key_token(*codec::base64_decode(account_.key()), "POST", "docs", "dbs/d/colls/c", date));
    headers.add("x-ms-cosmos-is-batch-request", "True");
    headers.add("x-ms-cosmos-batch-atomic", atomic ? "True" : "False");
    headers.add(atomic ? "x-ms-documentdb-partitionkey" : "x-ms-documentdb-partitionkeyrangeid",
                atomic ? R"(["a"])" : "0");
    return account_.handle({"POST", "/dbs/d/colls/c/docs", headers, body});
  }

  static std::vector<BatchResult> results_of(const http::ServerResponse& response) {
    std::vector<BatchResult> results;
    const auto records = hybrid_row::read_records(response.body);
    EXPECT_TRUE(records) << response.body;
    if (!records) return results;
    for (const std::string_view record : *records) {
      const auto row = hybrid_row::read_row(record, kResult);
      EXPECT_TRUE(row);
      if (!row) break;
      BatchResult result{std::get<std::int32_t>((*row)[0]), {}, {}, std::get<double>((*row)[5])};
      if (const auto* etag = std::get_if<std::string_view>(&(*row)[2])) result.etag = *etag;
      if (const auto* body = std::get_if<std::string_view>(&(*row)[3])) result.body = *body;
      results.push_back(std::move(result));
    }
    return results;
  }

  std::vector<std::int32_t> statuses(const std::vector<hybrid_row::Row>& operations, bool atomic = true) {
    std::vector<std::int32_t> statuses;
    const auto response = send(stream_of(operations), atomic);
    for (const BatchResult& result : results_of(response)) statuses.push_back(result.status);
    return statuses;
  }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  Account account_;
};

TEST_F(BinaryBatchTest, AResultSaysHowLongToWait) {
  std::string stream;
  begin_binary_results(stream);
  append_binary_result(stream, ItemResult{429, 3200, {}, nullptr, 0, Milliseconds(12)}, false);
  const auto records = hybrid_row::read_records(stream);
  ASSERT_TRUE(records);
  const auto row = hybrid_row::read_row(records->front(), kResult);
  ASSERT_TRUE(row);
  EXPECT_EQ((*row)[4], Value(std::uint32_t{12}));
}

TEST_F(BinaryBatchTest, DoesWhatTheOperationsSay) {
  auto minimal = operation(kUpsert, {}, R"({"id":"3","pk":"a","n":2})");
  minimal[11] = true;
  minimal[7] = std::string_view("Include");
  const auto response =
      send(stream_of({operation(kCreate, {}, R"({"id":"1","pk":"a"})"), operation(kRead, "1"),
                      operation(kReplace, "1", R"({"id":"1","pk":"a","n":1})"),
                      operation(kCreate, {}, R"({"id":"2","pk":"a"})"), operation(kDelete, "2"), minimal}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("content-type"), "application/octet-stream");
  const auto results = results_of(response);
  ASSERT_EQ(results.size(), 6u);
  std::vector<std::int32_t> found;
  for (const BatchResult& result : results) found.push_back(result.status);
  EXPECT_EQ(found, (std::vector<std::int32_t>{201, 200, 200, 201, 204, 201}));
  EXPECT_EQ(results[1].etag, results[0].etag);
  EXPECT_EQ(results[1].body, results[0].body);
  EXPECT_TRUE(results[2].body.starts_with(R"({"id":"1","pk":"a","n":1,"_rid":)")) << results[2].body;
  EXPECT_EQ(results[4].body, "");
  EXPECT_EQ(results[5].body, "");
  EXPECT_NE(results[5].etag, "");
  double charge = 0;
  for (const BatchResult& result : results) charge += result.charge;
  EXPECT_NEAR(charge, std::stod(std::string(response.headers.get("x-ms-request-charge"))), 0.01);
}

TEST_F(BinaryBatchTest, AllOrNothing) {
  EXPECT_EQ(
      statuses({operation(kCreate, {}, R"({"id":"1","pk":"a"})"), operation(kDelete, "none"), operation(kRead, "1")}),
      (std::vector<std::int32_t>{424, 404, 424}));
  EXPECT_EQ(send(stream_of({operation(kDelete, "none")})).status, 207);
  EXPECT_EQ(statuses({operation(kRead, "1")}), std::vector<std::int32_t>{404});
}

TEST_F(BinaryBatchTest, BulkDoesEachByItself) {
  auto create = operation(kCreate, {}, R"({"id":"1","pk":"b"})");
  create[2] = std::string_view(R"(["b"])");
  auto remove = operation(kDelete, "none");
  remove[2] = std::string_view(R"(["c"])");
  auto read = operation(kRead, "1");
  read[2] = std::string_view(R"(["b"])");
  EXPECT_EQ(statuses({create, remove, read}, false), (std::vector<std::int32_t>{201, 404, 200}));
}

TEST_F(BinaryBatchTest, ConditionsHold) {
  const auto created = results_of(send(stream_of({operation(kCreate, {}, R"({"id":"1","pk":"a"})")})));
  ASSERT_EQ(created.size(), 1u);
  auto replace = operation(kReplace, "1", R"({"id":"1","pk":"a"})");
  replace[8] = std::string_view("\"other\"");
  EXPECT_EQ(statuses({replace}), std::vector<std::int32_t>{412});
  replace[8] = std::string_view(created[0].etag);
  EXPECT_EQ(statuses({replace}), std::vector<std::int32_t>{200});
  auto read = operation(kRead, "1");
  read[9] = std::string_view("*");
  EXPECT_EQ(statuses({read}), std::vector<std::int32_t>{304});
}

TEST_F(BinaryBatchTest, TheKnownBytesAreACreate) {
  const std::string row = *from_hex("817054e17f470000000002000000055b2261225d137b226964223a2231222c22706b223a2261227d");
  std::string stream;
  hybrid_row::append_stream_header(stream);
  hybrid_row::append_record(stream, row);
  const auto response = send(stream, false);
  const auto results = results_of(response);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].status, 201);
}

TEST_F(BinaryBatchTest, RefusesWhatIsWrong) {
  const auto refused = [&](std::string_view body) {
    const auto response = send(body);
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_NE(response.body.find("\"BadRequest\""), std::string::npos);
  };
  const std::string good = stream_of({operation(kCreate, {}, R"({"id":"1","pk":"a"})"), operation(kRead, "1")});
  const std::size_t first_end = stream_of({operation(kCreate, {}, R"({"id":"1","pk":"a"})")}).size();
  for (std::size_t size = 1; size < good.size(); ++size) {
    if (size == first_end) continue;  // a batch of the first operation alone
    refused(std::string_view(good).substr(0, size));
  }
  refused(stream_of({}));
  refused(stream_of(std::vector<hybrid_row::Row>(101, operation(kRead, "1"))));
  refused(stream_of({operation(3, "1")}));
  auto stored_procedure = operation(kRead, "1");
  stored_procedure[1] = 109;
  refused(stream_of({stored_procedure}));
  hybrid_row::Row nothing(kOperationColumns.size());
  refused(stream_of({nothing}));
  for (const auto& [column, value] : std::vector<std::pair<std::size_t, Value>>{
           {3, std::string_view("x")}, {5, std::string_view("x")}, {10, std::int32_t{5}}}) {
    auto special = operation(kRead, "1");
    special[column] = value;
    refused(stream_of({special}));
  }
  auto key = operation(kRead, "1");
  key[2] = std::string_view("[");
  refused(stream_of({key}));
}

TEST_F(BinaryBatchTest, ABodyThatIsNoDocumentFailsItsOperation) {
  EXPECT_EQ(statuses({operation(kCreate, {}, "\x80\x01")}), std::vector<std::int32_t>{400});
}

}  // namespace
}  // namespace halley::server
