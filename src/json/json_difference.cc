#include "json/json_difference.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>

#include "json/number_text.h"
#include "json/string_text.h"
#include "json/structure.h"
#include "json/writer.h"

namespace halley::json {
namespace {

// A value and where it stands in its text.
struct Node {
  std::string_view text;
  std::vector<Node> children;        // of an array or object
  std::vector<std::string> names;    // of the children of an object, decoded
  std::vector<std::uint32_t> order;  // the children of an object by name
  bool ambiguous = false;            // an object that has a name twice

  bool is_object() const { return text.front() == '{'; }
  bool is_array() const { return text.front() == '['; }
  bool is_string() const { return text.front() == '"'; }

  // The child of that name, or nullptr.
  const Node* find(const std::string& name) const {
    const auto at =
        std::lower_bound(order.begin(), order.end(), name,
                         [&](std::uint32_t child, const std::string& wanted) { return names[child] < wanted; });
    return at != order.end() && names[*at] == name ? &children[*at] : nullptr;
  }
};

class Parser {
 public:
  explicit Parser(const Tokens& tokens) : tokens_(tokens), cursor_(tokens) {}

  Result<Node> parse() {
    Node root;
    if (!value(root, 0) || !cursor_.at_end()) return fail(unexpected_token(tokens_, cursor_.place()));
    return root;
  }

 private:
  bool value(Node& node, int depth) {
    const char* const begin = cursor_.here();
    if (!content(node, depth)) return false;
    node.text = Tokens::between(begin, tokens_.end_before(cursor_.place()));
    return true;
  }

  bool content(Node& node, int depth) {
    std::string_view raw;
    std::string decoded;
    switch (cursor_.peek()) {
      case '{':
        return depth < kMaxDepth && object(node, depth + 1);
      case '[':
        return depth < kMaxDepth && array(node, depth + 1);
      case '"':
        return cursor_.take_string(raw) && (!cursor_.is_escaped(raw) || append_decoded(decoded, raw));
      default:
        return plain();
    }
  }

  bool plain() {
    if (cursor_.at_end()) return false;
    const std::string_view text = cursor_.plain();
    double number = 0;
    const bool known = text == "null" || text == "true" || text == "false" ||
                       read_number(text.data(), text.data() + text.size(), number);
    if (known) cursor_.step();
    return known;
  }

  bool array(Node& node, int depth) {
    cursor_.step();
    if (cursor_.take(']')) return true;
    do {
      if (!value(node.children.emplace_back(), depth)) return false;
    } while (cursor_.take(','));
    return cursor_.take(']');
  }

  bool object(Node& node, int depth) {
    cursor_.step();
    if (cursor_.take('}')) return true;
    do {
      std::string_view raw;
      if (!cursor_.take_string(raw)) return false;
      if (!append_decoded(node.names.emplace_back(), raw)) return false;
      if (!cursor_.take(':') || !value(node.children.emplace_back(), depth)) return false;
    } while (cursor_.take(','));
    sort_names(node);
    return cursor_.take('}');
  }

  static void sort_names(Node& node) {
    node.order.resize(node.children.size());
    std::iota(node.order.begin(), node.order.end(), 0U);
    const auto& names = node.names;
    std::stable_sort(node.order.begin(), node.order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
    node.ambiguous = std::adjacent_find(node.order.begin(), node.order.end(), [&](std::uint32_t a, std::uint32_t b) {
                       return names[a] == names[b];
                     }) != node.order.end();
  }

  const Tokens tokens_;
  Cursor cursor_;
};

bool same(const Node& a, const Node& b);

bool same_children(const Node& a, const Node& b) {
  if (a.children.size() != b.children.size()) return false;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    const std::size_t left = a.is_object() ? a.order[i] : i;
    const std::size_t right = b.is_object() ? b.order[i] : i;
    if (a.is_object() && a.names[left] != b.names[right]) return false;
    if (!same(a.children[left], b.children[right])) return false;
  }
  return true;
}

bool same_string(const Node& a, const Node& b) {
  std::string left;
  std::string right;
  append_decoded(left, a.text.substr(1, a.text.size() - 2));
  append_decoded(right, b.text.substr(1, b.text.size() - 2));
  return left == right;
}

std::optional<double> number_of(const Node& node) {
  double value = 0;
  if (!read_number(node.text.data(), node.text.data() + node.text.size(), value)) return std::nullopt;
  return value;
}

// Whether two values mean the same.
bool same(const Node& a, const Node& b) {
  if (a.text == b.text) return true;
  if (a.is_object() || b.is_object()) return a.is_object() && b.is_object() && same_children(a, b);
  if (a.is_array() || b.is_array()) return a.is_array() && b.is_array() && same_children(a, b);
  if (a.is_string() || b.is_string()) return a.is_string() && b.is_string() && same_string(a, b);
  const auto left = number_of(a);
  return left && left == number_of(b);
}

class Comparison {
 public:
  void compare(const Node& before, const Node& after) {
    if (before.text == after.text) return;
    if (before.is_object() && after.is_object() && !before.ambiguous && !after.ambiguous) {
      compare_objects(before, after);
    } else if (before.is_array() && after.is_array()) {
      compare_arrays(before, after);
    } else if (!same(before, after)) {
      changes.push_back({Change::Kind::changed, path_, before.text, after.text});
    }
  }

  std::vector<Change> changes;

 private:
  void compare_objects(const Node& before, const Node& after) {
    for (std::size_t i = 0; i < before.children.size(); ++i) {
      const Step step(path_, before.names[i]);
      const Node* const there = after.find(before.names[i]);
      if (there != nullptr) {
        compare(before.children[i], *there);
      } else {
        changes.push_back({Change::Kind::removed, path_, before.children[i].text, {}});
      }
    }
    for (std::size_t i = 0; i < after.children.size(); ++i) {
      if (before.find(after.names[i]) != nullptr) continue;
      const Step step(path_, after.names[i]);
      changes.push_back({Change::Kind::added, path_, {}, after.children[i].text});
    }
  }

  void compare_arrays(const Node& before, const Node& after) {
    const auto& a = before.children;
    const auto& b = after.children;
    std::size_t front = 0;
    const std::size_t shorter = std::min(a.size(), b.size());
    while (front < shorter && same(a[front], b[front])) ++front;
    std::size_t back = 0;
    while (back < shorter - front && same(a[a.size() - 1 - back], b[b.size() - 1 - back])) ++back;
    const std::size_t end_of_a = a.size() - back;
    const std::size_t end_of_b = b.size() - back;
    std::size_t at = front;
    for (; at < std::min(end_of_a, end_of_b); ++at) {
      const Step step(path_, std::to_string(at));
      compare(a[at], b[at]);
    }
    for (std::size_t i = end_of_a; i > at; --i) {
      const Step step(path_, std::to_string(i - 1));
      changes.push_back({Change::Kind::removed, path_, a[i - 1].text, {}});
    }
    for (std::size_t i = at; i < end_of_b; ++i) {
      const Step step(path_, std::to_string(i));
      changes.push_back({Change::Kind::added, path_, {}, b[i].text});
    }
  }

  // One more name on the path, as long as it lives.
  class Step {
   public:
    Step(std::string& path, std::string_view name) : path_(path), size_(path.size()) {
      path_ += '/';
      for (const char c : name) {
        if (c == '~' || c == '/') {
          path_ += c == '~' ? "~0" : "~1";
        } else {
          path_ += c;
        }
      }
    }
    ~Step() { path_.resize(size_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    std::string& path_;
    const std::size_t size_;
  };

  std::string path_;
};

Result<Node> parse_nodes(std::string_view text) {
  ASSIGN(const Tokens tokens, Structure::of_this_thread().read(text));
  return Parser(tokens).parse();
}

}  // namespace

Result<std::vector<Change>> difference(std::string_view before, std::string_view after) {
  ASSIGN(const Node left, parse_nodes(before));
  ASSIGN(const Node right, parse_nodes(after));
  Comparison comparison;
  comparison.compare(left, right);
  return std::move(comparison.changes);
}

void append_patch(std::string& out, const std::vector<Change>& changes) {
  Writer writer(out);
  writer.begin_array();
  for (const Change& change : changes) {
    const bool added = change.kind == Change::Kind::added;
    const bool removed = change.kind == Change::Kind::removed;
    writer.begin_object().member("op", added ? "add" : removed ? "remove" : "replace").member("path", change.path);
    if (!removed) writer.key("value").raw(change.after);
    if (!added) writer.key("old").raw(change.before);
    writer.end_object();
  }
  writer.end_array();
}

}  // namespace halley::json
