#include "cli/operands.h"

#include "cosmos/partition_key.h"

namespace halley::cli {

Result<cosmos::ContainerName> parse_container_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  const bool two_names = slash != std::string::npos && slash > 0 && slash + 1 < text.size();
  if (!two_names || text.find('/', slash + 1) != std::string::npos) {
    return fail(Code::invalid_argument, "'" + text + "' names no container", "write it as DATABASE/CONTAINER");
  }
  return cosmos::ContainerName{text.substr(0, slash), text.substr(slash + 1)};
}

Result<std::string> parse_partition_key(const std::string& text) {
  const bool list = text.find_first_not_of(" \t") != std::string::npos && text[text.find_first_not_of(" \t")] == '[';
  auto key = cosmos::canonical_key(list ? text : "[" + text + "]");
  if (key && *key != "[]") return key;
  return fail(Code::invalid_argument,
              "--partition-key takes JSON: " + (key ? "there is no value in '" + text + "'" : key.error().message),
              "text needs its quotes: --partition-key '\"abc\"' or '[\"abc\"]'");
}

Result<recovery::Moment> moment_of(const Context& context) {
  return recovery::parse_moment(context.runtime.wall_second(), context.arguments.find("--at").value_or("latest"));
}

Result<Bounds> bounds_of(const Context& context) {
  Bounds bounds;
  const Second now = context.runtime.wall_second();
  if (const auto text = context.arguments.find("--from")) {
    ASSIGN(const recovery::Moment from, recovery::parse_moment(now, *text));
    if (from.latest) {
      return fail(Code::invalid_argument, "--from takes a moment to begin at, not 'latest'",
                  "nothing is newer than that: leave it out for everything, or give an age such as -2h");
    }
    bounds.from = from.at;
  }
  if (const auto text = context.arguments.find("--until")) {
    ASSIGN(const recovery::Moment until, recovery::parse_moment(now, *text));
    if (!until.latest) bounds.until = until.at;
  }
  if (bounds.from && bounds.until && *bounds.until < *bounds.from) {
    return fail(Code::invalid_argument,
                "--until " + format_rfc3339(*bounds.until) + " is before --from " + format_rfc3339(*bounds.from),
                "give the earlier moment with --from");
  }
  return bounds;
}

Result<std::uint64_t> limit_of(const Context& context) {
  ASSIGN(const std::int64_t limit, context.arguments.integer("--limit", INT64_MAX, 1, INT64_MAX));
  return static_cast<std::uint64_t>(limit);
}

}  // namespace halley::cli
