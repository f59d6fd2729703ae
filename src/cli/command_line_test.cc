#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/nearest_name.h"
#include "cli/program.h"
#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

Result<CommandLine> parse(const std::vector<std::string>& words) { return parse_command_line(commands(), words); }

Error refused(const std::vector<std::string>& words) {
  const auto line = parse(words);
  EXPECT_FALSE(line.has_value());
  return line ? Error() : line.error();
}

TEST(CommandLine, TakesOptionsInBothForms) {
  const auto line = parse({"restore", "--at=-2h", "--to", "dir:/tmp/x", "--id", "a", "--id", "b", "--json"});
  ASSERT_TRUE(line.has_value()) << line.error().to_string();
  EXPECT_EQ(line->command->name, "restore");
  EXPECT_EQ(line->arguments.find("--at"), "-2h");
  EXPECT_EQ(line->arguments.find("--to"), "dir:/tmp/x");
  EXPECT_EQ(line->arguments.all("--id"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(line->arguments.has("--json"));
  EXPECT_FALSE(line->arguments.has("--dry-run"));
}

TEST(CommandLine, APathThatTheShellDidNotExpandIsRefused) {
  const std::vector<std::vector<std::string>> lines = {
      {"status", "--repo=~/x"}, {"restore", "--to", "dir:~/x"}, {"restore", "--to", "dir:~"},
      {"emulator", "--data=~"}, {"emulator", "--dump=~/x"},     {"export", "--container", "a/b", "--output=~/x"}};
  for (const auto& words : lines) {
    const Error error = refused(words);
    EXPECT_NE(error.message.find("~ is not expanded"), std::string::npos) << words.back();
    EXPECT_NE(error.hint.find("./~"), std::string::npos) << words.back();
  }
  EXPECT_EQ(parse({"restore", "--to", "dir:./~/x"})->arguments.find("--to"), "dir:./~/x");
  EXPECT_EQ(parse({"status", "--repo=~x"})->arguments.find("--repo"), "~x");
  EXPECT_EQ(parse({"get", "a/b", "--id", "~/x"})->arguments.find("--id"), "~/x");
}

TEST(CommandLine, AnAgeIsAValueAndNoOption) {
  const auto line = parse({"restore", "--at", "-3d12h", "--to", "dir:x"});
  ASSERT_TRUE(line.has_value()) << line.error().to_string();
  EXPECT_EQ(line->arguments.find("--at"), "-3d12h");
}

TEST(CommandLine, KeysKeepTheirBracketsAndCommas) {
  const auto line = parse({"get", "db/c", "--id", "[x,y]", "--partition-key", R"(["a",5,null])"});
  ASSERT_TRUE(line.has_value()) << line.error().to_string();
  EXPECT_EQ(line->arguments.find("DB/NAME"), "db/c");
  EXPECT_EQ(line->arguments.find("--partition-key"), R"(["a",5,null])");
  EXPECT_EQ(line->arguments.all("--id"), (std::vector<std::string>{"[x,y]"}));
}

TEST(CommandLine, AnOptionalValueMayBeLeftOut) {
  EXPECT_EQ(parse({"verify", "--read-data", "--json"})->arguments.find("--read-data"), "");
  EXPECT_EQ(parse({"verify", "--read-data=10%"})->arguments.find("--read-data"), "10%");
  EXPECT_EQ(parse({"verify", "--read-data", "10%"})->arguments.find("--read-data"), "10%");
  EXPECT_EQ(parse({"verify", "--read-data", "-"})->arguments.find("--read-data"), "-");
  EXPECT_EQ(parse({"verify"})->arguments.find("--read-data"), std::nullopt);
}

TEST(CommandLine, WhatFollowsTwoDashesIsAnArgument) {
  EXPECT_EQ(parse({"ls", "--", "-dash"})->arguments.find("DB[/NAME]"), "-dash");
  const auto line = parse({"get", "--id", "1", "--", "-dash/a*b"});
  ASSERT_TRUE(line.has_value()) << line.error().to_string();
  EXPECT_EQ(line->arguments.find("DB/NAME"), "-dash/a*b");
  EXPECT_EQ(parse({"ls", "--", "--json"})->arguments.find("DB[/NAME]"), "--json");
  EXPECT_FALSE(parse({"ls", "--", "--json"})->arguments.has("--json"));
  EXPECT_FALSE(parse({"ls", "--", "-h"})->help);
  EXPECT_EQ(parse({"ls", "--", "--"})->arguments.find("DB[/NAME]"), "--");
  EXPECT_FALSE(parse({"ls", "--"})->arguments.has("DB[/NAME]"));
  EXPECT_NE(refused({"backup", "--", "--no-wait"}).message.find("unexpected argument '--no-wait'"), std::string::npos);
  EXPECT_NE(refused({"ls", "-dash"}).hint.find("halley ls -- DB[/NAME]"), std::string::npos);
  EXPECT_EQ(refused({"--", "ls"}).hint, "it stands behind the command: halley COMMAND --");
  EXPECT_EQ(refused({"--json", "ls"}).hint, "it stands behind the command: halley COMMAND --json");
}

TEST(CommandLine, AValueIsTheNextWordWhateverItIs) {
  EXPECT_EQ(parse({"get", "db/c", "--id", "-h"})->arguments.find("--id"), "-h");
  EXPECT_FALSE(parse({"get", "db/c", "--id", "-h"})->help);
  EXPECT_EQ(parse({"get", "db/c", "--id", "--json"})->arguments.find("--id"), "--json");
  EXPECT_FALSE(parse({"get", "db/c", "--id", "--json"})->arguments.has("--json"));
  EXPECT_EQ(parse({"get", "db/c", "--id", "--"})->arguments.find("--id"), "--");
  EXPECT_EQ(parse({"get", "db/c", "--id="})->arguments.find("--id"), "");
  EXPECT_EQ(parse({"get", "db/c", "--id=a=b"})->arguments.find("--id"), "a=b");
}

TEST(CommandLine, SaysInItsOwnWordsWhatIsWrongWithAValue) {
  EXPECT_EQ(refused({"ls", "--repo"}).message, "--repo needs a value");
  EXPECT_EQ(refused({"ls", "--at", "a", "--at", "b"}).message, "--at is given more than once");
  EXPECT_EQ(refused({"ls", "--json=s3cret"}).message, "--json takes no value");
  EXPECT_EQ(refused({"verify", "--read-data=1%", "--read-data"}).message, "--read-data is given more than once");
  EXPECT_TRUE(parse({"ls", "--nonsense", "--help"})->help) << "who asks for help gets it";
}

TEST(CommandLine, AnUnknownOptionNamesTheNearest) {
  const Error error = refused({"backup", "--no-wiat"});
  EXPECT_EQ(error.code, Code::invalid_argument);
  EXPECT_EQ(error.message, "unknown option --no-wiat");
  EXPECT_EQ(error.hint, "did you mean '--no-wait'?");
}

TEST(CommandLine, WhatFollowsAnUnknownOptionIsNotRepeated) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"backup", "--key", "s3cret"},
                                                                 {"backup", "--key=s3cret"},
                                                                 {"init", "--password", "s3cret"},
                                                                 {"--password=s3cret", "init"}}) {
    const Error error = refused(words);
    EXPECT_EQ((error.to_string() + error.hint).find("s3cret"), std::string::npos) << error.to_string();
  }
}

TEST(CommandLine, RefusesWhatIsNotThere) {
  EXPECT_EQ(refused({"bakcup"}).hint, "did you mean 'backup'?");
  EXPECT_NE(refused({"backup", "more"}).message.find("'more'"), std::string::npos);
  EXPECT_NE(refused({"get"}).message.find("DB/NAME"), std::string::npos);
  EXPECT_NE(refused({"backup", "--repo", "a", "--repo", "b"}).message.find("--repo"), std::string::npos);
  EXPECT_NE(refused({"backup", "--repo"}).message.find("--repo"), std::string::npos);
  for (const Command& command : commands()) {
    EXPECT_EQ(refused({std::string(command.name), "--nonsense"}).code, Code::invalid_argument);
  }
}

// What the program says on standard output and on standard error.
std::pair<std::string, std::string> said(const std::vector<std::string>& words, ExitCode expected) {
  std::ostringstream out;
  std::ostringstream err;
  const Variables none = [](const std::string&) { return std::nullopt; };
  EXPECT_EQ(run_program({real_runtime(), none, out, err, false, {}, "test"}, words), expected);
  return {out.str(), err.str()};
}

TEST(CommandLine, EveryCommandLooksAtTheLevelOfTheLog) {
  for (const Command& command : commands()) {
    std::vector<std::string> words;
    std::istringstream name{std::string(command.name)};
    for (std::string word; name >> word;) words.push_back(word);
    words.insert(words.end(), {"--log", "foo"});
    for (const Operand& operand : command.operands) words.emplace_back(operand.name);
    const std::string wrong = said(words, ExitCode::usage).second;
    EXPECT_EQ(wrong.substr(0, wrong.find('\n')), "halley: --log takes info or debug, not 'foo'") << command.name;
  }
}

TEST(CommandLine, JsonIsWantedWhereItIsAnOption) {
  EXPECT_EQ(said({"backup", "--json", "more"}, ExitCode::usage).first.front(), '{');
  EXPECT_EQ(said({"backup", "--", "--json"}, ExitCode::usage).first, "");
  EXPECT_EQ(said({"backup", "--log", "--json"}, ExitCode::usage).first, "") << "a value is no option";
}

TEST(CommandLine, HelpAndVersion) {
  EXPECT_TRUE(parse({"--version"})->version);
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_EQ(parse({})->command, nullptr);
  for (const auto& words : std::vector<std::vector<std::string>>{{"get", "--help"}, {"get", "-h"}, {"help", "get"}}) {
    const auto line = parse(words);
    ASSERT_TRUE(line.has_value()) << line.error().to_string();
    EXPECT_TRUE(line->help);
    EXPECT_EQ(line->command->name, "get");
  }
}

TEST(Help, NamesEveryOptionOfACommandAndShowsExamples) {
  std::set<std::string_view> used;
  for (const Command& command : commands()) {
    const std::string help = command_help(command);
    for (const std::string_view option : command.options + general_options()) {
      used.insert(option);
      EXPECT_NE(help.find("  " + std::string(option)), std::string::npos) << command.name << " " << option;
    }
    EXPECT_FALSE(command.examples.empty()) << command.name;
    EXPECT_NE(program_help(commands()).find("  " + std::string(command.name) + " "), std::string::npos);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = help.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string line = help.substr(begin, end - begin);
      // What is there to be pasted is not broken.
      EXPECT_TRUE(line.size() <= 120 || line.starts_with("  AccountEndpoint=")) << line;
    }
  }
  for (const Option& option : option_table()) EXPECT_TRUE(used.contains(option.name)) << option.name;
}

std::string help_of(const std::vector<std::string>& words) {
  const auto line = parse(words);
  return line && line->command != nullptr ? command_help(*line->command) : "";
}

TEST(Help, SaysOfAnOptionWhatItMeansToTheCommand) {
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  for (const char* one : {"export", "import"})
    EXPECT_TRUE(has(help_of({one, "-h"}), "the container, one at a time")) << one;
  EXPECT_TRUE(has(help_of({"restore", "-h"}), "a pattern with * and ?"));
  for (const char* native : {"restore", "restorable", "restore-database", "restore-container", "fixup"}) {
    EXPECT_FALSE(has(help_of({"native", native, "-h"}), "latest (the default)")) << native;
  }
  EXPECT_TRUE(has(help_of({"ls", "-h"}), "{} is none"));
  EXPECT_TRUE(has(help_of({"ls", "-h"}), "--   "));
  for (const Command& command : commands()) {
    for (const OwnHelp& own : command.own_help) {
      EXPECT_NE(std::find(command.options.begin(), command.options.end(), own.option), command.options.end())
          << command.name << " " << own.option;
    }
  }
}

TEST(CommandLine, ARegionIsGivenOnce) {
  const std::string wrong =
      said({"emulator", "--listen", "127.0.0.1:0", "--region", "West US", "--region", "west us"}, ExitCode::usage)
          .second;
  EXPECT_NE(wrong.find("'west us' is given twice"), std::string::npos) << wrong;
}

TEST(CommandLine, ARepositoryThatIsNotOfferedYetIsAMistakeOfUse) {
  for (const char* url : {"s3://bucket/x", "azblob://x", "http://x"}) {
    said({"status", "--repo", url}, ExitCode::usage);
  }
}

TEST(CommandLine, APasswordIsMadeOrGiven) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path("made");
  for (const char* given : {"--password-file", "--password-command"}) {
    const std::string wrong =
        said({"init", "--repo", folder.path("repository"), "--generate-password", file, given, "x"}, ExitCode::usage)
            .second;
    EXPECT_NE(wrong.find(std::string("or ") + given), std::string::npos) << wrong;
    EXPECT_FALSE(std::filesystem::exists(file));
  }
}

TEST(CommandLine, TheEmulatorsHelpSaysWhoseItsKeyIs) {
  const std::string help = said({"emulator", "--help"}, ExitCode::success).first;
  EXPECT_NE(help.find("--key-file"), std::string::npos);
  EXPECT_EQ(help.find("COSMOS_KEY"), std::string::npos) << help;
}

TEST(CommandLine, AFileOfAPasswordThatIsThereIsWhatTheHintIsAbout) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.write("pw", "mine\n");
  const std::string wrong =
      said({"init", "--repo", folder.path("repository"), "--generate-password", file}, ExitCode::failed).second;
  EXPECT_NE(wrong.find("hint: no file is written over"), std::string::npos) << wrong;
  EXPECT_EQ(folder.read("pw"), "mine\n");
}

TEST(NearestName, FindsTheCloseAndLeavesTheFar) {
  const std::vector<std::string> known = {"endpoint", "key_env", "key_file", "include"};
  EXPECT_EQ(nearest_name("endpiont", known), "endpoint");
  EXPECT_EQ(nearest_name("key_fil", known), "key_file");
  EXPECT_EQ(nearest_name("incl", known), "include");
  EXPECT_EQ(nearest_name("zzz", known), std::nullopt);
  EXPECT_EQ(nearest_name("", known), std::nullopt);
}

}  // namespace
}  // namespace halley::cli
