// halley verify: is the repository whole, and can it be restored from?
#include <fmt/core.h>

#include <atomic>
#include <charconv>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/moment_writer.h"
#include "cli/progress.h"
#include "recovery/verify.h"

namespace halley::cli {
namespace {

// --read-data, --read-data=N%: the fraction.
Result<double> fraction_of(const Arguments& arguments) {
  const auto text = arguments.find("--read-data");
  if (!text) return 0.0;
  if (text->empty()) return 1.0;
  double percent = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), percent);
  const std::string_view rest(end, static_cast<std::size_t>(text->data() + text->size() - end));
  if (error != std::errc() || (!rest.empty() && rest != "%") || !(percent > 0) || percent > 100) {
    return fail(Code::invalid_argument, "--read-data takes a percentage above 0 up to 100, not '" + *text + "'");
  }
  return percent / 100;
}

std::string report_json(const recovery::VerifyReport& report) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("objects").unsigned_integer(report.check.objects);
  writer.key("bytes_read").unsigned_integer(report.check.bytes_read).key("damaged").begin_array();
  for (const repo::Damage& damage : report.check.damaged) {
    writer.begin_object()
        .member("object", damage.object)
        .member("why", damage.why)
        .key("affects")
        .strings(damage.affects);
    writer.end_object();
  }
  writer.end_array().key("coverage_holes").begin_array();
  for (const recovery::CoverageHole& hole : report.coverage_holes) {
    writer.begin_object().member("container", hole.container).member("incarnation", hole.incarnation);
    writer.member("from", format_rfc3339(hole.hole.from));
    writer.member("through", format_rfc3339(hole.hole.until - 1)).key("sync_points").begin_array();
    for (const Second point : hole.sync_points) writer.string(format_rfc3339(point));
    writer.end_array().end_object();
  }
  writer.end_array().key("unreferenced").unsigned_integer(report.check.unreferenced).key("last_backup");
  write_moment(writer, report.last_backup);
  writer.key("restorable_until");
  write_moment(writer, report.restorable_until);
  writer.member_boolean("restorable", report.restorable).member("not_restorable", report.not_restorable);
  writer.key("missed").strings(report.missed).key("notes").strings(report.notes).end_object();
  return json;
}

void print_report(Output& output, const recovery::VerifyReport& report) {
  output.line(fmt::format("Checked {}, read {}.", show_number_of(report.check.objects, "object"),
                          show_bytes(report.check.bytes_read)));
  for (const repo::Damage& damage : report.check.damaged) {
    std::string affected;
    for (const std::string& each : damage.affects) affected += (affected.empty() ? "; affects " : ", ") + each;
    output.line(fmt::format("DAMAGED {}: {}{}", damage.object, damage.why, affected));
  }
  for (const recovery::CoverageHole& hole : report.coverage_holes) {
    const std::size_t points = hole.sync_points.size();
    output.line(fmt::format("not restorable: {} from {} through {}{}", hole.container, format_rfc3339(hole.hole.from),
                            format_rfc3339(hole.hole.until - 1),
                            points == 0 ? "" : ", but for " + show_number_of(points, "sync point")));
  }
  output.line(report.last_backup ? "Last backup at " + format_rfc3339(*report.last_backup) + "."
                                 : std::string("No backup was made yet."));
  if (!report.restorable) output.line("The newest state cannot be restored: " + report.not_restorable);
  if (report.restorable_until) output.line("Restorable until " + format_rfc3339(*report.restorable_until) + ".");
  for (const std::string& note : report.notes) output.note("note: " + note);
  for (const std::string& name : report.missed) output.line("NOT captured: " + name + ", though backups take it in");
  if (!report.sound()) return output.line("NOT sound.");
  output.line(report.missed.empty() ? "All is well." : "What was captured is whole, but not all was.");
}

Result<ExitCode> run(Context& context) {
  repo::CheckOptions options;
  ASSIGN(options.read_data, fraction_of(context.arguments));
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  std::atomic<std::uint64_t> objects{0};
  std::atomic<std::uint64_t> bytes{0};
  options.stop = context.stop;
  options.progress = [&](std::uint64_t objects_now, std::uint64_t bytes_now) {
    objects = objects_now;
    bytes = bytes_now;
  };
  Result<recovery::VerifyReport> report;
  {
    const ProgressDisplay display(context.runtime, context.output, [&] {
      return ProgressSample{fmt::format("{} objects, {} read", show_count(objects), show_bytes(bytes)),
                            fmt::format("{{\"objects\":{},\"bytes_read\":{}}}", objects.load(), bytes.load())};
    });
    report = recovery::verify(*repository, options);
  }
  if (!report) return fail(std::move(report).error());
  if (!context.output.json()) print_report(context.output, *report);
  context.output.result(report_json(*report));
  if (!report->check.damaged.empty()) return ExitCode::damage;
  if (!report->sound()) return ExitCode::failed;
  return report->missed.empty() ? ExitCode::success : ExitCode::incomplete;
}

}  // namespace

Command verify_command() {
  return {"verify",
          "is the repository whole, is there a backup, can it be restored?",
          "Checks that every object is there and is what the commits say. With --read-data every segment that\n"
          "a commit names is read, decrypted and decoded too, or a share of them. It also looks whether the newest\n"
          "state can be planned; that the documents come back is proven by a restore.\n"
          "Seconds that can't be restored, between others that can, are listed.\n"
          "Exit code 4 and the names when something is damaged, 3 when a container that backups take in has had none\n"
          "that captured anything of it.",
          "  halley verify\n"
          "  halley verify --read-data\n"
          "  halley verify --read-data=10% --json",
          {},
          OptionNames{"--read-data"} + repository_options(),
          run};
}

}  // namespace halley::cli
