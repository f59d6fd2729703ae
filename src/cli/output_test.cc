#include "cli/output.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/figures.h"
#include "cli/progress.h"
#include "json/value.h"

namespace halley::cli {
namespace {

struct Said {
  explicit Said(bool json, bool terminal = false) : output(out, err, json, terminal) {}
  std::ostringstream out;
  std::ostringstream err;
  Output output;
};

TEST(Output, TextGoesToStandardOutputAndNotesToStandardError) {
  Said said(false);
  said.output.line("a line");
  said.output.result("{}");
  said.output.note("a note");
  said.output.progress("bar", "{}");
  EXPECT_EQ(said.out.str(), "a line\n");
  EXPECT_EQ(said.err.str(), "a note\n");
}

TEST(Output, JsonIsLinesOfJsonAlone) {
  Said said(true);
  said.output.line("a line");
  said.output.progress("bar", R"({"documents":1})");
  said.output.result(R"({"documents":2})");
  EXPECT_EQ(said.out.str(), "{\"progress\":{\"documents\":1}}\n{\"result\":{\"documents\":2}}\n");
  EXPECT_EQ(said.err.str(), "");
}

// A document as it was captured may hold line ends between its values.
TEST(Output, AResultIsOneLineWhateverIsInIt) {
  Said said(true);
  said.output.result("{\"document\":{\r\n\"id\":\"a\\nb\"\n}}");
  EXPECT_EQ(said.out.str(), "{\"result\":{\"document\":{  \"id\":\"a\\nb\" }}}\n");
}

TEST(Output, AnErrorThatStandardOutputDoesNotTakeOrMustNotGoesToStandardError) {
  Said full(true);
  full.out.setstate(std::ios::badbit);
  full.output.error(Error(Code::no_space, "no room").with_hint("make some"));
  EXPECT_EQ(full.err.str(), "halley: no room\nhint: make some\n");

  Said documents(true);
  documents.output.leave_to_documents();
  documents.output.error(Error(Code::no_space, "no room").with_hint("make some"));
  EXPECT_EQ(documents.out.str(), "");
  EXPECT_EQ(documents.err.str(), "halley: no room\nhint: make some\n");
}

TEST(Output, TextForPeopleSteersNoTerminal) {
  const std::string name = "a\x1b[2J\nb\r\xC2\x9B\x7F\xC3\xA9";
  const std::string shown = "a\\u001b[2J\\nb\\r\\u009b\\u007f\xC3\xA9";
  Said said(false);
  said.output.line(name);
  said.output.note(name);
  EXPECT_EQ(said.out.str(), shown + "\n");
  said.output.error(Error(Code::not_found, name).with_hint(name));
  EXPECT_EQ(said.err.str(), shown + "\nhalley: " + shown + "\nhint: " + shown + "\n");

  Said items(false);
  ASSERT_TRUE(items.output.item(name));
  EXPECT_EQ(items.out.str(), "a\\u001b[2J b \\u009b\\u007f\xC3\xA9\n");
  Said bar(false, true);
  bar.output.progress(name, "{}");
  EXPECT_EQ(bar.err.str(), "\r" + shown + "\x1b[K");

  Said documents(false);  // a document is as it was
  documents.output.raw(name);
  EXPECT_EQ(documents.out.str(), name);
}

TEST(Output, AnErrorHasCodeMessageAndHint) {
  const Error error(Code::wrong_password, "not \"this\" one");
  Said text(false);
  text.output.error(error);
  EXPECT_EQ(text.out.str(), "");
  EXPECT_TRUE(text.err.str().starts_with("halley: not \"this\" one\nhint: ")) << text.err.str();

  Said json(true);
  json.output.error(Error(error).in("opening").with_hint("try another"));
  const auto value = json::parse(json.out.str());
  ASSERT_TRUE(value.has_value()) << json.out.str();
  const json::Value* said = value->find("error");
  ASSERT_NE(said, nullptr);
  EXPECT_EQ(said->string_at("code"), "wrong_password");
  EXPECT_EQ(said->string_at("message"), "opening: not \"this\" one");
  EXPECT_EQ(said->string_at("hint"), "try another");
}

TEST(Output, TheBarIsRemovedBeforeAnythingElseIsSaid) {
  Said said(false, true);
  said.output.progress("half", "{}");
  said.output.note("a note");
  EXPECT_EQ(said.err.str(), "\rhalf\x1b[K\r\x1b[Ka note\n");
}

TEST(Output, KnowsThatStandardOutputFailed) {
  Said said(false);
  EXPECT_TRUE(said.output.flush());
  said.out.setstate(std::ios::badbit);
  said.output.line("lost");
  EXPECT_FALSE(said.output.flush());
}

// A standard output that refuses, as the system does with `reason`.
struct Refusing : std::streambuf {
  explicit Refusing(int why) : reason(why) {}
  int overflow(int) override {
    errno = reason;
    return traits_type::eof();
  }
  const int reason;
};

TEST(Output, TellsAFullDiskFromAReaderThatWentAway) {
  for (const auto& [reason, code] : {std::pair(ENOSPC, Code::no_space), {EPIPE, Code::cancelled}, {EIO, Code::io}}) {
    Refusing refusing(reason);
    std::ostream out(&refusing);
    std::ostringstream err;
    Output output(out, err, false, false);
    const auto item = output.item("lost");
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error().code, code);
    errno = 0;  // what happens meanwhile does not matter
    const auto flushed = output.flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code, code);
  }
}

TEST(ExitCode, IsWhatScriptsRelyOn) {
  const auto code = [](Code of) { return static_cast<int>(exit_code_of(Error(of, ""))); };
  EXPECT_EQ(code(Code::invalid_argument), 2);
  EXPECT_EQ(code(Code::incomplete), 3);
  EXPECT_EQ(code(Code::corrupt), 4);
  EXPECT_EQ(code(Code::difference), 4);
  EXPECT_EQ(code(Code::no_repository), 10);
  EXPECT_EQ(code(Code::wrong_password), 12);
  EXPECT_EQ(code(Code::outside_coverage), 20);
  EXPECT_EQ(code(Code::cancelled), 130);
  for (const Code other : {Code::unauthorized, Code::unavailable, Code::no_space, Code::io, Code::not_found}) {
    EXPECT_EQ(code(other), 1);
  }
}

TEST(ExitCode, ARequestThatAServiceRefusedIsNotTheUsersMistake) {
  Error refused(Code::invalid_argument, "bad request");
  refused.status = 400;
  EXPECT_EQ(exit_code_of(refused), ExitCode::failed);
}

TEST(Figures, ReadAsPeopleReadThem) {
  EXPECT_EQ(show_count(0), "0");
  EXPECT_EQ(show_count(999), "999");
  EXPECT_EQ(show_count(1000), "1,000");
  EXPECT_EQ(show_count(12345678), "12,345,678");
  EXPECT_EQ(show_bytes(999), "999 B");
  EXPECT_EQ(show_bytes(1000), "1.0 KB");
  EXPECT_EQ(show_bytes(999'990), "1.0 MB");
  EXPECT_EQ(show_bytes(34'200'000), "34.2 MB");
  EXPECT_EQ(show_seconds(0.34), "0.3 s");
  EXPECT_EQ(show_seconds(59.99), "1 min 0 s");
  EXPECT_EQ(show_seconds(7500), "2 h 5 min");
  EXPECT_EQ(show_age(119), "119 s");
  EXPECT_EQ(show_age(7199), "119 min");
  EXPECT_EQ(show_age(200'000), "2 d");
  EXPECT_EQ(show_number_of(1, "document"), "1 document");
  EXPECT_EQ(show_number_of(2, "document"), "2 documents");
  EXPECT_EQ(progress_gauge(0, 0), "[--------------------]");
  EXPECT_EQ(progress_gauge(1, 2), "[##########----------]");
  EXPECT_EQ(progress_gauge(3, 2), "[####################]");
}

}  // namespace
}  // namespace halley::cli
