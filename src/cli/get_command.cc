// halley get: one document as of a moment.
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/operands.h"
#include "json/writer.h"
#include "recovery/get.h"

namespace halley::cli {
namespace {

std::string document_json(const cosmos::ContainerName& name, const recovery::FoundDocument& found) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", name.text()).member("id", found.id);
  writer.key("partition_key").raw(found.partition_key).member("at", format_rfc3339(found.at));
  writer.member("rid", found.rid).member("etag", found.etag).member("ts", format_rfc3339(found.ts));
  writer.key("lsn").unsigned_integer(found.lsn).key("document").raw(found.text);
  writer.key("notes").strings(found.notes).end_object();
  return json;
}

Result<ExitCode> run(Context& context) {
  ASSIGN(const cosmos::ContainerName name, parse_container_name(*context.arguments.find("DB/NAME")));
  ASSIGN(const std::string id, context.arguments.required("--id"));
  if (context.arguments.all("--id").size() > 1) return fail(Code::invalid_argument, "--id is given more than once");
  std::optional<std::string> key;
  if (const auto text = context.arguments.find("--partition-key")) {
    ASSIGN(key, parse_partition_key(*text));
  }
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(const recovery::Moment moment, moment_of(context));
  ASSIGN(const auto found,
         recovery::get_document(*repository, moment, name.database, name.container, id, key, context.stop));
  if (!context.output.json()) context.output.raw(found.text + "\n");
  for (const std::string& note : found.notes) context.output.note("note: " + note);
  context.output.result(document_json(name, found));
  return ExitCode::success;
}

}  // namespace

Command get_command() {
  return {"get",
          "one document as of a moment",
          "Prints a document as it was captured, system properties included. With --json its metadata stand\n"
          "beside it. Without --partition-key the id is looked for under all keys: slower, and refused when\n"
          "there are several.",
          "  halley get shop/orders --id 4711 --partition-key '\"customer-9\"'\n"
          "  halley get shop/orders --id 4711 --partition-key '[\"eu\",9]' --at 2026-01-17T10:00:00Z",
          {{"DB/NAME", "the container"}},
          OptionNames{"--id", "--partition-key", "--at"} + repository_options(),
          run};
}

}  // namespace halley::cli
