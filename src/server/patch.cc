#include "server/patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "json/number.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

using Kind = PatchOperation::Kind;
using Path = PatchOperation::Path;

struct OperationName {
  Kind kind;
  std::string_view op;     // in requests
  std::string_view title;  // in messages
};
constexpr std::array<OperationName, 6> kNames = {{{Kind::add, "add", "Add"},
                                                  {Kind::set, "set", "Set"},
                                                  {Kind::replace, "replace", "Replace"},
                                                  {Kind::remove, "remove", "Remove"},
                                                  {Kind::increment, "incr", "Increment"},
                                                  {Kind::move, "move", "Move"}}};

constexpr std::array<std::string_view, 6> kFixedProperties = {"id", "_rid", "_self", "_etag", "_attachments", "_ts"};

std::string_view title_of(Kind kind) { return kNames[static_cast<std::size_t>(kind)].title; }

tl::unexpected<Error> refuse_operation(std::size_t index, std::string_view what) {
  return refuse(400, fmt::format("For Operation({}): {}", index + 1, what));
}

// "/a~1b/0" -> {"a/b", "0"}: a JSON Pointer that is not the whole document.
std::optional<Path> parse_path(std::string_view text) {
  if (!text.starts_with('/') || text.size() < 2) return std::nullopt;
  Path path;
  while (!text.empty()) {
    text.remove_prefix(1);
    std::string name;
    const std::size_t end = std::min(text.find('/'), text.size());
    for (std::size_t i = 0; i < end; ++i) {
      if (text[i] != '~') {
        name += text[i];
      } else if (i + 1 < end && (text[i + 1] == '0' || text[i + 1] == '1')) {
        name += text[++i] == '0' ? '~' : '/';
      } else {
        return std::nullopt;
      }
    }
    path.push_back(std::move(name));
    text.remove_prefix(end);
  }
  return path;
}

Result<Path> path_member(const json::Value& operation, std::size_t index, std::string_view name) {
  const json::Value* text = operation.find(name);
  auto path = text != nullptr && text->is_string() ? parse_path(text->text()) : std::nullopt;
  if (!path) return refuse_operation(index, fmt::format("The member '{}' must be a path like /a/b.", name));
  return std::move(*path);
}

Result<PatchOperation> parse_operation(const json::Value& text, std::size_t index) {
  if (!text.is_object()) return refuse_operation(index, "An operation must be a JSON object.");
  const std::string op = text.string_at("op");
  const auto* const name =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& known) { return known.op == op; });
  if (name == kNames.end()) {
    return refuse_operation(index, fmt::format("'{}' is none of add, set, replace, remove, incr and move.", op));
  }
  PatchOperation operation;
  operation.kind = name->kind;
  ASSIGN(operation.path, path_member(text, index, "path"));
  if (operation.kind == Kind::move) {
    ASSIGN(operation.from, path_member(text, index, "from"));
    const bool inside = operation.path.size() > operation.from.size() &&
                        std::equal(operation.from.begin(), operation.from.end(), operation.path.begin());
    if (inside) return refuse_operation(index, "Move Operation: 'path' can't lie inside 'from'.");
  } else if (operation.kind != Kind::remove) {
    const json::Value* value = text.find("value");
    if (value == nullptr) return refuse_operation(index, fmt::format("{} Operation needs a value.", name->title));
    if (operation.kind == Kind::increment && value->kind() != json::Kind::number) {
      return refuse_operation(index, "Increment Operation: the value must be a number.");
    }
    operation.value = *value;
  }
  return operation;
}

// The place in an array that a name stands for; nothing when it is none below `count`.
std::optional<std::size_t> place_in(std::string_view name, std::size_t count) {
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), place);
  if (error != std::errc() || end != name.data() + name.size() || place >= count) return std::nullopt;
  if (name.size() > 1 && name.front() == '0') return std::nullopt;
  return place;
}

json::Value* child_of(json::Value& parent, const std::string& name) {
  if (parent.is_object()) return parent.find(name);
  if (!parent.is_array()) return nullptr;
  const auto place = place_in(name, parent.items().size());
  return place ? &parent.items()[*place] : nullptr;
}

// Whether a change at `path` would change what the service keeps fixed.
bool is_fixed(const Path& path, const cosmos::PartitionKeyDefinition& key) {
  const bool named =
      std::find(kFixedProperties.begin(), kFixedProperties.end(), path.front()) != kFixedProperties.end();
  if (path.size() == 1 && named) return true;
  return std::any_of(key.paths.begin(), key.paths.end(), [&](const auto& fixed) {
    const std::size_t common = std::min(path.size(), fixed.size());
    return std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(common), fixed.begin());
  });
}

// The sum of two JSON numbers: exact where both are whole, else of doubles.
Result<json::Value> sum_of(const json::Value& a, const json::Value& b) {
  const auto whole_a = a.as_integer();
  const auto whole_b = b.as_integer();
  std::int64_t whole = 0;
  if (whole_a && whole_b && !__builtin_add_overflow(*whole_a, *whole_b, &whole)) return json::Value::integer(whole);
  const double sum = a.as_double().value_or(0) + b.as_double().value_or(0);
  if (!(sum - sum == 0)) return refuse(400, "the sum is not a number that can be stored");
  return json::Value::real(sum);
}

// One operation on its way through the document.
class Application {
 public:
  Application(json::Value& document, const PatchOperation& operation, std::size_t index)
      : document_(document), operation_(operation), index_(index) {}

  Status run() {
    if (operation_.kind == Kind::remove) return take(operation_.path, nullptr);
    if (operation_.kind != Kind::move) return put(operation_.value);
    json::Value moved;
    TRY(take(operation_.from, &moved));
    return put(std::move(moved));
  }

 private:
  tl::unexpected<Error> refused(std::string_view what) const {
    return refuse_operation(index_, fmt::format("{} Operation {}", title_of(operation_.kind), what));
  }

  Result<json::Value*> parent_of(const Path& path) {
    json::Value* at = &document_;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      at = child_of(*at, path[i]);
      if (at == nullptr || !(at->is_object() || at->is_array())) {
        return refused(
            fmt::format("can only create a child object of an existing node(array or object) and cannot "
                        "create path recursively, no path found beyond: '{}'.",
                        path[i]));
      }
    }
    return at;
  }

  Status take(const Path& path, json::Value* taken) {
    ASSIGN(json::Value* const parent, parent_of(path));
    json::Value* const child = child_of(*parent, path.back());
    if (child == nullptr) return refused(fmt::format("can't be performed: '{}' is absent.", fmt::join(path, "/")));
    if (taken != nullptr) *taken = std::move(*child);
    if (parent->is_object()) {
      parent->erase(path.back());
    } else {
      parent->items().erase(parent->items().begin() + (child - parent->items().data()));
    }
    return {};
  }

  Status put(json::Value value) {
    ASSIGN(json::Value* const parent, parent_of(operation_.path));
    const std::string& name = operation_.path.back();
    json::Value* const present = child_of(*parent, name);
    if (operation_.kind == Kind::increment) return increment(*parent, present);
    if (operation_.kind == Kind::replace) {
      if (present == nullptr) {
        return refused(fmt::format("can't be performed: '{}' is absent.", fmt::join(operation_.path, "/")));
      }
      *present = std::move(value);
      return {};
    }
    if (parent->is_object()) {
      parent->set(name, std::move(value));
      return {};
    }
    return put_in_array(parent->items(), std::move(value));
  }

  Status put_in_array(std::vector<json::Value>& items, json::Value value) {
    const std::string& name = operation_.path.back();
    const auto place = name == "-" ? items.size() : place_in(name, items.size() + 1);
    if (!place) return refused(fmt::format("can't be performed: '{}' is no place in the array.", name));
    if (operation_.kind == Kind::set && *place < items.size()) {
      items[*place] = std::move(value);
    } else {
      items.insert(items.begin() + static_cast<std::ptrdiff_t>(*place), std::move(value));
    }
    return {};
  }

  Status increment(json::Value& parent, json::Value* present) {
    if (present == nullptr) {
      if (!parent.is_object()) return refused("can't be performed: there is no such place in the array.");
      parent.set(operation_.path.back(), operation_.value);
      return {};
    }
    if (present->kind() != json::Kind::number) return refused("can only be performed on a number.");
    auto sum = sum_of(*present, operation_.value);
    if (!sum) return refused(sum.error().message);
    *present = std::move(*sum);
    return {};
  }

  json::Value& document_;
  const PatchOperation& operation_;
  const std::size_t index_;
};

}  // namespace

Result<Patch> parse_patch(std::string_view body) {
  const auto request = json::parse(body);
  if (!request) return refuse(400, "The body of a patch is not JSON: " + request.error().message);
  Patch patch;
  const json::Value* operations = &*request;
  if (request->is_object()) {
    operations = request->find("operations");
    const json::Value* condition = request->find("condition");
    if (condition != nullptr && !condition->is_null()) {
      if (!condition->is_string()) return refuse(400, "The condition of a patch must be a string.");
      if (!condition->text().empty()) {
        ASSIGN(patch.condition, Condition::parse(condition->text()));
      }
    }
  }
  if (operations == nullptr || !operations->is_array() || operations->items().empty()) {
    return refuse(400, "A patch must have an array of operations that is not empty.");
  }
  if (operations->items().size() > kMaxPatchOperations) {
    return refuse(400, fmt::format("The number of patch operations can't exceed {}.", kMaxPatchOperations));
  }
  for (const json::Value& text : operations->items()) {
    ASSIGN(PatchOperation operation, parse_operation(text, patch.operations.size()));
    patch.operations.push_back(std::move(operation));
  }
  return patch;
}

Result<std::string> apply_patch(const Patch& patch, std::string_view text, const cosmos::PartitionKeyDefinition& key) {
  ASSIGN(json::Value document, json::parse(text));
  for (std::size_t i = 0; i < patch.operations.size(); ++i) {
    const PatchOperation& operation = patch.operations[i];
    if (is_fixed(operation.path, key) || (operation.kind == Kind::move && is_fixed(operation.from, key))) {
      return refuse_operation(i,
                              fmt::format("{} Operation can't change the id, the partition key or a system property.",
                                          title_of(operation.kind)));
    }
    TRY(Application(document, operation, i).run());
  }
  return document.to_text();
}

}  // namespace halley::server
