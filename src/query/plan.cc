#include "query/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/writer.h"
#include "query/resolver.h"

namespace halley::query {
namespace {

constexpr std::string_view kFilter = "{documentdb-formattableorderbyquery-filter}";

std::string_view name_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::count:
      return "Count";
    case Aggregate::sum:
      return "Sum";
    case Aggregate::average:
      return "Average";
    case Aggregate::minimum:
      return "Min";
    case Aggregate::maximum:
      return "Max";
    case Aggregate::count_if:
      return "CountIf";
    case Aggregate::make_list:
      return "MakeList";
    case Aggregate::make_set:
      break;
  }
  return "MakeSet";
}

std::string json_text(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

class Planner {
 public:
  explicit Planner(const Query& query) : query_(query), select_(query.select()) {}

  Result<std::string> run() {
    TRY(check());
    std::string out;
    json::Writer writer(out);
    writer.begin_object().member("distinctType", distinct_type());
    append_count(writer, "top", select_.top);
    append_count(writer, "offset", select_.offset);
    append_count(writer, "limit", select_.limit);
    writer.key("orderBy").begin_array();
    for (const OrderItem& item : select_.order_by) writer.string(item.descending ? "Descending" : "Ascending");
    writer.end_array().key("orderByExpressions").begin_array();
    for (const OrderItem& item : select_.order_by) writer.string(text_of(item.expression));
    writer.end_array().key("groupByExpressions").begin_array();
    for (const Expression& key : select_.group_by) writer.string(text_of(key));
    writer.end_array();
    append_aggregates(writer);
    writer.member("rewrittenQuery", rewritten()).member_boolean("hasSelectValue", select_.value && !select_.star);
    writer.member_boolean("hasNonStreamingOrderBy", false).key("dCountInfo").null().end_object();
    return out;
  }

 private:
  // Each selected expression is an aggregate, or there is none in it: others the client can't put together.
  Status check() const {
    if (query_.inner()) {
      return fail(Code::unsupported,
                  "A subquery in FROM with DISTINCT, GROUP BY, ORDER BY, TOP, OFFSET or aggregates is answered for one "
                  "partition only: give a partition key.");
    }
    for (const SelectItem& item : select_.items) {
      if (item.expression.kind == ExpressionKind::aggregate || !has_aggregate(item.expression)) continue;
      return fail(Code::unsupported,
                  "An expression made of aggregates is answered for one partition only: select the aggregates, or give "
                  "a partition key.");
    }
    return {};
  }

  static void append_count(json::Writer& writer, std::string_view name, std::optional<std::uint64_t> count) {
    writer.key(name);
    count ? writer.unsigned_integer(*count) : writer.null();
  }

  // The client drops rows that equal the one before when equal rows come one after the other.
  std::string_view distinct_type() const {
    if (!select_.distinct) return "None";
    const auto selected = [&](const OrderItem& key) {
      return std::any_of(select_.items.begin(), select_.items.end(),
                         [&](const SelectItem& item) { return same_expression(item.expression, key.expression); });
    };
    const auto sorted = [&](const SelectItem& item) {
      return std::any_of(select_.order_by.begin(), select_.order_by.end(),
                         [&](const OrderItem& key) { return same_expression(item.expression, key.expression); });
    };
    const bool ordered = !select_.order_by.empty() &&
                         std::all_of(select_.order_by.begin(), select_.order_by.end(), selected) &&
                         std::all_of(select_.items.begin(), select_.items.end(), sorted);
    return ordered ? "Ordered" : "Unordered";
  }

  void append_aggregates(json::Writer& writer) const {
    const bool by_alias = query_.grouped() && !select_.value;
    writer.key("groupByAliases").begin_array();
    for (const SelectItem& item : select_.items) {
      if (by_alias && !select_.group_by.empty()) writer.string(item.alias);
    }
    writer.end_array().key("aggregates").begin_array();
    if (select_.value && select_.items.front().expression.kind == ExpressionKind::aggregate) {
      writer.string(name_of(select_.items.front().expression.aggregate));
    }
    writer.end_array().key("groupByAliasToAggregateType").begin_object();
    for (const SelectItem& item : select_.items) {
      if (!by_alias) break;
      writer.key(item.alias);
      const bool aggregate = item.expression.kind == ExpressionKind::aggregate;
      aggregate ? writer.string(name_of(item.expression.aggregate)) : writer.null();
    }
    writer.end_object();
  }

  std::string rewritten() {
    if (query_.ordered()) return rewritten_order_by();
    if (query_.grouped()) return rewritten_groups();
    if (select_.distinct && (select_.top || select_.limit)) {
      return "SELECT DISTINCT " + selected() + "\n" + from(plain_from()) + where();
    }
    if (select_.limit) return "SELECT " + selected() + "\n" + from(plain_from()) + where() + "\n" + limit();
    return {};
  }

  std::string rewritten_order_by() {
    std::string keys;
    std::string order;
    for (const OrderItem& item : select_.order_by) {
      const std::string key(text_of(item.expression));
      keys += fmt::format("{}{{\"item\": {}}}", keys.empty() ? "" : ", ", key);
      order += fmt::format("{}{}{}", order.empty() ? "" : ", ", key, item.descending ? " DESC" : "");
    }
    const RootedFrom rooted = rooted_from();
    std::string out = "SELECT ";
    if (select_.top && !select_.distinct) out += fmt::format("TOP {} ", *select_.top);
    if (!rooted.root.empty()) out += rooted.root + "._rid, ";
    out += fmt::format("[{}] AS orderByItems, {} AS payload\n{}\n", keys, payload(), from(rooted.text));
    out += "WHERE ";
    if (select_.where) out += fmt::format("({}) AND ", text_of(*select_.where));
    // Of SELECT VALUE there is no row where the value is undefined.
    if (select_.value && !select_.star) out += fmt::format("IS_DEFINED({}) AND ", payload());
    out += fmt::format("({})\nORDER BY {}", kFilter, order);
    if (select_.limit && !select_.distinct) out += "\n" + limit();
    return out;
  }

  std::string rewritten_groups() const {
    std::string keys;
    std::string by;
    for (const Expression& key : select_.group_by) {
      keys += fmt::format("{}{{\"item\": {}}}", keys.empty() ? "" : ", ", text_of(key));
      by += fmt::format("{}{}", by.empty() ? "" : ", ", text_of(key));
    }
    std::string members;
    for (const SelectItem& item : select_.items) {
      const std::string value = grouped_value(item.expression);
      members +=
          select_.value ? value : fmt::format("{}{}: {}", members.empty() ? "" : ", ", json_text(item.alias), value);
    }
    if (!select_.value) members = "{" + members + "}";
    const bool aggregate = select_.value && select_.items.front().expression.kind == ExpressionKind::aggregate;
    if (aggregate) members = "[" + members + "]";
    std::string out = "SELECT ";
    if (!keys.empty()) out += fmt::format("[{}] AS groupByItems, {} AS payload", keys, members);
    if (keys.empty()) out += select_.value ? "VALUE " + members : members + " AS payload";
    out += "\n" + from(plain_from()) + where();
    if (!by.empty()) out += "\nGROUP BY " + by;
    return out;
  }

  // What each partition tells of an aggregate, so that the client can go on with it.
  std::string grouped_value(const Expression& expression) const {
    if (expression.kind != ExpressionKind::aggregate) return std::string(text_of(expression));
    const std::string_view of = text_of(argument_of(expression));
    switch (expression.aggregate) {
      case Aggregate::average:
        return fmt::format("{{\"item\": {{\"sum\": SUM({0}), \"count\": COUNT({0})}}}}", of);
      case Aggregate::minimum:
        return fmt::format("{{\"item\": {{\"min\": MIN({0}), \"count\": COUNT({0})}}}}", of);
      case Aggregate::maximum:
        return fmt::format("{{\"item\": {{\"max\": MAX({0}), \"count\": COUNT({0})}}}}", of);
      default:
        return fmt::format("{{\"item\": {}}}", text_of(expression));
    }
  }

  static const Expression& argument_of(const Expression& aggregate) { return aggregate.children.front(); }

  // A row of the original query, as one expression.
  std::string payload() const {
    if (select_.star) return select_.sources.front().alias;
    if (select_.value) return std::string(text_of(select_.items.front().expression));
    std::string members;
    for (const SelectItem& item : select_.items) {
      members += fmt::format("{}{}: {}", members.empty() ? "" : ", ", json_text(item.alias), text_of(item.expression));
    }
    return "{" + members + "}";
  }
  std::string selected() const { return select_.star ? "*" : "VALUE " + payload(); }

  static std::string from(const std::string& sources) { return "FROM " + sources; }
  std::string where() const { return select_.where ? fmt::format("\nWHERE {}", text_of(*select_.where)) : ""; }
  // Each partition gives what the client may need of it.
  std::string limit() const {
    return fmt::format("OFFSET 0 LIMIT {}", std::min<std::uint64_t>(*select_.offset + *select_.limit, 2147483647));
  }

  std::string plain_from() const { return std::string(slice(select_.sources.front().begin, select_.from_end)); }

  struct RootedFrom {
    std::string text;
    std::string root;  // a name of the document; empty when there can't be one
  };

  // The sources, with a name for the document itself.
  RootedFrom rooted_from() const {
    const Source& first = select_.sources.front();
    if (!first.from) return {plain_from(), {}};
    if (!first.iterates && first.path_end == first.root_end) return {plain_from(), first.alias};
    std::string root = "_document";
    while (query_.text().find(root) != std::string::npos) root += '_';
    const std::string path = root + std::string(slice(first.root_end, first.path_end));
    const std::string joined = first.iterates ? fmt::format("{} IN {}", first.alias, path)
                                              : fmt::format("(SELECT VALUE {}) AS {}", path, first.alias);
    return {fmt::format("{} JOIN {}{}", root, joined, slice(first.end, select_.from_end)), root};
  }

  std::string_view slice(std::size_t begin, std::size_t end) const {
    return std::string_view(query_.text()).substr(begin, end - begin);
  }
  std::string_view text_of(const Expression& expression) const { return slice(expression.begin, expression.end); }

  const Query& query_;
  const Select& select_;
};

}  // namespace

bool needs_merging(const Query& query) {
  const Select& select = query.select();
  if (!query.reads_documents()) return false;
  return query.grouped() || query.ordered() || select.distinct || select.top || select.limit || query.inner();
}

Result<std::string> query_info(const Query& query) {
  if (query.reads_documents()) return Planner(query).run();
  // Its one row is made of no partition.
  ASSIGN(const Query plain, Query::parse("SELECT * FROM c"));
  return Planner(plain).run();
}

}  // namespace halley::query
