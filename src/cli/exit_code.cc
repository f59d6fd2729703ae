#include "cli/exit_code.h"

#include <algorithm>

namespace halley::cli {

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case Code::invalid_argument:
      // With an HTTP status it was a service that refused a request, not the user who mistyped one.
      return error.status == 0 ? ExitCode::usage : ExitCode::failed;
    case Code::corrupt:
    case Code::difference:
      return ExitCode::damage;
    case Code::incomplete:
      return ExitCode::incomplete;
    case Code::no_repository:
      return ExitCode::no_repository;
    case Code::wrong_password:
      return ExitCode::wrong_password;
    case Code::outside_coverage:
      return ExitCode::outside_coverage;
    case Code::cancelled:
      return ExitCode::interrupted;
    default:
      return ExitCode::failed;
  }
}

ExitCode exit_code_of(const std::vector<Error>& left_out) {
  if (left_out.empty()) return ExitCode::success;
  const bool by_others = std::all_of(left_out.begin(), left_out.end(),
                                     [](const Error& error) { return error.code == Code::already_exists; });
  return by_others ? ExitCode::locked : ExitCode::incomplete;
}

std::string hint_of(const Error& error) {
  if (!error.hint.empty()) return error.hint;
  switch (error.code) {
    case Code::unauthorized:
      return "check the account's key: --key-file, --key-env or COSMOS_KEY";
    case Code::forbidden:
      return "the key is known, but may not do this: a read-write key, or the account's firewall?";
    case Code::throttled:
      return "the account is busy: try again later, or give it more throughput";
    case Code::unavailable:
    case Code::timeout:
      return "check the endpoint and the network, then run the same command again";
    case Code::corrupt:
      return "'halley verify --read-data' names everything that is damaged";
    case Code::no_space:
      return "make room, then run the same command again: what was committed is kept";
    case Code::no_repository:
      return "check --repo, or make a repository there with 'halley init'";
    case Code::wrong_password:
      return "check --password-file, --password-command or HALLEY_PASSWORD";
    case Code::outside_coverage:
      return "'halley timeline' shows what can be restored";
    case Code::internal:
      return "this is a defect of halley: please report it with the command you ran";
    default:
      return {};
  }
}

}  // namespace halley::cli
