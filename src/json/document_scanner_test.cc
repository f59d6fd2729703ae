#include "json/document_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "json/arbitrary_json.h"
#include "json/value.h"

namespace halley::json {
namespace {

using ::testing::ElementsAre;

// What a scan gave, outliving the page.
struct Scanned {
  std::string text, metadata, id, prefix;
  bool has_id, standard_layout, bad_key;
  std::array<std::string, kSystemProperties> system;
  std::vector<std::string> keys;
  std::uint64_t digest;
  std::vector<std::string> values;
  std::string template_text;  // the prefix with 0 for each value
};

void copy_values(const ScannedDocument& document, Scanned& copy) {
  const char* at = document.prefix.data();
  for (const ValuePlace place : document.values) {
    copy.template_text.append(at, place.gap);
    copy.template_text += '0';
    copy.values.emplace_back(at + place.gap, place.size);
    at += std::size_t{place.gap} + place.size;
  }
  copy.template_text.append(at, document.prefix.data() + document.prefix.size());
}

std::size_t count_of_scalars(const Value& value) {
  if (!value.is_array() && !value.is_object()) return 1;
  std::size_t count = 0;
  if (value.is_array()) {
    for (const Value& item : value.items()) count += count_of_scalars(item);
  } else {
    for (const auto& member : value.members()) count += count_of_scalars(member.second);
  }
  return count;
}

Scanned copy_of(const ScannedDocument& document) {
  Scanned copy{std::string(document.text),
               std::string(document.metadata),
               std::string(document.id),
               std::string(document.prefix),
               document.has_id,
               document.standard_layout,
               document.bad_key,
               {},
               {},
               document.digest,
               {},
               {}};
  for (std::size_t i = 0; i < kSystemProperties; ++i) copy.system[i] = document.system[i];
  copy.keys.assign(document.key_values.begin(), document.key_values.end());
  copy_values(document, copy);
  return copy;
}

// A copy of a text whose padding is hostile: it would go on as JSON.
class Padded {
 public:
  explicit Padded(std::string_view text) : bytes_(text.begin(), text.end()) {
    for (std::size_t i = 0; i < kPadding; ++i) bytes_.push_back("}]}],\"1\\"[i % 8]);
  }
  std::string_view text() const { return {bytes_.data(), bytes_.size() - kPadding}; }

 private:
  std::vector<char> bytes_;  // Exactly as large as it must be, so that a sanitizer sees a read beyond it.
};

using KeyPaths = std::vector<std::vector<std::string>>;

Result<std::vector<Scanned>> scan(std::string_view page, bool all_versions = false, const KeyPaths& paths = {{"pk"}}) {
  const Padded padded(page);
  DocumentScanner scanner(paths);
  std::vector<Scanned> all;
  TRY(scanner.scan_page(padded.text(), all_versions, [&](ScannedDocument& document) -> Status {
    all.push_back(copy_of(document));
    return {};
  }));
  return all;
}

Scanned scan_one(std::string_view document, const KeyPaths& paths = {{"pk"}}) {
  const Padded padded(document);
  DocumentScanner scanner(paths);
  const auto scanned = scanner.scan_document(padded.text());
  EXPECT_TRUE(scanned) << document;
  return scanned ? copy_of(**scanned) : Scanned{};
}

constexpr std::string_view kSelf = "dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/";
const std::string kServiceDocument = R"({"id":"1","pk":"a","n":1.0,"_rid":"Lx1BALxJyZ8BAAAAAAAAAA==","_self":")" +
                                     std::string(kSelf) +
                                     R"(","_etag":"\"x\"",)"
                                     R"("_attachments":"attachments/","_ts":1700000000,"_lsn":37})";

TEST(DocumentScanner, SlicesAServiceDocument) {
  const auto all = scan(R"({"_rid":"Lx1BALxJyZ8=","Documents":[)" + kServiceDocument + R"(],"_count":1})").value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].text, kServiceDocument);
  EXPECT_EQ(all[0].metadata, "");
  EXPECT_TRUE(all[0].has_id);
  EXPECT_EQ(all[0].id, "1");
  EXPECT_THAT(all[0].system, ElementsAre("\"Lx1BALxJyZ8BAAAAAAAAAA==\"", "\"" + std::string(kSelf) + "\"",
                                         "\"\\\"x\\\"\"", "\"attachments/\"", "1700000000", "37"));
  EXPECT_TRUE(all[0].standard_layout);
  EXPECT_EQ(all[0].prefix, R"({"id":"1","pk":"a","n":1.0)");
  EXPECT_THAT(all[0].keys, ElementsAre("\"a\""));
  EXPECT_FALSE(all[0].bad_key);
  EXPECT_EQ(all[0].digest, value_digest(R"({"n":1,"pk":"a","id":"1"})").value());
}

TEST(DocumentScanner, FindsDocumentsAmongAnyMembersAndWhiteSpace) {
  const auto all =
      scan(
          "\n{ \"_count\" : 2 , \"x\" : { \"Documents\" : [ 1 ] } ,\t\"Documents\" : [ { \"id\" : \"a\" } ,\r\n"
          " { \"id\" : \"b\" } ] , \"_rid\" : \"\" } \n")
          .value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].text, "{ \"id\" : \"a\" }");
  EXPECT_EQ(all[1].text, "{ \"id\" : \"b\" }");
}

TEST(DocumentScanner, AnEmptyPageHasNoDocuments) {
  EXPECT_TRUE(scan(R"({"_rid":"","Documents":[],"_count":0})").value().empty());
  EXPECT_TRUE(scan(R"({"Documents":[ ]})").value().empty());
}

TEST(DocumentScanner, StopsAtTheCallersError) {
  const Padded page(R"({"Documents":[{"id":"1"},{"id":"2"},nonsense)");
  DocumentScanner scanner({});
  int seen = 0;
  const Status status = scanner.scan_page(page.text(), false, [&](ScannedDocument&) -> Status {
    return ++seen == 2 ? Status(fail(Code::no_space, "full")) : Status();
  });
  EXPECT_EQ(status.error().code, Code::no_space);
  EXPECT_EQ(seen, 2);
}

TEST(DocumentScanner, RefusesWhatIsNoPage) {
  for (const char* page : {"",
                           " ",
                           "[]",
                           "1",
                           "{}",
                           R"({"_count":1})",
                           R"({"Documents":{}})",
                           R"({"Documents":null})",
                           R"({"Documents":[1]})",
                           R"({"Documents":["a"]})",
                           R"({"Documents":[null]})",
                           R"({"Documents":[[]]})",
                           R"({"Documents":[{}],"Documents":[]})",
                           R"({"Documents":[{}]}x)",
                           R"({"Documents":[{}]}{})",
                           R"({"Documents":[{},]})",
                           R"({"Documents":[{}]],)",
                           R"({"Documents":[{"a":1,}]})",
                           R"({"Documents":[{"a"}]})",
                           R"({"Documents":[{"a":tru}]})",
                           R"({"Documents":[{"a":"\x"}]})",
                           R"({"Documents":[{"id":"\u12"}]})",
                           R"({"Documents":[{"a":01}]})",
                           R"({"Documents":[{"_ts":]})",
                           R"({"Documents":[{"_ts":}]})",
                           R"({"Documents":[{"a":1e999}]})",
                           R"({"Documents":[],"x":nonsense})",
                           "{\"Documents\":[{\"a\":\"\xff\"}]}",
                           "{\"Documents\":[{\"a\":\"\n\"}]}"}) {
    const auto all = scan(page);
    ASSERT_FALSE(all) << page;
    EXPECT_EQ(all.error().code, Code::corrupt) << page;
  }
}

TEST(DocumentScanner, RefusesEveryTruncation) {
  for (const std::string& page :
       {std::string(R"({"_rid":"x","Documents":[{"id":"\u0031","pk":[1,{"a":null}],"_ts":12},{"id":"2"}],"_count":2})"),
        R"({"Documents":[)" + kServiceDocument + "," + kServiceDocument + "]}"}) {
    ASSERT_TRUE(scan(page));
    for (std::size_t size = 0; size < page.size(); ++size) {
      EXPECT_EQ(scan(page.substr(0, size)).error().code, Code::corrupt) << size;
    }
  }
}

TEST(DocumentScanner, AllowsTheServicesDepthAndNoMore) {
  const auto nested = [](std::size_t levels) {  // The document is one level by itself.
    return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  EXPECT_TRUE(scan("{\"Documents\":[" + nested(128) + "]}"));
  EXPECT_EQ(scan("{\"Documents\":[" + nested(129) + "]}").error().code, Code::corrupt);
  EXPECT_TRUE(scan("{\"Documents\":[{\"current\":" + nested(128) + "}]}", true));
  EXPECT_EQ(scan(std::string(1'000'000, '[')).error().code, Code::corrupt);
}

TEST(DocumentScanner, DecodesIds) {
  const auto all =
      scan(R"({"Documents":[{"id":"a\u0062\ud83d\ude00"},{"id":"\"\\\/\n"},{"\u0069d":"x"},{"id":1},{"x":"id"},)"
           R"({"id":"1","id":"2"},{"id":"1","id":null},{"id":""},{"x":{"id":"inner"}}]})")
          .value();
  ASSERT_EQ(all.size(), 9U);
  EXPECT_EQ(all[0].id, "ab😀");
  EXPECT_EQ(all[1].id, "\"\\/\n");
  EXPECT_EQ(all[2].id, "x");
  EXPECT_FALSE(all[3].has_id);
  EXPECT_FALSE(all[4].has_id);
  EXPECT_EQ(all[5].id, "2");  // Of several the last counts, as in every JSON reader.
  EXPECT_FALSE(all[6].has_id);
  EXPECT_TRUE(all[7].has_id);
  EXPECT_EQ(all[7].id, "");
  EXPECT_FALSE(all[8].has_id);
}

TEST(DocumentScanner, DecodedIdsLiveUntilTheNextPage) {
  const Padded page(R"({"Documents":[{"id":"\u0061"},{"id":"\u0062"},{"id":"\u0063"}]})");
  DocumentScanner scanner({});
  std::vector<std::string_view> ids;
  ASSERT_TRUE(scanner.scan_page(page.text(), false, [&](ScannedDocument& document) -> Status {
    ids.push_back(document.id);
    return {};
  }));
  EXPECT_THAT(ids, ElementsAre("a", "b", "c"));
}

TEST(DocumentScanner, KnowsTheStandardLayout) {
  const auto prefix = [](std::string_view text) {
    const Scanned document = scan_one(text);
    return document.standard_layout ? document.prefix : "none: " + document.prefix;
  };
  EXPECT_EQ(prefix(R"({"a":1,"_rid":"x","_ts":1})"), R"({"a":1)");
  EXPECT_EQ(prefix(R"({ "a" : 1 ,"_rid":"x"})"), R"({ "a" : 1 )");
  EXPECT_EQ(prefix(R"({"_rid":"x","_ts":1})"), "{");
  EXPECT_EQ(prefix(R"({"a":1})"), R"({"a":1)");
  EXPECT_EQ(prefix(R"({"_foo":1,"_":2,"_rids":3,"_ts":1})"), R"({"_foo":1,"_":2,"_rids":3)");
  EXPECT_EQ(prefix("{}"), "{");
  for (const char* text :
       {R"({"_rid":"x","a":1})", R"({"a":1,"_ts":1,"_rid":"x"})", R"({"a":1,"_ts":1,"_ts":1})", R"({"a":1, "_ts":1})",
        R"({"a":1,"_ts" :1})", R"({"a":1,"_ts": 1})", R"({"a":1,"_ts":1 })", R"({"a":1,"_rid":"x" ,"_ts":1})",
        R"({ "_ts":1})", R"({"a":1,"\u005fts":1})", R"({"a":1,"_rid":"x","b":2,"_ts":1})",
        R"({"a":1,"_rid":"x", "_ts":1})", "{\"a\":1,\"_rid\":\"x\",\n\"_etag\":\"y\",\"_ts\":1}",
        R"({"a":1,"_rid":"x","_etag":"y",  "_attachments":"attachments/","_ts":1})"}) {
    EXPECT_EQ(prefix(text), "none: ") << text;
  }
}

// What is kept of a standard tail makes it again: any other value is not standard, or it would come back as another.
TEST(DocumentScanner, AStandardTailHoldsWhatItAlwaysHolds) {
  const std::string rid = R"("Lx1BALxJyZ8BAAAAAAAAAA==")";
  const auto is_standard = [&](const std::string& tail) {
    const std::string text = R"({"a":1,"_rid":)" + rid + "," + tail + "}";
    const bool at_one_go = scan_one(text).standard_layout;
    EXPECT_EQ(scan_one(text, {{"_none"}}).standard_layout, at_one_go) << text;
    return at_one_go;
  };
  const std::string self(kSelf);
  EXPECT_TRUE(is_standard("\"_self\":\"" + self + "\""));
  for (std::size_t i = 0; i < self.size(); ++i) {
    std::string other = self;
    other[i] = other[i] == 'B' ? 'C' : 'B';
    EXPECT_FALSE(is_standard("\"_self\":\"" + other + "\"")) << other;
  }
  for (const char* tail :
       {R"("_etag":"\"0000d826-0000\"")", R"("_etag":"x")", R"("_etag":"")", R"("_attachments":"attachments/")",
        R"("_ts":0)", R"("_ts":1700000000,"_lsn":999999999999999999)"}) {
    EXPECT_TRUE(is_standard(tail)) << tail;
  }
  for (const char* tail :
       {R"("_self":"")", R"("_self":7)", R"("_self":"dbs/Lx1BAA==/")", R"("_etag":5)", R"("_etag":"\u0078")",
        R"("_etag":"\"a\"b\"")", R"("_etag":"\"")", R"("_etag":"\"\n\"")", R"("_etag":null)",
        R"("_attachments":"other/")", R"("_attachments":7)", R"("_ts":"5")", R"("_ts":1.0)", R"("_ts":-5)",
        R"("_ts":1e3)", R"("_ts":99999999999999999999)", R"("_ts":null)", R"("_lsn":"x")", R"("_lsn":{ "x": 1 })"}) {
    EXPECT_FALSE(is_standard(tail)) << tail;
  }
  const std::string without = "{\"a\":1,\"_self\":\"" + self + "\"}";
  EXPECT_FALSE(scan_one(without).standard_layout) << "no _rid that it would follow from";
}

// The tail that the service writes is read at one go, any other one by one, as where a key path might begin with a
// system property. Both see the same, whatever is wrong in the tail.
RC_GTEST_PROP(DocumentScanner, ATailIsReadAsItsMembersAre, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  const std::array<const char*, kSystemProperties> values = {
      R"("Lx1BALxJyZ8BAAAAAAAAAA==")",
      R"("dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/")",
      R"("\"x\"")",
      R"("attachments/")",
      "1700000000",
      "37"};
  std::string text = *rc::gen::element(std::string(R"({"id":"1","pk":"a")"), std::string(R"({"pk":"a")"));
  for (std::size_t i = 0; i < kSystemProperties; ++i) {
    if (arbitrary.chance(4)) continue;
    text += ",\"" + std::string(kSystemPropertyNames[i]) + "\":" + values[i];
  }
  text += '}';
  const auto changes = *rc::gen::inRange(0, 3);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const char other = *rc::gen::element('"', '\\', ',', ':', '}', ' ', '0', '-', '.', '_', 'x');
    if (*rc::gen::arbitrary<bool>())
      text[at] = other;
    else
      text.insert(at, 1, other);
  }
  const auto together = scan("{\"Documents\":[" + text + "]}");
  const auto one_by_one = scan("{\"Documents\":[" + text + "]}", false, {{"pk"}, {"_none"}});
  RC_ASSERT(together.has_value() == one_by_one.has_value());
  if (!together) return;
  RC_ASSERT(together->size() == one_by_one->size());
  for (std::size_t i = 0; i < together->size(); ++i) {
    const Scanned& a = together->at(i);
    const Scanned& b = one_by_one->at(i);
    RC_ASSERT(a.text == b.text && a.id == b.id && a.digest == b.digest && a.system == b.system);
    RC_ASSERT(a.standard_layout == b.standard_layout && a.prefix == b.prefix && a.keys.at(0) == b.keys.at(0));
  }
}

TEST(DocumentScanner, TellsWhereValuesStand) {
  const Scanned document = scan_one(
      R"({ "a" : 1.50 ,"b":{"c":[true,"x\"y",[null]],"d":{}},"a":"","_private":-1e3,"_rid":"x","_ts":7,"_lsn":8})");
  EXPECT_THAT(document.values, ElementsAre("1.50", "true", R"("x\"y")", "null", R"("")", "-1e3"));
  EXPECT_EQ(document.template_text, R"({ "a" : 0 ,"b":{"c":[0,0,[0]],"d":{}},"a":0,"_private":0)");
  // One by one, the system properties are no values either.
  EXPECT_THAT(scan_one(R"({"a":1,"_ts":7,"_lsn":8})", {{"_none"}}).values, ElementsAre("1"));
  EXPECT_THAT(scan_one(R"({"_ts":1,"a":1})").values, ElementsAre());
}

TEST(DocumentScanner, TellsNothingOfValuesTooLargeForAPlace) {
  const auto values = [](std::size_t name, std::size_t value) {
    return scan_one("{\"" + std::string(name, 'n') + "\":\"" + std::string(value, 'v') + "\",\"x\":1}").values.size();
  };
  EXPECT_EQ(values(1, 65'533), 2u);
  EXPECT_EQ(values(1, 65'534), 0u);
  EXPECT_EQ(values(65'531, 1), 2u);
  EXPECT_EQ(values(65'532, 1), 0u);
}

TEST(DocumentScanner, SystemPropertiesCountOnlyAtTheTop) {
  const Scanned document = scan_one(R"({"_ts":1,"a":{"_ts":2,"_rid":"y"},"_ts":{"b":[]},"_foo":3})");
  EXPECT_THAT(document.system, ElementsAre("", "", "", "", "{\"b\":[]}", ""));
  EXPECT_EQ(document.digest, value_digest(R"({"a":{"_ts":2,"_rid":"y"},"_foo":3})").value());
}

TEST(DocumentScanner, TakesKeyValuesAsWritten) {
  const auto key = [](std::string_view text, const std::vector<std::string>& path) {
    const Scanned document = scan_one(text, {path});
    return document.bad_key ? "bad" : document.keys.at(0);
  };
  EXPECT_EQ(key(R"({"pk": 1.0 })", {"pk"}), "1.0");
  EXPECT_EQ(key(R"({"pk":null})", {"pk"}), "null");
  EXPECT_EQ(key(R"({"pk":"a\u0062"})", {"pk"}), R"("a\u0062")");
  EXPECT_EQ(key(R"({"p\u006b":true})", {"pk"}), "true");
  EXPECT_EQ(key(R"({"a":1})", {"pk"}), "{}");
  EXPECT_EQ(key(R"({})", {"pk"}), "{}");
  EXPECT_EQ(key(R"({"pk":{}})", {"pk"}), "bad");
  EXPECT_EQ(key(R"({"pk":[1]})", {"pk"}), "bad");
  EXPECT_EQ(key(R"({"pk":1,"pk":2})", {"pk"}), "2");
  EXPECT_EQ(key(R"({"pk":[],"pk":2})", {"pk"}), "2");
  EXPECT_EQ(key(R"({"a":{"x":[{"b":0}], "b" : "v" }})", {"a", "b"}), "\"v\"");
  EXPECT_EQ(key(R"({"a":{"b":{"c":5}}})", {"a", "b", "c"}), "5");
  EXPECT_EQ(key(R"({"a":{"\u0062":5}})", {"a", "b"}), "5");
  EXPECT_EQ(key(R"({"a":{"b":1,"b":2}})", {"a", "b"}), "2");
  EXPECT_EQ(key(R"({"a":{"b":1},"a":{"c":2}})", {"a", "b"}), "{}");
  EXPECT_EQ(key(R"({"a":{"c":1}})", {"a", "b"}), "{}");
  EXPECT_EQ(key(R"({"a":{}})", {"a", "b"}), "{}");
  EXPECT_EQ(key(R"({"a":1})", {"a", "b"}), "{}");
  EXPECT_EQ(key(R"({"a":[{"b":1}]})", {"a", "b"}), "{}");
  EXPECT_EQ(key(R"({"a":{"b":{}}})", {"a", "b"}), "bad");
  EXPECT_EQ(key(R"({"a":{"b":[]}})", {"a", "b"}), "bad");
  EXPECT_EQ(key(R"({"_ts":5})", {"_ts"}), "5");
}

TEST(DocumentScanner, TakesSeveralKeys) {
  const Scanned document = scan_one(R"({"user":"u","tenant":"t","s":{"id":7}})", {{"tenant"}, {"user"}, {"s", "id"}});
  EXPECT_THAT(document.keys, ElementsAre("\"t\"", "\"u\"", "7"));
  EXPECT_FALSE(document.bad_key);
  EXPECT_TRUE(scan_one(R"({"tenant":"t","user":[]})", {{"tenant"}, {"user"}}).bad_key);
}

TEST(DocumentScanner, ReadsEnvelopesOfAllVersions) {
  const auto all = scan(R"({"Documents":[{"current":{"id":"1","pk":5,"_ts":1},"metadata":{"lsn":3, "x":1}},)"
                        R"({"metadata":{"operationType":"delete","id":"2"},"current":{},"previous":{"id":"p","pk":1}},)"
                        R"({"metadata":{"m":1}},{"current":null},{},{"other":[1],"current":{"id":"\u0036"}}]})",
                        true)
                       .value();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].text, R"({"id":"1","pk":5,"_ts":1})");
  EXPECT_EQ(all[0].metadata, R"({"lsn":3, "x":1})");
  EXPECT_EQ(all[0].prefix, R"({"id":"1","pk":5)");
  EXPECT_THAT(all[0].keys, ElementsAre("5"));
  EXPECT_EQ(all[1].text, "{}");
  EXPECT_EQ(all[1].metadata, R"({"operationType":"delete","id":"2"})");
  EXPECT_FALSE(all[1].has_id);
  EXPECT_EQ(all[1].system[4], "");
  EXPECT_THAT(all[1].keys, ElementsAre("{}"));
  EXPECT_EQ(all[2].text, "");
  EXPECT_EQ(all[2].metadata, R"({"m":1})");
  EXPECT_EQ(all[2].digest, 0U);
  EXPECT_EQ(all[3].text, "");
  EXPECT_EQ(all[3].metadata, "");
  EXPECT_EQ(all[4].text, "");
  EXPECT_EQ(all[5].id, "6");
  EXPECT_EQ(all[5].metadata, "");
}

TEST(DocumentScanner, RefusesWrongEnvelopes) {
  for (const char* page :
       {R"({"Documents":[1]})", R"({"Documents":[{"current":1}]})", R"({"Documents":[{"current":[]}]})",
        R"({"Documents":[{"current":"x"}]})", R"({"Documents":[{"metadata":1}]})",
        R"({"Documents":[{"metadata":null}]})", R"({"Documents":[{"current":nul}]})",
        R"({"Documents":[{"previous":{]})", R"({"Documents":[{"current":{}},]})"}) {
    const auto all = scan(page, true);
    ASSERT_FALSE(all) << page;
    EXPECT_EQ(all.error().code, Code::corrupt);
  }
}

TEST(DocumentScanner, ServesManyPages) {
  DocumentScanner first({{"pk"}});
  DocumentScanner scanner(std::move(first));
  for (const std::size_t count : {3U, 20000U, 1U}) {
    std::string page = R"({"Documents":[)";
    for (std::size_t i = 0; i < count; ++i) page += (i > 0 ? "," : "") + kServiceDocument;
    const Padded padded(page + "]}");
    std::size_t seen = 0;
    ASSERT_TRUE(scanner.scan_page(padded.text(), false, [&](ScannedDocument& document) -> Status {
      seen += document.text == kServiceDocument && document.key_values.size() == 1;
      return {};
    }));
    EXPECT_EQ(seen, count);
  }
}

// A document with system properties strewn in is scanned as the slow ways see it.
RC_GTEST_PROP(DocumentScanner, AgreesWithTheTree, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  Value document = arbitrary.object(4);
  const Value body = document;
  for (const std::string_view name : kSystemPropertyNames) {
    if (arbitrary.chance(2)) document.set(name, arbitrary.value(2));
  }
  document.set("id", Value::string(arbitrary.string()));
  document.set("pk", arbitrary.value(2));
  const std::string text = arbitrary.spell(document);
  const auto all = scan("{\"Documents\":[" + text + "," + arbitrary.space() + text + "]}").value();
  RC_ASSERT(all.size() == 2U);
  for (const Scanned& scanned : all) {
    RC_ASSERT(scanned.text == text);
    RC_ASSERT(scanned.id == document.find("id")->text());
    const auto key = member_slice(text, "pk").value();
    RC_ASSERT(scanned.bad_key == (key.front() == '{' || key.front() == '['));
    RC_ASSERT(scanned.bad_key || scanned.keys.at(0) == key);
    for (std::size_t i = 0; i < kSystemProperties; ++i) {
      RC_ASSERT(scanned.system[i] == member_slice(text, kSystemPropertyNames[i]).value());
    }
    const std::string rest = without_members(text, {kSystemPropertyNames.begin(), kSystemPropertyNames.end()}).value();
    RC_ASSERT(scanned.digest == value_digest(rest).value());
    if (scanned.standard_layout) {
      std::string rebuilt = scanned.prefix;
      for (std::size_t i = 0; i < kSystemProperties; ++i) {
        if (scanned.system[i].empty()) continue;
        if (rebuilt != "{") rebuilt += ',';
        rebuilt += "\"" + std::string(kSystemPropertyNames[i]) + "\":" + scanned.system[i];
      }
      RC_ASSERT(rebuilt + "}" == text);
      RC_ASSERT(value_digest(scanned.prefix + "}").value() == scanned.digest);
      RC_ASSERT(scanned.values.size() == count_of_scalars(parse(scanned.prefix + "}").value()));
      RC_ASSERT(parse(scanned.template_text + "}").has_value());
      for (const std::string& value : scanned.values) RC_ASSERT(count_of_scalars(parse(value).value()) == 1U);
    }
  }
}

// Damage is refused or harmless, and never read beyond.
RC_GTEST_PROP(DocumentScanner, SurvivesDamage, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  std::string page =
      R"({"_rid":"x","Documents":[)" + kServiceDocument + "," + arbitrary.spell(arbitrary.object(5)) + "]}";
  for (int i = 0; i < 100; ++i) {
    std::string damaged = page;
    damaged[arbitrary.below(damaged.size())] = "{}[],:\"\\ 1x"[arbitrary.below(11)];
    if (arbitrary.chance(2)) damaged[arbitrary.below(damaged.size())] = static_cast<char>(arbitrary.below(256));
    if (arbitrary.chance(4)) damaged.resize(arbitrary.below(damaged.size()));
    const auto all = scan(damaged, arbitrary.chance(2), {{"pk"}, {"n", "x"}});
    if (!all) continue;
    for (const Scanned& document : *all) {
      const std::vector<std::string_view> system(kSystemPropertyNames.begin(), kSystemPropertyNames.end());
      if (document.text.empty()) continue;
      const auto rest = without_members(document.text, system);
      RC_ASSERT(rest.has_value());
      RC_ASSERT(parse(*rest).has_value());
    }
  }
}

}  // namespace
}  // namespace halley::json
