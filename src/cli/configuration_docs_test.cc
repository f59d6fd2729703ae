// docs/configuration.md tells of every key there is, and what it tells is so.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cli/configuration_keys.h"

namespace halley::cli {
namespace {

struct Row {
  std::string key;
  std::string value;  // the default, as it is written: without ` a word
  std::string example;
};

// What stands between the first two ` of a cell; where there are none, nothing.
std::string code_of(const std::string& cell) {
  const std::size_t begin = cell.find('`');
  if (begin == std::string::npos) return {};
  return cell.substr(begin + 1, cell.find('`', begin + 1) - begin - 1);
}

// The rows of the tables below the titles "## [section]", and the one block of TOML.
struct Manual {
  std::map<std::string, std::vector<Row>> sections;
  std::string example;
};
Manual read_manual() {
  Manual manual;
  std::ifstream file("docs/configuration.md");
  EXPECT_TRUE(file) << "tests run in the folder of the project";
  std::string section;
  bool in_block = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      in_block = line == "```toml";
    } else if (in_block) {
      manual.example += line + "\n";
    } else if (line.starts_with("## [")) {
      section = line.substr(4, line.size() - 5);
    } else if (line.starts_with("| `")) {
      std::vector<std::string> cells;
      std::istringstream cut(line.substr(1));
      for (std::string cell; std::getline(cut, cell, '|');) cells.push_back(cell);
      EXPECT_EQ(cells.size(), 4U) << line;
      if (cells.size() == 4U)
        manual.sections[section].push_back({code_of(cells[0]), code_of(cells[1]), code_of(cells[3])});
    }
  }
  return manual;
}

Configuration read(const std::string& text) {
  auto read = parse_configuration(text, "halley.toml");
  EXPECT_TRUE(read) << text << "\n" << (read ? "" : read.error().to_string());
  return read ? *read : Configuration();
}

TEST(ConfigurationManual, HasARowForEachKeyAndNoOther) {
  std::set<std::string> told;
  for (const auto& [section, rows] : read_manual().sections) {
    for (const Row& row : rows) told.insert(section + "." + row.key);
  }
  std::set<std::string> taken;
  Configuration unused;
  for (const ConfigurationKey& key : configuration_keys(unused)) {
    taken.insert(std::string(key.section) + "." + std::string(key.name));
  }
  EXPECT_EQ(told, taken);
}

TEST(ConfigurationManual, EveryExampleIsTakenAndSaysSomething) {
  for (const auto& [section, rows] : read_manual().sections) {
    for (const Row& row : rows) {
      EXPECT_NE(read("[" + section + "]\n" + row.key + " = " + row.example + "\n"), Configuration()) << row.key;
    }
  }
}

TEST(ConfigurationManual, EveryDefaultIsWhatItIsWithoutTheKey) {
  int defaults = 0;
  Manual manual = read_manual();
  for (const auto& [section, rows] : manual.sections) {
    for (const Row& row : rows) {
      if (row.value.empty()) continue;
      ++defaults;
      EXPECT_EQ(read("[" + section + "]\n" + row.key + " = " + row.value + "\n"), Configuration()) << row.key;
    }
  }
  EXPECT_GT(defaults, 10);
  // And where a word stands in its place the key is empty.
  Configuration configuration;
  for (const ConfigurationKey& key : configuration_keys(configuration)) {
    const auto* const text = std::get_if<std::string*>(&key.into);
    if (text == nullptr || (*text)->empty()) continue;
    bool told = false;
    for (const Row& row : manual.sections[std::string(key.section)]) {
      told = told || (row.key == key.name && row.value == "\"" + **text + "\"");
    }
    EXPECT_TRUE(told) << key.name;
  }
}

TEST(ConfigurationManual, TheExampleIsTaken) {
  const Configuration configuration = read(read_manual().example);
  EXPECT_EQ(configuration.include, (std::vector<std::string>{"shop", "crm/customers"}));
  EXPECT_EQ(configuration.repository_url, "/backup/shop");
  EXPECT_EQ(configuration.tier, "Continuous30Days");
}

}  // namespace
}  // namespace halley::cli
