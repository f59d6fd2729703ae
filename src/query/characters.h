// Characters of UTF-8: the string functions of the language count them, not bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace halley::query {

// How many bytes the character at `at` has; 1 for what is no UTF-8.
std::size_t character_size(std::string_view text, std::size_t at);
std::size_t character_count(std::string_view text);
// The byte at which character `index` begins; the size of the text when it has no such character.
std::size_t byte_of_character(std::string_view text, std::size_t index);

// Whether every byte is part of a character as UTF-8 has it; surrogates are none.
bool is_utf8(std::string_view text);

char32_t decode_character(std::string_view text, std::size_t at);
void append_character(std::string& out, char32_t character);

// Letters of ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic have their other case; everything else stays.
char32_t to_upper(char32_t character);
char32_t to_lower(char32_t character);
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

}  // namespace halley::query
