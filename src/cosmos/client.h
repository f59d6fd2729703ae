// A typed client of one Cosmos account (API for NoSQL, gateway protocol). Facts: docs/wire-protocol.md.
//
// Every call is synchronous, bounded by the client's deadline per attempt and by `stop`, retries what its status says
// may be retried (retry.h is the one place that decides), and accounts its request charge by operation. Reads of a
// container carry the session tokens of what this client saw of it before; what holds of reads of documents stands with
// them. A write whose answer was lost is repeated; where that leaves it open whether it was done, the client reads back
// and looks: success means done, and `ambiguous` is left for what cannot be told. Safe from any thread.
//
// What a caller must do itself: on `gone` read the partition key ranges again and fit its work to them (410/1002: split
// or merged; 1000: the container was made again; 1007 and 1008: still moving after some patience; 1024: an archived
// range), and look into each result of bulk().
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cosmos/partition_key.h"
#include "cosmos/retry_reason.h"
#include "http/transport.h"
#include "json/value.h"

namespace halley::cosmos {

// What request units are accounted under.
enum class Operation : std::uint8_t { metadata, change_feed, read_feed, point_read, query, write };
inline constexpr std::size_t kOperations = 6;
std::string_view operation_name(Operation operation);

// Totals since the client was made. Request units in thousandths.
struct Charges {
  struct Entry {
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    std::uint64_t milli_units = 0;
    std::uint64_t bytes_received = 0;
  };
  std::array<Entry, kOperations> by_operation;
  RetryCounts retries_by_reason{};  // the retries above, told apart by what made them necessary
  double request_units() const;
  std::uint64_t bytes_received() const;
};

struct ClientOptions {
  std::string endpoint;  // https://account.documents.azure.com:443/
  std::string key;       // base64 master key
  Milliseconds attempt_timeout{65000};
  int max_attempts = 10;                   // per call, throttling and write races aside
  Milliseconds throttle_patience{120000};  // how long one call may wait out 429s altogether
  std::size_t max_page_items = 0;          // x-ms-max-item-count of feeds; 0 = -1, the server decides
  // Reads go to these regions first, by their names in the account record ("West US 2"), once it was read. Empty =
  // to the endpoint, and to other regions only while it fails.
  std::vector<std::string> preferred_regions;
  // Called with a line of text at every repeat (what failed, how, where, what comes next), and with the sum of them
  // when the client goes. From any thread; the lines hold no secret. Empty = silent.
  std::function<void(const std::string& line)> debug_log;
};

// A definition or script exactly as the service returned it, and what identifies it.
struct Resource {
  std::string id;
  std::string rid;
  std::string etag;
  Second ts;
  std::string text;   // the whole JSON object as received, system properties included
  json::Value value;  // the same, parsed
};

struct Account {
  std::string id;  // as the global endpoint says it, whichever region was asked
  bool continuous_backup = false;
  bool all_versions_feed = false;  // enableAllVersionsAndDeletesChangeFeed, when the record says
  bool multiple_write_regions = false;
  std::string write_endpoint;
  json::Value value;
};

struct PartitionKeyRange {
  std::string id;
  HashRange range;
  std::vector<std::string> parents;
};

// Names a container by database and container name (raw, not encoded).
struct ContainerName {
  std::string database;
  std::string container;
  std::string text() const { return database + "/" + container; }
  friend auto operator<=>(const ContainerName&, const ContainerName&) = default;
};

enum class FeedMode : std::uint8_t { latest_version, all_versions };

struct FeedRequest {
  FeedMode mode = FeedMode::latest_version;
  std::string range_id;           // partition key range to ask
  std::optional<HashRange> part;  // only this part of it (EPK headers)
  std::string continuation;       // the last etag; empty = from the beginning (latest), "*" = from now
  std::size_t max_items = 0;      // 0 = the client's max_page_items
  // Also from a region that takes no writes, while those that do fail: it may lag, so its 304 says nothing of what is
  // newer elsewhere (FeedPage::from_write_region).
  bool any_region = false;
};

// The LSN that a continuation of a change feed stands for, where it is a number.
std::optional<std::uint64_t> position_of(std::string_view continuation);

// One page of a change feed. `body` has json::kPadding bytes behind it and is empty on 304.
struct FeedPage {
  bool not_modified = false;  // 304: nothing newer now
  std::string continuation;   // for the next request; never empty
  std::uint64_t lsn = 0;      // the position the continuation stands for, where it is a number, else the header lsn
  Second server_time;         // the Date header
  Milliseconds round_trip{0};
  std::size_t items = 0;  // x-ms-item-count where sent
  std::string session_token;
  // Whether a region that takes writes answered: only there does 304 mean that nothing newer exists. In an account of
  // several regions that was asked after a 304, too.
  bool from_write_region = true;
  std::string body;
};

// One page of the read feed (every live document once, in rid order).
struct ReadPage {
  std::string continuation;  // empty on the last page
  Second server_time;
  std::string body;
};

// One document as a point read gives it.
struct ReadDocument {
  std::string text;                  // with json::kPadding bytes behind it
  std::optional<std::uint64_t> lsn;  // of its newest write, if the service names it
};

struct BulkOperation {
  enum class Kind : std::uint8_t { create, upsert, replace, remove };
  Kind kind = Kind::upsert;
  std::string_view id;             // for replace and remove
  std::string_view partition_key;  // canonical key
  std::string_view body;           // JSON text, for all but remove
};

struct BulkResult {
  int status = 0;
  int sub_status = 0;
  Milliseconds retry_after{0};
  std::string message;
  bool after_lost_answer = false;  // an earlier attempt of the request may have done this already
};

// Which scripts, as the path has them.
enum class ScriptKind : std::uint8_t { stored_procedure, trigger, user_defined_function };
std::string_view script_path(ScriptKind kind);  // "sprocs", "triggers", "udfs"

class Client {
 public:
  // Fails with invalid_argument for an endpoint or key of the wrong form. Sends nothing.
  static Result<std::unique_ptr<Client>> create(Runtime& runtime, http::Transport& transport,
                                                const ClientOptions& options);
  virtual ~Client() = default;

  // GET /. From here on requests can go to the account's other regions while the endpoint given fails; five minutes
  // after it failed it is first again.
  virtual Result<Account> read_account(std::stop_token stop) = 0;

  virtual Result<std::vector<Resource>> list_databases(std::stop_token stop) = 0;
  virtual Result<std::vector<Resource>> list_containers(std::string_view database, std::stop_token stop) = 0;
  virtual Result<Resource> read_database(std::string_view database, std::stop_token stop) = 0;
  virtual Result<Resource> read_container(const ContainerName& name, std::stop_token stop) = 0;
  virtual Result<std::vector<Resource>> list_scripts(const ContainerName& name, ScriptKind kind,
                                                     std::stop_token stop) = 0;
  virtual Result<Resource> read_script(const ContainerName& name, ScriptKind kind, std::string_view id,
                                       std::stop_token stop) = 0;
  virtual Result<Resource> read_user(std::string_view database, std::string_view user, std::stop_token stop) = 0;
  virtual Result<Resource> read_permission(std::string_view database, std::string_view user,
                                           std::string_view permission, std::stop_token stop) = 0;
  virtual Result<std::vector<Resource>> list_users(std::string_view database, std::stop_token stop) = 0;
  virtual Result<std::vector<Resource>> list_permissions(std::string_view database, std::string_view user,
                                                         std::stop_token stop) = 0;
  virtual Result<std::vector<Resource>> list_offers(std::stop_token stop) = 0;
  // Those in force, in hash order: together they are the whole hash space. While a split or merge is being published
  // they are asked again; unavailable when that does not end.
  virtual Result<std::vector<PartitionKeyRange>> partition_key_ranges(const ContainerName& name,
                                                                      std::stop_token stop) = 0;

  virtual Result<FeedPage> read_change_feed(const ContainerName& name, const FeedRequest& request,
                                            std::stop_token stop) = 0;
  // Reads of documents are not answered from behind what this client had seen of the container when they were sent: an
  // answer whose session token is older, also one that a document is absent, is asked for again, and in the end they
  // fail with unavailable (404/1002). So what they do not find is not there. (The service gives a token with every
  // answer; one without tells nothing.)
  virtual Result<ReadPage> read_documents(const ContainerName& name, std::string_view range_id,
                                          std::string_view continuation, std::stop_token stop) = 0;
  // not_found (sub_status 0: the document; 1003: its container) when absent.
  virtual Result<ReadDocument> read_document(const ContainerName& name, std::string_view id,
                                             std::string_view partition_key, std::stop_token stop) = 0;

  // Definitions are JSON texts without system properties. `offer_headers` are sent as they are (throughput).
  // already_exists when the id is taken.
  virtual Result<Resource> create_database(std::string_view definition, const http::Headers& offer_headers,
                                           std::stop_token stop) = 0;
  virtual Result<Resource> create_container(std::string_view database, std::string_view definition,
                                            const http::Headers& offer_headers, std::stop_token stop) = 0;
  // With the _etag of a definition that was read, precondition where another has taken its place since and nothing was
  // done; ambiguous where that may have been this one, whose answer was lost. "" = whatever is there.
  virtual Result<Resource> replace_container(const ContainerName& name, std::string_view definition,
                                             std::string_view if_match, std::stop_token stop) = 0;
  virtual Status delete_database(std::string_view database, std::stop_token stop) = 0;
  virtual Status delete_container(const ContainerName& name, std::stop_token stop) = 0;
  // Creates, or replaces when the id is taken.
  virtual Status put_script(const ContainerName& name, ScriptKind kind, std::string_view definition,
                            std::stop_token stop) = 0;
  // Likewise; a permission of a user that is there. The service makes a new token for it, which is in no answer here.
  virtual Status put_user(std::string_view database, std::string_view definition, std::stop_token stop) = 0;
  virtual Status put_permission(std::string_view database, std::string_view user, std::string_view definition,
                                std::stop_token stop) = 0;

  virtual Status upsert_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                 std::stop_token stop) = 0;
  // already_exists when its id, or a unique key, is taken by another; after a lost answer its own document is success,
  // and ambiguous says that it could not be looked for.
  virtual Status create_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                 std::stop_token stop) = 0;
  // Success also when it is gone already.
  virtual Status delete_document(const ContainerName& name, std::string_view id, std::string_view partition_key,
                                 std::stop_token stop) = 0;
  // Up to 100 operations of one partition key range, each on its own (non-atomic). The call fails only as a whole
  // (gone after a split: refresh the ranges); what became of each operation is in its result. Those are not
  // repeated here. After a lost answer a creation that meets its own document and a removal that finds nothing left
  // count as done (201, 204); where looking for the document fails, 409 stays.
  virtual Result<std::vector<BulkResult>> bulk(const ContainerName& name, std::string_view range_id,
                                               const std::vector<BulkOperation>& operations, std::stop_token stop) = 0;

  // For who goes on, by bulk_reaction() of retry.h, where this client gives the refusal back: counts and logs what is
  // repeated as its own repeats are. `what` names it, `why` is what was answered.
  virtual void note_repeat(RetryReason reason, Milliseconds wait, std::string_view what, std::string_view why) = 0;

  virtual Charges charges() const = 0;
  // The newest Date header of the service's responses so far: the only server clock a client has. A refusal without
  // x-ms-activity-id is not the service's but of something between, which has a clock of its own. Second{0} before the
  // first response.
  virtual Second newest_server_time() const = 0;
};

}  // namespace halley::cosmos
