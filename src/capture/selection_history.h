// Which part of an account the passes before looked at: definitions of what they left out are known no further than
// from the last that took it in.
#pragma once

#include <optional>
#include <vector>

#include "capture/backup.h"
#include "repo/definitions.h"
#include "repo/lane.h"

namespace halley::capture {

// Read from events of the account's lane, one for each change of the patterns. Without any, every pass took in all.
class SelectionHistory {
 public:
  // Passes over what other programs may have put there.
  explicit SelectionHistory(const std::vector<repo::Event>& events);

  // The event to add where a pass selects otherwise than the one before it; definitions were known until `known`.
  std::optional<repo::Event> change(const BackupOptions& options, Second known) const;

  // Until when the definitions of this were known: `known`, or where the newest passes left it out, from the last
  // that did not. Nothing where all did.
  std::optional<Second> last_look(const repo::DefinitionKey& key, Second known) const;

 private:
  struct Selection {
    Second from;
    std::vector<std::string> include, exclude;

    bool takes_in(const repo::DefinitionKey& key) const;
  };
  std::vector<Selection> selections_;  // oldest first
};

}  // namespace halley::capture
