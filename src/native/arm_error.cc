#include "native/arm_error.h"

#include <algorithm>
#include <array>

#include "http/repeat.h"

namespace halley::native {
namespace {

constexpr std::size_t kMaxText = 400;
constexpr std::size_t kMaxBody = 256 * 1024;
constexpr int kMaxWrappings = 8;
constexpr std::size_t kMaxDetails = 3;

std::string lower(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return copy;
}

std::string tidy(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  for (std::size_t at = text.find("  "); at != std::string::npos; at = text.find("  ", at)) text.erase(at, 1);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  while (!text.empty() && text.front() == ' ') text.erase(0, 1);
  return text;
}

// Words without what Cosmos DB appends to them.
std::string words(std::string_view text) {
  for (const std::string_view mark : {"\r\nActivityId", "\nActivityId", ", Request URI:", " ActivityId:"}) {
    text = text.substr(0, text.find(mark));
  }
  return tidy(std::string(text));
}

void append(std::string& text, const std::string& more) {
  if (more.empty() || text.find(more) != std::string::npos) return;
  if (!text.empty() && !text.ends_with('.') && !text.ends_with(':')) text += ';';
  text += (text.empty() ? "" : " ") + more;
}

// The JSON object that `text` begins with; words may follow it.
std::optional<json::Value> leading_object(std::string_view text) {
  constexpr int kMaxTries = 8;
  if (!text.starts_with('{')) return std::nullopt;
  std::size_t end = text.rfind('}');
  for (int i = 0; i < kMaxTries && end != std::string_view::npos && end > 0; ++i, end = text.rfind('}', end - 1)) {
    if (auto value = json::parse(text.substr(0, end + 1))) return *std::move(value);
  }
  return std::nullopt;
}

ArmMessage read_level(const json::Value& body, int depth);

// A message that is, or wraps, another JSON text: {"Errors":["…"]}, or a whole error body.
std::string unwrapped(const std::string& message, std::string& code, int depth) {
  std::string_view text = message;
  if (text.starts_with("Message: ")) text.remove_prefix(9);
  const auto inner = depth < kMaxWrappings ? leading_object(text) : std::nullopt;
  if (!inner) return words(text);
  if (const json::Value* errors = inner->find("Errors"); errors != nullptr && errors->is_array()) {
    std::string joined;
    for (const json::Value& each : errors->items()) append(joined, words(each.text()));
    return joined;
  }
  const ArmMessage found = read_level(*inner, depth + 1);
  if (!found.code.empty()) code = found.code;
  return found.text;
}

ArmMessage read_level(const json::Value& body, int depth) {
  if (depth > kMaxWrappings || !body.is_object()) return {};
  if (const json::Value* wrapped = body.find("error"); wrapped != nullptr && wrapped->is_object()) {
    return read_level(*wrapped, depth + 1);
  }
  ArmMessage found{body.string_at("code"), {}};
  found.text = unwrapped(body.string_at("message", body.string_at("Message")), found.code, depth);
  if (const json::Value* inner = body.find("innererror"); inner != nullptr) {
    const ArmMessage more = read_level(*inner, depth + 1);
    append(found.text, more.text.empty() ? more.code : more.text);
  }
  if (const json::Value* details = body.find("details"); details != nullptr && details->is_array()) {
    for (std::size_t i = 0; i < std::min(details->items().size(), kMaxDetails); ++i) {
      append(found.text, read_level(details->items()[i], depth + 1).text);
    }
  }
  return found;
}

// The role that lets an action be done: the narrowest of the built-in ones.
std::string role_for(std::string_view action) {
  const std::string what = lower(action);
  const auto has = [&](std::string_view part) { return what.find(part) != std::string::npos; };
  if (has("restorabledatabaseaccounts")) return "CosmosRestoreOperator (on the subscription)";
  if (has("microsoft.documentdb") && what.ends_with("/read")) return "Cosmos DB Account Reader Role";
  if (has("microsoft.documentdb")) return "DocumentDB Account Contributor";
  return what.ends_with("/read") ? "Reader" : "Contributor";
}

// The word in quotes behind `mark`; empty when there is none.
std::string quoted_after(const std::string& text, std::string_view mark) {
  const std::size_t at = lower(text).find(mark);
  if (at == std::string::npos) return {};
  const std::size_t from = text.find('\'', at);
  const std::size_t end = from == std::string::npos ? from : text.find('\'', from + 1);
  return end == std::string::npos ? std::string() : text.substr(from + 1, end - from - 1);
}

std::string forbidden_hint(const ArmMessage& said) {
  const std::string action = quoted_after(said.text, "perform action");
  if (action.empty()) return "the identity that is signed in may not do this: give it a role that may";
  return "give the identity that is signed in the role " + role_for(action) + ", which allows " + action;
}

// What refusals say in their own words, and what to do about it. The first row that fits counts.
struct Meaning {
  int status;             // 0 = any
  std::string_view mark;  // in the code or the text, in lower case
  Code code;
  std::string_view hint;
};
constexpr std::array<Meaning, 17> kMeanings = {{
    {401, "expiredauthenticationtoken", Code::unauthorized,
     "the sign-in expired: run 'az login' again, or check this machine's clock"},
    {401, "tenant", Code::unauthorized, "the token is of another tenant than the subscription: check AZURE_TENANT_ID"},
    {401, "", Code::unauthorized, "sign in anew: 'az login', or check the application's secret, and the cloud"},
    {404, "subscriptionnotfound", Code::not_found, "check --subscription, and that the identity has a role in it"},
    {0, "invalidsubscriptionid", Code::not_found, "check --subscription: it takes the id, not the name"},
    {404, "resourcegroupnotfound", Code::not_found, "check --resource-group"},
    {404, "resourcenotfound", Code::not_found,
     "check --account and --resource-group; 'halley native restorable' lists deleted accounts too"},
    {0, "restore timestamp", Code::outside_coverage, "'halley native restorable' shows what can be restored"},
    {0, "oldest restorable", Code::outside_coverage, "'halley native restorable' shows what can be restored"},
    {0, "exclusive lock", Code::precondition,
     "another operation is running: 'halley native status' shows it; try later"},
    {409, "in progress", Code::precondition,
     "another operation is running: 'halley native status' shows it; try later"},
    {0, "restore is already", Code::precondition, "'halley native status' shows the restore that is running"},
    {0, "continuous backup mode and other properties", Code::invalid_argument, "change one thing at a time"},
    {0, "noregisteredproviderfound", Code::unsupported, "this cloud does not know this version of the API (yet)"},
    {0, "invalidapiversionparameter", Code::unsupported, "this cloud does not know this version of the API (yet)"},
    {409, "missingsubscriptionregistration", Code::precondition,
     "register the provider: az provider register --namespace Microsoft.DocumentDB"},
    {409, "", Code::already_exists, ""},
}};

const Meaning* meaning_of(int status, const ArmMessage& said) {
  const std::string code = lower(said.code);
  const std::string text = lower(said.text);
  for (const Meaning& row : kMeanings) {
    if (row.status != 0 && row.status != status) continue;
    const auto has = [&](const std::string& where) { return where.find(row.mark) != std::string::npos; };
    if (has(code) || has(text)) return &row;
  }
  return nullptr;
}

Code code_of(int status, bool changes) {
  switch (status) {
    case 403:
      return Code::forbidden;
    case 404:
    case 410:
      return Code::not_found;
    case 405:
      return Code::unsupported;
    case 408:
      return changes ? Code::ambiguous : Code::timeout;
    case 412:
    case 423:
      return Code::precondition;
    case 429:
      return Code::throttled;
    case 503:
      return Code::unavailable;  // Promises that nothing was done.
    default:
      break;
  }
  if (status >= 500) return changes ? Code::ambiguous : Code::unavailable;
  return status >= 400 ? Code::invalid_argument : Code::corrupt;
}

std::string throttle_hint(const http::Response& response) {
  for (const auto& [name, value] : response.headers.fields()) {
    if (lower(name).starts_with("x-ms-ratelimit-remaining-") && value == "0") {
      return "Resource Manager's allowance (" + name.substr(25) + ") is used up: try again in some minutes";
    }
  }
  return "Resource Manager is asked too much: try again in some minutes";
}

std::string hint_for(const http::Response& response, Code code, const ArmMessage& said) {
  if (code == Code::forbidden) return forbidden_hint(said);
  if (code == Code::throttled) return throttle_hint(response);
  if (code == Code::ambiguous) return "it may have been done: 'halley native status' shows how things stand";
  if (code == Code::unavailable) return "Resource Manager is in trouble: try again in some minutes";
  return {};
}

std::string joined(std::string message, const ArmMessage& said) {
  if (!said.code.empty()) message += " " + said.code;
  if (!said.text.empty()) message += ": " + said.text;
  return message;
}

}  // namespace

ArmMessage read_arm_message(const json::Value& body) {
  ArmMessage found = read_level(body, 0);
  found.code = tidy(found.code.substr(0, 80));
  if (found.text.size() > kMaxText) {
    std::size_t end = kMaxText;
    while (end > 0 && (static_cast<unsigned char>(found.text[end]) & 0xC0) == 0x80) --end;
    found.text.resize(end);
    found.text += "…";
  }
  return found;
}

Error arm_error(const http::Response& response, bool changes, Second now) {
  ArmMessage said;
  if (response.body.size() <= kMaxBody) {
    if (const auto body = json::parse(response.body)) said = read_arm_message(*body);
  }
  const Meaning* meaning = response.status < 500 ? meaning_of(response.status, said) : nullptr;
  const Code code = meaning != nullptr ? meaning->code : code_of(response.status, changes);
  std::string hint = meaning != nullptr ? std::string(meaning->hint) : hint_for(response, code, said);
  Error error(code, joined("Resource Manager answered " + std::to_string(response.status), said), std::move(hint));
  error.status = response.status;
  error.retry_after = http::retry_after(response, now);
  return error;
}

Error operation_error(const std::string& status, const json::Value& error) {
  const ArmMessage said = read_arm_message(error);
  const bool canceled = lower(status).starts_with("cancel");
  const Meaning* meaning = meaning_of(0, said);
  const Code code = meaning != nullptr ? meaning->code : canceled ? Code::precondition : Code::invalid_argument;
  Error failure(code, joined("the operation ended as " + status, said),
                meaning != nullptr ? std::string(meaning->hint) : std::string());
  failure.status = 200;  // The service's refusal, not the user's mistake.
  return failure;
}

}  // namespace halley::native
