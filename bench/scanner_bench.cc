// What reading JSON costs: scanning pages of documents, digests, normalisation. Bytes per second of CPU time of one
// thread. usage: scanner_bench DOCUMENTS.ndjson…  [Google Benchmark's options]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "json/document_scanner.h"
#include "json/number.h"
#include "json/value.h"

namespace {

constexpr std::size_t kCorpusSize = 16 * 1024 * 1024;
constexpr std::size_t kPageSize = 2 * 1024 * 1024;

struct Corpus {
  std::vector<std::string> documents;
  std::vector<std::string> pages;  // The documents with the system properties that the service gives them.
  std::int64_t document_bytes = 0;
  std::int64_t page_bytes = 0;
};

Corpus read_corpus(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "scanner_bench: cannot read %s\n", path.c_str());
    std::exit(1);
  }
  Corpus corpus;
  std::string page;
  const auto end_page = [&] {
    page.back() = ']';
    page += R"(,"_count":1})";
    corpus.page_bytes += static_cast<std::int64_t>(page.size());
    page.reserve(page.size() + halley::json::kPadding);
    corpus.pages.push_back(std::move(page));
    page.clear();
  };
  for (std::string line; std::getline(file, line) && corpus.document_bytes < static_cast<std::int64_t>(kCorpusSize);) {
    if (page.empty()) page = R"({"_rid":"Lx1BALxJyZ8=","Documents":[)";
    page.append(line, 0, line.size() - 1);
    page += R"(,"_rid":"Lx1BALxJyZ8BAAAAAAAAAA==",)";
    page += R"("_self":"dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/",)";
    page += R"("_etag":"\"0000d826-0000-0700-0000-65a7f5d50000\"",)";
    page += R"("_attachments":"attachments/","_ts":1700000000,"_lsn":37},)";
    corpus.document_bytes += static_cast<std::int64_t>(line.size());
    corpus.documents.push_back(std::move(line));
    if (page.size() >= kPageSize) end_page();
  }
  if (!page.empty()) end_page();
  return corpus;
}

void scan_pages(benchmark::State& state, const Corpus& corpus) {
  halley::json::DocumentScanner scanner({{"partition"}});
  for ([[maybe_unused]] auto _ : state) {
    std::uint64_t sum = 0;
    for (const std::string& page : corpus.pages) {
      CHECK(scanner.scan_page(page, false, [&](halley::json::ScannedDocument& document) -> halley::Status {
        sum += document.digest;
        return {};
      }));
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * corpus.page_bytes);
  state.counters["documents"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(corpus.documents.size()),
                         benchmark::Counter::kIsRate);
}

template <typename Function>
void each_document(benchmark::State& state, const Corpus& corpus, Function function) {
  for ([[maybe_unused]] auto _ : state) {
    for (const std::string& document : corpus.documents) benchmark::DoNotOptimize(function(document));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * corpus.document_bytes);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> options;
  std::vector<std::string> paths;
  for (int i = 0; i < argc; ++i) {
    if (i == 0 || std::string_view(argv[i]).starts_with("--")) {
      options.push_back(argv[i]);
    } else {
      paths.emplace_back(argv[i]);
    }
  }
  std::vector<Corpus> corpora;
  corpora.reserve(paths.size());
  for (const std::string& path : paths) corpora.push_back(read_corpus(path));
  for (std::size_t i = 0; i < corpora.size(); ++i) {
    const Corpus& corpus = corpora[i];
    const auto register_one = [&](const char* what, auto function) {
      benchmark::RegisterBenchmark((std::string(what) + "/" + paths[i]).c_str(), function)
          ->Unit(benchmark::kMillisecond);
    };
    register_one("scan", [&](benchmark::State& state) { scan_pages(state, corpus); });
    register_one("digest", [&](benchmark::State& state) { each_document(state, corpus, halley::json::value_digest); });
    register_one("normalise", [&](benchmark::State& state) { each_document(state, corpus, halley::json::normalise); });
    register_one("parse", [&](benchmark::State& state) { each_document(state, corpus, halley::json::parse); });
  }
  int count = static_cast<int>(options.size());
  benchmark::Initialize(&count, options.data());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
