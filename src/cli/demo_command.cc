// halley demo: the whole story on this machine in a minute.
#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>

#include "cli/commands.h"
#include "cli/demo.h"
#include "recovery/output_file.h"
#include "repo/key_ring.h"

namespace halley::cli {
namespace {

namespace fs = std::filesystem;

// The folder of the demonstration's repository, removed in the end unless it is to be kept.
class DemoFolder {
 public:
  ~DemoFolder() {
    std::error_code ignored;
    if (!kept_ && !path_.empty()) fs::remove_all(path_, ignored);
  }
  Status make(const Arguments& arguments) {
    std::error_code error;
    kept_ = arguments.has("--keep");
    if (kept_) {
      path_ = *arguments.find("--keep");
      fs::create_directories(path_, error);
    } else {
      std::string name = (fs::temp_directory_path(error) / "halley-demo-XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) return fail(Code::io, "cannot make a folder like " + name);
      path_ = name;
    }
    if (error) return fail(Code::io, "cannot make the folder " + path_ + ": " + error.message());
    return {};
  }
  bool kept() const { return kept_; }
  std::string repository() const { return (fs::path(path_) / "repository").string(); }
  std::string password_file() const { return (fs::path(path_) / "password").string(); }

 private:
  std::string path_;
  bool kept_ = false;
};

Result<ExitCode> run(Context& context) {
  const auto data = context.arguments.find("--load");
  if (!data) {
    return fail(Code::invalid_argument, "no documents given for the demonstration",
                "'./dev demo' fetches real ones and passes them by --load");
  }
  ASSIGN(AccountTree tree, read_account_tree(*data));
  ASSIGN(DemoRoles roles, choose_roles(tree));
  DemoFolder folder;
  TRY(folder.make(context.arguments));
  const std::string password = repo::make_random_password(context.runtime);
  if (folder.kept()) TRY(recovery::write_file(folder.password_file(), password + "\n"));
  ASSIGN(const ExitCode code, Demo(context, std::move(tree), std::move(roles), folder.repository(), password).run());
  if (folder.kept()) {
    context.output.line();
    context.output.line(fmt::format("Look around: halley timeline --repo {} --password-file {}", folder.repository(),
                                    folder.password_file()));
  }
  return code;
}

}  // namespace

Command demo_command() {
  return {
      "demo",
      "the whole story on this machine in a minute, on real documents",
      "Starts the embedded server, loads real documents, backs up, lets an hour of work pass, loses the account, and\n"
      "brings it back to the second before, compared document by document. './dev demo' fetches the documents first; "
      "any\n"
      "folder that 'halley restore --to dir:' wrote will do, if one of its containers has at least five.",
      "  ./dev demo\n"
      "  halley demo --load build/data/demo --keep /tmp/halley-demo",
      {},
      OptionNames{"--load", "--keep"},
      run};
}

}  // namespace halley::cli
