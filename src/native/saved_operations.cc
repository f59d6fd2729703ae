#include "native/saved_operations.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace halley::native {

Result<std::string> SavedOperations::path_of(const std::string& id) const {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (id.empty() || id.size() > 100 || !std::all_of(id.begin(), id.end(), allowed)) {
    return fail(Code::invalid_argument, "'" + id.substr(0, 100) + "' is no operation's id",
                "it is what the command that began it printed");
  }
  return folder_ + "/" + id + ".json";
}

Status SavedOperations::keep(const Operation& operation) const {
  ASSIGN(const std::string path, path_of(operation.id));
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  const std::string text = operation_text(operation);
  const int file = failed ? -1 : open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const std::string why = failed ? failed.message() : std::strerror(errno);
  const bool closed = file < 0 || close(file) == 0;
  if (written && closed) return {};
  return fail(Code::io, "cannot keep the operation in " + folder_ + ": " + why);
}

Result<Operation> SavedOperations::find(const std::string& id, const std::string& origin) const {
  ASSIGN(const std::string path, path_of(id));
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(Code::not_found, "no operation " + id + " is known here",
                "operations are known to the user on the machine that began them; 'halley native status' shows how "
                "the account stands");
  }
  std::ostringstream text;
  text << file.rdbuf();
  auto operation = parse_operation(text.str(), origin);
  if (!operation) return fail(std::move(operation).error().in(path));
  return operation;
}

void SavedOperations::forget(const std::string& id) const {
  if (const auto path = path_of(id)) unlink(path->c_str());
}

}  // namespace halley::native
