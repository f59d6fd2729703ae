// The access log: one line for people for each request that was answered. It has no header that is a secret, no
// partition key and nothing of a body.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/runtime.h"
#include "server/exchange.h"

namespace halley::server {

// Takes lines without their ends, from any thread.
using AccessLog = std::function<void(std::string_view line)>;

struct Access {
  const http::ServerRequest& request;
  const Reply& reply;
  std::string path;       // by names
  std::string operation;  // "create-document"
  std::chrono::system_clock::time_point began;
  std::chrono::steady_clock::duration took;
};

// What is asked for, in a word. `path` as split_target() gives it.
std::string operation_name(const http::ServerRequest& request, const std::vector<std::string>& path);

// A path as it is logged: names joined by /, with what a terminal would not show as text percent-encoded.
std::string shown_path(const std::vector<std::string>& path);

// "2026-01-17T10:00:00.123Z POST /dbs/shop/colls/carts/docs create-document 201 5.29RU 0.41ms 48+310B client/1.0":
// status with its sub-status behind a slash, request charge, duration, bytes of the bodies in and out.
std::string access_line(const Access& access);

}  // namespace halley::server
