// The demonstration: an account is backed up, lost, and brought back to the second; every step said as it happens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/backup.h"
#include "cli/access.h"
#include "cli/account_snapshot.h"
#include "cli/account_tree.h"
#include "cli/command.h"
#include "cli/demo_edits.h"
#include "cli/demo_roles.h"
#include "recovery/restore.h"
#include "server/emulator.h"

namespace halley::cli {

class Demo {
 public:
  // `tree` are the documents to load, which play these roles; the repository is made in `folder`, which must not hold
  // one yet.
  Demo(Context& context, AccountTree tree, DemoRoles roles, std::string folder, std::string password);

  // The whole story. ExitCode::damage when what came back differs from what was lost.
  Result<ExitCode> run();

 private:
  // An account in the embedded server, and a client of it.
  struct Account {
    std::unique_ptr<server::Emulator> server;
    OpenAccount access;
    cosmos::Client& client() const { return *access.client; }
    server::VirtualClock& clock() const { return server->account().clock(); }
  };
  Result<Account> start_account(const std::string& id);

  Status load();
  Status first_backup();
  Status working_hour();
  Status disaster();
  Status show_timeline();
  Status restore();
  Status compare();
  Status show_document();
  void close_story(double seconds);

  Result<Edits> work_shift(int shift);
  Result<capture::BackupReport> back_up(bool wait);
  Result<std::string> document_at(repo::Repository& repository, const recovery::Moment& moment);
  Result<std::unique_ptr<repo::Repository>> open_repository();
  void title(const std::string& text);
  void say(const std::string& text);

  Context& context_;
  const AccountTree tree_;
  const DemoRoles roles_;
  const std::string folder_;
  const std::string password_;
  int chapter_ = 0;

  Account source_;
  Account target_;
  std::unique_ptr<repo::Repository> repository_;

  // What the closing report adds up.
  capture::BackupReport captured_;  // sums
  int backups_ = 0;
  Second lost_at_;         // the second of the first damage
  AccountSnapshot truth_;  // what the account held right before
  FaultyDeployment deployment_;
  recovery::RestoreReport restored_;
  double restore_units_ = 0;
  SnapshotComparison comparison_;
};

}  // namespace halley::cli
