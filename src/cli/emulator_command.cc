// halley emulator: the embedded Cosmos-compatible server.
#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/secret.h"
#include "cli/tree_loader.h"
#include "json/writer.h"
#include "recovery/output_file.h"
#include "server/emulator.h"

namespace halley::cli {
namespace {

Status parse_listen(const std::string& text, server::EmulatorOptions& options) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (error != std::errc() || end != port.data() + port.size() || colon == 0) {
    return fail(Code::invalid_argument, "--listen takes ADDRESS:PORT, not '" + text + "'", "for example 127.0.0.1:0");
  }
  options.address = text.substr(0, colon);
  if (options.address.front() == '[' && options.address.back() == ']') {
    options.address = options.address.substr(1, options.address.size() - 2);
  }
  return {};
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

Result<server::EmulatorOptions> options_of(const Context& context) {
  const Arguments& arguments = context.arguments;
  server::EmulatorOptions options;
  TRY(parse_listen(arguments.find("--listen").value_or("127.0.0.1:0"), options));
  options.tls = arguments.has("--tls");
  if (!options.tls && arguments.has("--cert-out")) return fail(Code::invalid_argument, "--cert-out needs --tls");
  server::AccountOptions& account = options.account;
  if (const auto id = arguments.find("--account-id")) account.account_id = *id;
  ASSIGN(const std::int64_t partitions, arguments.integer("--partitions", 1, 1, 1000));
  account.partitions = static_cast<int>(partitions);
  ASSIGN(account.request_units_per_second, arguments.integer("--request-units", 0, 1, 100'000'000));
  account.all_versions_feed = !arguments.has("--no-all-versions");
  for (const std::string& region : arguments.all("--region")) account.regions.push_back({region, ""});
  account.test_door = arguments.has("--test-door");
  if (account.test_door && !is_loopback(options.address)) {
    return fail(Code::invalid_argument, "--test-door is on loopback only", "give --listen 127.0.0.1:0");
  }
  if (const auto file = arguments.find("--key-file")) {
    SecretSource source;
    source.file = *file;
    ASSIGN(account.key, read_secret(source, "the emulator's key", context.variables));
  }
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
    path_ = own_ ? (std::filesystem::temp_directory_path() / fmt::format("halley-emulator-{}.pem", getpid())).string()
                 : *context.arguments.find("--cert-out");
    return recovery::write_file(path_, pem);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool own_ = false;
};

Status load(Context& context, const server::Emulator& emulator, const std::string& tree,
            const std::string& certificate) {
  http::CurlOptions trust;
  trust.ca_file = certificate;
  ASSIGN(const OpenAccount account, connect(context.runtime, emulator.endpoint(), emulator.key(), std::move(trust)));
  ASSIGN(const AccountTree files, read_account_tree(tree));
  ASSIGN(const LoadReport report, load_tree(context.runtime, *account.client, files, context.stop));
  context.output.note(fmt::format("loaded {} in {}, {}", show_number_of(report.documents, "document"),
                                  show_number_of(report.containers.size(), "container"), show_bytes(report.bytes)));
  return {};
}

void say_ready(Output& output, const server::Emulator& emulator, const std::string& certificate,
               const std::vector<std::string>& regions) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("endpoint", emulator.endpoint()).member("key", emulator.key());
  writer.member_integer("pid", getpid());
  if (!certificate.empty()) writer.member("certificate", certificate);
  if (!regions.empty()) {
    writer.key("regions").begin_object();
    for (const std::string& region : regions) writer.member(region, emulator.region_endpoint(region));
    writer.end_object();
  }
  writer.end_object();
  output.json_line(json);
  output.line("endpoint     " + emulator.endpoint());
  output.line("key          " + emulator.key());
  if (!certificate.empty()) output.line("certificate  " + certificate);
  for (const std::string& region : regions)
    output.line("region       " + emulator.region_endpoint(region) + "  " + region);
  output.note(
      "The emulator holds everything in memory. It runs no stored procedure, trigger or function (it keeps them), and "
      "of\n"
      "SQL it knows SELECT * and equality of id and partition key; anything else is answered 400. Ctrl-C ends it.");
}

Result<ExitCode> run(Context& context) {
  ASSIGN(server::EmulatorOptions options, options_of(context));
  ASSIGN(const auto emulator, server::Emulator::start(context.runtime, std::move(options)));
  CertificateFile certificate;
  if (context.arguments.has("--tls")) TRY(certificate.write(context, emulator->certificate_pem()));
  if (const auto tree = context.arguments.find("--load")) TRY(load(context, *emulator, *tree, certificate.path()));
  say_ready(context.output, *emulator, certificate.path(), context.arguments.all("--region"));
  while (context.runtime.sleep(std::chrono::hours(1), context.stop)) {
  }
  return ExitCode::success;
}

}  // namespace

Command emulator_command() {
  return {
      "emulator",
      "the embedded Cosmos-compatible server, for development and tests",
      "Serves an account in memory that the official SDKs can use, until it is interrupted. Its default key is the\n"
      "well-known one of Azure's emulator. With --test-door it makes requests fail, partitions split and clocks step\n"
      "when it is asked to, to test what is built on Cosmos DB: docs/fault-injection.md.",
      "  halley emulator\n"
      "  halley emulator --listen 127.0.0.1:8081 --tls --cert-out emulator.pem\n"
      "  halley emulator --load /tmp/shop --partitions 4 --json\n"
      "  halley emulator --test-door --region 'West US' --region 'East US'",
      {},
      OptionNames{"--listen", "--tls", "--cert-out", "--partitions", "--load", "--request-units", "--no-all-versions",
                  "--key-file", "--account-id", "--region", "--test-door"},
      run};
}

}  // namespace halley::cli
