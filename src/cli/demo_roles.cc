#include "cli/demo_roles.h"

#include <algorithm>
#include <fstream>
#include <tuple>

#include "cli/demo_edits.h"

namespace halley::cli {
namespace {

struct Candidate {
  cosmos::ContainerName name;
  std::size_t documents = 0;
  bool has_procedures = false;
  bool expires = false;
};

std::size_t count_lines(const std::string& path) {
  std::ifstream file(path);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) lines += line.empty() ? 0U : 1U;
  return lines;
}

Candidate candidate_of(const TreeContainer& container) {
  const auto is_procedure = [](const repo::Definition& script) {
    return script.key.kind == repo::DefinitionKind::stored_procedure;
  };
  const recovery::PlannedContainer& plan = container.plan;
  return {{plan.database, plan.container},
          count_lines(container.documents),
          std::any_of(plan.scripts.begin(), plan.scripts.end(), is_procedure),
          plan.expiry.enabled()};
}

}  // namespace

Result<DemoRoles> choose_roles(const AccountTree& tree) {
  std::vector<Candidate> all;
  for (const TreeContainer& container : tree.containers) all.push_back(candidate_of(container));
  const auto rank = [](const Candidate& each) {
    return std::tuple(each.documents >= kSpoiledOneOf, !each.expires, each.has_procedures, each.documents);
  };
  const auto spoiled =
      std::max_element(all.begin(), all.end(), [&](const auto& one, const auto& two) { return rank(one) < rank(two); });
  if (spoiled == all.end() || spoiled->documents < kSpoiledOneOf) {
    return fail(Code::invalid_argument,
                "no container of the tree has " + std::to_string(kSpoiledOneOf) + " documents: too few for a story",
                "give --load a larger tree; './dev demo' makes one of real documents");
  }
  DemoRoles roles;
  roles.spoiled = spoiled->name;
  const auto far = [&](const Candidate& each) {
    return std::tuple(each.name.database != roles.spoiled.database, each.documents);
  };
  const Candidate* dropped = nullptr;
  for (const Candidate& each : all) {
    if (each.name == roles.spoiled) continue;
    if (dropped == nullptr || far(each) < far(*dropped)) dropped = &each;
    if (each.name.database != roles.spoiled.database && !roles.dropped_database) {
      roles.dropped_database = each.name.database;
    }
  }
  if (dropped != nullptr) roles.dropped = dropped->name;
  return roles;
}

}  // namespace halley::cli
