// A journal on disk: a directory with an SQLite database of events
// (docs/decisions/0019-the-emulators-data-is-a-journal.md).
#pragma once

#include <memory>
#include <string>

#include "runtime/runtime.h"
#include "server/journal.h"

namespace halley::server {

// The directory is this process's alone for as long as the object lives. What settle() vouched for survives the death
// of the process, and a power cut where the disk keeps what it was told to: events that come meanwhile wait for one
// fsync together.
class DataDirectory : public Journal {
 public:
  // Makes the directory, where it is not. Fails with already_exists when another process holds it, unsupported when it
  // is of another version, corrupt when it is damaged, and invalid_argument when it is not empty and holds something
  // else.
  static Result<std::unique_ptr<DataDirectory>> open(Runtime& runtime, const std::string& path);
};

}  // namespace halley::server
