#include "cli/restore_using.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/access.h"
#include "cli/confirmation.h"
#include "cli/figures.h"
#include "cli/native_restore.h"
#include "cli/operands.h"
#include "cli/restore_ways.h"

namespace halley::cli {
namespace {

constexpr const char* kNative = "native";
constexpr const char* kRepository = "repository";

// The databases and containers of a selection as Azure takes them: by name, whole.
Result<std::map<std::string, std::vector<std::string>>> databases_of(const recovery::Selection& selection) {
  std::map<std::string, std::vector<std::string>> databases;
  if (!selection.selects_all_documents()) {
    return fail(Code::unsupported, "Azure restores whole containers, not partitions or documents");
  }
  if (!selection.exclude.empty()) return fail(Code::unsupported, "Azure's restore leaves nothing out (--exclude)");
  for (const std::string& name : selection.include) {
    if (name.find('*') != std::string::npos) return fail(Code::unsupported, "Azure's restore takes names, not " + name);
    if (name.find('/') == std::string::npos) databases[name];
  }
  for (const std::string& name : selection.include) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) continue;
    const std::string database = name.substr(0, slash);
    const bool whole =
        std::find(selection.include.begin(), selection.include.end(), database) != selection.include.end();
    if (!whole) databases[database].push_back(name.substr(slash + 1));
  }
  return databases;
}

std::string counts(std::size_t databases, std::size_t containers) {
  return show_number_of(databases, "database") + ", " + show_number_of(containers, "container");
}

class Comparison {
 public:
  Comparison(Context& context, const Configuration& configuration, const recovery::Selection& selection,
             const recovery::Moment& moment, const Result<std::unique_ptr<repo::Repository>>& repository)
      : context_(context),
        configuration_(configuration),
        selection_(selection),
        moment_(moment),
        repository_(repository) {}

  Status compare() {
    ways_ = {look_at_native(), look_at_repository()};
    for (const RestoreWay& way : ways_) {
      if (way.refused && way.refused->code == Code::cancelled) return fail(*way.refused);
    }
    if (!size_) return {};
    if (!ways_[0].refused) estimate_native(configuration_.prices, *size_, ways_[0]);
    if (!ways_[1].refused) estimate_repository(configuration_.prices, *size_, to_files(), ways_[1]);
    return {};
  }

  const std::vector<RestoreWay>& ways() const { return ways_; }
  const native::AccountRestorePlan& native_plan() const { return *native_plan_; }
  const Azure& azure() const { return *azure_; }

  void print(const RestoreWay* chosen) const {
    Output& output = context_.output;
    std::string json;
    json::Writer writer(json);
    writer.begin_object().member("at", moment_.text()).key("comparison").begin_array();
    for (const RestoreWay& way : ways_) {
      output.note(fmt::format("{:<10}  {}", way.name, way.refused ? "no: " + way.refused->to_string() : text_of(way)));
      write(writer, way);
    }
    writer.end_array().key("chosen");
    chosen == nullptr ? writer.null() : writer.string(chosen->name);
    writer.end_object();
    if (size_) {
      output.note(fmt::format("{:<10}  at most {} and {}, by the table of prices: nobody promises it", "estimates",
                              show_number_of(size_->documents, "document"), show_bytes(size_->bytes)));
    }
    output.json_line(std::move(json));
  }

 private:
  bool to_files() const { return context_.arguments.find("--to").value_or("").starts_with("dir:"); }

  RestoreWay look_at_native() {
    RestoreWay way;
    way.name = kNative;
    if (auto planned = plan_native(); !planned) {
      way.refused = std::move(planned).error();
      return way;
    }
    std::size_t containers = 0;
    for (const auto& [database, names] : native_plan_->resources) containers += names.size();
    way.covers = counts(native_plan_->resources.size(), containers) + " as the new account " +
                 native_plan_->target.name + ", without scripts, users, network rules and roles (native fixup)";
    way.exact = true;
    return way;
  }

  Status plan_native() {
    if (to_files()) return fail(Code::unsupported, "Azure restores to an account, not to files");
    ASSIGN(native::AccountRestoreWish wish, account_restore_wish(context_, configuration_));
    wish.at = moment_.at;  // an age is counted from when the command began
    ASSIGN(wish.databases, databases_of(selection_));
    ASSIGN(azure_, open_azure(context_, configuration_));
    ASSIGN(native_plan_, native::plan_account_restore(*azure_->arm, wish, context_.stop));
    return {};
  }

  RestoreWay look_at_repository() {
    RestoreWay way;
    way.name = kRepository;
    if (auto planned = plan_repository(way); !planned) way.refused = std::move(planned).error();
    return way;
  }

  Status plan_repository(RestoreWay& way) {
    if (!repository_) return fail(repository_.error());
    repo::Repository& repository = **repository_;
    recovery::PlanOptions options;
    options.approximate = context_.arguments.has("--approximate");
    options.stop = context_.stop;
    ASSIGN(const recovery::RestorePlan plan, recovery::make_plan(repository, moment_, selection_, options));
    ASSIGN(size_, size_of(repository, plan));
    TRY(check_target());
    way.covers = counts(plan.databases.size(), plan.containers.size()) +
                 (to_files() ? " as files" : " with scripts and users, into an account that is there");
    way.exact = std::all_of(plan.containers.begin(), plan.containers.end(), [](const auto& container) {
      return container.cut.positions.empty() && !container.approximate;
    });
    return {};
  }

  // Whether there is somewhere to restore to, and the key to write there.
  Status check_target() const {
    if (!context_.arguments.has("--to")) {
      return fail(Code::invalid_argument, "nowhere to restore to is given", "give --to dir:PATH or --to cosmos");
    }
    if (!to_files()) TRY(open_target_account(context_, configuration_));
    return {};
  }

  std::string text_of(const RestoreWay& way) const {
    std::string text = way.covers + "; " + (way.exact ? "exact to the second" : "not exact: by sync points");
    text += way.seconds ? "; about " + show_seconds(*way.seconds) : "; takes a time that is not known";
    if (way.cost) text += fmt::format("; about {:.2f} {}", *way.cost, configuration_.prices.currency);
    return text;
  }

  static void write(json::Writer& writer, const RestoreWay& way) {
    writer.begin_object().member("way", way.name).member_boolean("possible", !way.refused).key("why_not");
    way.refused ? writer.string(way.refused->to_string()) : writer.null();
    writer.member("covers", way.covers).member_boolean("exact", way.exact).key("seconds");
    way.seconds ? writer.real(*way.seconds) : writer.null();
    writer.key("cost");
    way.cost ? writer.real(*way.cost) : writer.null();
    writer.end_object();
  }

  Context& context_;
  const Configuration& configuration_;
  const recovery::Selection& selection_;
  const recovery::Moment& moment_;
  const Result<std::unique_ptr<repo::Repository>>& repository_;
  std::unique_ptr<Azure> azure_;
  std::optional<native::AccountRestorePlan> native_plan_;
  std::optional<RestoreSize> size_;
  std::vector<RestoreWay> ways_;
};

}  // namespace

Result<std::optional<ExitCode>> restore_using(Context& context, const Configuration& configuration,
                                              const recovery::Selection& selection, const recovery::Moment& moment,
                                              const Result<std::unique_ptr<repo::Repository>>& repository,
                                              const std::string& using_what) {
  const bool automatic = using_what == "auto";
  if (!automatic && using_what != kNative && using_what != kRepository) {
    return fail(Code::invalid_argument, "--using takes auto, native or repository, not '" + using_what + "'");
  }
  Comparison comparison(context, configuration, selection, moment, repository);
  TRY(comparison.compare());
  const auto& ways = comparison.ways();
  const RestoreWay* const chosen =
      automatic ? best_of(ways)
                : &*std::find_if(ways.begin(), ways.end(), [&](const auto& way) { return way.name == using_what; });
  comparison.print(chosen);
  if (chosen == nullptr) {
    // The moment counts more than what else is in the way.
    const bool first = ways[0].refused->code == Code::outside_coverage;
    return fail(Error(*ways[first ? 0 : 1].refused).in("neither way can be taken"));
  }
  if (chosen->refused) return fail(*chosen->refused);
  if (automatic && !context.arguments.has("--dry-run"))
    TRY(confirm(context, {"This way is taken: " + chosen->name + ", as of " + moment.text() + "."}));
  if (chosen->name == kRepository) return std::optional<ExitCode>();
  ASSIGN(const ExitCode code, restore_account(context, comparison.azure(), comparison.native_plan()));
  return std::optional(code);
}

}  // namespace halley::cli
