// What an account may answer to all else that the client asks: records, listings and their continuations, documents,
// results of bulk writes, refusals. No error may show the account's key, wherever the answer has it.
#include "fuzz/answering.h"
#include "fuzz/target.h"
#include "testing/virtual_runtime.h"

namespace halley {
namespace {

const cosmos::ContainerName kContainer{"d", "c"};

void check_words(std::string_view words) { CHECK(words.find(cosmos::kEmulatorKey) == std::string_view::npos); }

template <typename Answer>
bool told(const Result<Answer>& answer) {
  if (!answer) check_words(answer.error().to_string());
  return answer.has_value();
}

void read_definitions(cosmos::Client& client, const std::stop_token& stop) {
  told(client.read_account(stop));
  told(client.list_databases(stop));
  told(client.list_containers("d", stop));
  told(client.list_scripts(kContainer, cosmos::ScriptKind::trigger, stop));
  told(client.list_permissions("d", "u", stop));
  told(client.list_offers(stop));
  told(client.read_container(kContainer, stop));
  const auto ranges = client.partition_key_ranges(kContainer, stop);
  if (!told(ranges)) return;
  std::string end;
  for (const cosmos::PartitionKeyRange& range : *ranges) {
    CHECK(range.range.min == end && range.range.min < range.range.max);
    end = range.range.max;
  }
  CHECK(end == cosmos::HashRange().max);
}

void write_documents(cosmos::Client& client, const std::stop_token& stop) {
  const std::vector<cosmos::BulkOperation> operations = {
      {cosmos::BulkOperation::Kind::create, "", R"(["a"])", R"({"id":"1","pk":"a"})"},
      {cosmos::BulkOperation::Kind::remove, "2", R"([{}])", ""}};
  const auto results = client.bulk(kContainer, "0", operations, stop);
  if (told(results)) {
    CHECK(results->size() == operations.size());
    for (const cosmos::BulkResult& result : *results) check_words(result.message);
  }
  told(client.upsert_document(kContainer, R"(["a"])", R"({"id":"1","pk":"a"})", stop));
  told(client.create_document(kContainer, R"(["a"])", R"({"id":"1","pk":"a"})", stop));
  told(client.delete_document(kContainer, "1", R"(["a"])", stop));
  told(client.create_container("d", R"({"id":"c","partitionKey":{"paths":["/pk"]}})", {}, stop));
}

}  // namespace

void fuzz_one(std::string_view input) {
  testing::VirtualRuntime runtime(Second{1'800'000'000});  // what is waited for is over at once
  Answering account(input);
  const auto client = client_of(account, runtime);
  const std::stop_token stop;
  read_definitions(*client, stop);
  told(client->read_documents(kContainer, "0", "", stop));
  told(client->read_document(kContainer, "1", R"(["a"])", stop));
  write_documents(*client, stop);
}

}  // namespace halley
