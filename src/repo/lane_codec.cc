#include "repo/lane_codec.h"

#include "base/bytes.h"
#include "base/check.h"

namespace halley::repo {
namespace {

constexpr std::size_t kHashSize = 32;
constexpr std::size_t kSegmentIdSize = 16;

// Lists: a varint count, then the elements.
template <typename T, typename Put>
void put_list(std::string& out, const std::vector<T>& items, const Put& put) {
  put_varint(out, items.size());
  for (const T& item : items) put(out, item);
}

template <typename T, typename Get>
std::vector<T> get_list(ByteReader& in, const Get& get) {
  std::vector<T> items;
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) items.push_back(get(in));
  return items;
}

void put_second(std::string& out, Second moment) { put_zigzag(out, moment.value); }
Second get_second(ByteReader& in) { return {in.zigzag()}; }

void put_range(std::string& out, const cosmos::HashRange& range) {
  put_string(out, range.min);
  put_string(out, range.max);
}
cosmos::HashRange get_range(ByteReader& in) {
  cosmos::HashRange range;
  range.min = in.string();
  range.max = in.string();
  return range;
}

void put_position(std::string& out, const Position& position) {
  put_varint(out, position.epoch);
  put_varint(out, position.lsn);
}
Position get_position(ByteReader& in) {
  Position position;
  position.epoch = static_cast<std::uint32_t>(in.varint());
  position.lsn = in.varint();
  return position;
}

void put_key_definition(std::string& out, const cosmos::PartitionKeyDefinition& key) {
  put_u8(out, static_cast<std::uint8_t>(key.kind));
  put_varint(out, static_cast<std::uint64_t>(key.version));
  put_u8(out, key.system_key ? 1 : 0);
  put_list(out, key.paths, [](std::string& to, const std::vector<std::string>& path) {
    put_list(to, path, [](std::string& into, const std::string& name) { put_string(into, name); });
  });
}
cosmos::PartitionKeyDefinition get_key_definition(ByteReader& in) {
  cosmos::PartitionKeyDefinition key;
  key.kind = static_cast<cosmos::KeyKind>(in.u8());
  key.version = static_cast<int>(in.varint());
  key.system_key = in.u8() != 0;
  key.paths = get_list<std::vector<std::string>>(in, [](ByteReader& from) {
    return get_list<std::string>(from, [](ByteReader& name) { return std::string(name.string()); });
  });
  return key;
}

void put_identity(std::string& out, const LaneIdentity& identity) {
  for (const std::string* text : {&identity.account_id, &identity.database, &identity.container, &identity.database_rid,
                                  &identity.container_rid, &identity.restore_instance}) {
    put_string(out, *text);
  }
  put_u8(out, identity.key ? 1 : 0);
  if (identity.key) put_key_definition(out, *identity.key);
}
LaneIdentity get_identity(ByteReader& in) {
  LaneIdentity identity;
  for (std::string* text : {&identity.account_id, &identity.database, &identity.container, &identity.database_rid,
                            &identity.container_rid, &identity.restore_instance}) {
    *text = in.string();
  }
  if (in.u8() != 0) identity.key = get_key_definition(in);
  return identity;
}

void put_range_state(std::string& out, const RangeState& state) {
  put_range(out, state.range);
  put_string(out, state.range_id);
  put_varint(out, state.epoch);
  put_string(out, state.feed);
  put_string(out, state.base);
  put_u8(out, state.base_done ? 1 : 0);
  put_varint(out, state.cursor_lsn);
  put_varint(out, state.base_end_lsn);
  put_second(out, state.base_end_time);
  put_varint(out, state.lsn);
  put_second(out, state.newest);
  put_second(out, state.until);
  put_second(out, state.last_304);
}
RangeState get_range_state(ByteReader& in) {
  RangeState state;
  state.range = get_range(in);
  state.range_id = in.string();
  state.epoch = static_cast<std::uint32_t>(in.varint());
  state.feed = in.string();
  state.base = in.string();
  state.base_done = in.u8() != 0;
  state.cursor_lsn = in.varint();
  state.base_end_lsn = in.varint();
  state.base_end_time = get_second(in);
  state.lsn = in.varint();
  state.newest = get_second(in);
  state.until = get_second(in);
  state.last_304 = get_second(in);
  return state;
}

void put_exact(std::string& out, const ExactInterval& exact) {
  put_range(out, exact.range);
  put_second(out, exact.from);
  put_second(out, exact.until);
}
ExactInterval get_exact(ByteReader& in) {
  ExactInterval exact;
  exact.range = get_range(in);
  exact.from = get_second(in);
  exact.until = get_second(in);
  return exact;
}

void put_sync_point(std::string& out, const SyncPoint& point) {
  put_second(out, point.at);
  put_list(out, point.cut, [](std::string& to, const RangePosition& at) {
    put_range(to, at.range);
    put_position(to, at.position);
  });
}
SyncPoint get_sync_point(ByteReader& in) {
  SyncPoint point;
  point.at = get_second(in);
  point.cut = get_list<RangePosition>(in, [](ByteReader& from) {
    RangePosition at;
    at.range = get_range(from);
    at.position = get_position(from);
    return at;
  });
  return point;
}

void put_event(std::string& out, const Event& event) {
  put_second(out, event.at);
  put_string(out, event.kind);
  put_string(out, event.text);
}
Event get_event(ByteReader& in) {
  Event event;
  event.at = get_second(in);
  event.kind = in.string();
  event.text = in.string();
  return event;
}

void put_head(std::string& out, const LaneHead& head) {
  CHECK(head.sha256.size() == kHashSize);
  put_string(out, head.lane);
  put_string(out, head.database);
  put_string(out, head.container);
  put_varint(out, head.seq);
  out += head.sha256;
}
LaneHead get_head(ByteReader& in) {
  LaneHead head;
  head.lane = in.string();
  head.database = in.string();
  head.container = in.string();
  head.seq = in.varint();
  head.sha256 = in.bytes(kHashSize);
  return head;
}

void put_segment(std::string& out, const SegmentRef& segment) {
  const auto id = from_hex(segment.id);
  CHECK(id && id->size() == kSegmentIdSize && segment.sha256.size() == kHashSize);
  out += *id;
  put_u8(out, segment.inside_commit ? 1 : 0);
  put_varint(out, segment.commit);
  out += segment.sha256;
  put_varint(out, segment.size);
  put_varint(out, segment.versions);
  put_varint(out, segment.upserts);
  put_varint(out, segment.body_bytes);
  put_second(out, segment.oldest);
  put_second(out, segment.newest);
  put_position(out, segment.first);
  put_position(out, segment.last);
}
SegmentRef get_segment(ByteReader& in) {
  SegmentRef segment;
  segment.id = to_hex(in.bytes(kSegmentIdSize));
  segment.inside_commit = in.u8() != 0;
  segment.commit = in.varint();
  segment.sha256 = in.bytes(kHashSize);
  segment.size = in.varint();
  segment.versions = in.varint();
  segment.upserts = in.varint();
  segment.body_bytes = in.varint();
  segment.oldest = get_second(in);
  segment.newest = get_second(in);
  segment.first = get_position(in);
  segment.last = get_position(in);
  return segment;
}

Status check_mode(CaptureMode mode) {
  if (mode > CaptureMode::latest) return fail(Code::unsupported, "a capture mode that is not known here");
  return {};
}

Status check_identity(const LaneIdentity& identity) {
  if (identity.key && identity.key->kind > cosmos::KeyKind::range) {
    return fail(Code::unsupported, "a partition key kind that is not known here");
  }
  return {};
}

}  // namespace

std::string encode_commit(const CommitRecord& record) {
  CHECK(record.previous_hash.size() == kHashSize);
  std::string out;
  put_string(out, record.lane);
  put_varint(out, record.seq);
  out += record.previous_hash;
  put_second(out, record.committed_at);
  put_u8(out, record.identity ? 1 : 0);
  if (record.identity) put_identity(out, *record.identity);
  put_u8(out, static_cast<std::uint8_t>(record.draft.mode));
  put_list(out, record.draft.ranges, put_range_state);
  put_list(out, record.draft.exact, put_exact);
  put_list(out, record.draft.sync_points, put_sync_point);
  put_list(out, record.draft.events, put_event);
  put_list(out, record.draft.heads, put_head);
  put_list(out, record.segments, put_segment);
  return out;
}

Result<CommitRecord> decode_commit(std::string_view bytes) {
  ByteReader in(bytes);
  CommitRecord record;
  record.lane = in.string();
  record.seq = in.varint();
  record.previous_hash = in.bytes(kHashSize);
  record.committed_at = get_second(in);
  if (in.u8() != 0) record.identity = get_identity(in);
  record.draft.mode = static_cast<CaptureMode>(in.u8());
  record.draft.ranges = get_list<RangeState>(in, get_range_state);
  record.draft.exact = get_list<ExactInterval>(in, get_exact);
  record.draft.sync_points = get_list<SyncPoint>(in, get_sync_point);
  record.draft.events = get_list<Event>(in, get_event);
  record.draft.heads = get_list<LaneHead>(in, get_head);
  record.segments = get_list<SegmentRef>(in, get_segment);
  TRY(in.finish("a commit"));
  TRY(check_mode(record.draft.mode));
  if (record.identity) TRY(check_identity(*record.identity));
  return record;
}

std::string encode_span(const Span& span) {
  std::string out;
  put_string(out, span.lane);
  put_varint(out, span.from);
  put_varint(out, span.to);
  put_list(out, span.segments, put_segment);
  put_list(out, span.sync_points, put_sync_point);
  return out;
}

Result<Span> decode_span(std::string_view bytes) {
  ByteReader in(bytes);
  Span span;
  span.lane = in.string();
  span.from = in.varint();
  span.to = in.varint();
  span.segments = get_list<SegmentRef>(in, get_segment);
  span.sync_points = get_list<SyncPoint>(in, get_sync_point);
  TRY(in.finish("a span"));
  return span;
}

std::string encode_rollup(const RollupRecord& record) {
  const LaneState& state = record.state;
  CHECK(state.head_hash.size() == kHashSize);
  std::string out;
  put_string(out, state.lane);
  put_varint(out, state.seq);
  out += state.head_hash;
  put_second(out, state.committed_at);
  put_identity(out, state.identity);
  put_u8(out, static_cast<std::uint8_t>(state.mode));
  put_list(out, state.ranges, put_range_state);
  put_list(out, state.exact, put_exact);
  put_list(out, state.events, put_event);
  put_list(out, state.heads, put_head);
  put_list(out, record.spans, [](std::string& to, const SpanRef& span) {
    put_varint(to, span.to);
    CHECK(span.sha256.size() == kHashSize);
    to += span.sha256;
  });
  put_list(out, state.segments, put_segment);
  put_list(out, state.sync_points, put_sync_point);
  return out;
}

Result<RollupRecord> decode_rollup(std::string_view bytes) {
  ByteReader in(bytes);
  RollupRecord record;
  LaneState& state = record.state;
  state.lane = in.string();
  state.seq = in.varint();
  state.head_hash = in.bytes(kHashSize);
  state.committed_at = get_second(in);
  state.identity = get_identity(in);
  state.mode = static_cast<CaptureMode>(in.u8());
  state.ranges = get_list<RangeState>(in, get_range_state);
  state.exact = get_list<ExactInterval>(in, get_exact);
  state.events = get_list<Event>(in, get_event);
  state.heads = get_list<LaneHead>(in, get_head);
  record.spans = get_list<SpanRef>(in, [](ByteReader& from) {
    SpanRef span;
    span.to = from.varint();
    span.sha256 = from.bytes(kHashSize);
    return span;
  });
  state.segments = get_list<SegmentRef>(in, get_segment);
  state.sync_points = get_list<SyncPoint>(in, get_sync_point);
  TRY(in.finish("a rollup"));
  TRY(check_mode(state.mode));
  TRY(check_identity(state.identity));
  return record;
}

}  // namespace halley::repo
