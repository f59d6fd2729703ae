#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/exit_code.h"
#include "json/writer.h"

namespace halley::cli {
namespace {

// The first `columns` characters of UTF-8 text.
std::string_view cut_to_columns(std::string_view text, std::size_t columns) {
  std::size_t shown = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins_character && shown++ == columns) return text.substr(0, i);
  }
  return text;
}

// Makes one line of it: line ends of its own (in JSON those that stand between values) become spaces.
void end_line(std::string& text) {
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  text += '\n';
}

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

void Output::line(std::string_view text) {
  if (json_) return;
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(text);
  write("\n");
  push();
}

void Output::json_line(std::string json) {
  if (!json_) return;
  end_line(json);
  const std::lock_guard lock(mutex_);
  write(json);
  push();
}

void Output::result(std::string_view json_object) { json_line("{\"result\":" + std::string(json_object) + "}"); }

void Output::raw(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(bytes);
}

Status Output::item(std::string text) {
  end_line(text);
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(text);
  return taken();
}

void Output::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  err_ << text << '\n';
  err_.flush();
}

void Output::error(const Error& error) {
  const std::string hint = hint_of(error);
  if (!json_) {
    note("halley: " + error.to_string());
    if (!hint.empty()) note("hint: " + hint);
    return;
  }
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("error").begin_object();
  writer.member("code", code_name(error.code)).member("message", error.to_string()).member("hint", hint);
  writer.end_object().end_object();
  json_line(std::move(text));
}

void Output::progress(std::string_view bar, std::string_view json_object) {
  if (json_) {
    json_line("{\"progress\":" + std::string(json_object) + "}");
    return;
  }
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  err_ << '\r' << cut_to_columns(bar, terminal_columns() - 1) << "\x1b[K";
  err_.flush();
  bar_shown_ = true;
}

void Output::clear_progress() {
  const std::lock_guard lock(mutex_);
  clear_bar();
}

Status Output::flush() {
  const std::lock_guard lock(mutex_);
  push();
  return taken();
}

// A stream does not tell why it failed, but the system call below it has just left its reason.
void Output::write(std::string_view bytes) {
  errno = 0;
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out_.good() && failure_ == 0) failure_ = errno == 0 ? EIO : errno;
}

void Output::push() {
  errno = 0;
  out_.flush();
  if (!out_.good() && failure_ == 0) failure_ = errno == 0 ? EIO : errno;
}

Status Output::taken() const {
  if (out_.good()) return {};
  if (failure_ == EPIPE) return fail(Code::cancelled, "whoever read standard output went away");
  const bool full = failure_ == ENOSPC || failure_ == EDQUOT;
  return fail(full ? Code::no_space : Code::io,
              std::string("standard output did not take everything: ") + std::strerror(failure_),
              full ? "make room where it goes, then run the same command again" : "");
}

void Output::clear_bar() {
  if (!bar_shown_) return;
  err_ << "\r\x1b[K";
  err_.flush();
  bar_shown_ = false;
}

}  // namespace halley::cli
