// Every option of every command, defined once: the parser and the help are made from it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace halley::cli {

enum class Taking {
  nothing,         // a switch
  value,           // one value, once
  values,          // one value each time, any number of times
  optional_value,  // --name, or with a value, which does not begin with - as a word of its own
};

struct Option {
  std::string_view name;  // with its dashes
  Taking taking = Taking::value;
  std::string_view value_name;  // as the help shows it
  std::string_view help;
};

std::span<const Option> option_table();

// The option of that name, or nullptr.
const Option* find_option(std::string_view name);

using OptionNames = std::vector<std::string_view>;

OptionNames account_options();     // endpoint, key, trust
OptionNames repository_options();  // place and password
OptionNames azure_options();       // subscription, account as Resource Manager knows it, trust
OptionNames general_options();     // what every command has

OptionNames operator+(OptionNames left, const OptionNames& right);

}  // namespace halley::cli
