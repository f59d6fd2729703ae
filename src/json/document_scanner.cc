#include "json/document_scanner.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>

#include "base/check.h"
#include "json/digester.h"
#include "json/structure.h"

namespace halley::json {
namespace {

using KeyPath = std::vector<std::string>;

constexpr std::string_view kUndefined = "{}";

// Which system property has that name, kSystemProperties if none.
std::size_t system_property(std::string_view name) {
  const auto is = [&](SystemProperty property) {
    const std::string_view expected = kSystemPropertyNames[static_cast<std::size_t>(property)];
    return std::memcmp(name.data(), expected.data(), expected.size()) == 0 ? static_cast<std::size_t>(property)
                                                                           : kSystemProperties;
  };
  switch (name.size()) {
    case 3:
      return is(SystemProperty::ts);
    case 4:
      return name[1] == 'r' ? is(SystemProperty::rid) : is(SystemProperty::lsn);
    case 5:
      return name[1] == 's' ? is(SystemProperty::self) : is(SystemProperty::etag);
    case 12:
      return is(SystemProperty::attachments);
    default:
      return kSystemProperties;
  }
}

// The six bits of a base64 digit; 64 for what is none.
constexpr unsigned base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0' + 52);
  return c == '+' ? 62 : c == '-' ? 63 : 64;
}

// Whether `self` is the _self that goes with `rid`, both as written: "dbs/D/colls/C/docs/R/", where R is the _rid, 16
// bytes in base64, and D and C are its first 4 and 8 bytes.
bool is_self(std::string_view self, std::string_view rid) {
  if (self.size() != 64 || rid.size() != 26) return false;
  const char* const s = self.data();
  const char* const r = rid.data() + 1;
  const auto is = [&](std::size_t at, std::string_view text) {
    return std::memcmp(s + at, text.data(), text.size()) == 0;
  };
  return is(0, "\"dbs/") && is(5, {r, 5}) && s[10] == "AQgw"[base64_digit(r[5]) >> 4] && is(11, "==/colls/") &&
         is(20, {r, 10}) && s[30] == "AEIMQUYcgkosw048"[base64_digit(r[10]) >> 2] && is(31, "=/docs/") &&
         is(38, {r, 24}) && is(62, "/\"");
}

bool is_string(std::string_view text) { return text.size() >= 2 && text.front() == '"' && text.back() == '"'; }

// A string whose only escapes are those of quotation marks around it all, as ETags have them.
bool is_etag(std::string_view text) {
  if (!is_string(text)) return false;
  const bool quoted = text.size() >= 6 && text.starts_with("\"\\\"") && text.ends_with("\\\"\"");
  const std::string_view inside = quoted ? text.substr(3, text.size() - 6) : text.substr(1, text.size() - 2);
  return inside.find('\\') == std::string_view::npos;
}

// A number without sign, point or exponent, of any size that Cosmos DB has.
bool is_whole(std::string_view text) {
  constexpr std::size_t kSafeDigits = 18;
  if (text.empty() || text.size() > kSafeDigits || (text.front() == '0' && text.size() > 1)) return false;
  return std::all_of(text.begin(), text.end(), is_digit);
}

// Whether a system property's value has the form it always has, so that it can be written again from what it says:
// nothing of its own in the case of _self and _attachments. `rid` is that of the document.
bool is_usual(std::size_t property, std::string_view text, std::string_view rid) {
  switch (static_cast<SystemProperty>(property)) {
    case SystemProperty::rid:
      return is_string(text);
    case SystemProperty::self:
      return is_self(text, rid);
    case SystemProperty::etag:
      return is_etag(text);
    case SystemProperty::attachments:
      return text == "\"attachments/\"";
    case SystemProperty::ts:
    case SystemProperty::lsn:
      return is_whole(text);
  }
  return false;
}

// The name of a system property as it stands before its value, `"_ts":`.
struct TailName {
  char text[16] = {};
  char mask[16] = {};  // ones where there is text
  std::size_t size = 0;

  constexpr explicit TailName(std::string_view name) {
    for (const std::string_view part : {std::string_view("\""), name, std::string_view("\":")}) {
      for (const char c : part) {
        mask[size] = '\xFF';
        text[size++] = c;
      }
    }
  }

  // Whether it stands at `place`, behind which `left` bytes may be read.
  bool begins(const char* place, std::size_t left) const {
    if (left < sizeof text) return left >= size && std::memcmp(place, text, size) == 0;
    const std::uint64_t low = load64(place) ^ load64(text);
    const std::uint64_t high = load64(place + 8) ^ load64(text + 8);
    return ((low & load64(mask)) | (high & load64(mask + 8))) == 0;
  }
};
constexpr std::array<TailName, kSystemProperties> kTailNames = {
    TailName(kSystemPropertyNames[0]), TailName(kSystemPropertyNames[1]), TailName(kSystemPropertyNames[2]),
    TailName(kSystemPropertyNames[3]), TailName(kSystemPropertyNames[4]), TailName(kSystemPropertyNames[5])};

// Sees the members of a document in turn, and finds out whether its system properties stand as the service writes them.
class Layout {
 public:
  // `document` is where the document begins.
  explicit Layout(const char* document) : document_(document), separator_(document) {}

  void ordinary_member(const char* next_separator) {
    if (any_system_) standard_ = false;
    separator_ = next_separator;
  }

  // A member that is a system property: its value, whether that is a usual one, and where the comma or bracket behind
  // it stands.
  void system_member(std::size_t property, std::string_view value, bool usual, const char* next_separator) {
    // A name with escapes is longer than it should be.
    const std::size_t expected_size = 1 + 1 + kSystemPropertyNames[property].size() + 2;  // ,"name":
    if (!any_system_) {
      prefix_end_ = separator_ == document_ ? separator_ + 1 : separator_;
      any_system_ = true;
    } else if (property <= last_property_) {
      standard_ = false;
    }
    if (separator_ + expected_size != value.data() || value.data() + value.size() != next_separator) standard_ = false;
    if (!usual) standard_ = false;
    last_property_ = property;
    separator_ = next_separator;
  }

  // Whether a system property that begins at `name` would be the first, right behind what came before.
  bool may_begin_tail(const char* name) const { return standard_ && !any_system_ && name == separator_ + 1; }
  // All system properties, standing as the service writes them, from here to the closing bracket.
  void standard_tail() {
    prefix_end_ = separator_ == document_ ? separator_ + 1 : separator_;
    any_system_ = true;
  }

  bool is_standard() const { return standard_; }
  // `closing`: the document's closing bracket.
  std::string_view prefix(const char* closing) const {
    return Tokens::between(document_, any_system_ ? prefix_end_ : closing);
  }

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
  std::vector<ValuePlace> places;       // Room for those of one document.
};

namespace {

// Reads documents and pages into the scanner's state. Functions that read give the place behind what they read, or
// null.
class Reader {
 public:
  Reader(const Tokens& tokens, const std::vector<KeyPath>& key_paths, ScannedDocument& document,
         std::deque<std::string>& ids, std::vector<ValuePlace>& places)
      : tokens_(tokens),
        digester_(tokens),
        key_paths_(key_paths),
        document_(document),
        decoded_ids_(ids),
        places_(places) {
    const auto most = static_cast<std::size_t>(tokens.end() - tokens.first());
    if (places_.size() < most) places_.resize(most);
    for (const KeyPath& path : key_paths) {
      key_name_sizes_ |= std::uint64_t{1} << (path.front().size() % 64);
      if (path.front().starts_with('_')) keys_may_be_system_ = true;
    }
  }

  // The whole text as a page. The error is that of the text, or of `each`.
  Status page(bool all_versions, const std::function<Status(ScannedDocument&)>& each) {
    bool found = false;
    Status status;
    const Token* const end = object(
        [&](std::string_view name, const Token* at) -> const Token* {
          if (name != "Documents") return skip(at);
          if (found) return fail(at);
          found = true;
          return documents(at, all_versions, each, status);
        },
        tokens_.first());
    TRY(status);
    if (end == nullptr || end != tokens_.end() || !found) return error(end);
    return {};
  }

  // The whole text as a document.
  Status document() {
    document_.metadata = {};
    const Token* const end = document(tokens_.first());
    if (end == nullptr || end != tokens_.end()) return error(end);
    return {};
  }

 private:
  tl::unexpected<Error> error(const Token* end) const {
    return halley::fail(unexpected_token(tokens_, end == nullptr ? digester_.failed_at() : end));
  }

  const Token* fail(const Token* at) { return digester_.fail(at).next; }
  const Token* skip(const Token* at) { return digester_.value(at, 0).next; }

  // Calls `member` with each member's decoded name and the place of its value; it gives the place behind that.
  template <typename Member>
  const Token* object(Member member, const Token* at) {
    if (tokens_.peek(at) != '{') return fail(at);
    if (tokens_.peek(++at) == '}') return at + 1;
    for (;; ++at) {
      std::string_view name;
      if (!digester_.decoded_string(at, name) || tokens_.peek(at + 1) != ':') return fail(at);
      at = member(name, at + 2);
      if (at == nullptr) return nullptr;
      const char separator = tokens_.peek(at);
      if (separator == '}') return at + 1;
      if (separator != ',') return fail(at);
    }
  }

  const Token* documents(const Token* at, bool all_versions, const std::function<Status(ScannedDocument&)>& each,
                         Status& status) {
    if (tokens_.peek(at) != '[') return fail(at);
    if (tokens_.peek(++at) == ']') return at + 1;
    for (;; ++at) {
      document_.metadata = {};
      at = all_versions ? envelope(at) : document(at);
      if (at == nullptr) return nullptr;
      status = each(document_);
      if (!status) return nullptr;
      const char separator = tokens_.peek(at);
      if (separator == ']') return at + 1;
      if (separator != ',') return fail(at);
    }
  }

  const Token* envelope(const Token* at) {
    clear();
    return object(
        [&](std::string_view name, const Token* value) -> const Token* {
          const char kind = tokens_.peek(value);
          if (name == "current" && kind == '{') return document(value);
          if (name == "current") {
            clear();
            return kind == 'n' ? skip(value) : fail(value);
          }
          if (name != "metadata") return skip(value);
          const Token* const next = kind == '{' ? skip(value) : fail(value);
          if (next != nullptr) document_.metadata = slice(value, next);
          return next;
        },
        at);
  }

  const Token* document(const Token* at) {
    clear();
    const char* const begin = tokens_.here(at);
    Layout layout(begin);
    digester_.places().begin(places_.data(), begin);
    values_end_ = places_.data();
    std::uint64_t sum = 0;
    const Token* const next = object(
        [&](std::string_view name, const Token* value) {
          if (name.size() > 2 && name[0] == '_') {
            const std::size_t property = system_property(name);
            if (property < kSystemProperties) {
              if (const Token* const closing = standard_tail(value - 2, layout); closing != nullptr) return closing;
              return system_member(property, name, value, layout);
            }
          }
          return ordinary_member(name, value, layout, sum);
        },
        at);
    if (next == nullptr) return nullptr;
    document_.text = slice(at, next);
    document_.digest = object_digest(sum);
    document_.standard_layout = layout.is_standard();
    if (document_.standard_layout) {
      document_.prefix = layout.prefix(tokens_.here(next - 1));
      if (digester_.places().fit()) document_.values = {places_.data(), values_end_};
    }
    return next;
  }

  // Where the system properties stand as the service writes them, from the name at `at` to the end of the document: the
  // closing bracket. Else null, and they are to be read one by one. Nearly every document ends in such a tail.
  const Token* standard_tail(const Token* at, Layout& layout) {
    if (keys_may_be_system_ || !layout.may_begin_tail(tokens_.here(at))) return nullptr;
    std::size_t property = 0;
    for (;; at += 4) {  // a name, a colon, a value, a comma
      const char* const name = tokens_.here(at);
      const auto left = static_cast<std::size_t>(tokens_.text_end() - name);
      while (property < kSystemProperties && !kTailNames[property].begins(name, left)) ++property;
      if (property == kSystemProperties) return nullptr;
      const char* const value = name + kTailNames[property].size;
      if (at + 2 >= tokens_.end() || tokens_.here(at + 2) != value) return nullptr;
      const char* const end = tokens_.here(at + 3);
      const std::string_view text = Tokens::between(value, end);
      if (!is_usual(property, text, rid())) return nullptr;
      document_.system[property++] = text;
      const char separator = tokens_.peek(at + 3);
      if (separator == '}') {
        layout.standard_tail();
        return at + 3;
      }
      if (separator != ',' || tokens_.here(at + 4) != end + 1) return nullptr;
    }
  }

  std::string_view rid() const { return document_.system[static_cast<std::size_t>(SystemProperty::rid)]; }

  const Token* system_member(std::size_t property, std::string_view name, const Token* at, Layout& layout) {
    std::string_view unused;
    const std::uint32_t paths = paths_that_begin_with(name);
    const Token* const next = tokens_.string(at, unused) ? at + 1 : skip(at);
    if (next == nullptr) return nullptr;
    document_.system[property] = slice(at, next);
    if (paths != 0) read_keys(paths, at, next);
    const bool usual = is_usual(property, document_.system[property], rid());
    layout.system_member(property, document_.system[property], usual, tokens_.here(next));
    return next;
  }

  const Token* ordinary_member(std::string_view name, const Token* at, Layout& layout, std::uint64_t& sum) {
    // The name may be gone with the next string that has escapes, so all that is asked about it is asked first.
    const std::uint64_t name_digest = string_digest(name, readable_end(name));
    const bool is_id = name.size() == 2 && name[0] == 'i' && name[1] == 'd';
    const std::uint32_t paths = paths_that_begin_with(name);
    const Digester::Step value = digester_.value(at, 1);
    if (value.next == nullptr) return nullptr;
    sum += member_digest(name_digest, value.digest);
    values_end_ = digester_.places().end();
    layout.ordinary_member(tokens_.here(value.next));
    if (is_id) read_id(at);
    if (paths != 0) read_keys(paths, at, value.next);
    return value.next;
  }

  // A decoded name is not in the text.
  const char* readable_end(std::string_view name) const {
    const bool is_in_text = name.data() >= tokens_.here(tokens_.first()) && name.data() < tokens_.text_end();
    return is_in_text ? tokens_.text_end() : name.data() + name.size();
  }

  std::string_view slice(const Token* at, const Token* next) const {
    return Tokens::between(tokens_.here(at), tokens_.end_before(next));
  }

  // What follows looks at values that have been read already, so that it cannot fail.

  void read_id(const Token* at) {
    document_.has_id = tokens_.string(at, document_.id);
    if (!document_.has_id) {
      document_.id = {};
    } else if (document_.id.find('\\') != std::string_view::npos) {
      append_decoded(decoded_ids_.emplace_back(), document_.id);
      document_.id = decoded_ids_.back();
    }
  }

  // Bit i stands for key path i.
  std::uint32_t paths_that_begin_with(std::string_view name) const {
    std::uint32_t paths = 0;
    if ((key_name_sizes_ >> (name.size() % 64) & 1) == 0) return paths;
    for (std::size_t i = 0; i < key_paths_.size(); ++i) {
      if (key_paths_[i].front() == name) paths |= std::uint32_t{1} << i;
    }
    return paths;
  }

  void read_keys(std::uint32_t paths, const Token* at, const Token* next) {
    for (std::size_t i = 0; i < key_paths_.size(); ++i) {
      if ((paths >> i & 1) != 0) document_.key_values[i] = find(key_paths_[i], at, slice(at, next));
    }
    document_.bad_key = false;
    for (const std::string_view key : document_.key_values) {
      if (key.front() == '[' || (key.front() == '{' && key.data() != kUndefined.data())) document_.bad_key = true;
    }
  }

  // The value at a path whose first name's value is `value` at `at`, kUndefined if there is none. Of several members of
  // a name the last counts.
  std::string_view find(const KeyPath& path, const Token* at, std::string_view value) const {
    std::string decoded;
    for (std::size_t level = 1; level < path.size(); ++level) {
      Cursor cursor(tokens_, at);
      std::string_view name;
      value = kUndefined;
      if (!cursor.take('{')) return value;
      while (cursor.take_string(name)) {
        if (cursor.is_escaped(name)) {
          decoded.clear();
          append_decoded(decoded, name);
          name = decoded;
        }
        cursor.take(':');
        const Token* const place = cursor.place();
        std::string_view member;
        cursor.skip_value(member);
        if (name == path[level]) {
          value = member;
          at = place;
        }
        cursor.take(',');
      }
      if (value.data() == kUndefined.data()) return value;
    }
    return value;
  }

  void clear() {
    document_.text = {};
    document_.id = {};
    document_.has_id = false;
    document_.system.fill({});
    document_.standard_layout = false;
    document_.prefix = {};
    document_.values = {};
    document_.key_values.assign(key_paths_.size(), kUndefined);
    document_.bad_key = false;
    document_.digest = 0;
  }

  const Tokens tokens_;
  Digester digester_;
  const std::vector<KeyPath>& key_paths_;
  std::uint64_t key_name_sizes_ = 0;  // Bit n: a key path begins with a name of n bytes, modulo 64.
  bool keys_may_be_system_ = false;   // A key path begins with a name like those of system properties.
  ScannedDocument& document_;
  std::deque<std::string>& decoded_ids_;
  std::vector<ValuePlace>& places_;
  const ValuePlace* values_end_ = nullptr;  // Behind the last value of an ordinary member.
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
  ASSIGN(const Tokens tokens, state_->structure.read(page));
  return Reader(tokens, state_->key_paths, state_->document, state_->decoded_ids, state_->places)
      .page(all_versions, each);
}

Result<ScannedDocument*> DocumentScanner::scan_document(std::string_view text) {
  state_->decoded_ids.clear();
  ASSIGN(const Tokens tokens, state_->structure.read(text));
  TRY(Reader(tokens, state_->key_paths, state_->document, state_->decoded_ids, state_->places).document());
  return &state_->document;
}

}  // namespace halley::json
