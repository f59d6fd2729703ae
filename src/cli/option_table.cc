#include "cli/option_table.h"

namespace halley::cli {
namespace {

constexpr Option kOptions[] = {
    // The account.
    {"--endpoint", Taking::value, "URL", "the account (else COSMOS_ENDPOINT, else the configuration)"},
    {"--key-file", Taking::value, "FILE", "its key is in this file (else --key-env, COSMOS_KEY, the configuration)"},
    {"--key-env", Taking::value, "NAME", "its key is in this environment variable"},
    {"--ca", Taking::value, "FILE", "trust the certificates in this PEM file, of accounts (else [account] ca)"},
    {"--insecure-tls", Taking::nothing, "", "do not verify the account's certificate; Azure's own always is"},
    // The repository.
    {"--repo", Taking::value, "URL", "the repository: a path or file:///path (else HALLEY_REPOSITORY)"},
    {"--password-file", Taking::value, "FILE", "its password is in this file"},
    {"--password-command", Taking::value, "CMD", "this command prints its password"},
    {"--generate-password", Taking::value, "FILE", "write a random password to this new file, and use it"},
    // What of an account.
    {"--include", Taking::values, "PATTERN", "only these: db, db/container, with * and ? (again for more)"},
    {"--exclude", Taking::values, "PATTERN", "not these (again for more)"},
    {"--database", Taking::values, "NAME", "this database, or those of a pattern with * and ? (again for more)"},
    {"--container", Taking::values, "DB/NAME", "this container, or those of a pattern with * and ? (again for more)"},
    {"--partition-key", Taking::value, "JSON",
     "the partition key: a JSON array such as '[\"a\",5]', or one value; {} is none"},
    {"--id", Taking::values, "ID", "the document with this id"},
    {"--id-prefix", Taking::value, "TEXT", "documents whose ids begin with this"},
    {"--at", Taking::value, "WHEN", "2026-01-17T10:00:00Z, an age such as -2h or -3d12h, or latest (the default)"},
    // backup
    {"--mode", Taking::value, "MODE", "auto, all-versions or latest"},
    {"--no-wait", Taking::nothing, "", "do not wait until the present moment is restorable"},
    // restore
    {"--to", Taking::value, "TARGET",
     "dir:PATH for files, or cosmos for an account; of native fixup the restored account"},
    {"--using", Taking::value, "WAY", "auto, native (Azure's own restore) or repository: compared first"},
    {"--target-endpoint", Taking::value, "URL", "the account to write to"},
    {"--target-key-env", Taking::value, "NAME", "its key is in this environment variable"},
    {"--target-key-file", Taking::value, "FILE", "its key is in this file"},
    {"--resume", Taking::nothing, "", "go on with a restore to an account that was interrupted"},
    {"--approximate", Taking::nothing, "", "go on where the moment is not restorable exactly, and say what is unsure"},
    {"--dry-run", Taking::nothing, "", "say what would be done, and change nothing"},
    // export
    {"--output", Taking::value, "FILE", "the file to write; - is standard output"},
    {"--live", Taking::nothing, "", "from the account as it is now, not from the repository"},
    {"--format", Taking::value, "FORMAT", "json (one object with count and items) or ndjson (a document a line)"},
    {"--system-properties", Taking::nothing, "",
     "keep _rid, _self, _etag, _attachments, _ts, and _lsn where the feed gave it"},
    // import
    {"--input", Taking::value, "FILE", "the file to read; - is standard input"},
    {"--existing", Taking::value, "WHAT", "replace documents that are there (the default), or keep them"},
    // verify
    {"--read-data", Taking::optional_value, "N%", "read and decode all segments, or this share of them"},
    // ls, history, find, diff
    {"--limit", Taking::value, "N", "list at most so many"},
    {"--from", Taking::value, "WHEN", "the earlier moment, as --at takes it"},
    {"--until", Taking::value, "WHEN", "the later moment, as --at takes it"},
    // emulator
    {"--listen", Taking::value, "ADDRESS:PORT", "where to serve (default 127.0.0.1:0; port 0 is any free one)"},
    {"--tls", Taking::nothing, "", "serve https with a certificate made for it"},
    {"--cert-out", Taking::value, "FILE", "write that certificate here"},
    {"--partitions", Taking::value, "N", "physical partitions of a new container (default 1)"},
    {"--data", Taking::value, "DIR", "keep the account in this folder: it is there again after a restart, or kill -9"},
    {"--load", Taking::value, "TREE", "load a folder as 'restore --to dir:' writes it"},
    {"--dump", Taking::value, "TREE", "write the account to such a folder when it is interrupted"},
    {"--access-log", Taking::optional_value, "FILE", "a line for each request, to a file or standard output"},
    {"--enforce-throughput", Taking::nothing, "", "answer 429 beyond the throughput of a container or its database"},
    {"--request-units", Taking::value, "N", "the same, with N a second where no throughput is asked for (else 400)"},
    {"--no-all-versions", Taking::nothing, "", "do not offer the all-versions change feed"},
    {"--account-id", Taking::value, "ID", "the id the account says it has (default halley-emulator)"},
    {"--region", Taking::values, "NAME", "a region with a port of its own; the first takes writes (again for more)"},
    {"--test-door", Taking::nothing, "", "faults on demand by POST /_emulator/...: docs/fault-injection.md"},
    {"--arm", Taking::nothing, "", "serve Azure Resource Manager too, over TLS: backups and restores that are real"},
    {"--arm-listen", Taking::value, "ADDRESS:PORT", "where to serve it (default 127.0.0.1:0)"},
    // demo
    {"--keep", Taking::value, "DIR", "keep the repository of the demonstration in this folder"},
    // native
    {"--subscription", Taking::value, "ID", "the Azure subscription (else AZURE_SUBSCRIPTION_ID, the configuration)"},
    {"--resource-group", Taking::value, "NAME", "the account's resource group (else the configuration)"},
    {"--account", Taking::value, "NAME", "the account's name (else the configuration)"},
    {"--cloud", Taking::value, "NAME", "AzureCloud (the default), AzureUSGovernment, AzureChinaCloud, or a URL"},
    {"--azure-ca", Taking::value, "FILE", "trust the certificates in this PEM file, of Azure (else [native] ca)"},
    {"--tier", Taking::value, "TIER", "Continuous7Days, Continuous30Days or Continuous35Days"},
    {"--all-versions", Taking::nothing, "", "turn on the change feed that tells of every version and delete, too"},
    {"--wait", Taking::nothing, "", "wait until it is done"},
    {"--yes", Taking::nothing, "", "agree to what cannot be taken back, without being asked"},
    {"--check", Taking::nothing, "", "exit with 4 when something is not as it should be"},
    {"--operation", Taking::value, "ID", "show this operation, which an earlier command began"},
    {"--location", Taking::value, "REGION", "the Azure region (default: the one that takes the account's writes)"},
    {"--suggest", Taking::nothing, "", "only the last second before each deletion, and the command to restore it"},
    {"--instance", Taking::value, "ID", "which of several accounts of that name: 'native restorable' shows their ids"},
    {"--to-account", Taking::value, "NAME", "the new account (default: the account's name and the moment)"},
    {"--to-resource-group", Taking::value, "NAME", "the new account's resource group (default: the account's)"},
    {"--databases", Taking::values, "DB[=C1,C2]", "only this database, or these containers of it (again for more)"},
    {"--public-network", Taking::nothing, "", "open the new account to public networks as soon as it is there"},
    {"--keep-ttl", Taking::nothing, "", "documents may expire in what is restored, as they did before"},
    {"--no-ttl", Taking::nothing, "", "leave time to live as it is: documents do not expire"},
    {"--with-containers", Taking::nothing, "", "the containers that the database had, too"},
    // All commands.
    {"--json", Taking::nothing, "", "machine-readable output: JSON lines on stdout"},
    {"--log", Taking::value, "LEVEL", "debug tells on stderr of every request that is repeated, and why"},
    {"--config", Taking::value, "FILE", "configuration (else ./halley.toml, ~/.config/halley/, /etc/halley/)"},
    {"--help", Taking::nothing, "", "this text"},
};

}  // namespace

std::span<const Option> option_table() { return kOptions; }

const Option* find_option(std::string_view name) {
  for (const Option& option : option_table()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

OptionNames account_options() { return {"--endpoint", "--key-file", "--key-env", "--ca", "--insecure-tls"}; }

OptionNames repository_options() { return {"--repo", "--password-file", "--password-command"}; }

OptionNames azure_options() { return {"--subscription", "--resource-group", "--account", "--cloud", "--azure-ca"}; }

OptionNames general_options() { return {"--json", "--log", "--config", "--help"}; }

OptionNames operator+(OptionNames left, const OptionNames& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace halley::cli
