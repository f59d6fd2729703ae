// Which part of the account passes of backup took in: of what they left out nothing newer is known, nor whether it is
// there at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/definitions.h"
#include "repo/lane.h"

namespace halley::repo {

// What a pass takes in.
struct TakenIn {
  std::vector<std::string> include;  // patterns as cosmos/name_pattern.h has them; empty = everything
  std::vector<std::string> exclude;  // the same; wins over `include`

  bool everything() const { return include.empty() && exclude.empty(); }
  // Also a database of which it may take in a container, with its throughput, users and permissions.
  bool has(const DefinitionKey& key) const;
  std::string text() const;  // as options: "--include 'shop' --exclude 'shop/cache'"
  friend bool operator==(const TakenIn&, const TakenIn&) = default;
};

// Read from events of the account's lane, one for each change of the patterns. Without any, every pass took in all.
class SelectionHistory {
 public:
  // Passes over what other programs may have put there.
  explicit SelectionHistory(const std::vector<Event>& events);

  // The event to add where a pass takes in something else than the one before it; definitions were known until `known`.
  std::optional<Event> change(const TakenIn& now, Second known) const;

  // Until when the definitions of this were known: `known`, or where the newest passes left it out, from the last
  // that did not. Nothing where all did.
  std::optional<Second> last_look(const DefinitionKey& key, Second known) const;

  TakenIn newest() const;
  // What the passes took in that read the definitions of the moment.
  TakenIn at(Second moment) const;

 private:
  struct Change {
    Second from;
    TakenIn taken_in;
  };
  std::vector<Change> changes_;  // oldest first
};

}  // namespace halley::repo
