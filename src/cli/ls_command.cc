// halley ls: what is in the repository at a moment.
#include <fmt/core.h>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/operands.h"
#include "json/writer.h"
#include "recovery/listing.h"

namespace halley::cli {
namespace {

Status list_names(Context& context, repo::Repository& repository, const recovery::Moment& moment,
                  const std::string& database) {
  ASSIGN(const recovery::Listing listing, recovery::list_containers(repository, moment, database));
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("at", format_rfc3339(listing.at)).key("databases").strings(listing.databases);
  writer.key("containers").begin_array();
  for (const auto& each : listing.containers) {
    writer.begin_object()
        .member("container", each.database + "/" + each.container)
        .member("rid", each.rid)
        .end_object();
  }
  writer.end_array().key("notes").strings(listing.notes).end_object();
  for (const std::string& note : listing.notes) context.output.note("note: " + note);
  for (const std::string& name : listing.databases) {
    context.output.line(name + "/");
    for (const auto& each : listing.containers) {
      if (each.database == name) context.output.line(name + "/" + each.container);
    }
  }
  context.output.result(json);
  return {};
}

// An id in a line for people: as it is, or as JSON where it holds what a line cannot show, or a terminal would obey.
std::string shown_id(std::string_view id) {
  std::string quoted;
  json::append_string(quoted, id);
  return quoted.size() == id.size() + 2 ? std::string(id) : quoted;
}

Status list_documents(Context& context, repo::Repository& repository, const recovery::Moment& moment,
                      const cosmos::ContainerName& name, const recovery::Selection& selection, std::uint64_t limit) {
  ASSIGN(const auto container, recovery::plan_container(repository, moment, name.database, name.container));
  ASSIGN(const auto notes, recovery::notes_of(repository, container, nullptr, context.stop));
  std::uint64_t shown = 0;
  Status taken;
  const auto show = [&](const recovery::ListedDocument& document) {
    std::string text;
    if (context.output.json()) {
      json::Writer writer(text);
      writer.begin_object().member("id", document.id).key("partition_key").raw(document.partition_key);
      writer.member("ts", format_rfc3339(document.ts)).end_object();
    } else {
      text = fmt::format("{}  {}  {}", format_rfc3339(document.ts), document.partition_key, shown_id(document.id));
    }
    taken = context.output.item(std::move(text));
    return taken && ++shown != limit;
  };
  TRY(recovery::list_documents(repository, container, selection, show, context.stop));
  TRY(std::move(taken));
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("container", name.text()).member("at", format_rfc3339(container.at));
  writer.key("documents").unsigned_integer(shown).key("notes").strings(notes).end_object();
  for (const std::string& note : notes) context.output.note("note: " + note);
  context.output.result(json);
  return {};
}

Result<ExitCode> run(Context& context) {
  const std::string what = context.arguments.find("DB[/NAME]").value_or("");
  const bool documents = what.find('/') != std::string::npos;
  for (const char* const option : {"--limit", "--partition-key"}) {
    if (!documents && context.arguments.has(option)) {
      return fail(Code::invalid_argument, std::string(option) + " is about documents, and no container is given",
                  "list the documents of one container: halley ls DATABASE/CONTAINER");
    }
  }
  ASSIGN(const std::uint64_t limit, limit_of(context));
  recovery::Selection selection;
  if (const auto key = context.arguments.find("--partition-key")) {
    ASSIGN(selection.partition_key, parse_partition_key(*key));
  }
  ASSIGN(const Configuration configuration, load_configuration(context));
  ASSIGN(const auto repository, open_repository(context, configuration));
  ASSIGN(const recovery::Moment moment, moment_of(context));
  if (!documents) {
    TRY(list_names(context, *repository, moment, what));
  } else {
    ASSIGN(const cosmos::ContainerName name, parse_container_name(what));
    TRY(list_documents(context, *repository, moment, name, selection, limit));
  }
  return ExitCode::success;
}

}  // namespace

Command ls_command() {
  return {"ls",
          "databases, containers or documents at a moment",
          "Without an argument lists databases and containers, with a database its containers, with a\n"
          "container its documents: time of the last write, partition key, id; --limit and --partition-key\n"
          "are about these.",
          "  halley ls\n"
          "  halley ls shop --at -1d\n"
          "  halley ls shop/orders --partition-key '\"customer-9\"' --limit 20",
          {{"DB[/NAME]", "a database or a container", false}},
          OptionNames{"--at", "--partition-key", "--limit"} + repository_options(),
          run};
}

}  // namespace halley::cli
