// What queries cost: bytes of documents per second of CPU time of one thread, for conditions, projections, aggregates
// and orders. usage: query_bench DOCUMENTS.ndjson…  [Google Benchmark's options]
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "base/check.h"
#include "json/number.h"
#include "query/run.h"

namespace {

constexpr std::size_t kCorpusSize = 16 * 1024 * 1024;

struct Corpus {
  std::vector<std::string> documents;
  std::int64_t bytes = 0;
};

// The documents of a file with the members that the queries ask for.
Corpus read_corpus(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    fmt::print(stderr, "query_bench: cannot read {}\n", path);
    std::exit(1);
  }
  Corpus corpus;
  int number = 0;
  for (std::string line; std::getline(file, line) && corpus.bytes < static_cast<std::int64_t>(kCorpusSize); ++number) {
    const auto normal = halley::json::normalise(line);
    if (!normal || !normal->starts_with('{')) continue;
    std::string text = normal->substr(0, normal->size() - 1);
    text +=
        fmt::format(R"(,"x":{},"y":"{}","z":{{"w":{}}}}})", number % 100, number % 7 == 0 ? "a" : "b", number % 1000);
    corpus.bytes += static_cast<std::int64_t>(text.size());
    corpus.documents.push_back(std::move(text));
  }
  return corpus;
}

// The whole corpus once, in pages.
void run_query(benchmark::State& state, const Corpus& corpus, const char* text) {
  const auto query = halley::query::Query::parse(text);
  CHECK(query.has_value());
  for ([[maybe_unused]] auto _ : state) {
    std::string continuation;
    std::size_t rows = 0;
    do {
      halley::query::RunOptions options;
      options.max_rows = 100'000;
      auto run = halley::query::Run::start(*query, options, continuation);
      CHECK(run.has_value());
      for (std::size_t i = run->after(); i < corpus.documents.size(); ++i) {
        const auto more = run->add(i + 1, corpus.documents[i]);
        CHECK(more.has_value());
        if (!*more) break;
      }
      const auto page = run->finish();
      CHECK(page.has_value());
      rows += page->count;
      continuation = page->continuation;
      if (query->ordered()) break;  // each of its pages looks at everything
    } while (!continuation.empty());
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * corpus.bytes);
}

constexpr std::pair<const char*, const char*> kQueries[] = {
    {"filter", "SELECT VALUE c.x FROM c WHERE c.x > 95 AND c.y = 'a'"},
    {"filter_documents", "SELECT * FROM c WHERE c.x > 95 AND c.y = 'a'"},
    {"count", "SELECT VALUE COUNT(1) FROM c"},
    {"count_where", "SELECT VALUE COUNT(1) FROM c WHERE c.z.w < 500"},
    {"everything", "SELECT * FROM c"},
    {"projection", "SELECT c.x, c.y, c.z.w AS w FROM c"},
    {"group_by", "SELECT c.x, COUNT(1) AS n, SUM(c.z.w) AS s FROM c GROUP BY c.x"},
    {"order_by_top", "SELECT TOP 100 c.x, c.y FROM c ORDER BY c.z.w DESC, c.x"},
    {"like", "SELECT VALUE COUNT(1) FROM c WHERE c.y LIKE '%a%'"},
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> options;
  std::vector<Corpus> corpora;
  std::vector<std::string> paths;
  for (int i = 0; i < argc; ++i) {
    if (i == 0 || std::string_view(argv[i]).starts_with("--")) {
      options.push_back(argv[i]);
    } else {
      paths.emplace_back(argv[i]);
      corpora.push_back(read_corpus(argv[i]));
    }
  }
  for (std::size_t i = 0; i < corpora.size(); ++i) {
    for (const auto& [name, text] : kQueries) {
      benchmark::RegisterBenchmark((std::string(name) + "/" + paths[i]).c_str(), [&corpora, i, query = text](
                                                                                     benchmark::State& state) {
        run_query(state, corpora[i], query);
      })->Unit(benchmark::kMillisecond);
    }
  }
  int count = static_cast<int>(options.size());
  benchmark::Initialize(&count, options.data());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
