#include "json/document_scanner.h"

#include <deque>

#include "base/check.h"
#include "json/digester.h"
#include "json/structure.h"

namespace halley::json {
namespace {

using KeyPath = std::vector<std::string>;

constexpr std::string_view kUndefined = "{}";

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// Which system property has that name, kSystemProperties if none.
std::size_t system_property(std::string_view name) {
  if (name.size() < 3 || name[0] != '_') return kSystemProperties;
  std::size_t i = 0;
  while (i < kSystemProperties && kSystemPropertyNames[i] != name) ++i;
  return i;
}

// Sees the members of a document in turn, and finds out whether its system properties stand as the service writes them.
class Layout {
 public:
  // `document` is where the document begins.
  explicit Layout(const char* document) : document_(document), separator_(document) {}

  void ordinary_member(const char* next_separator) {
    if (any_system_) standard_ = false;
    separator_ = next_separator;
  }

  // A member that is a system property: its value, and where the comma or bracket behind it stands.
  void system_member(std::size_t property, std::string_view value, const char* next_separator) {
    // A name with escapes is longer than it should be.
    const std::size_t expected_size = 1 + 1 + kSystemPropertyNames[property].size() + 2;  // ,"name":
    if (!any_system_) {
      prefix_end_ = separator_ == document_ ? separator_ + 1 : separator_;
      any_system_ = true;
    } else if (property <= last_property_) {
      standard_ = false;
    }
    if (separator_ + expected_size != value.data() || value.data() + value.size() != next_separator) standard_ = false;
    last_property_ = property;
    separator_ = next_separator;
  }

  // Called after the last member.
  bool is_standard() const { return standard_; }
  std::string_view prefix() const { return between(document_, any_system_ ? prefix_end_ : separator_); }

 private:
  const char* document_;
  const char* separator_;  // The opening bracket, or the comma or closing bracket behind the last member seen.
  const char* prefix_end_ = nullptr;
  std::size_t last_property_ = 0;
  bool any_system_ = false;
  bool standard_ = true;
};

}  // namespace

struct DocumentScanner::State {
  std::vector<KeyPath> key_paths;
  Structure structure;
  ScannedDocument document;
  std::deque<std::string> decoded_ids;  // Of the current page: views of them are given out.
};

namespace {

// Reads documents and pages at a cursor into the scanner's state.
class Reader {
 public:
  Reader(Cursor start, const std::vector<KeyPath>& key_paths, ScannedDocument& document, std::deque<std::string>& ids)
      : digester_(start), cursor_(digester_.cursor()), key_paths_(key_paths), document_(document), decoded_ids_(ids) {}

  Error error() const { return unexpected_token(cursor_); }
  bool at_end() const { return cursor_.at_end(); }

  // False where the text is not what it must be; `status` has the error of `each`.
  bool page(bool all_versions, const std::function<Status(ScannedDocument&)>& each, Status& status) {
    bool found = false;
    std::string_view name;
    if (!cursor_.take('{')) return false;
    do {
      if (!digester_.take_decoded(name) || !cursor_.take(':')) return false;
      if (name != "Documents") {
        if (!skip()) return false;
      } else {
        if (found || !documents(all_versions, each, status)) return false;
        if (!status) return true;
        found = true;
      }
    } while (cursor_.take(','));
    return cursor_.take('}') && found;
  }

  bool document() {
    const char* const begin = cursor_.here();
    clear();
    if (!cursor_.take('{') || !digester_.enter()) return false;
    Layout layout(begin);
    std::uint64_t sum = 0;
    const char* last = cursor_.here();
    if (!cursor_.take('}')) {
      do {
        if (!member(layout, sum)) return false;
        last = cursor_.here();
      } while (cursor_.take(','));
      if (!cursor_.take('}')) return false;
    } else {
      layout.ordinary_member(last);
    }
    digester_.leave();
    document_.text = between(begin, last + 1);
    document_.digest = object_digest(sum);
    document_.standard_layout = layout.is_standard();
    if (document_.standard_layout) document_.prefix = layout.prefix();
    return true;
  }

 private:
  bool documents(bool all_versions, const std::function<Status(ScannedDocument&)>& each, Status& status) {
    if (!cursor_.take('[')) return false;
    if (cursor_.take(']')) return true;
    do {
      document_.metadata = {};
      if (!(all_versions ? envelope() : document())) return false;
      status = each(document_);
      if (!status) return true;
    } while (cursor_.take(','));
    return cursor_.take(']');
  }

  bool envelope() {
    clear();
    if (!cursor_.take('{')) return false;
    if (cursor_.take('}')) return true;
    do {
      std::string_view name;
      if (!digester_.take_decoded(name) || !cursor_.take(':')) return false;
      const char kind = cursor_.peek();
      if (name == "current" && kind == '{') {
        if (!document()) return false;
      } else if (name == "current") {
        if (kind != 'n' || !skip()) return false;
        clear();
      } else if (name == "metadata") {
        const char* const begin = cursor_.here();
        if (kind != '{' || !skip()) return false;
        document_.metadata = between(begin, cursor_.previous_end());
      } else if (!skip()) {
        return false;
      }
    } while (cursor_.take(','));
    return cursor_.take('}');
  }

  bool member(Layout& layout, std::uint64_t& sum) {
    std::string_view name;
    if (!digester_.take_decoded(name) || !cursor_.take(':')) return false;
    const std::size_t property = system_property(name);
    const std::uint64_t name_digest = string_digest(name);
    const Cursor value_start = cursor_;
    std::uint64_t value_digest = 0;
    // The name can be gone with the next string that has escapes, so what it matches is found out first.
    const bool is_id = name == "id";
    const std::uint32_t matching_paths = paths_that_begin_with(name);
    if (!digester_.value(value_digest)) return false;
    const std::string_view value = between(value_start.here(), cursor_.previous_end());
    const char* const separator = cursor_.here();
    if (matching_paths != 0) read_keys(matching_paths, value_start, value);
    if (property < kSystemProperties) {
      document_.system[property] = value;
      layout.system_member(property, value, separator);
      return true;
    }
    layout.ordinary_member(separator);
    sum += member_digest(name_digest, value_digest);
    return !is_id || read_id(value_start, value);
  }

  bool read_id(Cursor at, std::string_view value) {
    document_.has_id = value.front() == '"';
    document_.id = {};
    if (!document_.has_id) return true;
    document_.id = value.substr(1, value.size() - 2);
    if (!at.is_escaped(document_.id)) return true;
    std::string& decoded = decoded_ids_.emplace_back();
    const bool good = append_decoded(decoded, document_.id);
    document_.id = decoded;
    return good;
  }

  // Bit i stands for key path i.
  std::uint32_t paths_that_begin_with(std::string_view name) const {
    std::uint32_t matching = 0;
    for (std::size_t i = 0; i < key_paths_.size(); ++i) {
      if (key_paths_[i].front() == name) matching |= std::uint32_t{1} << i;
    }
    return matching;
  }

  void read_keys(std::uint32_t matching, const Cursor& value_start, std::string_view value) {
    for (std::size_t i = 0; i < key_paths_.size(); ++i) {
      if ((matching >> i & 1) == 0) continue;
      document_.key_values[i] = find(key_paths_[i], value_start, value);
    }
    document_.bad_key = false;
    for (const std::string_view key : document_.key_values) {
      if (key.front() == '[' || (key.front() == '{' && key.data() != kUndefined.data())) document_.bad_key = true;
    }
  }

  // The value at a path whose first name's value is `value`, kUndefined if there is none.
  static std::string_view find(const KeyPath& path, Cursor at, std::string_view value) {
    std::string decoded;
    for (std::size_t level = 1; level < path.size(); ++level) {
      if (!at.take('{')) return kUndefined;
      // The text has been read before, so that nothing here can fail. Of several members of a name the last counts.
      std::string_view name, slice, found;
      Cursor found_at = at;
      do {
        if (!at.take_string(name)) break;
        if (at.is_escaped(name)) {
          decoded.clear();
          append_decoded(decoded, name);
          name = decoded;
        }
        at.take(':');
        const Cursor here = at;
        at.skip_value(slice);
        if (name == path[level]) {
          found = slice;
          found_at = here;
        }
      } while (at.take(','));
      if (found.empty()) return kUndefined;
      value = found;
      at = found_at;
    }
    return value;
  }

  bool skip() {
    std::uint64_t unused = 0;
    return digester_.value(unused);
  }

  void clear() {
    document_.text = {};
    document_.id = {};
    document_.has_id = false;
    document_.system.fill({});
    document_.standard_layout = false;
    document_.prefix = {};
    document_.key_values.assign(key_paths_.size(), kUndefined);
    document_.bad_key = false;
    document_.digest = 0;
  }

  Digester digester_;
  Cursor& cursor_;
  const std::vector<KeyPath>& key_paths_;
  ScannedDocument& document_;
  std::deque<std::string>& decoded_ids_;
};

}  // namespace

DocumentScanner::DocumentScanner(std::vector<std::vector<std::string>> key_paths) : state_(std::make_unique<State>()) {
  CHECK(key_paths.size() <= 32);
  for (const KeyPath& path : key_paths) CHECK(!path.empty());
  state_->key_paths = std::move(key_paths);
}

DocumentScanner::~DocumentScanner() = default;
DocumentScanner::DocumentScanner(DocumentScanner&&) noexcept = default;

Status DocumentScanner::scan_page(std::string_view page, bool all_versions,
                                  const std::function<Status(ScannedDocument&)>& each) {
  state_->decoded_ids.clear();
  ASSIGN(const Cursor start, state_->structure.read(page));
  Reader reader(start, state_->key_paths, state_->document, state_->decoded_ids);
  Status status;
  if (!reader.page(all_versions, each, status)) return fail(reader.error());
  TRY(status);
  if (!reader.at_end()) return fail(reader.error());
  return {};
}

Result<ScannedDocument*> DocumentScanner::scan_document(std::string_view text) {
  state_->decoded_ids.clear();
  ASSIGN(const Cursor start, state_->structure.read(text));
  Reader reader(start, state_->key_paths, state_->document, state_->decoded_ids);
  state_->document.metadata = {};
  if (!reader.document() || !reader.at_end()) return fail(reader.error());
  return &state_->document;
}

}  // namespace halley::json
