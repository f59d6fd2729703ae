#include "server/transaction.h"

#include <fmt/format.h>

#include <algorithm>

#include "cosmos/resource_id.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

constexpr std::string_view kNotFound = "Entity with the specified id does not exist in the system.";
constexpr std::string_view kConflict = "Entity with the specified id already exists in the system.";
constexpr std::string_view kConditionFailed = "One of the specified pre-condition is not met.";
constexpr std::string_view kNotUnique = "Unique index constraint violation.";

// Tags come with their quotes; clients that strip them mean the same tag.
bool same_tag(std::string_view condition, std::string_view etag) {
  return condition == "*" || condition == etag || condition == etag.substr(1, etag.size() - 2);
}

// A page of kilobytes costs about a request unit to read and five to write, as on the service.
double read_charge(const Document& document) {
  return std::max(1.0, static_cast<double>(document.text.size()) / 1024.0);
}
double write_charge(const Document& document) { return 5.29 * read_charge(document); }

Status check_condition(const ItemOperation& operation, const DocumentPtr& document) {
  if (document == nullptr || operation.if_match.empty()) return {};
  if (!same_tag(operation.if_match, document->etag)) return refuse(412, std::string(kConditionFailed));
  return {};
}

}  // namespace

DocumentPtr Transaction::find(std::string_view key, std::string_view id) const {
  const auto seen = seen_.find(std::string(key) + std::string(id));
  if (seen != seen_.end()) return seen->second;
  DocumentPtr document = partition_.find(key, id);
  if (document != nullptr && context_.ttl.expired(*document, now_)) return nullptr;
  return document;
}

Status Transaction::check_unique(const Draft& draft, const DocumentPtr& previous) const {
  const std::uint64_t own = previous != nullptr ? previous->number : 0;
  for (const std::string& text : draft.unique_texts) {
    std::uint64_t number = 0;
    if (const auto claim = claims_.find(text); claim != claims_.end()) {
      number = claim->second;
    } else if (const DocumentPtr holder = partition_.find_holder(text);
               holder != nullptr && !context_.ttl.expired(*holder, now_)) {
      number = holder->number;
    }
    if (number != 0 && number != own) return refuse(409, std::string(kNotUnique), cosmos::kUniqueKeyTaken);
  }
  return {};
}

Result<ItemResult> Transaction::stage(Change change, Draft draft, const DocumentPtr& previous, int status) {
  TRY(check_unique(draft, previous));
  const std::uint64_t number = previous != nullptr ? previous->number : context_.next_number++;
  const std::string rid = cosmos::child_rid(context_.container_rid, cosmos::ChildKind::document, number);
  const std::string self = fmt::format("{}docs/{}/", context_.container_self, rid);
  Document made = make_document(std::move(draft), rid, self, context_.stamps.next_etag(now_), now_);
  made.number = number;
  const auto document = std::make_shared<const Document>(std::move(made));
  seen_[document->key + document->id] = document;
  if (previous != nullptr) {
    for (const std::string& text : previous->unique_texts) claims_[text] = 0;
  }
  for (const std::string& text : document->unique_texts) claims_[text] = number;
  ItemResult result{status, 0, {}, document, write_charge(*document) * (previous != nullptr ? 1.6 : 1)};
  staged_.push_back({change, document});
  return result;
}

Result<ItemResult> Transaction::create(Draft draft) {
  if (find(draft.key, draft.id) != nullptr) return refuse(409, std::string(kConflict));
  return stage(Change::create, std::move(draft), nullptr, 201);
}

Result<ItemResult> Transaction::upsert(Draft draft, const ItemOperation& operation) {
  const DocumentPtr previous = find(draft.key, draft.id);
  if (previous == nullptr) return create(std::move(draft));
  if (operation.if_none_match == "*") return refuse(412, std::string(kConditionFailed));
  TRY(check_condition(operation, previous));
  return stage(Change::replace, std::move(draft), previous, 200);
}

Result<ItemResult> Transaction::replace(Draft draft, const ItemOperation& operation) {
  if (draft.id != operation.id) return refuse(400, "The id in the body is not the id of the document addressed.");
  const DocumentPtr previous = find(draft.key, draft.id);
  if (previous == nullptr) return refuse(404, std::string(kNotFound));
  TRY(check_condition(operation, previous));
  return stage(Change::replace, std::move(draft), previous, 200);
}

Result<ItemResult> Transaction::patch(const Patch& patch, const ItemOperation& operation) {
  const DocumentPtr previous = find(*operation.key, operation.id);
  if (previous == nullptr) return refuse(404, std::string(kNotFound));
  TRY(check_condition(operation, previous));
  if (patch.condition) {
    ASSIGN(const bool holds, patch.condition->holds(previous->text, now_));
    if (!holds) return refuse(412, std::string(kConditionFailed), cosmos::kPatchConditionFailed);
  }
  ASSIGN(const std::string body, apply_patch(patch, previous->text, context_.rules.key));
  ASSIGN(Draft draft, read_draft(body, context_.rules));
  return stage(Change::replace, std::move(draft), previous, 200);
}

Result<ItemResult> Transaction::remove(const ItemOperation& operation) {
  const DocumentPtr previous = find(*operation.key, operation.id);
  if (previous == nullptr) return refuse(404, std::string(kNotFound));
  TRY(check_condition(operation, previous));
  seen_[previous->key + previous->id] = nullptr;
  for (const std::string& text : previous->unique_texts) claims_[text] = 0;
  staged_.push_back({Change::remove, previous});
  return ItemResult{204, 0, {}, nullptr, write_charge(*previous)};
}

Result<ItemResult> Transaction::read(const ItemOperation& operation) {
  DocumentPtr document = find(*operation.key, operation.id);
  if (document == nullptr) return refuse(404, std::string(kNotFound));
  if (!operation.if_none_match.empty() && same_tag(operation.if_none_match, document->etag)) {
    return ItemResult{304, 0, {}, nullptr, 1.0};
  }
  const double charge = read_charge(*document);
  return ItemResult{200, 0, {}, std::move(document), charge};
}

void Transaction::purge_expired(const DocumentPtr& document) {
  if (document != nullptr && context_.ttl.expired(*document, now_)) partition_.purge(document, context_.ttl, now_);
}

void Transaction::commit() {
  if (staged_.empty()) return;
  for (const Staged& change : staged_) {
    // What an expired document still holds, its name and its unique values, is free for its successor.
    if (change.change == Change::remove) continue;
    if (change.change == Change::create) {
      purge_expired(partition_.find(change.document->key, change.document->id));
    }
    for (const std::string& text : change.document->unique_texts) {
      const DocumentPtr holder = partition_.find_holder(text);
      if (holder != nullptr && holder->number != change.document->number) purge_expired(holder);
    }
  }
  const std::uint64_t lsn = partition_.lsn() + 1;
  for (Staged& change : staged_) {
    partition_.append(change.change, lsn, now_, std::move(change.document), context_.ttl);
  }
  staged_.clear();
}

}  // namespace halley::server
