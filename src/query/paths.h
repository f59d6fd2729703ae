// Which properties of a document a query looks at, and how they are taken out of its text in one pass.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/structure.h"
#include "query/value.h"

namespace halley::query {

struct PathNode {
  std::optional<std::size_t> slot;                          // where the value goes
  std::map<std::string, PathNode, std::less<>> children{};  // the members of an object
};

class PathTree {
 public:
  // The slot of the property at `names`; no names = the document itself. Equal paths share a slot.
  std::size_t slot_of(const std::vector<std::string>& names);

  const PathNode& root() const { return root_; }
  // The names that lead to a slot.
  const std::vector<std::string>& path_of(std::size_t slot) const { return paths_[slot]; }
  std::size_t slots() const { return paths_.size(); }

 private:
  PathNode root_;
  std::vector<std::vector<std::string>> paths_;  // by slot
};

// Reads documents one after the other.
class DocumentReader {
 public:
  explicit DocumentReader(const PathTree& paths) : paths_(paths), slots_(paths.slots()) {}

  // Takes the properties out of a well-formed document. Fails with corrupt when it is no JSON at all.
  Status read(std::string_view text, Arena& arena);

  // The values of the last document, by slot; valid until the next one is read.
  const std::vector<Value>& slots() const { return slots_; }

 private:
  void read_object(const PathNode& node, json::Cursor& cursor, Arena& arena);
  void clear(const PathNode& node);

  const PathTree& paths_;
  json::Structure structure_;
  std::optional<json::Tokens> tokens_;
  std::vector<Value> slots_;
};

}  // namespace halley::query
