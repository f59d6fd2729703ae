#include "server/refusal.h"

namespace halley::server {
namespace {

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::unauthorized;
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 409:
      return Code::already_exists;
    case 410:
      return Code::gone;
    case 412:
      return Code::precondition;
    case 429:
      return Code::throttled;
    case 500:
      return Code::internal;
    case 503:
      return Code::unavailable;
    default:
      return Code::invalid_argument;
  }
}

}  // namespace

tl::unexpected<Error> refuse(int status, std::string message, int sub_status) {
  Error error(code_of(status), std::move(message));
  error.status = status;
  error.sub_status = sub_status;
  return tl::unexpected<Error>(std::move(error));
}

std::string_view status_name(int status) {
  switch (status) {
    case 400:
      return "BadRequest";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 405:
      return "MethodNotAllowed";
    case 408:
      return "RequestTimeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "PreconditionFailed";
    case 413:
      return "RequestEntityTooLarge";
    case 431:
      return "RequestHeaderFieldsTooLarge";
    case 424:
      return "FailedDependency";
    case 429:
      return "TooManyRequests";
    case 449:
      return "RetryWith";
    case 503:
      return "ServiceUnavailable";
    default:
      return "InternalServerError";
  }
}

}  // namespace halley::server
