#include "cli/access_log_file.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

namespace halley::cli {

Result<std::unique_ptr<AccessLogFile>> AccessLogFile::open(const std::string& name, Output& output) {
  const bool standard_output = name.empty() || name == "-";
  if (standard_output && output.json()) {
    return fail(Code::invalid_argument, "--access-log needs a file with --json", "standard output has JSON lines then");
  }
  std::unique_ptr<AccessLogFile> log(new AccessLogFile(name, output));
  if (standard_output) return log;
  // A FIFO that nobody reads is refused rather than waited for.
  const int descriptor = ::open(name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
  if (descriptor >= 0) log->file_.reset(::fdopen(descriptor, "a"));
  if (log->file_ == nullptr) {
    return fail(Code::io, "can't write the access log " + name + ": " + std::generic_category().message(errno));
  }
  return log;
}

void AccessLogFile::write(std::string_view line) {
  if (file_ == nullptr) return output_.line(line);
  const std::lock_guard lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), file_.get());
  std::fputc('\n', file_.get());
  if (std::fflush(file_.get()) == 0) {
    failed_ = false;
  } else if (!std::exchange(failed_, true)) {
    output_.note("the access log " + name_ + " takes no more: " + std::generic_category().message(errno));
  }
  std::clearerr(file_.get());
}

}  // namespace halley::cli
