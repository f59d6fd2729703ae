#include "query/paths.h"

#include <algorithm>

#include "json/string_text.h"

namespace halley::query {

std::size_t PathTree::slot_of(const std::vector<std::string>& names) {
  PathNode* node = &root_;
  for (const std::string& name : names) node = &node->children[name];
  if (!node->slot) {
    node->slot = paths_.size();
    paths_.push_back(names);
  }
  return *node->slot;
}

Status DocumentReader::read(std::string_view text, Arena& arena) {
  ASSIGN(tokens_, structure_.read(text));
  json::Cursor cursor(*tokens_);
  std::fill(slots_.begin(), slots_.end(), Value());
  if (paths_.root().slot) {
    json::Cursor whole = cursor;
    slots_[*paths_.root().slot] = Value::read(*tokens_, whole, arena);
  }
  if (!paths_.root().children.empty() && cursor.peek() == '{') read_object(paths_.root(), cursor, arena);
  return {};
}

void DocumentReader::read_object(const PathNode& node, json::Cursor& cursor, Arena& arena) {
  cursor.take('{');
  std::string_view name;
  std::string_view skipped;
  std::string decoded;
  while (cursor.take_string(name)) {
    if (cursor.is_escaped(name)) {
      decoded.clear();
      json::append_decoded(decoded, name);
      name = decoded;
    }
    cursor.take(':');
    const auto found = node.children.find(name);
    if (found == node.children.end()) {
      if (!cursor.skip_value(skipped)) return;
    } else {
      // Of several members of a name the last counts.
      const PathNode& child = found->second;
      clear(child);
      json::Cursor inside = cursor;
      if (child.slot) {
        slots_[*child.slot] = Value::read(*tokens_, cursor, arena);
      } else if (!cursor.skip_value(skipped)) {
        return;
      }
      if (!child.children.empty() && inside.peek() == '{') read_object(child, inside, arena);
    }
    cursor.take(',');
  }
}

void DocumentReader::clear(const PathNode& node) {
  if (node.slot) slots_[*node.slot] = Value();
  for (const auto& [name, child] : node.children) clear(child);
}

}  // namespace halley::query
