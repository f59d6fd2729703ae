// What a repository costs: packing documents into segments and reading them back, against plain zstd of the same
// documents, all in CPU seconds of this process. usage: repo_bench DOCUMENTS.ndjson [BLOCK_KIB=512] [LEVEL=3]
// [SEGMENT_MB=48]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/compress.h"
#include "codec/hash.h"
#include "cosmos/resource_id.h"
#include "json/document_scanner.h"
#include "repo/repository.h"
#include "store/memory_store.h"

namespace halley {
namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "repo_bench: %s\n", result.error().to_string().c_str());
  std::exit(1);
}

const std::string kDatabaseRid = cosmos::database_rid(1);
const std::string kContainerRid = cosmos::container_rid(kDatabaseRid, 1);

struct Document {
  std::string body, key, rid, etag;
  std::size_t id_begin = 0, id_size = 0;  // in the body
  std::vector<json::ValuePlace> values;
  std::int64_t ts = 0;
  std::uint64_t digest = 0;
  std::string_view id() const { return std::string_view(body).substr(id_begin, id_size); }
};

struct Corpus {
  std::vector<Document> documents;  // in the order the feed gives them
  std::string plain;                // with system properties, as lines
  std::size_t body_bytes = 0;
};

// Documents partitioned by their id, with system properties as the service gives them: an etag of a counter and the
// time.
Corpus read_corpus(const char* path) {
  std::ifstream file(path);
  Corpus corpus;
  std::mt19937_64 random(1);
  std::uint64_t number = 0;
  json::DocumentScanner scanner({{"partition"}});
  for (std::string line; std::getline(file, line);) {
    Document document;
    line.reserve(line.size() + json::kPadding);
    const json::ScannedDocument& scanned = *must(scanner.scan_document(line));
    document.id_begin = static_cast<std::size_t>(scanned.id.data() - line.data());
    document.id_size = scanned.id.size();
    document.values.assign(scanned.values.begin(), scanned.values.end());
    document.key = "[" + std::string(scanned.key_values[0]) + "]";
    document.digest = scanned.digest;
    document.ts = 1'700'000'000 + static_cast<std::int64_t>(number / 500);
    document.rid = cosmos::child_rid(kContainerRid, cosmos::ChildKind::document, ++number);
    char etag[48];
    std::snprintf(etag, sizeof etag, "\"%08x-0000-0700-0000-%08x0000\"", static_cast<unsigned>(random() & 0xFFFFFF),
                  static_cast<unsigned>(document.ts));
    document.etag = etag;
    corpus.plain.append(line, 0, line.size() - 1);
    corpus.plain += ",\"_rid\":\"" + document.rid + "\",\"_self\":\"dbs/" + kDatabaseRid + "/colls/" + kContainerRid +
                    "/docs/" + document.rid + "/\",\"_etag\":\"\\\"" + document.etag.substr(1, 36) +
                    "\\\"\",\"_attachments\":\"attachments/\",\"_ts\":" + std::to_string(document.ts) + "}\n";
    corpus.body_bytes += line.size();
    document.body = std::move(line);
    corpus.documents.push_back(std::move(document));
  }
  return corpus;
}

repo::Version version_of(const Document& document, std::uint64_t lsn) {
  repo::Version version;
  version.partition_key = document.key;
  version.id = document.id();
  version.rid = document.rid;
  version.etag = document.etag;
  version.ts = version.time = version.since = {document.ts};
  version.position = {0, lsn};
  version.layout = 0x1F;
  version.digest = document.digest;
  version.body = document.body;
  version.values = document.values;
  return version;
}

struct Row {
  const char* what;
  double cpu;
  std::size_t bytes;  // stored, or 0
};

void print(const Row& row, const Corpus& corpus, double reference_cpu, std::size_t reference_bytes) {
  std::printf("%-28s %7.2f s %8.0f MB/s %6.2f x", row.what, row.cpu,
              static_cast<double>(corpus.plain.size()) / row.cpu / 1e6, row.cpu / reference_cpu);
  if (row.bytes > 0) {
    std::printf(" %9.1f MB %6.3f x", static_cast<double>(row.bytes) / 1e6,
                static_cast<double>(row.bytes) / static_cast<double>(reference_bytes));
  }
  std::printf("\n");
}

void run(const Corpus& corpus, const repo::RepositoryOptions& options, std::size_t segment_bytes) {
  double began = cpu_seconds();
  std::string reference;
  codec::Compressor(3).compress(corpus.plain, reference);
  const double pack_reference = cpu_seconds() - began;
  began = cpu_seconds();
  std::string inflated;
  (void)codec::Decompressor().decompress(reference, corpus.plain.size(), inflated);
  const double read_reference = cpu_seconds() - began;
  print({"zstd -3", pack_reference, reference.size()}, corpus, pack_reference, reference.size());

  auto repository = must(repo::Repository::create(real_runtime(), store::make_memory_store(), "bench", options));
  repo::LaneIdentity identity{"bench", "db", "c", kDatabaseRid, kContainerRid, "", {}};
  identity.key = cosmos::PartitionKeyDefinition{{{"id"}}, cosmos::KeyKind::hash, 2, false};
  const repo::LaneId lane = repo::container_lane("bench", kDatabaseRid, kContainerRid, "");
  auto writer = must(repository->open_writer(lane, identity));
  repo::VersionBatch batch;
  std::size_t held = 0;
  std::size_t stored = 0;
  double packing = 0;
  for (std::size_t i = 0; i < corpus.documents.size(); ++i) {
    batch.add(version_of(corpus.documents[i], i + 1));
    held += corpus.documents[i].body.size();
    if (held < segment_bytes && i + 1 < corpus.documents.size()) continue;
    began = cpu_seconds();
    stored += must(writer->commit({}, batch)).bytes_stored;
    packing += cpu_seconds() - began;
    held = 0;
  }
  print({"commit", packing, stored}, corpus, pack_reference, reference.size());

  for (const bool bodies : {true, false}) {
    repo::ReadOptions read;
    read.bodies = bodies;
    began = cpu_seconds();
    auto stream = must(repository->snapshot(writer->state(), read));
    repo::Version version;
    std::size_t bytes = 0;
    while (must(stream->next(version))) bytes += version.body.size();
    if (bytes != (bodies ? corpus.body_bytes : 0)) std::printf("read back %zu bytes\n", bytes);
    print({bodies ? "snapshot, over zstd -d" : "snapshot without bodies", cpu_seconds() - began, 0}, corpus,
          read_reference, 1);
  }
  constexpr int kReads = 200;
  const auto wall = std::chrono::steady_clock::now();
  for (int i = 0; i < kReads; ++i) {
    const Document& wanted = corpus.documents[static_cast<std::size_t>(i) * 7919 % corpus.documents.size()];
    repo::ReadOptions read;
    read.partition_key = wanted.key;
    read.id = wanted.id();
    auto stream = must(repository->snapshot(writer->state(), read));
    repo::Version version;
    if (!must(stream->next(version))) std::printf("not found: %s\n", wanted.body.c_str());
  }
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - wall;
  std::printf("one document of %zu segments   %7.2f ms\n", writer->state().segments.size(), spent.count() / kReads);
}

}  // namespace
}  // namespace halley

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: repo_bench DOCUMENTS.ndjson [BLOCK_KIB] [LEVEL] [SEGMENT_MB]\n");
    return 2;
  }
  halley::repo::RepositoryOptions options;
  options.password_cost = {16, 1, 1};
  if (count > 2) options.block_bytes = std::strtoul(arguments[2], nullptr, 10) * 1024;
  if (count > 3) options.compression_level = std::atoi(arguments[3]);
  const std::size_t segment_bytes = (count > 4 ? std::strtoul(arguments[4], nullptr, 10) : 48) << 20;
  halley::run(halley::read_corpus(arguments[1]), options, segment_bytes);
  return 0;
}
