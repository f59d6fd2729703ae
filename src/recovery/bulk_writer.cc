#include "recovery/bulk_writer.h"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cosmos/account_client.h"
#include "cosmos/retry.h"
#include "cosmos/sub_status.h"
#include "runtime/at_once.h"
#include "runtime/byte_queue.h"

namespace halley::recovery {
namespace {

using Step = cosmos::BulkReaction::Step;

constexpr std::size_t kMostGathered = 16 << 20;  // bytes of documents that no request is full of yet
constexpr std::size_t kMostHeldBack = 4 << 20;   // bytes of documents that wait for an earlier state of theirs
constexpr std::size_t kEnvelopeBytes = 96;       // of an operation in a request, beside key and body

struct Item {
  std::string key;
  std::string id;
  std::string body;
  bool unclear = false;    // an attempt may have been carried out and did not tell; for the thread that delivers it
  bool held_back = false;  // counts as such until it is written
  // A key ends where its text does, so this tells documents apart.
  std::string document() const { return key + id; }
  std::size_t size() const { return body.size() + 2 * key.size() + kEnvelopeBytes; }
};
using Items = std::vector<std::shared_ptr<Item>>;

struct Request {
  std::string range_id;
  Items items;
  bool alone = false;  // a single item, not in bulk
};

// What is left of a request while it is delivered.
struct Delivery {
  std::deque<Request> open;
  std::size_t left = 0;   // items of the newest attempt that are still to be done
  int fruitless = 0;      // attempts, since anything was done last
  SteadyTime progressed;  // when that was
  Error trouble;          // why, as answered last
};

// Why operations of a request are to be done again, by the reason they are counted under.
struct Trouble {
  Error error;  // the first of its kind; its retry_after the longest
  std::size_t operations = 0;
};
using Troubles = std::map<cosmos::RetryReason, Trouble>;

class Writer : public BulkWriter {
 public:
  Writer(Runtime& runtime, cosmos::Client& client, cosmos::ContainerName name, cosmos::PartitionKeyDefinition key,
         BulkWriterOptions options, std::atomic<std::uint64_t>& throttled, std::stop_token stop)
      : runtime_(runtime),
        client_(client),
        name_(std::move(name)),
        key_(std::move(key)),
        options_(std::move(options)),
        throttled_(throttled),
        queue_(runtime, 2 * options.requests_in_flight * options.request_bytes),
        outer_stop_(stop, [this] { stop_.request_stop(); }) {}

  ~Writer() override { stop_.request_stop(); }

  Status start() {
    TRY(refresh_ranges(0));
    ASSIGN(threads_,
           start_workers(runtime_, "restore", options_.requests_in_flight, [this](const std::stop_token&) { work(); }));
    return {};
  }

  std::vector<cosmos::PartitionKeyRange> ranges() override {
    const std::lock_guard lock(mutex_);
    return ranges_;
  }

  Status upsert(std::string_view partition_key, std::string_view id, std::string_view body) override {
    auto item = std::make_shared<Item>(Item{std::string(partition_key), std::string(id), std::string(body)});
    ASSIGN(const bool waits, hold_back(item));
    if (waits) return {};
    if (partition_key != last_key_) {
      ASSIGN(last_epk_, cosmos::effective_partition_key(key_, partition_key));
      last_key_ = partition_key;
    }
    ASSIGN(const std::string range_id, range_of(last_epk_));
    Gathered& gathered = gathered_[range_id];
    if (!gathered.items.empty() && !has_room(gathered.items.size(), gathered.bytes, *item)) {
      TRY(send(range_id, gathered));
    }
    gathered.bytes += item->size();
    gathered_bytes_ += item->size();
    gathered.items.push_back(std::move(item));
    return gathered_bytes_ > kMostGathered ? send_largest() : Status();
  }

  Status finish() override {
    TRY(send_all());
    queue_.close();
    threads_.clear();  // joins
    return failure();
  }

  std::uint64_t kept() const override { return kept_; }

 private:
  // Documents of a range that wait until there are enough for a request.
  struct Gathered {
    Items items;
    std::size_t bytes = 0;
  };

  Status send(const std::string& range_id, Gathered& gathered) {
    const std::size_t bytes = std::exchange(gathered.bytes, 0);
    gathered_bytes_ -= bytes;
    if (queue_.push({range_id, std::exchange(gathered.items, {})}, bytes, stop_.get_token())) return {};
    TRY(failure());
    return fail(Code::cancelled, "interrupted");
  }

  Status send_all() {
    for (auto& [range_id, gathered] : gathered_) {
      if (!gathered.items.empty()) TRY(send(range_id, gathered));
    }
    return {};
  }

  Status send_largest() {
    const auto largest = std::max_element(gathered_.begin(), gathered_.end(),
                                          [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
    return send(largest->first, largest->second);
  }

  bool has_room(std::size_t operations, std::size_t bytes, const Item& item) const {
    return operations < options_.request_operations && bytes + item.size() <= options_.request_bytes;
  }

  // Requests overtake each other, so a document of which an earlier state is under way waits until that is written.
  // False: there is none.
  Result<bool> hold_back(const std::shared_ptr<Item>& item) {
    std::string document = item->document();
    std::unique_lock lock(mutex_);
    const auto has_place = [&] { return held_bytes_ == 0 || held_bytes_ + item->size() <= kMostHeldBack; };
    if (under_way_.contains(document) && !has_place()) {
      lock.unlock();
      TRY(send_all());  // what others wait for may be among it
      lock.lock();
      if (!written_->wait(lock, stop_.get_token(), has_place)) {
        return fail(failure_.value_or(Error(Code::cancelled, "interrupted")));
      }
    }
    const auto [place, is_first] = under_way_.try_emplace(std::move(document));
    if (is_first) return false;
    item->held_back = true;
    held_bytes_ += item->size();
    place->second.push_back(item);
    return true;
  }

  // What waited for these to be written.
  Items take_turns(const Items& written) {
    Items next;
    const std::lock_guard lock(mutex_);
    for (const auto& item : written) {
      if (item->held_back) held_bytes_ -= item->size();
      const auto place = under_way_.find(item->document());
      CHECK(place != under_way_.end());
      if (place->second.empty()) {
        under_way_.erase(place);
      } else {
        next.push_back(std::move(place->second.front()));
        place->second.pop_front();
      }
    }
    written_->notify_all();
    return next;
  }

  void work() {
    std::deque<Request> next;  // of documents that this thread wrote earlier states of
    while (auto request = next.empty() ? queue_.pop(stop_.get_token()) : take_first(next)) {
      const Items items = request->items;
      Status done = deliver(std::move(*request));
      if (done) done = group(take_turns(items), next);
      if (!done) return give_up(std::move(done).error());
    }
    if (stop_.stop_requested()) give_up(Error(Code::cancelled, "interrupted"));
  }

  static std::optional<Request> take_first(std::deque<Request>& requests) {
    Request first = std::move(requests.front());
    requests.pop_front();
    return first;
  }

  void give_up(Error why) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::move(why);
    }
    stop_.request_stop();
  }

  Status failure() {
    const std::lock_guard lock(mutex_);
    return failure_ ? Status(fail(*failure_)) : Status();
  }

  // Until every item is written, whatever way that takes.
  Status deliver(Request first) {
    Delivery delivery;
    delivery.open.push_back(std::move(first));
    delivery.progressed = runtime_.steady_now();
    while (!delivery.open.empty()) {
      const Request request = *take_first(delivery.open);
      delivery.left = 0;
      ASSIGN(const Milliseconds wait, attempt(request, delivery));
      if (delivery.left < request.items.size()) {
        delivery.progressed = runtime_.steady_now();
        delivery.fruitless = 0;
      }
      const auto fruitless_for = runtime_.steady_now() - delivery.progressed;
      if (fruitless_for > options_.patience) return fail(out_of_patience(delivery.trouble));
      if (wait.count() > 0 && !runtime_.sleep(wait, stop_.get_token())) return fail(Code::cancelled, "interrupted");
    }
    return {};
  }

  Error out_of_patience(const Error& trouble) const {
    const bool throttled = trouble.status == 429;
    const bool replaced = trouble.status == 410 && trouble.sub_status == cosmos::kNameCacheStale;
    const std::string cure = throttled  ? "raise the container's throughput"
                             : replaced ? "the container was deleted and made again meanwhile: see that it stays"
                                        : "see that the account answers";
    return Error(throttled ? Code::throttled : Code::unavailable,
                 "nothing could be written to " + name_.text() + " for " +
                     std::to_string(options_.patience.count() / 1000) + " s: " + trouble.message,
                 cure + ", then run the same again (a restore with --resume)");
  }

  // One request. What is still to be done is put in front of the deliveries that are open; gives how long to wait
  // first.
  Result<Milliseconds> attempt(const Request& request, Delivery& delivery) {
    const bool large = request.items.size() == 1 && request.items.front()->size() > options_.request_bytes;
    if (request.alone || large) return write_alone(request, delivery);
    std::vector<cosmos::BulkOperation> operations;
    operations.reserve(request.items.size());
    const auto kind =
        options_.keep_existing ? cosmos::BulkOperation::Kind::create : cosmos::BulkOperation::Kind::upsert;
    for (const auto& item : request.items) operations.push_back({kind, item->id, item->key, item->body});
    const std::uint64_t ranges_seen = ranges_version();
    auto results = client_.bulk(name_, request.range_id, operations, stop_.get_token());
    if (!results) return react_to_error(request, results.error(), ranges_seen, delivery);
    if (results->size() != request.items.size()) {
      return fail(Code::corrupt, "a bulk request of " + std::to_string(request.items.size()) +
                                     " operations was answered with " + std::to_string(results->size()) + " results");
    }
    return sort_out(request, *results, ranges_seen, delivery);
  }

  Result<Milliseconds> react_to_error(const Request& request, const Error& error, std::uint64_t ranges_seen,
                                      Delivery& delivery) {
    const cosmos::BulkReaction reaction = cosmos::bulk_reaction(error);
    switch (reaction.step) {
      case Step::done:
      case Step::refuse:
        return fail(error);
      case Step::repeat:
        return repeat(request, error, reaction.may_have_worked, delivery);
      case Step::route_anew: {
        delivery.left = request.items.size();
        const Milliseconds wait = wait_out({{reaction.reason, {error, delivery.left}}}, request, delivery);
        TRY(route_anew(request.items, ranges_seen, delivery.open));
        return wait;
      }
      case Step::alone:
        divide(request, delivery);
        return Milliseconds(0);
    }
    CHECK(false);
  }

  // Dividing is progress.
  static void divide(const Request& request, Delivery& delivery) {
    if (request.items.size() == 1) {
      delivery.open.push_front({request.range_id, request.items, true});
      return;
    }
    const auto middle = request.items.begin() + static_cast<std::ptrdiff_t>(request.items.size() / 2);
    delivery.open.push_front({request.range_id, Items(middle, request.items.end())});
    delivery.open.push_front({request.range_id, Items(request.items.begin(), middle)});
  }

  Milliseconds repeat(const Request& request, const Error& error, bool may_have_worked, Delivery& delivery) {
    for (const auto& item : request.items) item->unclear = item->unclear || may_have_worked;
    delivery.left = request.items.size();
    delivery.open.push_front(request);
    return wait_out({{cosmos::bulk_reaction(error).reason, {error, delivery.left}}}, request, delivery);
  }

  // No answer's retry-after outlasts the patience, which begins anew where something was done just now.
  Milliseconds longest_wait(const Request& request, const Delivery& delivery) {
    if (delivery.left < request.items.size()) return options_.patience;
    const auto waited = std::chrono::duration_cast<Milliseconds>(runtime_.steady_now() - delivery.progressed);
    return std::max(options_.patience - waited, Milliseconds(0)) + Milliseconds(1);
  }

  // How long to wait before what is in trouble is done again, which is noted.
  Milliseconds wait_out(const Troubles& troubles, const Request& request, Delivery& delivery) {
    if (troubles.empty()) return Milliseconds(0);
    ++delivery.fruitless;
    const Milliseconds most = longest_wait(request, delivery);
    Milliseconds longest{0};
    for (const auto& [reason, trouble] : troubles) {
      const Milliseconds wait = std::min(cosmos::bulk_pause(runtime_, trouble.error, delivery.fruitless), most);
      client_.note_repeat(reason, wait,
                          std::to_string(trouble.operations) + " of " + std::to_string(request.items.size()) +
                              " operations on " + name_.text(),
                          trouble.error.message);
      longest = std::max(longest, wait);
      delivery.trouble = trouble.error;
    }
    return longest;
  }

  Result<Milliseconds> sort_out(const Request& request, const std::vector<cosmos::BulkResult>& results,
                                std::uint64_t ranges_seen, Delivery& delivery) {
    Request again{request.range_id, {}};
    Items moved;
    Troubles troubles;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const cosmos::BulkResult& result = results[i];
      const auto& item = request.items[i];
      const cosmos::BulkReaction reaction = cosmos::bulk_reaction(result.status, result.sub_status);
      if (reaction.may_have_worked || result.after_lost_answer) item->unclear = true;
      switch (reaction.step) {
        case Step::done:
          break;
        case Step::repeat:
          if (result.status == 429) ++throttled_;
          note(troubles[reaction.reason], result);
          again.items.push_back(item);
          break;
        case Step::route_anew:
          note(troubles[reaction.reason], result);
          moved.push_back(item);
          break;
        case Step::alone:
          delivery.open.push_front({request.range_id, {item}, true});
          break;
        case Step::refuse:
          ASSIGN(const auto in_vain, settle(*item, result));
          if (in_vain) {
            note(troubles[cosmos::bulk_reaction(*in_vain).reason], *in_vain);
            again.items.push_back(item);
          }
          break;
      }
    }
    delivery.left = again.items.size() + moved.size();
    const Milliseconds wait = wait_out(troubles, request, delivery);
    if (!moved.empty()) TRY(route_anew(moved, ranges_seen, delivery.open));
    if (!again.items.empty()) delivery.open.push_front(std::move(again));
    return wait;
  }

  static void note(Trouble& trouble, const cosmos::BulkResult& result) {
    Error error(Code::unavailable, "the service answered " + words_of(result));
    error.status = result.status;
    error.sub_status = result.sub_status;
    if (result.retry_after.count() > 0) error.retry_after = result.retry_after;
    note(trouble, error);
  }

  static void note(Trouble& trouble, const Error& error) {
    if (++trouble.operations == 1) trouble.error = error;
    trouble.error.retry_after = std::max(trouble.error.retry_after, error.retry_after);
  }

  static std::string words_of(const cosmos::BulkResult& result) {
    std::string words = std::to_string(result.status);
    if (result.sub_status != 0) words += "/" + std::to_string(result.sub_status);
    return result.message.empty() ? words : words + ": " + result.message;
  }

  // A creation that met a document is settled by looking: with keep_existing it may be the one that is to be kept, or
  // another one with the same unique key. Gives why it could not be looked for, where that may pass: it is sent again.
  Result<std::optional<Error>> settle(const Item& item, const cosmos::BulkResult& result) {
    if (options_.keep_existing && result.status == 409) {
      auto there = is_there(item);
      if (!there && may_pass(there.error())) return std::optional(std::move(there).error());
      if (!there) return fail(std::move(there).error());
      if (*there) return std::nullopt;
    }
    TRY(refuse(item, refusal_of(item, result)));
    return std::nullopt;
  }

  static bool may_pass(const Error& error) {
    const Step step = cosmos::bulk_reaction(error).step;
    return step == Step::repeat || step == Step::route_anew;
  }

  Status refuse(const Item& item, Error why) {
    const bool of_document = why.status == 400 || why.status == 409 || why.status == 413;
    if (!options_.refused || !of_document) return fail(std::move(why));
    options_.refused(item.key, item.id, why);
    return {};
  }

  // Whether a document of this key and id is what a creation met: its own, of an attempt that did not tell, or one
  // that is kept.
  Result<bool> is_there(const Item& item) {
    const auto found = client_.read_document(name_, item.id, item.key, stop_.get_token());
    if (!found && found.error().code == Code::not_found && found.error().sub_status == 0) return false;
    if (!found) return fail(Error(found.error()).in(describe(item)));
    const bool own = item.unclear && cosmos::is_same_document(item.body, found->text);
    if (!own) ++kept_;
    return true;
  }

  Error refusal_of(const Item& item, const cosmos::BulkResult& result) const {
    Error error(Code::invalid_argument, describe(item) + " was refused with status " + words_of(result));
    error.status = result.status;
    error.sub_status = result.sub_status;
    if (result.status == 403) error.hint = "is the account full, or read only?";
    if (result.status == 409) error.hint = "a unique key: does the container hold other documents?";
    return error;
  }

  std::string describe(const Item& item) const {
    return "document '" + item.id + "' of " + item.key + " in " + name_.text();
  }

  // What is too large for a request of several, routed by its key.
  Result<Milliseconds> write_alone(const Request& request, Delivery& delivery) {
    const Item& item = *request.items.front();
    Status done = options_.keep_existing ? client_.create_document(name_, item.key, item.body, stop_.get_token())
                                         : client_.upsert_document(name_, item.key, item.body, stop_.get_token());
    if (done) return Milliseconds(0);
    if (options_.keep_existing && done.error().code == Code::already_exists) {
      const auto there = is_there(item);
      if (!there && may_pass(there.error())) return repeat(request, there.error(), false, delivery);
      if (!there) return fail(there.error());
      if (*there) return Milliseconds(0);
    }
    Error error = std::move(done).error().in(describe(item));
    if (may_pass(error)) return repeat(request, error, cosmos::bulk_reaction(error).may_have_worked, delivery);
    TRY(refuse(item, std::move(error)));
    return Milliseconds(0);
  }

  Status route_anew(const Items& items, std::uint64_t ranges_seen, std::deque<Request>& open) {
    // While they can't be read, the old ones serve: what goes there comes back here, as long as patience lasts.
    Status refreshed = refresh_ranges(ranges_seen);
    if (!refreshed && !is_retryable(refreshed.error())) return refreshed;
    return group(items, open);
  }

  // Puts requests of these in front, by the ranges there are now.
  Status group(const Items& items, std::deque<Request>& open) {
    std::vector<Request> groups;
    for (const auto& item : items) {
      ASSIGN(const std::string epk, cosmos::effective_partition_key(key_, item->key));
      ASSIGN(const std::string range_id, range_of(epk));
      const auto group = std::find_if(groups.begin(), groups.end(), [&](const Request& each) {
        return each.range_id == range_id && has_room(each.items.size(), size_of(each.items), *item);
      });
      if (group == groups.end()) {
        groups.push_back({range_id, {item}});
      } else {
        group->items.push_back(item);
      }
    }
    for (Request& group : groups) open.push_front(std::move(group));
    return {};
  }

  static std::size_t size_of(const Items& items) {
    return std::accumulate(items.begin(), items.end(), std::size_t{0},
                           [](std::size_t sum, const auto& item) { return sum + item->size(); });
  }

  std::uint64_t ranges_version() {
    const std::lock_guard lock(mutex_);
    return ranges_version_;
  }

  // Reads the ranges, unless another thread has since `seen`.
  Status refresh_ranges(std::uint64_t seen) {
    if (ranges_version() != seen) return {};
    ASSIGN(auto ranges, client_.partition_key_ranges(name_, stop_.get_token()));
    const std::lock_guard lock(mutex_);
    ranges_ = std::move(ranges);
    ++ranges_version_;
    return {};
  }

  Result<std::string> range_of(std::string_view epk) {
    const std::lock_guard lock(mutex_);
    for (const cosmos::PartitionKeyRange& range : ranges_) {
      if (range.range.contains(epk)) return range.id;
    }
    return fail(Code::corrupt, "the partition key ranges of " + name_.text() + " have a hole");
  }

  Runtime& runtime_;
  cosmos::Client& client_;
  const cosmos::ContainerName name_;
  const cosmos::PartitionKeyDefinition key_;
  const BulkWriterOptions options_;
  std::atomic<std::uint64_t>& throttled_;

  std::atomic<std::uint64_t> kept_{0};

  ByteQueue<Request> queue_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> outer_stop_;

  std::mutex mutex_;  // guards what follows; never held while the client is called
  const std::unique_ptr<Condition> written_ = runtime_.make_condition();
  std::optional<Error> failure_;
  // By document, from when it is given until it is written: what waits for that.
  std::unordered_map<std::string, std::list<std::shared_ptr<Item>>> under_way_;
  std::size_t held_bytes_ = 0;
  std::vector<cosmos::PartitionKeyRange> ranges_;
  std::uint64_t ranges_version_ = 0;

  // Of the thread that adds.
  std::map<std::string, Gathered> gathered_;  // by range
  std::size_t gathered_bytes_ = 0;
  std::string last_key_;
  std::string last_epk_;

  std::vector<Thread> threads_;  // last: joined first
};

}  // namespace

Result<std::unique_ptr<BulkWriter>> BulkWriter::start(Runtime& runtime, cosmos::Client& client,
                                                      cosmos::ContainerName name, cosmos::PartitionKeyDefinition key,
                                                      BulkWriterOptions options, std::atomic<std::uint64_t>& throttled,
                                                      std::stop_token stop) {
  auto writer = std::make_unique<Writer>(runtime, client, std::move(name), std::move(key), std::move(options),
                                         throttled, std::move(stop));
  TRY(writer->start());
  return writer;
}

}  // namespace halley::recovery
