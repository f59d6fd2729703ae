// Runs every case of the .sql-cases files beside this one. A file has sections:
//
//   [documents]    one JSON document a line; they hold for the sections below, up to the next [documents]
//   [parameters]   one line: {"@name": value, …}
//   [values]       a line is `expression => JSON`: what SELECT VALUE expression FROM c gives for the one document
//   [where]        a line is `condition => ids`: the ids of the documents that it accepts, in their order, or `none`
//   [query name]   a query, in as many lines as it takes, up to [rows] or [error]
//   [rows]         the rows of the query above, one a line, in their order
//   [error]        one line: a part of the message that the query above is refused with
//   [errors]       a line is `query => part of the message`
//
// Lines that begin with # and empty lines count for nothing. Every query is run whole, and once more page by page.
#include <fmt/format.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "json/number.h"
#include "json/value.h"
#include "query/run.h"

namespace halley::query {
namespace {

constexpr std::int64_t kNowMs = 1'789'000'000'123;
constexpr std::size_t kLeastCases = 500;
const std::set<std::string> kFiles = {
    "aggregates", "arrays",   "clauses", "conditions", "dates", "errors",  "group_by",   "joins",
    "like",       "literals", "math",    "operators",  "order", "strings", "subqueries", "types",
};

struct Case {
  std::string where;  // file:line
  std::string query;
  Query::ParameterList parameters;
  std::vector<std::string> documents;
  std::vector<std::string> rows;
  std::string error;  // empty: there is none
};

std::string trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1));
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

class CaseFile {
 public:
  explicit CaseFile(const std::filesystem::path& path) : name_(path.filename()), file_(path) {}

  // Nothing, with a failure noted, when the file is not there or not understood.
  std::vector<Case> read() {
    if (!file_) fail("can't be read");
    for (std::string line; std::getline(file_, line);) {
      ++line_;
      if (trimmed(line).empty() || line.starts_with('#')) continue;
      if (line.starts_with('[') && is_heading(trimmed(line))) {
        begin_section(trimmed(line));
      } else {
        take(trimmed(line));
      }
    }
    end_query();
    if (cases_.empty()) fail("has no case");
    return bad_ ? std::vector<Case>() : std::move(cases_);
  }

 private:
  static bool is_heading(const std::string& line) {
    for (const char* known : {"[documents]", "[parameters]", "[values]", "[where]", "[rows]", "[error]", "[errors]"}) {
      if (line == known) return true;
    }
    return line.starts_with("[query ") && line.ends_with("]");
  }

  void fail(std::string_view what) {
    bad_ = true;
    ADD_FAILURE() << name_ << ":" << line_ << ": " << what;
  }

  void begin_section(const std::string& heading) {
    const bool goes_on = heading == "[rows]" || heading == "[error]";
    if (goes_on != section_.starts_with("[query")) {
      if (goes_on) fail("no query above");
      if (!goes_on && section_.starts_with("[query")) fail("a query without rows");
    }
    if (!goes_on) end_query();
    if (heading == "[documents]") documents_.clear();
    if (heading.starts_with("[query ")) current_ = new_case("");
    section_ = heading;
  }

  void end_query() {
    if (section_ != "[rows]" && section_ != "[error]") return;
    if (section_ == "[error]" && current_.error.empty()) fail("no error is named");
    cases_.push_back(std::move(current_));
    section_.clear();
  }

  Case new_case(std::string query) const {
    return {fmt::format("{}:{}", name_, line_), std::move(query), parameters_, documents_, {}, {}};
  }

  void take(const std::string& line) {
    if (section_ == "[documents]") {
      auto normal = json::normalise(line);
      if (!normal) return fail("not JSON");
      documents_.push_back(std::move(*normal));
    } else if (section_ == "[parameters]") {
      const auto object = json::parse(line);
      if (!object || !object->is_object()) return fail("not a JSON object");
      parameters_.clear();
      for (const auto& [name, value] : object->members()) parameters_.emplace_back(name, value.to_text());
    } else if (section_.starts_with("[query ")) {
      current_.query += line + "\n";
    } else if (section_ == "[rows]") {
      add_row(current_, line);
    } else if (section_ == "[error]") {
      current_.error = line;
    } else {
      take_pair(line);
    }
  }

  void take_pair(const std::string& line) {
    const std::size_t arrow = line.rfind(" => ");
    if (arrow == std::string::npos) return fail("no ' => ' in the line");
    const std::string left = trimmed(line.substr(0, arrow));
    const std::string right = trimmed(line.substr(arrow + 4));
    Case made = new_case(left);
    if (section_ == "[values]") {
      if (documents_.size() != 1) return fail("values need one document");
      made.query = "SELECT VALUE " + left + " FROM c";
      if (right != "undefined") add_row(made, right);
    } else if (section_ == "[where]") {
      made.query = "SELECT VALUE c.id FROM c WHERE " + left;
      for (const std::string& id : words(right)) {
        if (right != "none") made.rows.push_back("\"" + id + "\"");
      }
    } else if (section_ == "[errors]") {
      made.error = right;
    } else {
      return fail("a line outside of sections");
    }
    cases_.push_back(std::move(made));
  }

  void add_row(Case& made, const std::string& line) {
    auto normal = json::normalise(line);
    if (!normal) return fail("the row is not JSON");
    made.rows.push_back(std::move(*normal));
  }

  std::string name_;
  std::ifstream file_;
  int line_ = 0;
  bool bad_ = false;
  std::string section_;
  std::vector<std::string> documents_;
  Query::ParameterList parameters_;
  Case current_;
  std::vector<Case> cases_;
};

// The rows of one page after the other.
Result<std::vector<std::string>> run(const Case& test, std::size_t page_size) {
  ASSIGN(const Query query, Query::parse(test.query, test.parameters));
  std::vector<std::string> rows;
  std::string continuation;
  do {
    RunOptions options;
    options.max_rows = page_size;
    options.now_ms = kNowMs;
    ASSIGN(Run run, Run::start(query, options, continuation));
    for (std::size_t i = 0; i < test.documents.size() && query.reads_documents(); ++i) {
      if (i + 1 <= run.after()) continue;
      ASSIGN(const bool more, run.add(i + 1, test.documents[i]));
      if (!more) break;
    }
    ASSIGN(const Page page, run.finish());
    EXPECT_LE(page.count, page_size) << test.where;
    const std::string array = R"({"rows":[)" + page.rows + "]}";
    ASSIGN(const auto slices, json::array_member_slices(array, "rows"));
    EXPECT_EQ(slices.size(), page.count) << test.where;
    rows.insert(rows.end(), slices.begin(), slices.end());
    if (page.count == 0 && !page.continuation.empty()) return fail(Code::internal, "an empty page that goes on");
    continuation = page.continuation;
  } while (!continuation.empty());
  return rows;
}

void check(const Case& test) {
  for (const std::size_t page_size : {std::size_t{1000}, std::size_t{1}, std::size_t{2}}) {
    const auto rows = run(test, page_size);
    if (!test.error.empty()) {
      ASSERT_FALSE(rows) << test.where << ": " << test.query << "\nis not refused";
      EXPECT_EQ(rows.error().code, Code::invalid_argument) << test.where;
      EXPECT_NE(rows.error().message.find(test.error), std::string::npos)
          << test.where << ": " << test.query << "\nsays: " << rows.error().message << "\nnot:  " << test.error;
      return;
    }
    ASSERT_TRUE(rows) << test.where << ": " << test.query << "\n" << rows.error().message;
    ASSERT_EQ(*rows, test.rows) << test.where << ": " << test.query << "\nin pages of " << page_size;
  }
}

TEST(SqlCasesTest, EveryCaseHolds) {
  const std::filesystem::path folder = "tests/sql";  // tests run in the root of the source
  std::set<std::string> found;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".sql-cases") continue;
    found.insert(entry.path().stem());
    const std::vector<Case> cases = CaseFile(entry.path()).read();
    for (const Case& test : cases) check(test);
    count += cases.size();
  }
  EXPECT_EQ(found, kFiles);
  EXPECT_GE(count, kLeastCases);
  std::cout << count << " cases\n";
}

TEST(SqlCasesTest, AFileThatIsNotUnderstoodFails) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "bad.sql-cases";
  for (const char* text : {"", "[values]\n1 => 1\n", "[documents]\n{\n", "[query a]\nSELECT 1\n[documents]\n{}\n",
                           "[rows]\n1\n", "[documents]\n{}\n[values]\n1 = 1\n", "stray => 1\n"}) {
    std::ofstream(path) << text;
    testing::TestPartResultArray failures;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
      EXPECT_TRUE(CaseFile(path).read().empty());
    }
    EXPECT_GT(failures.size(), 0) << text;
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace halley::query
