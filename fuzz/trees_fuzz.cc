// Folders in the layout of `halley restore --to dir:`, as something else may have left them. The input is the files one
// after the other, each behind a line "=== PATH".
#include <filesystem>

#include "base/check.h"
#include "cli/account_tree.h"
#include "cosmos/partition_key.h"
#include "fuzz/target.h"
#include "testing/temporary_folder.h"

namespace halley {
namespace {

constexpr std::string_view kMark = "=== ";
constexpr std::size_t kMaxFiles = 20;

// Memory, where the system has such a place.
std::filesystem::path scratch() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

// Whether a path stays below the folder, and can be made there.
bool is_inside(std::string_view path) {
  return !path.empty() && path.size() < 200 && path.find('\0') == std::string_view::npos && path.front() != '/' &&
         path.find("..") == std::string_view::npos;
}

void make_tree(std::string_view input, const testing::TemporaryFolder& folder) {
  for (std::size_t files = 0; files < kMaxFiles && input.starts_with(kMark); ++files) {
    const std::size_t line = std::min(input.find('\n'), input.size());
    const std::string_view path = input.substr(kMark.size(), line - std::min(line, kMark.size()));
    input.remove_prefix(std::min(line + 1, input.size()));
    const std::size_t next = input.starts_with(kMark) ? 0 : input.find("\n=== ");
    const std::string_view content = input.substr(0, next);
    if (is_inside(path)) {
      std::error_code ignored;
      const std::filesystem::path place = folder.path(path);
      std::filesystem::create_directories(place.parent_path(), ignored);
      std::ofstream(place, std::ios::binary) << content;  // where the path is a folder already, nothing is written
    }
    if (next == std::string_view::npos) return;
    input.remove_prefix(next + (next == 0 ? 0 : 1));
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  const testing::TemporaryFolder folder(scratch());
  make_tree(input, folder);
  const auto tree = cli::read_account_tree(folder.path());
  if (!tree) return;
  CHECK(!tree->plan.databases.empty() && tree->plan.containers.size() == tree->containers.size());
  for (const cli::TreeContainer& container : tree->containers) {
    const auto each = [&](const cli::TreeDocument& document) -> Status {
      CHECK(cosmos::canonical_key(document.partition_key) == document.partition_key);
      (void)cosmos::effective_partition_key(container.plan.key, document.partition_key);
      return {};
    };
    (void)cli::for_each_document(container, each);
  }
}

}  // namespace halley
