#include "cosmos/partition_key.h"

#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <sstream>

namespace halley::cosmos {
namespace {

std::string test_data(const char* name) {
  std::ifstream file(std::string("src/cosmos/testdata/") + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

PartitionKeyDefinition definition(KeyKind kind, int version, std::size_t paths) {
  PartitionKeyDefinition definition;
  definition.kind = kind;
  definition.version = version;
  for (std::size_t i = 0; i < paths; ++i) definition.paths.push_back({"p" + std::to_string(i)});
  return definition;
}

std::string epk(const PartitionKeyDefinition& definition, std::string_view key) {
  const auto bytes = effective_partition_key(definition, key);
  return bytes ? epk_to_hex(*bytes) : "error: " + bytes.error().to_string();
}

const PartitionKeyDefinition kVersion1 = definition(KeyKind::hash, 1, 1);
const PartitionKeyDefinition kVersion2 = definition(KeyKind::hash, 2, 1);

struct Vector {
  std::string key, version_2, version_1;
};

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(EffectivePartitionKey, MatchesThePublishedVectors) {
  const std::vector<Vector> vectors = {
      {"[{}]", "11622DAA78F835834610ABE56EFF5CB5", "05C1D529E345DC00"},
      {"[null]", "378867E4430E67857ACE5C908374FE16", "05C1ED45D7475601"},
      {"[true]", "0E711127C5B5A8E4726AC6DD306A3E59", "05C1D7C5A903D803"},
      {"[false]", "2FE1BE91E90A3439635E0E9E37361EF2", "05C1DB857D857C02"},
      {"[0]", "155B95BEDAC4B1E9EC1CDC9BB0DDDE58", "05C1BF6DA11560058000"},
      {"[5]", "19C08621B135968252FB34B4CF66F811", "05C1D9C1C5517C05C014"},
      {"[-128]", "01DAEDABF913540367FE219B2AD06148", "05C1D73349F54C053FA0"},
      {"[127]", "0C507ACAC853ECA7977BF4CEFB562A25", "05C1DD539DDFCC05C05FE0"},
      {"[2147483647]", "", "05C1E1F503DFB205C1DFFFFFFFFC"},
      {R"([""])", "32E9366E637A71B4E710384B2F4970A0", "05C1CF33970FF80800"},
      {R"(["partitionKey"])", "013AEFCF77FA271571CF665A58C933F1", "05C1E1B3D9CD2608716273756A756A706F4C667A00"},
      {R"(["redmond"])", "22E342F38A486A088463DFF7838A5963", "05C1EFE313830C087366656E706F6500"},
      {R"(["customer42"])", "19819C94CE42A1654CCC8110539D9589", "05C1E1AB7B430C0864767475706E6673353300"},
      {"[\"" + times(1024, "a") + "\"]", "332BDF5512AE49615F32C7D98C2DB86C",
       "05C1EB5921F70608" + times(100, "62") + "00"},
  };
  for (const Vector& vector : vectors) {
    if (!vector.version_2.empty()) {
      EXPECT_EQ(epk(kVersion2, vector.key), vector.version_2) << vector.key;
    }
    EXPECT_EQ(epk(kVersion1, vector.key), vector.version_1) << vector.key;
  }
  const std::string_view mixed = R"([5,"redmond",true,null])";
  EXPECT_EQ(epk(definition(KeyKind::hash, 2, 4), mixed), "3032DECBE2AB1768D8E0AEDEA35881DF");
  EXPECT_EQ(epk(definition(KeyKind::hash, 1, 4), mixed), "05C1ED7F9B95BA05C014087366656E706F65000301");
  EXPECT_EQ(epk(definition(KeyKind::multi_hash, 2, 2), R"(["a","b"])"),
            "3A5381E1114EB8D3FCC90795045B49B7195644569A78B1E22D200348AF9416CE");
}

// The number that a version 1 key begins with: its hash, in the order-preserving encoding.
std::uint64_t leading_number(std::string_view epk) {
  EXPECT_EQ(epk.at(0), '\x05');
  std::uint64_t payload = static_cast<std::uint8_t>(epk.at(1));
  int bits = 8;
  for (std::size_t i = 2; bits < 64; ++i, bits += 7) {
    const auto byte = static_cast<std::uint8_t>(epk.at(i));
    payload = payload << 7 | byte >> 1;
    if ((byte & 1) == 0) {
      bits += 7;
      break;
    }
  }
  payload = bits > 64 ? payload >> (bits - 64) : payload << (64 - bits);
  return static_cast<std::uint64_t>(std::bit_cast<double>(payload ^ (std::uint64_t{1} << 63)));
}

TEST(EffectivePartitionKey, MatchesTheHashBaseline) {
  const auto rows = json::parse(test_data("partition_key_hashes.json"));
  ASSERT_TRUE(rows) << rows.error().to_string();
  ASSERT_EQ(rows->items().size(), 26u);
  for (const json::Value& row : rows->items()) {
    const json::Value* letters = row.find("letters_a");
    const std::string key = letters == nullptr
                                ? row.string_at("key")
                                : "[\"" + times(static_cast<std::size_t>(*letters->as_integer()), "a") + "\"]";
    const auto& hashes_2 = row.find("version_2")->items();
    std::string expected;
    for (const json::Value& hash : hashes_2) {
      std::string bytes = *epk_from_hex(hash.text());
      bytes[0] = static_cast<char>(bytes[0] & 0x3F);  // The baseline is from before this mask.
      expected += epk_to_hex(bytes);
    }
    EXPECT_EQ(epk(definition(KeyKind::multi_hash, 2, hashes_2.size()), key), expected) << key;
    if (hashes_2.size() > 1) continue;
    EXPECT_EQ(epk(kVersion2, key), expected) << key;
    if (letters != nullptr && *letters->as_integer() > 100) continue;  // The baseline does not cut, the service does.
    const auto version_1 = effective_partition_key(kVersion1, key);
    ASSERT_TRUE(version_1) << key;
    EXPECT_EQ(leading_number(*version_1), std::stoull(row.find("version_1")->items()[0].text(), nullptr, 16)) << key;
  }
}

TEST(EffectivePartitionKey, Version1CutsStringsAtBytes) {
  EXPECT_EQ(epk(kVersion1, "[\"" + times(50, "é") + "x\"]"), epk(kVersion1, "[\"" + times(60, "é") + "\"]"));
  EXPECT_NE(epk(kVersion2, "[\"" + times(50, "é") + "x\"]"), epk(kVersion2, "[\"" + times(60, "é") + "\"]"));
}

TEST(EffectivePartitionKey, EscapesMakeNoDifference) {
  EXPECT_EQ(epk(kVersion2, R"(["red\u006dond"])"), epk(kVersion2, R"(["redmond"])"));
  EXPECT_EQ(epk(kVersion2, R"(["a\"b"])"), epk(kVersion2, R"(["a\u0022b"])"));
}

// What the service holds it may hold in a key: no text that is JSON is refused, in no kind of container.
TEST(EffectivePartitionKey, LoneSurrogatesAreHashedAsTheirThreeBytes) {
  const std::string_view raw = R"("\uD800")";
  const std::string key = *canonical_key(std::vector<std::string_view>{raw});
  EXPECT_EQ(key, R"(["\ud800"])");
  EXPECT_EQ(epk(kVersion2, key), epk(kVersion2, "[\"\xED\xA0\x80\"]"));
  for (const char* value : {R"("\ud800")", R"("a\udc00\n")", R"("\udc00 \"q\" é")"}) {
    for (const auto& kind : {kVersion1, kVersion2, definition(KeyKind::range, 1, 1)}) {
      const std::string hex = epk(kind, *canonical_key(std::vector<std::string_view>{value}));
      EXPECT_TRUE(epk_from_hex(hex)) << value << ": " << hex;
    }
    const auto three = definition(KeyKind::multi_hash, 2, 3);
    const std::string hex = epk(three, *canonical_key(std::vector<std::string_view>{value, "5", value}));
    EXPECT_TRUE(epk_from_hex(hex)) << value << ": " << hex;
  }
  EXPECT_NE(epk(kVersion1, R"(["\ud800"])"), epk(kVersion1, R"(["\ud801"])"));
}

TEST(EffectivePartitionKey, PrefixOfAHierarchicalKeyIsThePrefixOfItsKeys) {
  const PartitionKeyDefinition three = definition(KeyKind::multi_hash, 2, 3);
  const std::string whole = epk(three, R"(["t",5,{}])");
  EXPECT_EQ(whole.size(), 96u);
  EXPECT_EQ(epk(three, R"(["t"])"), whole.substr(0, 32));
  EXPECT_EQ(epk(three, R"(["t",5])"), whole.substr(0, 64));
  EXPECT_EQ(epk(three, "[]"), "");
}

TEST(EffectivePartitionKey, RefusesWhatIsNoKey) {
  for (const char* bad : {"", "[", "5", "[[]]", R"([{"a":1}])", "[1,2]", "[1e999]"}) {
    const auto result = effective_partition_key(kVersion2, bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, Code::invalid_argument) << bad;
  }
}

TEST(CanonicalKey, EqualKeysHaveEqualTexts) {
  EXPECT_EQ(*canonical_key(std::vector<std::string_view>{R"("a\u0062")"}), R"(["ab"])");
  EXPECT_EQ(*canonical_key(std::vector<std::string_view>{R"("\u00e9\/")"}), "[\"é/\"]");
  EXPECT_EQ(*canonical_key(std::vector<std::string_view>{"1.0", "-0", "2e1", "1234567"}), "[1,0,20,1234567]");
  EXPECT_EQ(*canonical_key(std::vector<std::string_view>{"null", "{}", "true", "{ }"}), "[null,{},true,{}]");
  EXPECT_EQ(*canonical_key(" [ \"a\" , 5.0 , { } ] "), R"(["a",5,{}])");
  EXPECT_EQ(*canonical_key("[]"), "[]");
  EXPECT_NE(*canonical_key("[null]"), *canonical_key(R"(["null"])"));
}

TEST(CanonicalKey, KeepsLoneSurrogatesEscaped) {
  const std::string key =
      *canonical_key(std::vector<std::string_view>{R"("\uD800\u006e\n")", R"("\ud83d\ude00\udc00")"});
  EXPECT_EQ(key, "[\"\\ud800n\\n\",\"😀\\udc00\"]");
  EXPECT_EQ(*canonical_key(key), key);
  EXPECT_EQ(*canonical_key(header_text(key)), key);
  EXPECT_TRUE(json::parse(key));
}

TEST(CanonicalKey, RefusesWhatIsNoScalar) {
  for (const char* bad : {"[[1]]", R"([{"a":1}])", "{}", "x", "", R"(["a)"}) {
    const auto result = canonical_key(std::string_view(bad));
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, Code::invalid_argument) << bad;
  }
  EXPECT_FALSE(canonical_key(std::vector<std::string_view>{"[1]"}));
  EXPECT_FALSE(canonical_key(std::vector<std::string_view>{""}));
}

TEST(HeaderText, IsPureAsciiAndTheSameJson) {
  const std::string key = *canonical_key("[\"aé\u20ac\U0001F600\\\"\x7f\\n\",5]");
  const std::string text = header_text(key);
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
  EXPECT_EQ(*canonical_key(text), key);
  EXPECT_EQ(header_text(R"(["plain",{}])"), R"(["plain",{}])");
}

Result<PartitionKeyDefinition> parse(std::string_view text) {
  return PartitionKeyDefinition::parse(json::parse(text).value());
}

TEST(PartitionKeyDefinition, ReadsWhatTheServiceWrites) {
  const auto nested = parse(R"({"paths":["/a/b","/\"c/d\"/e","/'f'"],"kind":"MultiHash","version":2})");
  ASSERT_TRUE(nested);
  EXPECT_EQ(nested->kind, KeyKind::multi_hash);
  EXPECT_EQ(nested->version, 2);
  const std::vector<std::vector<std::string>> paths = {{"a", "b"}, {"c/d", "e"}, {"f"}};
  EXPECT_EQ(nested->paths, paths);
  const auto plain = parse(R"({"paths":["/pk"],"kind":"Hash"})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->version, 1);  // Absent means the first.
  EXPECT_FALSE(plain->system_key);
  EXPECT_TRUE(parse(R"({"paths":["/_partitionKey"],"kind":"Hash","systemKey":true})")->system_key);
}

TEST(PartitionKeyDefinition, RefusesUnknownShapes) {
  for (const char* bad : {"null", "{}", R"({"paths":[]})", R"({"paths":[5]})", R"({"paths":["pk"]})",
                          R"({"paths":["/a//b"]})", R"({"paths":["/"]})", R"({"paths":["/\"a"]})",
                          R"({"paths":["/a"],"kind":"New"})", R"({"paths":["/a"],"version":3})"}) {
    const auto result = parse(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, Code::corrupt) << bad;
  }
}

TEST(HashRange, IsHalfOpen) {
  const HashRange all;
  EXPECT_TRUE(all.contains(*effective_partition_key(kVersion2, "[null]")));
  const HashRange low{"", "\x1F"};
  const HashRange high{"\x1F", "\xFF"};
  EXPECT_TRUE(high.contains("\x1F"));
  EXPECT_FALSE(low.contains("\x1F"));
  EXPECT_FALSE(low.overlaps(high));
  EXPECT_TRUE(all.contains(low) && all.overlaps(high));
}

TEST(EpkHex, IsUpperCaseAndReadsBoth) {
  EXPECT_EQ(epk_to_hex("\x0A\xFF"), "0AFF");
  EXPECT_EQ(*epk_from_hex("0aFf"), "\x0A\xFF");
  EXPECT_EQ(*epk_from_hex(""), "");
  EXPECT_FALSE(epk_from_hex("F"));
  EXPECT_FALSE(epk_from_hex("GG"));
}

}  // namespace
}  // namespace halley::cosmos
