// The one subscription of the endpoint: its accounts, those that were deleted too, and what goes on in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arm/managed_account.h"
#include "arm/operations.h"

namespace halley::arm {

struct SubscriptionOptions {
  std::string id;
  std::string resource_group;
  server::EmulatorOptions accounts;  // how accounts that are made here are served; each on a port of its own
  std::size_t page = 100;            // elements of a page of a list
};

// What a test may change of the backup.
struct BackupSettings {
  int not_yet = 0;       // so many questions for the latest restorable time are answered 1970
  std::int64_t lag = 0;  // seconds that the latest restorable time is behind
};

// What an account, database or container is restored from.
struct RestorePoint {
  std::shared_ptr<ManagedAccount> source;
  Second at;
  bool time_to_live = true;
};

// Not safe from several threads: Gateway lets one request in after the other.
class Subscription {
 public:
  Subscription(Runtime& runtime, SubscriptionOptions options);

  Runtime& runtime() { return runtime_; }
  const SubscriptionOptions& options() const { return options_; }
  Operations& operations() { return operations_; }
  BackupSettings& backup() { return backup_; }

  Second now() const { return runtime_.wall_second() + ahead_; }
  // Moves the clocks of Resource Manager and of every account.
  void advance(std::int64_t seconds);

  // An account with the settings of a new one; it is not among the accounts yet.
  std::shared_ptr<ManagedAccount> new_account(const std::string& name, std::vector<std::string> regions);
  // Begins to serve its data. Fails with io.
  Status start(ManagedAccount& account);
  void add(std::shared_ptr<ManagedAccount> account) { accounts_.push_back(std::move(account)); }
  void forget(const ManagedAccount& account);
  // Drops what no backup reaches any more: accounts that were deleted, and what happened in those that are there. Once
  // an hour is enough.
  void forget_what_expired();

  // Fails with 404 when there is none of that name.
  Result<std::shared_ptr<ManagedAccount>> find(const std::string& resource_group, const std::string& name) const;
  std::vector<std::shared_ptr<ManagedAccount>> live() const;
  // Those with a continuous backup, and those of `location` only unless it is empty.
  std::vector<std::shared_ptr<ManagedAccount>> restorable(std::string_view location) const;
  // By location and instance. Fails with 404.
  Result<std::shared_ptr<ManagedAccount>> find_restorable(const std::string& location,
                                                          const std::string& instance) const;

  // What `restoreParameters` name. Fails with 400 when there is no such backup, or it does not reach the moment.
  Result<RestorePoint> restore_point(const json::Value& parameters) const;

 private:
  Runtime& runtime_;
  const SubscriptionOptions options_;
  Operations operations_;
  BackupSettings backup_;
  std::int64_t ahead_ = 0;  // of the machine's clock
  Second last_forgot_;
  std::vector<std::shared_ptr<ManagedAccount>> accounts_;
};

}  // namespace halley::arm
