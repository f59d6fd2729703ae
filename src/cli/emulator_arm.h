// `halley emulator --arm`: Resource Manager beside the account.
#pragma once

#include <memory>

#include "arm/endpoint.h"
#include "cli/command.h"
#include "json/writer.h"
#include "server/emulator.h"

namespace halley::cli {

// "ADDRESS:PORT" of an option.
Result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& option, const std::string& text);

// Whether only this machine reaches a server at that address.
bool is_loopback(const std::string& address);

// Makes ready for --arm what the account is to be begun with: its history and the certificate of both. Fails with
// invalid_argument when other options do not go with it.
Status prepare_arm(const Context& context, server::EmulatorOptions& options);

// `options`: what the account was begun with.
Result<std::unique_ptr<arm::Endpoint>> start_arm(const Context& context, const server::EmulatorOptions& options,
                                                 std::shared_ptr<server::Emulator> emulator);

// What people and programs need to use it.
void write_arm(json::Writer& writer, const arm::Endpoint& endpoint, const std::string& account);
void say_arm(Output& output, const arm::Endpoint& endpoint, const std::string& account, const std::string& certificate);

}  // namespace halley::cli
