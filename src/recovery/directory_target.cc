// A tree of files as the target of a restore.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/bytes.h"
#include "codec/hash.h"
#include "http/message.h"
#include "json/writer.h"
#include "recovery/definition_text.h"
#include "recovery/output_file.h"
#include "recovery/restore.h"

namespace halley::recovery {
namespace {

// The journal of a restore that is not finished: its plan, then a line for each container that is whole. Removed at
// the end.
constexpr std::string_view kJournal = ".halley-restore";
constexpr std::size_t kLongestName = 200;  // bytes; file systems allow 255, and suffixes follow

// What must be equal for one run to go on with what another began.
std::string plan_line(const RestorePlan& plan) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("repository", plan.repository_id).member("account", plan.account_id);
  writer.member("at", format_rfc3339(plan.at)).member("moment", plan.moment.text());
  writer.key("include").begin_array();
  for (const std::string& pattern : plan.selection.include) writer.string(pattern);
  writer.end_array().key("exclude").begin_array();
  for (const std::string& pattern : plan.selection.exclude) writer.string(pattern);
  writer.end_array().member("partition_key", plan.selection.partition_key.value_or(""));
  writer.key("ids").begin_array();
  for (const std::string& id : plan.selection.ids) writer.string(id);
  writer.end_array().end_object();
  return line;
}

// What to do where an unfinished restore, whose journal has this first line, is not the plan's.
std::string how_it_differs(const std::string& first_line, const RestorePlan& plan) {
  std::string elsewhere = "choose another directory";
  const auto begun = json::parse(first_line);
  const auto now = json::parse(plan_line(plan));
  if (!begun || !now) return elsewhere;
  const auto differs = [&](std::string_view member) {
    const json::Value* const then = begun->find(member);
    return then == nullptr || then->to_text() != now->find(member)->to_text();
  };
  if (differs("repository") || differs("account")) return "it is of another repository: " + elsewhere;
  const std::string moment = begun->string_at("moment");
  const bool of_latest = moment == "latest";
  if (of_latest && plan.moment.latest && differs("at")) {
    return "it is of `latest` as of " + begun->string_at("at") +
           ", and `latest` is another moment since a backup has run: " + elsewhere;
  }
  constexpr std::pair<std::string_view, std::string_view> kOptions[] = {{"include", "--database or --container"},
                                                                        {"exclude", "--exclude"},
                                                                        {"partition_key", "--partition-key"},
                                                                        {"ids", "--id"}};
  std::string with;
  if (differs("moment")) with = "--at " + moment;
  for (const auto& [member, option] : kOptions) {
    if (differs(member)) with += (with.empty() ? "another " : " and another ") + std::string(option);
  }
  if (with.empty()) return elsewhere;
  return "it was begun with " + with + ": give the same to complete it" +
         (of_latest ? ", as long as no other backup has run" : "") + ", or " + elsewhere;
}

// Which documents a container had: two restores of `latest` need not mean the same.
std::string cut_text(const PlannedContainer& container) {
  const auto& commit = container.cut.commit;
  return format_rfc3339(container.at) + (commit ? ", commit " + std::to_string(*commit) : "");
}

std::string container_line(const PlannedContainer& container, const RestoredContainer& result) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("database", result.database).member("container", result.container);
  writer.member("cut", cut_text(container)).key("documents").unsigned_integer(result.documents);
  writer.key("bytes").unsigned_integer(result.bytes);
  writer.key("expired").unsigned_integer(result.expired);
  writer.member("digest", result.digest).end_object();
  return line;
}

std::uint64_t count_at(const json::Value& value, std::string_view name) {
  const json::Value* const member = value.find(name);
  return member == nullptr ? 0 : static_cast<std::uint64_t>(member->as_integer().value_or(0));
}

// With those above it, durably.
Status make_directory(const std::string& path) {
  std::error_code error;
  if (path.empty() || std::filesystem::is_directory(path, error)) return {};
  TRY(make_directory(std::filesystem::path(path).parent_path().string()));
  std::filesystem::create_directory(path, error);
  if (error) return fail(Code::io, "can't make directory " + path + ": " + error.message());
  return sync_parent(path);
}

// Whether a directory is there or can be made: what is there of its path decides.
Status check_place(const std::string& path) {
  std::error_code error;
  std::filesystem::path nearest = path;
  while (!nearest.empty() && !std::filesystem::exists(nearest, error)) nearest = nearest.parent_path();
  if (nearest.empty()) nearest = ".";
  if (!std::filesystem::is_directory(nearest, error)) {
    return fail(Code::io, "can't make directory " + path + ": " + nearest.string() + " is no directory",
                "choose another directory");
  }
  if (access(nearest.c_str(), W_OK | X_OK) == 0) return {};
  return fail(Code::io, "can't write in directory " + nearest.string() + ": " + std::strerror(errno),
              "choose another directory, or give the user of this process the right to write there");
}

constexpr std::size_t kReadBytes = 1 << 16;  // of a file at a time: what a processor's cache holds

// xxh3_64 of the whole file, in constant memory.
Result<std::uint64_t> hash_of_file(const std::string& path, const std::stop_token& stop) {
  std::ifstream file(path, std::ios::binary);
  std::string piece(kReadBytes, '\0');
  codec::Xxh3 hash;
  while (file) {
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    file.read(piece.data(), kReadBytes);
    hash.update(std::string_view(piece).substr(0, static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) return fail(Code::io, "can't read " + path);
  return hash.finish();
}

// The content of an offer, for throughput.json; empty when there is none.
Result<std::string> throughput_text(const std::optional<repo::Definition>& offer) {
  if (!offer) return std::string();
  ASSIGN(const std::string_view content, json::member_slice(offer->text, "content"));
  return std::string(content);
}

class DirectoryTarget : public RestoreTarget {
 public:
  explicit DirectoryTarget(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  }

  Status check(const RestorePlan& plan, std::vector<std::string>&, std::stop_token) override {
    completion_ = how_to_complete(plan, "");
    TRY(check_place(path_));
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) return {};
    const bool empty = std::filesystem::is_empty(path_, error);
    if (error) return fail(Code::io, "can't read directory " + path_ + ": " + error.message());
    return empty ? Status() : go_on(plan);
  }

  Status open(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) override {
    TRY(check(plan, notes, std::move(stop)));
    TRY(make_directory(path_));
    if (journal_.empty()) {
      journal_ = plan_line(plan) + "\n";
      TRY(write_file(journal_path(), journal_));
    }
    std::string account = "{}";
    if (plan.account) {
      ASSIGN(account, plain_definition(plan.account->text));
    }
    return write_file(path_ + "/account.json", account + "\n");
  }

  Status put_database(const PlannedDatabase& database, std::stop_token) override {
    const std::string directory = path_ + "/" + file_name_of(database.name);
    TRY(make_directory(directory));
    TRY(put_definition(directory + "/database.json", database.definition));
    TRY(put_throughput(directory, database.offer));
    for (const repo::Definition& container : database.undocumented) {
      const std::string folder = directory + "/" + file_name_of(container.key.id);
      TRY(make_directory(folder));
      TRY(put_definition(folder + "/container.json", container));
    }
    if (database.users.empty()) return {};
    std::string users;
    json::Writer writer(users);
    writer.begin_object().key("users").begin_array();
    for (const repo::Definition& user : database.users) {
      ASSIGN(const std::string text, plain_definition(user.text));
      writer.begin_object().key("user").raw(text).key("permissions").begin_array();
      for (const repo::Definition& permission : database.permissions) {
        if (permission.key.parent != user.key.id) continue;
        ASSIGN(const std::string allowed, plain_definition(permission.text));
        writer.raw(allowed);
      }
      writer.end_array().end_object();
    }
    writer.end_array().end_object();
    return write_file(directory + "/users.json", users + "\n");
  }

  Result<std::optional<RestoredContainer>> begin_container(const PlannedContainer& container,
                                                           std::stop_token) override {
    began_ = true;
    const auto done = done_.find(container.name());
    if (done != done_.end()) return std::optional(done->second);
    directory_ = directory_of(container.database, container.container);
    TRY(make_directory(directory_));
    TRY(put_definition(directory_ + "/container.json", container.definition));
    TRY(put_throughput(directory_, container.offer));
    ASSIGN(documents_, OutputFile::create(documents_path()));
    written_.restart();
    return std::nullopt;
  }

  Status put_document(std::string_view, std::string_view, std::string_view body, std::stop_token) override {
    // Raw line ends can only be white space between tokens; on a line of its own a document has none.
    if (body.find('\n') != std::string_view::npos || body.find('\r') != std::string_view::npos) {
      line_ = body;
      for (char& c : line_) c = c == '\n' || c == '\r' ? ' ' : c;
      body = line_;
    }
    written_.update(body);
    written_.update("\n");
    TRY(documents_->append(body));
    return documents_->append("\n");
  }

  Status finish_documents(std::stop_token) override {
    TRY(documents_->commit());
    documents_.reset();
    return {};
  }

  Result<bool> read_back(const PlannedContainer&, const EachDocument&, std::stop_token stop) override {
    ASSIGN(const std::uint64_t found, hash_of_file(documents_path(), stop));
    if (found == written_.finish()) return false;
    return fail(Code::difference, documents_path() + " does not hold what was written to it");
  }

  Status finish_container(const PlannedContainer& container, const RestoredContainer& result,
                          std::stop_token) override {
    using repo::DefinitionKind;
    constexpr std::pair<DefinitionKind, const char*> kFolders[] = {{DefinitionKind::stored_procedure, "sprocs"},
                                                                   {DefinitionKind::trigger, "triggers"},
                                                                   {DefinitionKind::user_defined_function, "udfs"}};
    for (const repo::Definition& script : container.scripts) {
      for (const auto& [kind, folder] : kFolders) {
        if (script.key.kind != kind) continue;
        const std::string directory = directory_ + "/scripts/" + folder;
        TRY(make_directory(directory));
        TRY(put_definition(directory + "/" + file_name_of(script.key.id) + ".json", script));
      }
    }
    if (!result.compared) return {};  // The next run of this restore writes it again.
    journal_ += container_line(container, result) + "\n";
    return write_file(journal_path(), journal_);
  }

  void abandon(Error& why) override {
    if (!began_ || why.code == Code::difference) return;
    why.hint += (why.hint.empty() ? "" : "; ") + completion_;
  }

  Status close(std::stop_token) override {
    std::error_code error;
    std::filesystem::remove(journal_path(), error);
    if (error) return fail(Code::io, "can't remove " + journal_path() + ": " + error.message());
    return {};
  }

 private:
  std::string directory_of(const std::string& database, const std::string& container) const {
    return path_ + "/" + file_name_of(database) + "/" + file_name_of(container);
  }
  std::string documents_path() const { return directory_ + "/documents.ndjson"; }
  std::string journal_path() const { return path_ + "/" + std::string(kJournal); }

  // Whether the documents are still there, as far as their size tells: a line each.
  bool is_there(const RestoredContainer& done) const {
    std::error_code error;
    const std::string documents = directory_of(done.database, done.container) + "/documents.ndjson";
    const std::uintmax_t size = std::filesystem::file_size(documents, error);
    return !error && size == done.bytes + done.documents;
  }

  static bool is_planned(const RestorePlan& plan, std::string_view name, std::string_view cut) {
    return std::any_of(plan.containers.begin(), plan.containers.end(), [&](const PlannedContainer& container) {
      return container.name() == name && cut_text(container) == cut;
    });
  }

  // Takes up what an interrupted run left, if it was of the same plan.
  Status go_on(const RestorePlan& plan) {
    std::ifstream file(journal_path());
    std::string line;
    if (!std::getline(file, line)) {
      return fail(Code::already_exists, path_ + " is not empty", "choose a directory that is empty or does not exist");
    }
    if (line != plan_line(plan)) {
      return fail(Code::already_exists, path_ + " holds an unfinished restore of something else",
                  how_it_differs(line, plan));
    }
    journal_ = line + "\n";
    while (std::getline(file, line)) {
      ASSIGN(const json::Value value, json::parse(line));
      RestoredContainer done;
      done.database = value.string_at("database");
      done.container = value.string_at("container");
      done.documents = count_at(value, "documents");
      done.bytes = count_at(value, "bytes");
      done.expired = count_at(value, "expired");
      done.digest = value.string_at("digest");
      done.compared = true;
      std::string name = done.database + "/" + done.container;
      if (!is_there(done) || !is_planned(plan, name, value.string_at("cut"))) continue;  // written again
      journal_ += line + "\n";
      done_.insert_or_assign(std::move(name), std::move(done));
    }
    return {};
  }

  static Status put_definition(const std::string& path, const repo::Definition& definition) {
    ASSIGN(const std::string text, plain_definition(definition.text));
    return write_file(path, text + "\n");
  }

  static Status put_throughput(const std::string& directory, const std::optional<repo::Definition>& offer) {
    ASSIGN(const std::string text, throughput_text(offer));
    return text.empty() ? Status() : write_file(directory + "/throughput.json", text + "\n");
  }

  std::string path_;
  std::string journal_;
  std::string completion_;                         // for hints
  bool began_ = false;                             // a container may have been written
  std::map<std::string, RestoredContainer> done_;  // by an earlier run
  std::string directory_;                          // of the container at hand
  std::optional<OutputFile> documents_;
  codec::Xxh3 written_;  // the bytes of its documents
  std::string line_;
};

}  // namespace

std::string file_name_of(std::string_view name) {
  std::string safe = http::percent_encode(name);
  // Not hidden, not "." or "..", and never the name of a file of the tree's own.
  if (safe.starts_with('.')) safe.replace(0, 1, "%2E");
  if (safe.ends_with(".json") || safe.ends_with(".ndjson") || safe.ends_with(".partial"))
    safe.replace(safe.rfind('.'), 1, "%2E");
  if (safe.size() <= kLongestName) return safe;
  // Too long for a file system: its beginning and a hash. "%~" stands in no encoded name.
  std::size_t cut = kLongestName - 18;
  while (safe[cut - 1] == '%' || safe[cut - 2] == '%') --cut;
  std::string hash;
  put_u64(hash, codec::xxh3_64(name));
  return safe.substr(0, cut) + "%~" + to_hex(hash);
}

std::unique_ptr<RestoreTarget> make_directory_target(std::string path) {
  return std::make_unique<DirectoryTarget>(std::move(path));
}

}  // namespace halley::recovery
