// A Cosmos account as the target of a restore.
#include <algorithm>
#include <set>

#include "cosmos/read_feed.h"
#include "json/document_scanner.h"
#include "recovery/bulk_writer.h"
#include "recovery/definition_text.h"
#include "recovery/restore.h"
#include "recovery/users.h"

namespace halley::recovery {
namespace {

constexpr Milliseconds kCreateWait{500};  // between looks at a container that is being made
constexpr int kCreateLooks = 240;
constexpr int kEmptyLooks = 5;
constexpr int kPutBackAttempts = 5;  // while its owner changes the definition
constexpr Milliseconds kPutBackPause{200};

// What a definition is created without: expiry would let go what has just been written, and restoreParameters and
// createMode tell how the source itself came to be.
const std::vector<std::string_view> kHeldBack = {"defaultTtl", "ttlPropertyPath", "restoreParameters", "createMode"};
const std::vector<std::string_view> kExpiry = {"defaultTtl", "ttlPropertyPath"};
const std::vector<std::string_view> kNeverSent = {"restoreParameters", "createMode"};

cosmos::ScriptKind script_kind(repo::DefinitionKind kind) {
  if (kind == repo::DefinitionKind::trigger) return cosmos::ScriptKind::trigger;
  if (kind == repo::DefinitionKind::user_defined_function) return cosmos::ScriptKind::user_defined_function;
  return cosmos::ScriptKind::stored_procedure;
}

// Null and 0 are off, as is nothing.
bool has_analytical_storage(const json::Value& definition) {
  const json::Value* const ttl = definition.find("analyticalStorageTtl");
  return ttl != nullptr && !ttl->is_null() && ttl->as_integer() != 0;
}

class CosmosTarget : public RestoreTarget {
 public:
  CosmosTarget(Runtime& runtime, cosmos::Client& client, CosmosTargetOptions options, RestoreProgress& progress)
      : runtime_(runtime), client_(client), options_(options), progress_(progress) {}

  Status check(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) override {
    ASSIGN(const cosmos::Account account, client_.read_account(stop));
    continuous_backup_ = account.continuous_backup;
    partial_ = !plan.selection.selects_all_documents();
    completion_ = how_to_complete(plan, " with --resume");
    users_.clear();
    permissions_.clear();
    for (const PlannedDatabase& database : plan.databases) {
      if (database.whole) {
        users_.insert(users_.end(), database.users.begin(), database.users.end());
        permissions_.insert(permissions_.end(), database.permissions.begin(), database.permissions.end());
      } else if (!database.users.empty()) {
        notes.push_back("users and permissions of " + database.name + " are left: only a part of it is restored");
      }
    }
    const bool expires = std::any_of(plan.containers.begin(), plan.containers.end(),
                                     [](const PlannedContainer& container) { return container.expiry.enabled(); });
    if (expires) notes.emplace_back("time to live counts anew for restored documents, from their restore on");
    // Every container is looked at before anything is written.
    for (const PlannedContainer& container : plan.containers) TRY(check_container(container, notes, stop));
    return {};
  }

  Status open(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) override {
    return check(plan, notes, std::move(stop));
  }

  Status put_database(const PlannedDatabase& database, std::stop_token stop) override {
    const auto there = client_.read_database(database.name, stop);
    if (there || there.error().code != Code::not_found) return there ? Status() : Status(fail(there.error()));
    ASSIGN(const std::string definition, plain_definition(database.definition.text));
    ASSIGN(const http::Headers headers, headers_of(database.offer));
    const auto made = client_.create_database(definition, headers, stop);
    return made || made.error().code == Code::already_exists ? Status() : Status(fail(made.error()));
  }

  Result<std::optional<RestoredContainer>> begin_container(const PlannedContainer& container,
                                                           std::stop_token stop) override {
    const cosmos::ContainerName name = name_of(container);
    began_ = true;
    if (keeps_definition(container)) {
      TRY(pause_expiry(name, stop));
    } else {
      TRY(put_container(container, stop));
    }
    BulkWriterOptions options;
    options.requests_in_flight = options_.requests_in_flight;
    options.request_bytes = options_.request_bytes;
    options.request_operations = options_.request_operations;
    ASSIGN(writer_, BulkWriter::start(runtime_, client_, name, container.key, options, progress_.throttled, stop));
    return std::nullopt;
  }

  // The target's ranges, neighbours together where there are more than requests in flight.
  std::vector<cosmos::HashRange> slices() override {
    const auto ranges = writer_->ranges();
    const std::size_t count = std::min<std::size_t>(ranges.size(), options_.requests_in_flight);
    std::vector<cosmos::HashRange> slices;
    for (std::size_t i = 0; i < count; ++i) {
      slices.push_back(
          {ranges[i * ranges.size() / count].range.min, ranges[(i + 1) * ranges.size() / count - 1].range.max});
    }
    return slices;
  }

  Status put_document(std::string_view partition_key, std::string_view id, std::string_view body,
                      std::stop_token) override {
    return writer_->upsert(partition_key, id, body);
  }

  Status finish_documents(std::stop_token) override {
    TRY(writer_->finish());
    writer_.reset();
    return {};
  }

  Result<bool> read_back(const PlannedContainer& container, const EachDocument& each, std::stop_token stop) override {
    const cosmos::ContainerName name = name_of(container);
    ASSIGN(const auto ranges, client_.partition_key_ranges(name, stop));
    json::DocumentScanner scanner(container.key.paths);
    const auto give = [&](json::ScannedDocument& document) -> Status {
      ASSIGN(const std::string key, cosmos::canonical_key(document.key_values));
      each(key, document.id, document.digest);
      return {};
    };
    const auto scan = [&](const cosmos::ReadPage& page) { return scanner.scan_page(page.body, false, give); };
    // The read feed, for it ends even where something else goes on writing.
    for (const cosmos::PartitionKeyRange& range : ranges) TRY(cosmos::read_range(client_, name, range.id, scan, stop));
    return true;
  }

  Status finish_container(const PlannedContainer& container, const RestoredContainer&, std::stop_token stop) override {
    const bool owed = owed_.has_value();
    TRY(put_back(stop));  // before the scripts: a container that another has made in its place gets neither
    if (keeps_definition(container)) return {};
    const cosmos::ContainerName name = name_of(container);
    for (const repo::Definition& script : container.scripts) {
      ASSIGN(const std::string definition, plain_definition(script.text));
      Status put = client_.put_script(name, script_kind(script.key.kind), definition, stop);
      if (!put) return fail(std::move(put).error().in("restoring script " + script.key.id + " of " + name.text()));
    }
    ASSIGN(const bool held_back, holds_expiry_back(container));
    if (held_back && !owed) {
      ASSIGN(const std::string definition, sent_definition(container, false));
      auto replaced = client_.replace_container(name, definition, "", stop);
      if (!replaced) return fail(std::move(replaced).error().in("turning expiry on again in " + name.text()));
    }
    return compare_definitions(container, stop);
  }

  // Permissions are about containers and scripts, so they come when all of these are there.
  Status close(std::stop_token stop) override {
    ASSIGN(const auto missing, differing_users(client_, users_, permissions_, stop));
    if (missing.empty()) return {};
    // One that the account refuses keeps none of the others from coming.
    std::string refused;
    for (const UserDifference& each : missing) {
      Status put = put_user_difference(client_, each, stop);
      if (!put && put.error().code == Code::cancelled) return put;
      if (!put) refused += "; " + each.name() + ": " + put.error().to_string();
    }
    ASSIGN(const auto left, differing_users(client_, users_, permissions_, stop));
    if (left.empty()) return {};
    std::string names;
    for (const UserDifference& each : left) names += (names.empty() ? "" : ", ") + each.name();
    return fail(Code::difference, "documents and scripts are restored, but not as they were are: " + names + refused);
  }

  void abandon(Error& why) override {
    writer_.reset();
    put_back_after(why);
    // What has been written stays, and would be refused as documents that are there.
    if (began_ && why.code != Code::difference) add_hint(why, completion_);
  }

 private:
  static void add_hint(Error& why, const std::string& text) { why.hint += (why.hint.empty() ? "" : "; ") + text; }

  void put_back_after(Error& why) {
    const Status done = put_back({});
    const bool missing = !done && done.error().code == Code::not_found;  // a container that is not there
    if (done || missing) return;
    if (!owed_) {
      add_hint(why, done.error().message + ": " + done.error().hint);
      return;
    }
    add_hint(why, "time to live is still off in " + owed_->name.text() + " and must be set again: its definition was " +
                      owed_->definition);
  }

  // A container that is to have the expiry of `definition` when this ends, however it ends.
  struct Owed {
    cosmos::ContainerName name;
    std::string definition;
    std::string paused;    // what was sent in its place: the same without expiry
    std::string rid;       // of the container, for another may be made under its name; empty while it is being made
    std::string put_etag;  // of `paused`, where that is known
  };

  // Some documents into a container that is there: the rest of it is its owner's.
  bool keeps_definition(const PlannedContainer& container) const {
    return partial_ && existing_.contains(container.name());
  }

  // Without expiry. One that is there has its own expiry and policies give way to the plan's.
  Status put_container(const PlannedContainer& container, std::stop_token stop) {
    const cosmos::ContainerName name = name_of(container);
    ASSIGN(const std::string definition, sent_definition(container, true));
    if (existing_.contains(container.name())) {
      auto replaced = client_.replace_container(name, definition, "", stop);
      if (!replaced) return fail(std::move(replaced).error().in("preparing container " + name.text()));
      return {};
    }
    // Of a part, the next run can't tell whether the container was there before: it must find it with its expiry.
    ASSIGN(const bool held_back, holds_expiry_back(container));
    if (partial_ && held_back) {
      ASSIGN(std::string whole, sent_definition(container, false));
      owed_ = {name, std::move(whole), definition, "", ""};
    }
    ASSIGN(const http::Headers headers, headers_of(container.offer));
    auto made = client_.create_container(container.database, definition, headers, stop);
    const bool unclear = !made && (made.error().code == Code::ambiguous || made.error().code == Code::cancelled);
    if (!made && !unclear) owed_.reset();
    if (!made) return fail(std::move(made).error());
    if (owed_) owed_->rid = made->rid;
    if (owed_) owed_->put_etag = made->etag;
    return wait_until_made(name, stop);
  }

  Status pause_expiry(const cosmos::ContainerName& name, std::stop_token stop) {
    ASSIGN(const cosmos::Resource found, client_.read_container(name, stop));
    if (!ExpiryRule::of(found.value).enabled()) return {};
    ASSIGN(const std::string without, plain_definition(found.text, kExpiry));
    ASSIGN(std::string whole, plain_definition(found.text));
    owed_ = {name, std::move(whole), without, found.rid, ""};
    auto replaced = client_.replace_container(name, without, found.etag, stop);
    if (!replaced && replaced.error().code == Code::precondition) owed_.reset();  // nothing of it was done
    if (!replaced) return fail(named(std::move(replaced).error(), name).in("turning expiry off in " + name.text()));
    owed_->put_etag = replaced->etag;
    return {};
  }

  // What its owner has changed meanwhile is kept: then expiry is added to the definition as it is now.
  Status put_back(std::stop_token stop) {
    if (!owed_) return {};
    const cosmos::ContainerName name = owed_->name;
    // What was sent is replaced without being read: a replica that lags would give the definition before it.
    Status done =
        owed_->put_etag.empty() ? put_back_once(name, stop) : replace(name, owed_->definition, owed_->put_etag, stop);
    for (int attempt = 1; !done; ++attempt) {
      const bool changed = done.error().code == Code::precondition && owed_ && attempt < kPutBackAttempts;
      if (!changed) return fail(std::move(done).error().in("turning expiry on again in " + name.text()));
      if (attempt > 1 && !runtime_.sleep(kPutBackPause, stop)) return fail(Code::cancelled, "interrupted");
      done = put_back_once(name, stop);
    }
    owed_.reset();
    return {};
  }

  Status put_back_once(const cosmos::ContainerName& name, std::stop_token stop) {
    ASSIGN(const cosmos::Resource there, client_.read_container(name, stop));
    ASSIGN(const bool same, is_owed(there));
    if (!same) return fail(told_of_another(name));
    ASSIGN(const json::Value owed, json::parse(owed_->definition));
    const ExpiryRule rule = ExpiryRule::of(there.value);
    if (rule == ExpiryRule::of(owed)) return {};  // it was never off, or is on again
    if (rule.enabled()) return fail(named(Error(Code::precondition, ""), name));
    ASSIGN(const std::string definition, with_members_of(owed_->definition, there.text, kExpiry));
    return replace(name, definition, there.etag, stop);
  }
  Status replace(const cosmos::ContainerName& name, const std::string& definition, std::string_view if_match,
                 std::stop_token stop) {
    return client_.replace_container(name, definition, if_match, std::move(stop)).transform([](auto&&) {});
  }

  // Whether this is the container that is owed its expiry. One whose creation lost its answer is known by what was
  // sent.
  Result<bool> is_owed(const cosmos::Resource& there) {
    if (!owed_->rid.empty()) return there.rid == owed_->rid;
    ASSIGN(const auto differing, differing_members(owed_->paused, there.text));
    if (differing.empty()) owed_->rid = there.rid;
    return differing.empty();
  }

  // That another container has the name now. It gets nothing of the one before it, to which nothing is owed any more.
  Error told_of_another(const cosmos::ContainerName& name) {
    const bool was_there = !owed_->rid.empty();
    Error error(Code::precondition, "container " + name.text() +
                                        (was_there ? " was deleted and made again meanwhile"
                                                   : " is there, and not as it was to be made: is it another's?"));
    error.hint = "it is left as it is" + (was_there ? std::string() : "; it was to be " + owed_->definition);
    owed_.reset();
    return error;
  }

  // An owner's change in between is named, and nothing is owed any more.
  Error named(Error error, const cosmos::ContainerName& name) {
    if (error.code != Code::precondition) return error;
    error = Error(Code::precondition, "the definition of " + name.text() + " was changed by another meanwhile",
                  "that change is kept");
    if (owed_) error.hint += "; time to live was off for the restore: its definition was " + owed_->definition;
    owed_.reset();
    return error;
  }

  static cosmos::ContainerName name_of(const PlannedContainer& container) {
    return {container.database, container.container};
  }

  static Result<http::Headers> headers_of(const std::optional<repo::Definition>& offer) {
    return offer ? throughput_headers(*offer) : http::Headers();
  }

  // What of the definition is neither sent nor compared: `names`, and what the target has of its own.
  Result<std::vector<std::string_view>> left_out(const PlannedContainer& container,
                                                 std::vector<std::string_view> names) const {
    // The retention of the change feed can't be set where continuous backup has its own.
    if (continuous_backup_) names.emplace_back("changeFeedPolicy");
    // No definition turns analytical storage off (docs/wire-protocol.md, resources).
    ASSIGN(const json::Value planned, json::parse(container.definition.text));
    if (!has_analytical_storage(planned)) names.emplace_back("analyticalStorageTtl");
    return names;
  }

  Result<std::string> sent_definition(const PlannedContainer& container, bool without_expiry) const {
    ASSIGN(const auto names, left_out(container, without_expiry ? kHeldBack : kNeverSent));
    return plain_definition(container.definition.text, names);
  }

  // Whether the definition gets something of expiry once the documents are there. A null is the same as nothing.
  static Result<bool> holds_expiry_back(const PlannedContainer& container) {
    ASSIGN(const json::Value definition, json::parse(container.definition.text));
    return std::any_of(kExpiry.begin(), kExpiry.end(), [&](std::string_view name) {
      const json::Value* const member = definition.find(name);
      return member != nullptr && !member->is_null();
    });
  }

  // Refuses a container that is there with another partition key, or with documents that are not to be written over.
  Status check_container(const PlannedContainer& container, std::vector<std::string>& notes, std::stop_token stop) {
    const cosmos::ContainerName name = name_of(container);
    const auto there = client_.read_container(name, stop);
    if (!there && there.error().code == Code::not_found) return {};
    if (!there) return fail(there.error());
    existing_.insert(container.name());
    const json::Value* const key = there->value.find("partitionKey");
    if (key == nullptr) return fail(Code::corrupt, "the definition of " + name.text() + " has no partition key");
    ASSIGN(const auto definition, cosmos::PartitionKeyDefinition::parse(*key));
    if (definition != container.key) {
      return fail(Code::precondition, "container " + name.text() + " is there with another partition key",
                  "restore into another account");
    }
    TRY(add_notes(container, *there, notes));
    if (options_.resume) return {};
    ASSIGN(const bool empty, is_empty(name, stop));
    if (!empty) {
      return fail(Code::already_exists, "container " + name.text() + " is there and holds documents",
                  std::string("restore into another account; --resume goes on in this one: it writes over documents of "
                              "the same partition key and id and leaves all others") +
                      (partial_ ? "" : ", and the definition gives way to that of the moment"));
    }
    return {};
  }

  Status add_notes(const PlannedContainer& container, const cosmos::Resource& there,
                   std::vector<std::string>& notes) const {
    if (partial_) {
      notes.push_back(container.name() + " is there: its definition and scripts stay as they are");
      if (container.expiry.enabled() && !ExpiryRule::of(there.value).enabled()) {
        notes.push_back(container.name() +
                        " has no defaultTtl now and had one at the moment: if a restore that was "
                        "killed turned it off, set it again");
      }
      return {};
    }
    ASSIGN(const json::Value planned, json::parse(container.definition.text));
    if (has_analytical_storage(there.value) && !has_analytical_storage(planned)) {
      notes.push_back(container.name() +
                      " has analytical storage and had none at the moment: a restore doesn't turn that off");
    }
    return {};
  }

  Result<bool> is_empty(const cosmos::ContainerName& name, std::stop_token stop) {
    for (int look = 1;; ++look) {
      auto empty = ranges_are_empty(name, stop);
      // Its partitions change: once more, as they are now.
      if (empty || empty.error().code != Code::gone || look == kEmptyLooks) return empty;
    }
  }

  Result<bool> ranges_are_empty(const cosmos::ContainerName& name, std::stop_token stop) {
    ASSIGN(const auto ranges, client_.partition_key_ranges(name, stop));
    for (const cosmos::PartitionKeyRange& range : ranges) {
      cosmos::FeedRequest request;
      request.range_id = range.id;
      request.max_items = 1;
      ASSIGN(const cosmos::FeedPage page, client_.read_change_feed(name, request, stop));
      if (!page.not_modified) return false;
    }
    return true;
  }

  Status wait_until_made(const cosmos::ContainerName& name, std::stop_token stop) {
    for (int look = 1;; ++look) {
      const auto there = client_.read_container(name, stop);
      if (there) return {};
      if (there.error().code != Code::not_found || look == kCreateLooks) {
        return fail(Error(there.error()).in("waiting for container " + name.text() + " to be made"));
      }
      if (!runtime_.sleep(kCreateWait, stop)) return fail(Code::cancelled, "interrupted");
    }
  }

  Status compare_definitions(const PlannedContainer& container, std::stop_token stop) {
    const cosmos::ContainerName name = name_of(container);
    ASSIGN(const cosmos::Resource there, client_.read_container(name, stop));
    ASSIGN(const auto names, left_out(container, kNeverSent));
    ASSIGN(const auto differing, differing_members(container.definition.text, there.text, names));
    std::string text;
    for (const std::string& member : differing) text += (text.empty() ? "" : ", ") + ("definition." + member);
    using enum cosmos::ScriptKind;
    for (const auto kind : {stored_procedure, trigger, user_defined_function}) {
      ASSIGN(const auto scripts, client_.list_scripts(name, kind, stop));
      for (const repo::Definition& planned : container.scripts) {
        if (script_kind(planned.key.kind) != kind) continue;
        const auto found = std::find_if(scripts.begin(), scripts.end(),
                                        [&](const cosmos::Resource& script) { return script.id == planned.key.id; });
        ASSIGN(const auto members, differing_members(planned.text, found == scripts.end() ? "{}" : found->text));
        if (!members.empty())
          text += (text.empty() ? "" : ", ") + std::string(script_path(kind)) + "/" + planned.key.id;
      }
    }
    if (!text.empty()) return fail(Code::difference, name.text() + " differs in " + text);
    return {};
  }

  Runtime& runtime_;
  cosmos::Client& client_;
  const CosmosTargetOptions options_;
  RestoreProgress& progress_;
  bool continuous_backup_ = false;
  bool began_ = false;      // a container may have been written to
  std::string completion_;  // for hints
  bool partial_ = false;    // of the selected containers, some documents only
  std::vector<repo::Definition> users_;
  std::vector<repo::Definition> permissions_;
  std::set<std::string> existing_;  // containers that were there before
  std::optional<Owed> owed_;        // of the container at hand, while its expiry is off
  std::unique_ptr<BulkWriter> writer_;
};

}  // namespace

std::unique_ptr<RestoreTarget> make_cosmos_target(Runtime& runtime, cosmos::Client& client, CosmosTargetOptions options,
                                                  RestoreProgress& progress) {
  return std::make_unique<CosmosTarget>(runtime, client, options, progress);
}

}  // namespace halley::recovery
