#include "capture/container_selection.h"

#include <algorithm>

#include "cosmos/name_pattern.h"

namespace halley::capture {
namespace {

std::string quoted(const std::vector<std::string>& patterns) {
  std::string text;
  for (const std::string& pattern : patterns) text += (text.empty() ? "'" : ", '") + pattern + "'";
  return text;
}

// For whoever mistyped a name: the names there are, as many as can be looked over.
std::string what_is_there(const std::vector<cosmos::ContainerName>& live) {
  constexpr std::size_t kShown = 20;
  if (live.empty()) return "the account has no containers";
  std::string text = "the account has ";
  for (std::size_t i = 0; i < std::min(kShown, live.size()); ++i) text += (i == 0 ? "" : ", ") + live[i].text();
  if (live.size() > kShown) text += " and " + std::to_string(live.size() - kShown) + " more";
  return text;
}

Error nothing_selected(const BackupOptions& options, const std::vector<std::string>& unmatched,
                       const std::vector<cosmos::ContainerName>& live) {
  std::string why;
  if (!unmatched.empty() && unmatched.size() == options.include.size()) {
    why = "nothing there matches include " + quoted(unmatched);
  } else if (!options.exclude.empty()) {
    why = "exclude " + quoted(options.exclude) + " leaves nothing";
  }
  return {Code::invalid_argument, "no container is selected" + (why.empty() ? "" : ": " + why), what_is_there(live)};
}

}  // namespace

bool is_selected(const cosmos::ContainerName& name, const BackupOptions& options) {
  return cosmos::selects_container(options.include, options.exclude, name.database, name.container);
}

std::vector<std::string> unmatched_patterns(const std::vector<std::string>& patterns,
                                            const std::vector<cosmos::ContainerName>& names) {
  std::vector<std::string> unmatched;
  for (const std::string& pattern : patterns) {
    const bool any = std::any_of(names.begin(), names.end(), [&](const cosmos::ContainerName& name) {
      return cosmos::matches_container(pattern, name.database, name.container);
    });
    if (!any) unmatched.push_back(pattern);
  }
  return unmatched;
}

Result<SelectionCheck> check_selection(const BackupOptions& options, const std::vector<cosmos::ContainerName>& live,
                                       const std::vector<cosmos::ContainerName>& captured) {
  SelectionCheck check;
  if (options.include.empty() && options.exclude.empty()) return check;
  const std::vector<std::string> unmatched = unmatched_patterns(options.include, live);
  const auto selected = [&](const cosmos::ContainerName& name) { return is_selected(name, options); };
  const bool nothing = std::none_of(live.begin(), live.end(), selected);
  if (nothing && std::none_of(captured.begin(), captured.end(), selected)) {
    return fail(nothing_selected(options, unmatched, live));
  }

  const std::vector<std::string> unknown = unmatched_patterns(unmatched, captured);
  for (const std::string& pattern : unmatched) {
    const std::string what = "include '" + pattern + "'";
    if (std::find(unknown.begin(), unknown.end(), pattern) == unknown.end()) {
      check.events.push_back(what + " matches no container any more: what was captured before is kept");
    } else {
      check.incomplete.push_back(
          {what, Error(Code::not_found, "no container of the account matches", what_is_there(live))});
    }
  }
  for (const std::string& pattern : unmatched_patterns(options.exclude, live)) {
    check.events.push_back("exclude '" + pattern + "' matches no container of the account");
  }
  return check;
}

}  // namespace halley::capture
