#include "cli/option_table.h"

namespace halley::cli {

const std::vector<Option>& option_table() {
  static const std::vector<Option> table = {
      // The account.
      {"--endpoint", Taking::value, "URL", "the account (else COSMOS_ENDPOINT, else the configuration)"},
      {"--key-file", Taking::value, "FILE", "its key is in this file (else --key-env, COSMOS_KEY, the configuration)"},
      {"--key-env", Taking::value, "NAME", "its key is in this environment variable"},
      {"--ca", Taking::value, "FILE", "trust the certificates in this PEM file"},
      {"--insecure-tls", Taking::nothing, "", "do not verify the server's certificate"},
      // The repository.
      {"--repo", Taking::value, "URL", "the repository: a path or file:///path (else HALLEY_REPOSITORY)"},
      {"--password-file", Taking::value, "FILE", "its password is in this file"},
      {"--password-command", Taking::value, "CMD", "this command prints its password"},
      {"--generate-password", Taking::value, "FILE", "write a random password to this new file, and use it"},
      // What of an account.
      {"--include", Taking::values, "PATTERN", "only these: db, db/container, with * (again for more)"},
      {"--exclude", Taking::values, "PATTERN", "not these (again for more)"},
      {"--database", Taking::values, "NAME", "this database (again for more)"},
      {"--container", Taking::values, "DB/NAME", "this container (again for more)"},
      {"--partition-key", Taking::value, "JSON", "the partition key: a JSON array such as '[\"a\",5]', or one value"},
      {"--id", Taking::values, "ID", "the document with this id"},
      {"--id-prefix", Taking::value, "TEXT", "documents whose ids begin with this"},
      {"--at", Taking::value, "WHEN", "2026-01-17T10:00:00Z, an age such as -2h or -3d12h, or latest (the default)"},
      // backup
      {"--mode", Taking::value, "MODE", "auto, all-versions or latest"},
      {"--no-wait", Taking::nothing, "", "do not wait until the present moment is restorable"},
      // restore
      {"--to", Taking::value, "TARGET", "dir:PATH for files, or cosmos for an account"},
      {"--target-endpoint", Taking::value, "URL", "the account to write to"},
      {"--target-key-env", Taking::value, "NAME", "its key is in this environment variable"},
      {"--target-key-file", Taking::value, "FILE", "its key is in this file"},
      {"--resume", Taking::nothing, "", "go on with a restore to an account that was interrupted"},
      {"--approximate", Taking::nothing, "",
       "go on where the moment is not restorable exactly, and say what is unsure"},
      {"--dry-run", Taking::nothing, "", "say what would be done, and change nothing"},
      // export
      {"--output", Taking::value, "FILE", "the file to write; - is standard output"},
      {"--live", Taking::nothing, "", "from the account as it is now, not from the repository"},
      {"--format", Taking::value, "FORMAT", "json (one object with count and items) or ndjson (a document a line)"},
      {"--system-properties", Taking::nothing, "", "keep _rid, _self, _etag, _attachments and _ts"},
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
      {"--load", Taking::value, "TREE", "load a folder as 'restore --to dir:' writes it"},
      {"--request-units", Taking::value, "N", "per second and container; more is answered 429 (default: no limit)"},
      {"--no-all-versions", Taking::nothing, "", "do not offer the all-versions change feed"},
      {"--account-id", Taking::value, "ID", "the id the account says it has (default halley-emulator)"},
      {"--region", Taking::values, "NAME", "a region with a port of its own; the first takes writes (again for more)"},
      {"--test-door", Taking::nothing, "", "faults on demand by POST /_emulator/...: docs/fault-injection.md"},
      // demo
      {"--data", Taking::value, "TREE", "real documents to load ('./dev demo' makes them)"},
      {"--keep", Taking::value, "DIR", "keep the repository of the demonstration in this folder"},
      // All commands.
      {"--json", Taking::nothing, "", "machine-readable output: JSON lines on stdout"},
      {"--log", Taking::value, "LEVEL", "debug tells on stderr of every request that is repeated, and why"},
      {"--config", Taking::value, "FILE", "configuration (else ./halley.toml, ~/.config/halley/, /etc/halley/)"},
      {"--help", Taking::nothing, "", "this text"},
  };
  return table;
}

const Option* find_option(std::string_view name) {
  for (const Option& option : option_table()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

OptionNames account_options() { return {"--endpoint", "--key-file", "--key-env", "--ca", "--insecure-tls"}; }

OptionNames repository_options() { return {"--repo", "--password-file", "--password-command"}; }

OptionNames general_options() { return {"--json", "--log", "--config", "--help"}; }

OptionNames operator+(OptionNames left, const OptionNames& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace halley::cli
