// Where the emulator's access log goes.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/output.h"

namespace halley::cli {

// Safe from any thread. Lines are out of the process when write() returns. A file that takes no more is told of once,
// as a note; requests are answered all the same.
class AccessLogFile {
 public:
  // `name`: a file, which is appended to, or - (or nothing) for standard output. `output` must outlive the log.
  static Result<std::unique_ptr<AccessLogFile>> open(const std::string& name, Output& output);

  void write(std::string_view line);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  AccessLogFile(std::string name, Output& output) : name_(std::move(name)), output_(output) {}

  const std::string name_;
  Output& output_;
  std::mutex mutex_;
  std::unique_ptr<std::FILE, Close> file_;  // null = standard output
  bool failed_ = false;
};

}  // namespace halley::cli
