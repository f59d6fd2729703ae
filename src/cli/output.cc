#include "cli/output.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

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
void join_lines(std::string& text) {
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
}

// The code of the control character at a place of UTF-8 text; nothing where another character is.
std::optional<unsigned> control_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (byte(at) < 0x20 || byte(at) == 0x7F) return byte(at);
  if (byte(at) == 0xC2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xA0) return byte(at + 1);
  return std::nullopt;
}

// Text as a person is shown it: what a line cannot show, or a terminal would obey, is written as JSON writes it. Names
// may hold such, and so may what a service says.
std::string shown(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto control = control_at(text, i);
    if (!control) {
      out += text[i];
      continue;
    }
    out += *control == '\n' ? "\\n" : *control == '\r' ? "\\r" : fmt::format("\\u{:04x}", *control);
    if (*control >= 0x80) ++i;
  }
  return out;
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
  write(shown(text) + "\n");
  push();
}

void Output::json_line(std::string json) {
  if (!json_) return;
  join_lines(json);
  json += '\n';
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
  join_lines(text);
  if (!json_) text = shown(text);
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(text + "\n");
  return taken();
}

void Output::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  err_ << shown(text) << '\n';
  err_.flush();
}

void Output::error(const Error& error) {
  const std::string hint = hint_of(error);
  if (json_ && !holds_documents_) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("error").begin_object();
    writer.member("code", code_name(error.code)).member("message", error.to_string()).member("hint", hint);
    writer.end_object().end_object();
    json_line(std::move(text));
    if (flush()) return;
  }
  note("halley: " + error.to_string());
  if (!hint.empty()) note("hint: " + hint);
}

void Output::progress(std::string_view bar, std::string_view json_object) {
  if (json_) {
    json_line("{\"progress\":" + std::string(json_object) + "}");
    return;
  }
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  err_ << '\r' << cut_to_columns(shown(bar), terminal_columns() - 1) << "\x1b[K";
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
