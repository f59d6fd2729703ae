// halley emulator: the embedded Cosmos-compatible server.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/access.h"
#include "cli/access_log_file.h"
#include "cli/commands.h"
#include "cli/emulator_arm.h"
#include "cli/figures.h"
#include "cli/secret.h"
#include "cli/tree_dumper.h"
#include "cli/tree_loader.h"
#include "cosmos/signing.h"
#include "json/writer.h"
#include "recovery/output_file.h"
#include "server/data_directory.h"
#include "server/emulator.h"
#include "server/engine.h"

namespace halley::cli {
namespace {

Result<server::EmulatorOptions> options_of(const Context& context) {
  const Arguments& arguments = context.arguments;
  server::EmulatorOptions options;
  ASSIGN(const auto place, parse_listen("--listen", arguments.find("--listen").value_or("127.0.0.1:0")));
  options.address = place.first;
  options.port = place.second;
  options.tls = arguments.has("--tls");
  const bool arm = arguments.has("--arm");
  if (!options.tls && !arm && arguments.has("--cert-out")) {
    return fail(Code::invalid_argument, "--cert-out needs --tls or --arm");
  }
  if (!arm && arguments.has("--arm-listen")) return fail(Code::invalid_argument, "--arm-listen needs --arm");
  server::AccountOptions& account = options.account;
  if (const auto id = arguments.find("--account-id")) account.account_id = *id;
  ASSIGN(const std::int64_t partitions, arguments.integer("--partitions", 1, 1, 1000));
  account.partitions = static_cast<int>(partitions);
  account.throughput.limits = arguments.has("--enforce-throughput") || arguments.has("--request-units");
  ASSIGN(account.throughput.unasked, arguments.integer("--request-units", account.throughput.unasked, 1, 100'000'000));
  account.all_versions_feed = !arguments.has("--no-all-versions");
  for (const std::string& region : arguments.all("--region")) {
    const bool twice = std::any_of(account.regions.begin(), account.regions.end(),
                                   [&](const auto& each) { return http::equal_ignoring_case(each.name, region); });
    if (twice) return fail(Code::invalid_argument, "--region '" + region + "' is given twice");
    account.regions.push_back({region, ""});
  }
  account.test_door = arguments.has("--test-door");
  if (account.test_door && !is_loopback(options.address)) {
    return fail(Code::invalid_argument, "--test-door is on loopback only", "give --listen 127.0.0.1:0");
  }
  if (const auto file = arguments.find("--key-file")) {
    SecretSource source;
    source.file = *file;
    source.file_by = "--key-file";
    ASSIGN(account.key, read_secret(source, "the emulator's key", context.variables, context.stop));
  }
  if (arm) TRY(prepare_arm(context, options));
  return options;
}

// The emulator's certificate in a file, removed in the end unless the user named the file.
class CertificateFile {
 public:
  ~CertificateFile() {
    std::error_code ignored;
    if (own_) std::filesystem::remove(path_, ignored);
  }
  Status write(const Context& context, const std::string& pem) {
    own_ = !context.arguments.has("--cert-out");
    std::error_code error;
    const std::filesystem::path folder = own_ ? std::filesystem::temp_directory_path(error) : "";
    if (error) {
      return fail(Code::io, "there is no folder for temporary files: " + error.message(),
                  "set TMPDIR to one, or name a file with --cert-out");
    }
    path_ = own_ ? (folder / fmt::format("halley-emulator-{}.pem", getpid())).string()
                 : *context.arguments.find("--cert-out");
    return recovery::write_file(path_, pem);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool own_ = false;
};

Status load(Context& context, server::Emulator& emulator, const std::string& tree, const std::string& certificate) {
  ASSIGN(const auto databases, emulator.account().engine().list({}, server::ResourceKind::database));
  if (!databases.texts.empty()) {
    context.output.note(tree + " was not loaded: the account that --data keeps is not empty");
    return {};
  }
  http::CurlOptions trust;
  trust.ca_file = certificate;
  ASSIGN(const OpenAccount account, connect(context.runtime, emulator.endpoint(), emulator.key(), std::move(trust)));
  ASSIGN(const AccountTree files, read_account_tree(tree));
  ASSIGN(const LoadReport report, load_tree(context.runtime, *account.client, files, context.stop));
  TRY(load_users(emulator.account().engine(), files));
  context.output.note(fmt::format("loaded {} in {}, {}", show_number_of(report.documents, "document"),
                                  show_number_of(report.containers.size(), "container"), show_bytes(report.bytes)));
  return {};
}

Status dump(Context& context, server::Emulator& emulator, const std::string& tree) {
  auto dumped = dump_tree(emulator, tree);
  if (!dumped) return fail(std::move(dumped).error().in("dumping the account to " + tree));
  context.output.note(fmt::format("dumped {} in {} to {}", show_number_of(dumped->documents, "document"),
                                  show_number_of(dumped->containers, "container"), tree));
  return {};
}

std::string connection_string(std::string_view endpoint, std::string_view key) {
  return fmt::format("AccountEndpoint={};AccountKey={};", endpoint, key);
}

// What is served.
struct Served {
  std::shared_ptr<server::Emulator> emulator;
  std::unique_ptr<arm::Endpoint> manager;  // with --arm
  std::string account_id;
  bool throughput_limits = false;
};

void say_ready(Output& output, const Served& served, const std::string& certificate,
               const std::vector<std::string>& regions) {
  const server::Emulator& emulator = *served.emulator;
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("endpoint", emulator.endpoint()).member("key", emulator.key());
  writer.member_integer("pid", getpid());
  writer.member("connection_string", connection_string(emulator.endpoint(), emulator.key()));
  if (!certificate.empty()) writer.member("certificate", certificate);
  if (!regions.empty()) {
    writer.key("regions").begin_object();
    for (const std::string& region : regions) writer.member(region, emulator.region_endpoint(region));
    writer.end_object();
  }
  if (served.manager) write_arm(writer, *served.manager, served.account_id);
  writer.end_object();
  output.json_line(std::move(json));
  output.line("endpoint           " + emulator.endpoint());
  output.line("key                " + emulator.key());
  output.line("connection string  " + connection_string(emulator.endpoint(), emulator.key()));
  if (!certificate.empty() && !served.manager) output.line("certificate        " + certificate);
  for (const std::string& region : regions)
    output.line("region             " + emulator.region_endpoint(region) + "  " + region);
  if (served.manager) say_arm(output, *served.manager, served.account_id, certificate);
  output.note(
      "It answers Cosmos SQL (docs/sql.md) and runs no stored procedure, trigger or function: it keeps them, and a");
  output.note("query that calls one is answered 400. Ctrl-C ends it.");
}

// Says where the account is, and serves until the user has had enough.
Status serve(Context& context, Served& served, const std::string& certificate_pem) {
  server::Emulator& emulator = *served.emulator;
  CertificateFile certificate;
  if (!certificate_pem.empty()) TRY(certificate.write(context, certificate_pem));
  if (const auto tree = context.arguments.find("--load")) TRY(load(context, emulator, *tree, certificate.path()));
  if (served.throughput_limits) emulator.account().engine().limit_throughput();
  const auto data = context.arguments.find("--data");
  context.output.note(data ? "The account is kept in " + *data + "." : "The account is held in memory.");
  say_ready(context.output, served, certificate.path(), context.arguments.all("--region"));
  while (context.runtime.sleep(std::chrono::hours(1), context.stop)) {
  }
  served.manager.reset();
  emulator.stop_serving();
  return {};
}

Result<ExitCode> run(Context& context) {
  ASSIGN(server::EmulatorOptions options, options_of(context));
  const auto tree = context.arguments.find("--dump");
  if (tree) TRY(check_dump_directory(*tree));
  std::unique_ptr<AccessLogFile> log;
  if (const auto name = context.arguments.find("--access-log")) {
    ASSIGN(log, AccessLogFile::open(*name, context.output));
    options.account.access_log = [&log](std::string_view line) { log->write(line); };
  }
  std::unique_ptr<server::DataDirectory> data;
  if (const auto directory = context.arguments.find("--data")) {
    auto opened = server::DataDirectory::open(context.runtime, *directory);
    if (!opened && opened.error().code == Code::already_exists) {
      context.output.error(opened.error());
      return ExitCode::locked;
    }
    if (!opened) return fail(std::move(opened).error());
    data = std::move(*opened);
    options.account.journal = data.get();
  }
  Served served;
  server::EmulatorOptions begins_with = options;
  begins_with.account.throughput.limits = false;  // until what there is to load is loaded
  ASSIGN(served.emulator, server::Emulator::start(context.runtime, begins_with));
  served.throughput_limits = options.account.throughput.limits;
  served.account_id = options.account.account_id;
  if (context.arguments.has("--arm")) {
    ASSIGN(served.manager, start_arm(context, options, served.emulator));
  }
  TRY(serve(context, served,
            options.certificate ? options.certificate->certificate_pem : served.emulator->certificate_pem()));
  if (data != nullptr) TRY(data->settle());
  if (tree) TRY(dump(context, *served.emulator, *tree));
  return ExitCode::success;
}

// What people paste, for the port that they most often choose.
const std::string& details() {
  static const std::string text = fmt::format(
      "Serves an account that the official SDKs can use, until it is interrupted: in memory, or kept in a folder with\n"
      "--data. Its default key is the well-known one of Azure's emulator. With --listen 127.0.0.1:8081 the connection\n"
      "string is\n\n"
      "  {}\n\n"
      "docs/emulator.md says how to connect each SDK. With --test-door it makes requests fail, partitions split and\n"
      "clocks step when it is asked to, to test what is built on Cosmos DB: docs/fault-injection.md. With --arm an\n"
      "Azure Resource Manager goes along, over TLS, that 'halley native' and the official clients can use: accounts\n"
      "are made, deleted and really restored from what this process served (docs/emulator.md).",
      connection_string("http://127.0.0.1:8081/", cosmos::kEmulatorKey));
  return text;
}

}  // namespace

Command emulator_command() {
  return {"emulator",
          "the embedded Cosmos-compatible server, for development and tests",
          details(),
          "  halley emulator\n"
          "  halley emulator --listen 127.0.0.1:8081 --tls --cert-out emulator.pem\n"
          "  halley emulator --data ~/cosmos --access-log\n"
          "  halley emulator --load /tmp/shop --dump /tmp/shop-after --partitions 4 --json\n"
          "  halley emulator --test-door --region 'West US' --region 'East US'\n"
          "  halley emulator --arm --arm-listen 127.0.0.1:8443 --cert-out emulator.pem",
          {},
          OptionNames{"--listen", "--tls", "--cert-out", "--partitions", "--data", "--load", "--dump", "--access-log",
                      "--enforce-throughput", "--request-units", "--no-all-versions", "--key-file", "--account-id",
                      "--region", "--test-door", "--arm", "--arm-listen"},
          run,
          {{"--key-file", "its key is in this file (else that of Azure's emulator)"}}};
}

}  // namespace halley::cli
