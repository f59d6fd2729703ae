#include "server/data_directory.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <mutex>

#include "codec/hash.h"
#include "store/file_system.h"

namespace halley::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileName = "account.sqlite";
constexpr std::int64_t kApplicationId = 0x48616C79;  // "Haly"
constexpr std::int64_t kFormat = 1;

// WAL: a transaction is one append and one fsync. EXCLUSIVE: no other process comes in until this one ends.
constexpr const char* kSettings =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = "
    "MEMORY;";
constexpr const char* kSchema =
    "CREATE TABLE events(number INTEGER PRIMARY KEY, owner TEXT NOT NULL, digest INTEGER NOT NULL, event BLOB NOT "
    "NULL)";

struct Event {
  std::string owner;
  std::string bytes;
};

std::int64_t digest_of(std::string_view owner, std::string_view event) {
  codec::Xxh3 hash;
  hash.update(owner);
  hash.update(std::string_view("\0", 1));
  hash.update(event);
  return static_cast<std::int64_t>(hash.finish());
}

Code code_of(int result) {
  switch (result & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::already_exists;
    case SQLITE_FULL:
      return Code::no_space;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    default:
      return Code::io;
  }
}

class Database {
 public:
  Database() = default;
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Status open(const std::string& path) {
    path_ = path;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int result = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
    return result == SQLITE_OK ? Status() : failure(result);
  }

  Status run(const char* sql) {
    const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    return result == SQLITE_OK ? Status() : failure(result);
  }

  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

  tl::unexpected<Error> failure(int result) const {
    switch (code_of(result)) {
      case Code::already_exists:
        return fail(Code::already_exists, path_ + " is held by another process",
                    "another emulator runs with this --data: end it, or choose another directory");
      case Code::corrupt:
        return fail(Code::corrupt, fmt::format("{} is damaged: {}", path_, sqlite3_errstr(result)),
                    "the emulator does not guess at what was lost: restore the directory, or begin with another");
      default: {
        const int number = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
        const std::string cause = number == 0 ? "" : std::string(": ") + std::generic_category().message(number);
        return fail(code_of(result), fmt::format("{}: {}{}", path_, sqlite3_errstr(result), cause));
      }
    }
  }

  const std::string& path() const { return path_; }
  sqlite3* handle() { return handle_; }

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  explicit Statement(Database& database) : database_(database) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Status prepare(std::string_view sql) {
    const int result =
        sqlite3_prepare_v2(database_.handle(), sql.data(), static_cast<int>(sql.size()), &handle_, nullptr);
    return result == SQLITE_OK ? Status() : fail(database_.failure(result).value());
  }
  // Bytes that are bound must live until the next step() or reset.
  void bind(int place, std::int64_t number) { sqlite3_bind_int64(handle_, place, number); }
  void bind_text(int place, std::string_view text) {
    const char* data = text.empty() ? "" : text.data();  // a null pointer would be NULL
    sqlite3_bind_text64(handle_, place, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind_blob(int place, std::string_view bytes) {
    sqlite3_bind_blob64(handle_, place, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  // Whether there is a row.
  Result<bool> step() {
    const int result = sqlite3_step(handle_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    auto error = database_.failure(result);
    sqlite3_reset(handle_);
    return error;
  }
  // One that gives no rows; it can be run again.
  Status run() {
    TRY(step());
    sqlite3_reset(handle_);
    return {};
  }
  std::int64_t integer(int column) { return sqlite3_column_int64(handle_, column); }
  std::string_view bytes(int column) {
    const void* data = sqlite3_column_blob(handle_, column);
    return {static_cast<const char*>(data),
            data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
  }

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

Result<std::int64_t> one_number(Database& database, std::string_view sql) {
  Statement statement(database);
  TRY(statement.prepare(sql));
  ASSIGN(const bool found, statement.step());
  return found ? statement.integer(0) : 0;
}

// The directory and those above it that are missing, with names that outlast a power cut. What is in it SQLite syncs.
Status make_directory(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) return {};
  TRY(make_directory(path.parent_path()));
  if (!fs::create_directory(path, error) && error) {
    return fail(Code::io, "can't make the directory " + path.string() + ": " + error.message());
  }
  fs::permissions(path, fs::perms::owner_all, error);
  // Some file systems have no such call; then the server behind them decides.
  if (store::real_file_system().sync_directory(path.parent_path().string()) != 0 && errno != EINVAL) {
    return fail(Code::io,
                "can't sync the directory above " + path.string() + ": " + std::generic_category().message(errno));
  }
  return {};
}

Status check_directory(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path / kFileName, error)) return {};
  const bool empty = !error && fs::is_empty(path, error);
  if (error) return fail(Code::io, "can't use the directory " + path.string() + ": " + error.message());
  if (empty) return {};
  return fail(Code::invalid_argument, path.string() + " is not empty, and holds no account of an emulator",
              "choose a directory that is empty or does not exist");
}

class SqliteDirectory : public DataDirectory {
 public:
  explicit SqliteDirectory(Runtime& runtime) : turn_(runtime.make_condition()) {}

  Status prepare(const std::string& directory) {
    std::error_code error;
    const fs::path place = fs::absolute(directory, error);
    if (error) return fail(Code::io, "can't use the directory '" + directory + "': " + error.message());
    TRY(make_directory(place));
    TRY(check_directory(directory));
    TRY(database_.open(directory + "/" + std::string(kFileName)));
    TRY(database_.run(kSettings));
    TRY(database_.run("BEGIN EXCLUSIVE"));  // takes the lock
    ASSIGN(const std::int64_t application, one_number(database_, "PRAGMA application_id"));
    ASSIGN(const std::int64_t format, one_number(database_, "PRAGMA user_version"));
    ASSIGN(const std::int64_t tables, one_number(database_, "SELECT count(*) FROM sqlite_master"));
    if (application == 0 && format == 0 && tables == 0) {
      TRY(database_.run(kSchema));
      TRY(database_.run(
          fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kFormat).c_str()));
    } else if (application != kApplicationId) {
      return fail(Code::corrupt, database_.path() + " is not the account of an emulator");
    } else if (format != kFormat) {
      return fail(
          Code::unsupported,
          fmt::format("{} is of format {}, and this program knows format {}", database_.path(), format, kFormat),
          "use the version of halley that wrote it, or --dump there and --load here");
    }
    TRY(database_.run("COMMIT"));
    return insert_.prepare("INSERT INTO events(owner, digest, event) VALUES(?, ?, ?)");
  }

  ~SqliteDirectory() override { (void)settle(); }

  Status read(const Each& each) override {
    Statement select(database_);
    TRY(select.prepare("SELECT number, owner, digest, event FROM events ORDER BY number"));
    while (true) {
      ASSIGN(const bool found, select.step());
      if (!found) return {};
      const std::string_view owner = select.bytes(1);
      const std::string_view event = select.bytes(3);
      const auto given = digest_of(owner, event) == select.integer(2) ? each(owner, event)
                                                                      : fail(Code::corrupt, "its digest is wrong");
      if (!given) {
        return fail(Error(given.error()).in(fmt::format("event {} of {}", select.integer(0), database_.path())));
      }
    }
  }

  Status compact(const std::vector<std::string>& owners, std::string_view event) override {
    TRY(database_.run("BEGIN"));
    auto done = drop_all_but(owners);
    if (done) done = insert({}, event);
    if (done) done = database_.run("COMMIT");
    if (!done) roll_back();
    return done;
  }

  void record(std::string owner, std::string event) override {
    const std::lock_guard lock(mutex_);
    pending_.push_back({std::move(owner), std::move(event)});
    ++recorded_;
  }

  // Whoever comes while nobody writes does so for all that wait; the others wait for it, and then for their turn.
  Status settle() override {
    std::unique_lock lock(mutex_);
    const std::uint64_t mine = recorded_;
    while (durable_ < mine) {
      if (writing_) {
        // As long as whoever writes does: the disk's time, which has no bound that would help.
        turn_->wait(lock, {}, [&] { return !writing_; });
        continue;
      }
      writing_ = true;
      std::vector<Event> batch = std::move(pending_);
      pending_.clear();
      lock.unlock();
      auto written = write(batch);
      lock.lock();
      writing_ = false;
      if (written) {
        durable_ += batch.size();
      } else {
        batch.insert(batch.end(), std::make_move_iterator(pending_.begin()), std::make_move_iterator(pending_.end()));
        pending_ = std::move(batch);
      }
      turn_->notify_all();
      if (!written) return written;
    }
    return {};
  }

 private:
  Status write(const std::vector<Event>& batch) {
    auto done = database_.run("BEGIN");
    for (const Event& event : batch) {
      if (done) done = insert(event.owner, event.bytes);
    }
    if (done) done = database_.run("COMMIT");
    if (!done) roll_back();
    return done;
  }

  Status insert(std::string_view owner, std::string_view event) {
    insert_.bind_text(1, owner);
    insert_.bind(2, digest_of(owner, event));
    insert_.bind_blob(3, event);
    return insert_.run();
  }

  Status drop_all_but(const std::vector<std::string>& owners) {
    TRY(database_.run("CREATE TEMP TABLE kept(owner TEXT PRIMARY KEY)"));
    Statement keep(database_);
    TRY(keep.prepare("INSERT INTO kept VALUES(?)"));
    for (const std::string& owner : owners) {
      keep.bind_text(1, owner);
      TRY(keep.run());
    }
    TRY(database_.run("DELETE FROM events WHERE owner NOT IN (SELECT owner FROM kept)"));
    return database_.run("DROP TABLE kept");
  }

  void roll_back() {
    if (database_.in_transaction()) (void)database_.run("ROLLBACK");
  }

  Database database_;
  Statement insert_{database_};

  std::mutex mutex_;
  const std::unique_ptr<Condition> turn_;
  std::vector<Event> pending_;
  std::uint64_t recorded_ = 0;
  std::uint64_t durable_ = 0;
  bool writing_ = false;  // somebody uses the database
};

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(Runtime& runtime, const std::string& path) {
  auto directory = std::make_unique<SqliteDirectory>(runtime);
  TRY(directory->prepare(path));
  return directory;
}

}  // namespace halley::server
