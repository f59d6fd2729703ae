// The real program as a child process.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace halley::testing {

class Process {
 public:
  using Variables = std::map<std::string, std::string>;

  // Starts `halley WORDS` with only these variables (and PATH), standard input from /dev/null.
  Process(const std::vector<std::string>& words, const Variables& variables, const std::string& out_path = {});
  // The same on a terminal of its own, which out() then reads from and write() types at.
  static Process on_terminal(const std::vector<std::string>& words, const Variables& variables);
  // Kills it if it still runs.
  ~Process();
  Process(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int pid() const { return pid_; }
  void signal(int number) const;
  void write(const std::string& text) const;
  // Reads what it says until `text` was seen or it ended (both within a minute); gives everything said so far.
  const std::string& read_until(const std::string& text);
  // Waits so long for its end, without reading: whether its standard error, or terminal, is closed.
  bool ended_after(int milliseconds) const;
  // Reads to the end and waits; the exit code, or minus the signal that killed it.
  int wait();
  const std::string& out() const { return out_; }

 private:
  Process() = default;
  int pid_ = -1;
  int output_ = -1;  // reading end of its standard output and standard error, or the terminal
  std::string out_;
};

}  // namespace halley::testing
