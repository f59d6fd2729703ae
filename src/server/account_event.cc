#include "server/account_event.h"

#include <type_traits>

#include "base/bytes.h"

namespace halley::server {
namespace {

// A kind is the place of its type in AccountEvent.
template <std::size_t kKind>
using EventOf = std::variant_alternative_t<kKind, AccountEvent>;

// Fields are listed once, for both directions: `Fields` is Writer or Reader.
struct Writer {
  std::string& out;
  void operator()(const std::string& text) { put_string(out, text); }
  void operator()(const std::vector<std::string>& texts) {
    put_varint(out, texts.size());
    for (const std::string& text : texts) put_string(out, text);
  }
  void operator()(std::uint64_t number) { put_varint(out, number); }
  void operator()(std::uint32_t number) { put_varint(out, number); }
  void operator()(int number) { put_zigzag(out, number); }
  void operator()(std::int64_t number) { put_zigzag(out, number); }
  void operator()(Second time) { put_zigzag(out, time.value); }
  template <typename Enum>
  void operator()(Enum value, Enum) {
    put_u8(out, static_cast<std::uint8_t>(value));
  }
};

struct Reader {
  ByteReader& in;
  bool wrong = false;
  void operator()(std::string& text) { text = in.string(); }
  void operator()(std::vector<std::string>& texts) {
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) texts.emplace_back(in.string());
  }
  void operator()(std::uint64_t& number) { number = in.varint(); }
  void operator()(std::uint32_t& number) { number = narrow<std::uint32_t>(in.varint()); }
  void operator()(int& number) { number = narrow<int>(in.zigzag()); }
  void operator()(std::int64_t& number) { number = in.zigzag(); }
  void operator()(Second& time) { time.value = in.zigzag(); }
  template <typename Enum>
  void operator()(Enum& value, Enum last) {
    const std::uint8_t byte = in.u8();
    if (byte > static_cast<std::uint8_t>(last)) wrong = true;
    value = static_cast<Enum>(byte);
  }
  template <typename Narrow, typename Wide>
  Narrow narrow(Wide value) {
    if (!std::in_range<Narrow>(value)) wrong = true;
    return static_cast<Narrow>(value);
  }
};

template <typename Fields, typename E>
void visit_fields(Fields& fields, E& event) {
  using Event = std::remove_const_t<E>;
  if constexpr (std::is_same_v<Event, Counters>) {
    fields(event.next_number), fields(event.etags);
  } else if constexpr (std::is_same_v<Event, ResourceWritten>) {
    fields(event.kind, ResourceKind::offer), fields(event.parent), fields(event.next_number), fields(event.partitions);
    fields(event.ts), fields(event.etag), fields(event.definition);
  } else if constexpr (std::is_same_v<Event, PartitionSplit>) {
    fields(event.range_id), fields(event.at);
  } else if constexpr (std::is_same_v<Event, PartitionsMerged>) {
    fields(event.left), fields(event.right);
  } else if constexpr (std::is_same_v<Event, RestoredInPlace>) {
    fields(event.moment);
  } else if constexpr (std::is_same_v<Event, Document>) {
    fields(event.id), fields(event.key), fields(event.epk), fields(event.ts), fields(event.ttl), fields(event.etag);
    fields(event.unique_texts), fields(event.text);
  } else if constexpr (std::is_same_v<Event, DocumentsWritten::Entry>) {
    fields(event.change, Change::expire), fields(event.lsn), fields(event.time), fields(event.number);
  } else {
    static_assert(std::is_same_v<Event, ResourceRemoved>);
  }
}

bool has_document(Change change) { return change == Change::create || change == Change::replace; }

void write_documents(std::string& out, const DocumentsWritten& event) {
  Writer writer{out};
  writer(event.range_id), writer(event.next_number);
  put_varint(out, event.entries.size());
  for (const DocumentsWritten::Entry& entry : event.entries) {
    visit_fields(writer, entry);
    if (has_document(entry.change)) visit_fields(writer, *entry.document);
  }
}

void read_documents(Reader& reader, DocumentsWritten& event) {
  reader(event.range_id), reader(event.next_number);
  const std::uint64_t count = reader.in.varint();
  for (std::uint64_t i = 0; i < count && !reader.in.failed(); ++i) {
    DocumentsWritten::Entry entry;
    visit_fields(reader, entry);
    if (has_document(entry.change)) {
      Document document;
      visit_fields(reader, document);
      document.number = entry.number;
      entry.document = std::make_shared<const Document>(std::move(document));
    }
    event.entries.push_back(std::move(entry));
  }
}

template <std::size_t kKind>
bool read_kind(std::size_t kind, Reader& reader, AccountEvent& event) {
  if constexpr (kKind == std::variant_size_v<AccountEvent>) {
    return false;
  } else {
    if (kind != kKind) return read_kind<kKind + 1>(kind, reader, event);
    auto& made = event.emplace<kKind>();
    if constexpr (std::is_same_v<EventOf<kKind>, DocumentsWritten>) {
      read_documents(reader, made);
    } else {
      visit_fields(reader, made);
    }
    return true;
  }
}

}  // namespace

std::string encode(const AccountEvent& event) {
  std::string out;
  put_u8(out, static_cast<std::uint8_t>(event.index()));
  std::visit(
      [&out](const auto& each) {
        if constexpr (std::is_same_v<std::decay_t<decltype(each)>, DocumentsWritten>) {
          write_documents(out, each);
        } else {
          Writer writer{out};
          visit_fields(writer, each);
        }
      },
      event);
  return out;
}

Result<AccountEvent> decode_event(std::string_view bytes) {
  ByteReader in(bytes);
  Reader reader{in};
  AccountEvent event;
  const std::uint8_t kind = in.u8();
  if (!read_kind<0>(kind, reader, event) || reader.wrong) {
    return fail(Code::corrupt, "an event is not understood");
  }
  TRY(in.finish("an event"));
  return event;
}

}  // namespace halley::server
