// The target without a fuzzer, for ./dev test: every seed, and so many mutations of them, the same ones every time.
// usage: <target>_replay MUTATIONS SEED...
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/target.h"

namespace {

std::string read_file(const char* path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

// One change: a byte, a piece doubled, a piece gone, or a piece of another seed.
void mutate(std::string& text, const std::string& other, std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % (bound + 1)); };
  const std::size_t at = below(text.size());
  switch (random() % 4) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(random() & 0xFF);
      break;
    case 1:
      text.insert(at, text.substr(below(text.size()), below(16)));
      break;
    case 2:
      text.erase(at, below(16));
      break;
    default:
      text.insert(at, other.substr(below(other.size()), below(64)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " MUTATIONS SEED...\n";
    return 2;
  }
  std::vector<std::string> seeds;
  for (int i = 2; i < argc; ++i) seeds.push_back(read_file(argv[i]));
  for (const std::string& seed : seeds) halley::fuzz_one(seed);
  std::mt19937_64 random(1);
  const long mutations = std::atol(argv[1]);
  for (long i = 0; i < mutations; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (std::uint64_t change = 0, changes = 1 + random() % 4; change < changes; ++change) {
      mutate(text, seeds[random() % seeds.size()], random);
    }
    halley::fuzz_one(text);
  }
  std::cout << seeds.size() << " seeds and " << mutations << " mutations of them\n";
}
