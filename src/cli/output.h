// Where everything that a command says goes: results to stdout, as text or as JSON; notes, errors in words and the
// progress bar to stderr.
#pragma once

#include <mutex>
#include <ostream>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::cli {

class Output {
 public:
  // `terminal`: stderr is one, so a progress bar may be drawn there.
  Output(std::ostream& out, std::ostream& err, bool json, bool terminal)
      : out_(out), err_(err), json_(json), terminal_(terminal) {}

  bool json() const { return json_; }
  bool terminal() const { return terminal_; }

  // A line of text on stdout; dropped with --json. Control characters, line ends among them, are shown as JSON writes
  // them, here and in all other text for people.
  void line(std::string_view text = {});
  // A line of JSON on stdout, whatever white space is in it; dropped without --json.
  void json_line(std::string json);
  // The closing line with --json: {"result":OBJECT}.
  void result(std::string_view json_object);
  // Bytes on stdout as they are, in both forms.
  void raw(std::string_view bytes);
  // A line of a long list on stdout, in both forms: not flushed, line ends in it (white space, in JSON) made spaces.
  // Fails as flush() does, once stdout takes no more.
  Status item(std::string text);
  // A line for people on stderr.
  void note(std::string_view text);
  // The closing line of a command that failed: {"error":{…}} on stdout with --json; message and hint on stderr without
  // it, and where stdout does not take that or holds documents.
  void error(const Error& error);
  // Documents go to stdout, past this, and nothing else may.
  void leave_to_documents() { holds_documents_ = true; }

  // How far it is: drawn over the last one on a terminal, printed as {"progress":OBJECT} with --json, else dropped.
  void progress(std::string_view bar, std::string_view json_object);
  // Removes the bar, if there is one.
  void clear_progress();

  // Pushes everything out. When stdout took not all of it, fails with cancelled if whoever read from it went away
  // (`halley ls | head`), else with no_space or io.
  Status flush();

 private:
  void clear_bar();
  void write(std::string_view bytes);
  void push();
  Status taken() const;
  std::mutex mutex_;
  std::ostream& out_;
  std::ostream& err_;
  const bool json_;
  const bool terminal_;
  bool holds_documents_ = false;
  bool bar_shown_ = false;
  int failure_ = 0;  // errno of the first write to stdout that failed
};

}  // namespace halley::cli
