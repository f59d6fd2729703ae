#include "cli/restore_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/figures.h"
#include "json/writer.h"

namespace halley::cli {
namespace {

// The moments of the documents that are restored, oldest and newest; without containers that of the definitions.
struct Moments {
  Second oldest;
  Second newest;

  bool differ() const { return oldest != newest; }
  std::string text() const {
    return format_rfc3339(oldest) + (differ() ? " to " + format_rfc3339(newest) : std::string());
  }
};

template <typename Restored>
Moments moments_of(const Restored& restored) {
  const auto& containers = restored.containers;
  if (containers.empty()) return {restored.at, restored.at};
  const auto [oldest, newest] = std::minmax_element(containers.begin(), containers.end(),
                                                    [](const auto& a, const auto& b) { return a.at < b.at; });
  return {oldest->at, newest->at};
}

std::string report_json(const recovery::RestoreReport& report) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("at", format_rfc3339(report.at));
  writer.key("databases").unsigned_integer(report.databases).key("containers").begin_array();
  for (const auto& each : report.containers) {
    writer.begin_object()
        .member("container", each.database + "/" + each.container)
        .member("at", format_rfc3339(each.at));
    writer.key("documents").unsigned_integer(each.documents).key("bytes").unsigned_integer(each.bytes);
    writer.key("expired").unsigned_integer(each.expired).member("digest", each.digest);
    writer.member_boolean("compared", each.compared).member_boolean("done_before", each.done_before).end_object();
  }
  writer.end_array().key("scripts").unsigned_integer(report.scripts);
  writer.key("documents").unsigned_integer(report.documents).key("bytes").unsigned_integer(report.bytes);
  writer.key("seconds").real(report.seconds).key("notes").strings(report.notes).end_object();
  return json;
}

void print_report(Output& output, const recovery::RestoreReport& report) {
  const Moments moments = moments_of(report);
  for (const auto& each : report.containers) {
    output.line(fmt::format("{}/{}: {}, {}{}{}{}{}", each.database, each.container,
                            show_number_of(each.documents, "document"), show_bytes(each.bytes),
                            moments.differ() ? ", as of " + format_rfc3339(each.at) : "",
                            each.expired > 0 ? fmt::format(", {} expired by then", show_count(each.expired)) : "",
                            each.compared ? ", compared: equal" : "", each.done_before ? " (restored before)" : ""));
  }
  output.line(fmt::format("Restored {} in {} as of {}, {} in {}.", show_number_of(report.documents, "document"),
                          show_number_of(report.containers.size(), "container"), moments.text(),
                          show_bytes(report.bytes), show_seconds(report.seconds)));
  for (const std::string& note : report.notes) output.note("note: " + note);
}

}  // namespace

void print_restored(Output& output, const recovery::RestoreReport& report) {
  if (!output.json()) print_report(output, report);
  output.result(report_json(report));
}

void print_plan(Output& output, const recovery::RestorePlan& plan, const RestoreSize& most, bool to_files,
                const std::vector<std::string>& notes) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("at", format_rfc3339(plan.at)).key("databases").begin_array();
  for (const auto& database : plan.databases) writer.string(database.name);
  writer.end_array().key("containers").begin_array();
  output.line(fmt::format("Would restore {} as of {}:", show_number_of(plan.containers.size(), "container"),
                          moments_of(plan).text()));
  for (const auto& container : plan.containers) {
    writer.begin_object().member("container", container.name()).member("at", format_rfc3339(container.at)).end_object();
    output.line("  " + container.name() + " as of " + format_rfc3339(container.at));
  }
  writer.end_array().key("at_most").begin_object();
  writer.key("documents").unsigned_integer(most.documents).key("bytes").unsigned_integer(most.bytes);
  std::string text = fmt::format("At most {}, {}", show_number_of(most.documents, "document"), show_bytes(most.bytes));
  if (!to_files) {
    const auto units = static_cast<std::uint64_t>(units_of(most));
    writer.key("request_units").unsigned_integer(units);
    text += fmt::format("; that takes about {} request units", show_count(units));
  }
  output.line(text + ".");
  writer.end_object().key("notes").strings(notes).end_object();
  for (const std::string& note : notes) output.line("note: " + note);
  output.result(json);
}

}  // namespace halley::cli
