// The client as it is: client.h over a RequestSender.
#pragma once

#include "cosmos/client.h"
#include "cosmos/request_sender.h"

namespace halley::cosmos {

class AccountClient final : public Client {
 public:
  AccountClient(Runtime& runtime, http::Transport& transport, std::string base, std::string key,
                const ClientOptions& options)
      : sender_(runtime, transport, std::move(base), std::move(key), options),
        max_page_items_(options.max_page_items) {}
  // Logs how many requests there were, and what was repeated why.
  ~AccountClient() override;

  // account_client.cc
  Result<Account> read_account(std::stop_token stop) override;
  Result<std::vector<Resource>> list_databases(std::stop_token stop) override;
  Result<std::vector<Resource>> list_containers(std::string_view database, std::stop_token stop) override;
  Result<Resource> read_database(std::string_view database, std::stop_token stop) override;
  Result<Resource> read_container(const ContainerName& name, std::stop_token stop) override;
  Result<std::vector<Resource>> list_scripts(const ContainerName& name, ScriptKind kind, std::stop_token stop) override;
  Result<Resource> read_script(const ContainerName& name, ScriptKind kind, std::string_view id,
                               std::stop_token stop) override;
  Result<Resource> read_user(std::string_view database, std::string_view user, std::stop_token stop) override;
  Result<Resource> read_permission(std::string_view database, std::string_view user, std::string_view permission,
                                   std::stop_token stop) override;
  Result<std::vector<Resource>> list_users(std::string_view database, std::stop_token stop) override;
  Result<std::vector<Resource>> list_permissions(std::string_view database, std::string_view user,
                                                 std::stop_token stop) override;
  Result<std::vector<Resource>> list_offers(std::stop_token stop) override;
  void note_repeat(RetryReason reason, Milliseconds wait, std::string_view what, std::string_view why) override {
    sender_.note_repeat(Operation::write, reason, wait, what, why);
  }
  Charges charges() const override { return sender_.charges(); }
  Second newest_server_time() const override { return sender_.newest_server_time(); }

  // document_feeds.cc
  Result<std::vector<PartitionKeyRange>> partition_key_ranges(const ContainerName& name, std::stop_token stop) override;
  Result<FeedPage> read_change_feed(const ContainerName& name, const FeedRequest& request,
                                    std::stop_token stop) override;
  Result<ReadPage> read_documents(const ContainerName& name, std::string_view range_id, std::string_view continuation,
                                  std::stop_token stop) override;
  Result<ReadDocument> read_document(const ContainerName& name, std::string_view id, std::string_view partition_key,
                                     std::stop_token stop) override;

  // definition_writes.cc
  Result<Resource> create_database(std::string_view definition, const http::Headers& offer_headers,
                                   std::stop_token stop) override;
  Result<Resource> create_container(std::string_view database, std::string_view definition,
                                    const http::Headers& offer_headers, std::stop_token stop) override;
  Result<Resource> replace_container(const ContainerName& name, std::string_view definition, std::string_view if_match,
                                     std::stop_token stop) override;
  Status delete_database(std::string_view database, std::stop_token stop) override;
  Status delete_container(const ContainerName& name, std::stop_token stop) override;
  Status put_script(const ContainerName& name, ScriptKind kind, std::string_view definition,
                    std::stop_token stop) override;
  Status put_user(std::string_view database, std::string_view definition, std::stop_token stop) override;
  Status put_permission(std::string_view database, std::string_view user, std::string_view definition,
                        std::stop_token stop) override;

  // document_writes.cc
  Status upsert_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                         std::stop_token stop) override;
  Status create_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                         std::stop_token stop) override;
  Status delete_document(const ContainerName& name, std::string_view id, std::string_view partition_key,
                         std::stop_token stop) override;
  Result<std::vector<BulkResult>> bulk(const ContainerName& name, std::string_view range_id,
                                       const std::vector<BulkOperation>& operations, std::stop_token stop) override;

 private:
  // Every element of the array `envelope` over all pages of a metadata feed.
  Result<std::vector<Resource>> list(const ResourcePath& path, std::string_view envelope, const std::string& what,
                                     const std::stop_token& stop);
  Result<Resource> read(const ResourcePath& path, const std::string& what, const std::stop_token& stop);
  Result<Resource> create(const ResourcePath& feed, std::string_view definition, const http::Headers& headers,
                          const std::string& what, const std::function<Result<Resource>()>& read_back,
                          const std::stop_token& stop);
  Status remove(const ResourcePath& path, const std::string& what, const std::stop_token& stop);
  Outcome write_definition(std::string_view method, const ResourcePath& path, std::string_view definition,
                           const std::string& what, const std::stop_token& stop);
  // Creates it in the feed, or replaces it where its id is taken.
  Status put(const ResourcePath& feed, const ResourcePath& own, std::string_view definition, const std::string& what,
             const std::stop_token& stop);
  Status write_document(const ContainerName& name, std::string_view partition_key, std::string_view body, bool replaces,
                        const std::stop_token& stop);
  // What a write whose answer was lost left behind: whether the document is there as `body` says, or is absent.
  Result<bool> holds(const ContainerName& name, std::string_view partition_key, std::string_view body,
                     const std::stop_token& stop);
  Result<bool> lacks(const ContainerName& name, std::string_view id, std::string_view partition_key,
                     const std::stop_token& stop);
  Result<bool> is_done(const ContainerName& name, const BulkOperation& operation, const std::stop_token& stop);
  Status recognise_own_work(const ContainerName& name, const std::vector<BulkOperation>& operations,
                            std::vector<BulkResult>& results, const std::stop_token& stop);
  Result<std::vector<BulkResult>> look_for_results(const ContainerName& name,
                                                   const std::vector<BulkOperation>& operations, Error error,
                                                   const std::stop_token& stop);
  std::string page_items(std::size_t asked) const;
  Result<Account> read_account(std::vector<std::string> ask_last, std::stop_token stop);
  Outcome ask_change_feed(const Call& call, std::stop_token stop);

  RequestSender sender_;
  const std::size_t max_page_items_;
};

// A resource from its JSON text. Corrupt when it has no id.
Result<Resource> parse_resource(std::string text, const std::string& what);

// Whether `held` has everything that `wanted` says: members the service added (defaults, system properties) do not
// matter.
bool says_the_same(const json::Value& wanted, const json::Value& held);

// Whether a definition is there as it was sent: it has everything that was, and nothing that a replacement would have
// taken away.
bool is_as_sent(const json::Value& wanted, const json::Value& held);

// Whether two texts are the same document but for system properties, the order of members and how numbers are written.
bool is_same_document(std::string_view sent, std::string_view held);

}  // namespace halley::cosmos
