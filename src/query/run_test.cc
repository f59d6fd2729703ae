#include "query/run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/value.h"

namespace halley::query {
namespace {

using Documents = std::map<std::uint64_t, std::string>;

Result<Page> page_of(std::string_view text, const Documents& documents, const RunOptions& options,
                     std::string_view continuation = {}) {
  ASSIGN(const Query query, Query::parse(text));
  ASSIGN(Run run, Run::start(query, options, continuation));
  for (auto document = documents.upper_bound(run.after()); document != documents.end(); ++document) {
    ASSIGN(const bool more, run.add(document->first, document->second));
    if (!more) break;
  }
  return run.finish();
}

std::vector<std::string> rows_of(const Page& page) {
  const std::string array = R"({"rows":[)" + page.rows + "]}";
  const auto slices = json::array_member_slices(array, "rows");
  return {slices->begin(), slices->end()};
}

Documents numbered(int count) {
  Documents documents;
  for (int i = 1; i <= count; ++i) {
    documents[static_cast<std::uint64_t>(i)] = fmt::format(R"({{"id":"{}","g":{},"l":[1,2,3]}})", i, i % 5);
  }
  return documents;
}

RunOptions pages_of(std::size_t rows) {
  RunOptions options;
  options.max_rows = rows;
  return options;
}

TEST(RunTest, PagesHaveABoundInBytes) {
  Documents documents;
  for (std::uint64_t i = 1; i <= 10; ++i)
    documents[i] = fmt::format(R"({{"n":{},"pad":"{}"}})", i, std::string(1000, 'x'));
  RunOptions options = pages_of(100);
  options.max_bytes = 3500;
  for (const char* text : {"SELECT * FROM c", "SELECT * FROM c ORDER BY c.n DESC", "SELECT DISTINCT * FROM c",
                           "SELECT c.pad, c.n, COUNT(1) AS k FROM c GROUP BY c.pad, c.n"}) {
    std::string continuation;
    std::vector<std::size_t> counts;
    do {
      const auto page = page_of(text, documents, options, continuation);
      ASSERT_TRUE(page) << text;
      counts.push_back(page->count);
      continuation = page->continuation;
    } while (!continuation.empty());
    EXPECT_EQ(counts, (std::vector<std::size_t>{3, 3, 3, 1})) << text;
  }
  options.max_bytes = 10;
  EXPECT_EQ(page_of("SELECT * FROM c", documents, options)->count, 1U) << "one row there is always";
}

TEST(RunTest, TheLastPageSaysSo) {
  const Documents documents = numbered(6);
  for (const char* text : {"SELECT * FROM c", "SELECT c.id FROM c ORDER BY c.id", "SELECT DISTINCT c.id FROM c"}) {
    const auto page = page_of(text, documents, pages_of(6));
    EXPECT_EQ(page->count, 6U) << text;
    EXPECT_EQ(page->continuation, "") << text;
    EXPECT_NE(page_of(text, documents, pages_of(5))->continuation, "") << text;
  }
}

// Rows are neither repeated nor left out though documents are written and removed between the pages.
TEST(RunTest, PagesGoOnWhereTheyWereWhateverHappens) {
  for (const char* text : {"SELECT VALUE c.id FROM c", "SELECT VALUE c.id FROM c ORDER BY c.g DESC",
                           "SELECT VALUE CONCAT(c.id, '-', ToString(l)) FROM c JOIN l IN c.l"}) {
    Documents documents = numbered(30);
    std::vector<std::string> rows;
    std::string continuation;
    std::uint64_t step = 0;
    do {
      const auto page = page_of(text, documents, pages_of(4), continuation);
      ASSERT_TRUE(page);
      for (const std::string& row : rows_of(*page)) rows.push_back(row);
      continuation = page->continuation;
      ++step;
      documents.erase(100 + step - 1);
      documents[100 + step] = R"({"id":"late","g":-1})";  // behind all others, and there for one page
    } while (!continuation.empty());
    std::erase(rows, "\"late\"");
    std::set<std::string> distinct(rows.begin(), rows.end());
    EXPECT_EQ(rows.size(), distinct.size()) << text;
    EXPECT_EQ(rows.size(), std::string_view(text).find("JOIN") == std::string_view::npos ? 30U : 90U) << text;
  }
}

TEST(RunTest, TheDocumentAPageEndedInMayBeGone) {
  Documents documents = numbered(5);
  constexpr std::string_view kText = "SELECT VALUE [c.id, l] FROM c JOIN l IN c.l";
  const auto first = page_of(kText, documents, pages_of(2));
  documents.erase(1);
  const auto next = page_of(kText, documents, pages_of(100), first->continuation);
  EXPECT_EQ(next->count, 12U);
  EXPECT_TRUE(next->rows.starts_with(R"(["2",1])")) << next->rows;
}

// The partial groups of any division of the documents, put together, are the groups of all.
TEST(RunTest, PartsOfGroupsAddUp) {
  const Documents documents = numbered(40);
  constexpr std::string_view kText =
      R"(SELECT [{"item": c.g}] AS groupByItems, {"n": {"item": COUNT(1)}} AS payload FROM c GROUP BY c.g)";
  RunOptions options = pages_of(3);
  options.parts = true;
  std::map<std::string, std::int64_t> counts;
  std::string continuation;
  int pages = 0;
  do {
    const auto page = page_of(kText, documents, options, continuation);
    ASSERT_TRUE(page);
    for (const std::string& row : rows_of(*page)) {
      const auto value = json::parse(row);
      counts[value->find("groupByItems")->to_text()] += *value->find("payload")->find("n")->find("item")->as_integer();
    }
    continuation = page->continuation;
    ++pages;
  } while (!continuation.empty());
  EXPECT_GT(pages, 5);
  EXPECT_EQ(counts.size(), 5U);
  for (const auto& [key, count] : counts) EXPECT_EQ(count, 8) << key;
}

TEST(RunTest, WorkHasABound) {
  Documents documents;
  std::string list = "0";
  for (int i = 1; i < 2000; ++i) list += fmt::format(",{}", i);
  documents[1] = R"({"l":[)" + list + "]}";
  RunOptions options;
  options.max_steps = 1'000'000;
  options.max_memory = 1024 * 1024;
  const auto joins =
      page_of("SELECT VALUE COUNT(1) FROM c JOIN a IN c.l JOIN b IN c.l JOIN d IN c.l", documents, options);
  ASSERT_FALSE(joins);
  EXPECT_NE(joins.error().message.find("too much work"), std::string::npos);
  std::string doubled = "ToString(c.l)";
  for (int i = 0; i < 20; ++i) doubled = fmt::format("REPLACE({}, '1', '11111111')", doubled);
  const auto memory = page_of("SELECT VALUE " + doubled + " FROM c", documents, options);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code, Code::invalid_argument);
}

// What is small in a query and in its documents can be large many times over in what comes of them.
TEST(RunTest, MemoryHasABoundWhateverIsKept) {
  const std::string pad(20'000, 'x');
  Documents documents;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    documents[i] = fmt::format(R"({{"id":"{0}","pad":"{1}{0}","l":[0,1,2,3,4,5,6,7,8,9]}})", i, pad);
  }
  std::string many = "c.pad";
  for (int i = 0; i < 200; ++i) many += ",c.pad";
  RunOptions options;
  options.max_memory = 512 * 1024;
  options.max_bytes = 100'000;
  for (const std::string& text : {
           "SELECT VALUE [" + many + "] FROM c",
           "SELECT VALUE ToString([" + many + "]) FROM c",
           "SELECT VALUE c.id FROM c ORDER BY [" + many + "]",
           "SELECT VALUE ARRAY_LENGTH(SetUnion([[" + many + "]], [])) FROM c",
           std::string("SELECT c.pad, l FROM c JOIN l IN c.l ORDER BY c.id OFFSET 1000 LIMIT 1"),
           std::string("SELECT DISTINCT c.pad FROM c ORDER BY c.id"),
           std::string("SELECT DISTINCT VALUE ARRAY_LENGTH(c.l) FROM c WHERE c.id = '1' OR ARRAY_LENGTH(ARRAY("
                       "SELECT DISTINCT VALUE [c.pad, a, b] FROM a IN c.l JOIN b IN c.l)) > 0"),
           std::string("SELECT DISTINCT VALUE CONCAT(c.pad, ToString(l)) FROM c JOIN l IN c.l OFFSET 400 LIMIT 1"),
           std::string("SELECT c.pad, COUNT(1) AS n FROM c GROUP BY c.pad"),
           std::string("SELECT VALUE MAKELIST(c.pad) FROM c JOIN l IN c.l"),
           std::string("SELECT VALUE MAKESET(c.pad) FROM c"),
           std::string("SELECT VALUE ARRAY(SELECT VALUE MAKELIST(c.pad) FROM a IN c.l JOIN b IN c.l) FROM c"),
           std::string("SELECT VALUE COUNT(1) FROM (SELECT DISTINCT VALUE c.pad FROM c) AS c"),
           std::string("SELECT VALUE ARRAY_LENGTH(ARRAY(SELECT VALUE 1 FROM a IN c.l JOIN b IN c.l JOIN d IN c.l "
                       "JOIN e IN c.l)) FROM c"),
           std::string("SELECT VALUE StringToArray(REPLACE('[0,0,0,0,0,0,0,0,0,0]', '0', REPLICATE('0,', 1000) || '0'))"
                       " FROM c"),
       }) {
    const auto page = page_of(text, documents, options);
    ASSERT_FALSE(page) << text.substr(0, 60);
    EXPECT_NE(page.error().message.find("memory"), std::string::npos) << text.substr(0, 60) << page.error().message;
  }
}

// A bound is of what is held at a time: what was let go of counts no more.
TEST(RunTest, AMemoryBoundIsNotUsedUpByManyDocuments) {
  Documents documents;
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    documents[i] = fmt::format(R"({{"id":"{}","pad":"{}","l":[1,2,3]}})", i, std::string(1000, 'x'));
  }
  RunOptions options = pages_of(5);
  options.max_memory = 256 * 1024;
  for (const char* text : {"SELECT c.id, c.pad FROM c ORDER BY c.pad, c.id DESC", "SELECT VALUE MAX(c.pad) FROM c",
                           "SELECT VALUE COUNT(1) FROM c WHERE ARRAY_LENGTH(ARRAY(SELECT DISTINCT VALUE [c.pad, l] "
                           "FROM l IN c.l)) = 3",
                           "SELECT VALUE COUNT(1) FROM c WHERE SetUnion([c.pad], [c.id]) != []"}) {
    const auto page = page_of(text, documents, options);
    ASSERT_TRUE(page) << text << ": " << page.error().message;
    EXPECT_GT(page->count, 0U) << text;
  }
}

// What the functions over sets keep is held until they are done, of all their arguments together.
TEST(RunTest, SetsOfAllArgumentsHaveOneBound) {
  const auto items = [](char first) {
    std::string array;
    for (int i = 0; i < 1000; ++i)
      array += fmt::format(R"({}"{}{}{}")", i == 0 ? "" : ",", first, i, std::string(200, 'x'));
    return "[" + array + "]";
  };
  const Documents documents{{1, fmt::format(R"({{"a":{},"b":{}}})", items('a'), items('b'))}};
  RunOptions enough;
  enough.max_memory = 1024 * 1024;
  RunOptions for_one = enough;
  for_one.max_memory = 512 * 1024;
  ASSERT_TRUE(page_of("SELECT VALUE ARRAY_LENGTH(SetUnion(c.a, [])) FROM c", documents, for_one));
  for (const char* call :
       {"ARRAY_LENGTH(SetUnion(c.a, c.b))", "SetEqual(c.a, c.b)",
        "ARRAY_LENGTH(SetIntersect(ARRAY_CONCAT(c.a, c.b), c.a))", "ARRAY_LENGTH(SetDifference(c.a, c.b))"}) {
    const std::string text = fmt::format("SELECT VALUE {} FROM c", call);
    const auto page = page_of(text, documents, for_one);
    ASSERT_FALSE(page) << text;
    EXPECT_NE(page.error().message.find("memory"), std::string::npos) << text << page.error().message;
    const auto whole = page_of(text, documents, enough);
    EXPECT_TRUE(whole) << text << whole.error().message;
  }
}

// Nothing is written for many of the values that are gone through.
TEST(RunTest, WritingIsWorkThatHasABound) {
  std::string nothing = "[undefined";
  for (int i = 0; i < 1000; ++i) nothing += ",1/0";
  nothing += ']';
  std::string query = "SELECT VALUE [e,e,e,e,e,e,e,e,e,e,e,e,e,e,e,e] FROM c JOIN (SELECT VALUE " + nothing + ") a";
  for (const auto& [name, of] : {std::pair{'b', 'a'}, {'d', 'b'}, {'e', 'd'}}) {
    query += fmt::format(" JOIN (SELECT VALUE [{1},{1},{1},{1},{1},{1},{1},{1},{1},{1}]) {0}", name, of);
  }
  RunOptions options;
  options.max_steps = 1'000'000;
  const auto page = page_of(query, numbered(1), options);
  ASSERT_FALSE(page);
  EXPECT_NE(page.error().message.find("too much work"), std::string::npos) << page.error().message;
}

TEST(RunTest, APageMayEndForTheBytesItLookedAt) {
  RunOptions options;
  options.max_scanned = 100;
  Documents documents = numbered(50);
  std::string continuation;
  std::size_t rows = 0;
  int pages = 0;
  do {
    const auto page = page_of("SELECT VALUE c.id FROM c WHERE c.id = '50'", documents, options, continuation);
    ASSERT_TRUE(page);
    rows += page->count;
    continuation = page->continuation;
    ++pages;
  } while (!continuation.empty());
  EXPECT_EQ(rows, 1U);
  EXPECT_GT(pages, 10);
}

TEST(RunTest, LongKeysOfOrderByAreContinuedToo) {
  Documents documents;
  for (std::uint64_t i = 1; i <= 9; ++i) {
    documents[i] = fmt::format(R"({{"n":{},"k":"{}{}"}})", i, std::string(5000, 'k'), 9 - i);
  }
  std::vector<std::string> rows;
  std::string continuation;
  do {
    const auto page = page_of("SELECT VALUE c.n FROM c ORDER BY c.k", documents, pages_of(2), continuation);
    ASSERT_TRUE(page);
    for (const std::string& row : rows_of(*page)) rows.push_back(row);
    continuation = page->continuation;
    EXPECT_LT(continuation.size(), 8000U);
  } while (!continuation.empty());
  EXPECT_EQ(rows, (std::vector<std::string>{"9", "8", "7", "6", "5", "4", "3", "2", "1"}));
}

TEST(RunTest, AContinuationOfSomethingElseIsRefused) {
  const Documents documents = numbered(10);
  const std::string ordered = page_of("SELECT * FROM c ORDER BY c.id", documents, pages_of(3))->continuation;
  EXPECT_FALSE(page_of("SELECT * FROM c", documents, pages_of(3), ordered));
  EXPECT_FALSE(page_of("SELECT * FROM c ORDER BY c.id, c.g", documents, pages_of(3), ordered));
  for (const char* bad : {"nonsense", "e30=", "eyJraW5kIjo5LCJudW1iZXIiOjF9", "=", "{\"kind\":0}"}) {
    EXPECT_FALSE(page_of("SELECT * FROM c", documents, pages_of(3), bad)) << bad;
  }
}

TEST(RunTest, TheWorkIsTold) {
  const auto page = page_of("SELECT VALUE c.id FROM c WHERE c.g = 1", numbered(10), {});
  EXPECT_EQ(page->scanned, 10U);
  EXPECT_EQ(page->count, 2U);
  EXPECT_GT(page->scanned_bytes, 250U);
}

}  // namespace
}  // namespace halley::query
