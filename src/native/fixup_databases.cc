// What of databases and containers is not as it was.
#include <algorithm>
#include <array>
#include <cctype>

#include "cosmos/account_client.h"
#include "native/bodies.h"
#include "native/fixup_parts.h"

namespace halley::native {
namespace {

using repo::Definition;
using repo::DefinitionKind;

struct Kind {
  ScriptKind script;
  DefinitionKind definition;
  std::string_view name;
};
constexpr std::array<Kind, 3> kScripts = {
    {{ScriptKind::stored_procedure, DefinitionKind::stored_procedure, "stored procedure"},
     {ScriptKind::trigger, DefinitionKind::trigger, "trigger"},
     {ScriptKind::user_defined_function, DefinitionKind::user_defined_function, "user-defined function"}}};

// Members that have a step of their own, or tell how the container came to be.
constexpr std::array<std::string_view, 7> kOwnSteps = {
    "id",        "defaultTtl", "ttlPropertyPath", "conflictResolutionPolicy", "changeFeedPolicy", "restoreParameters",
    "createMode"};
// What the owner of a container decides and no step changes. Of other members the service has some of its own.
constexpr std::array<std::string_view, 9> kSettings = {
    "partitionKey",   "indexingPolicy",         "uniqueKeyPolicy",  "computedProperties",  "vectorEmbeddingPolicy",
    "fullTextPolicy", "clientEncryptionPolicy", "geospatialConfig", "analyticalStorageTtl"};
constexpr std::array<std::string_view, 2> kExpiry = {"defaultTtl", "ttlPropertyPath"};

// "Reading or replacing offers is not supported for serverless accounts."
bool mentions_serverless(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find("serverless") != std::string::npos;
}

// Request units: a fixed number, or the most of a scale; neither: what holds it has none of its own.
struct Throughput {
  std::int64_t manual = 0;
  std::int64_t most = 0;
  bool any() const { return manual > 0 || most > 0; }
  std::string text() const {
    return most > 0     ? "autoscale up to " + std::to_string(most)
           : manual > 0 ? std::to_string(manual) + " RU/s"
                        : "none of its own";
  }
  friend bool operator==(const Throughput&, const Throughput&) = default;
};

Throughput throughput_of(const json::Value& units, const json::Value& autoscale) {
  if (const std::int64_t most = fixup_member(autoscale, "maxThroughput").as_integer().value_or(0); most > 0)
    return {0, most};
  return {units.as_integer().value_or(0), 0};
}

// A resource as the account shows it to its clients: without what the service adds.
json::Value plain(const json::Value& resource) {
  json::Value without = json::Value::object();
  for (const auto& [name, value] : resource.members()) {
    if (!name.starts_with('_') && name != "restoreParameters" && name != "createMode") without.set(name, value);
  }
  return without;
}

// Without members that say nothing, which one interface writes and the other leaves out.
json::Value telling(const json::Value& object) {
  json::Value without = json::Value::object();
  for (const auto& [name, value] : object.members()) {
    if (!value.is_null() && !(value.is_string() && value.text().empty())) without.set(name, value);
  }
  return without;
}

class Comparison {
 public:
  Comparison(ArmClient& arm, const FixupWish& wish, FixupPlan& plan, const std::stop_token& stop)
      : arm_(arm), wish_(wish), plan_(plan), stop_(stop) {}

  Status database(const Definition& database) {
    const std::string path = database_path(wish_.target, database.key.id);
    ASSIGN(const auto there, read(path, database.key.id));
    if (!there) {
      differs("database " + database.key.id + " is not there", "restore it: halley native restore-database");
      return {};
    }
    return throughput(path, database.key.id, offer(database.key.id, ""));
  }

  Status container(const Definition& container) {
    const std::string name = container.key.database + "/" + container.key.id;
    const std::string path = container_path(wish_.target, container.key.database, container.key.id);
    ASSIGN(const auto there, read(path, name));
    if (!there) {
      differs("container " + name + " is not there", "restore it: halley native restore-container " + name);
      return {};
    }
    for (const Kind& kind : kScripts) TRY(scripts(path, container, kind));
    TRY(throughput(path, name, offer(container.key.database, container.key.id)));
    ASSIGN(const json::Value wanted, json::parse(container.text));
    definition(path, name, plain(wanted), plain(*there));
    return {};
  }

 private:
  void differs(std::string what, std::string hint) { plan_.differences.push_back({std::move(what), std::move(hint)}); }
  void step(FixupPart part, std::string subject, std::string what, std::vector<Request> requests, bool replaces) {
    plan_.steps.push_back({part, std::move(subject), std::move(what), std::move(requests), replaces});
  }

  // `properties.resource` of what is at the path; nothing when it is not there.
  Result<std::optional<json::Value>> read(const std::string& path, const std::string& name) {
    const auto answer = arm_.send(get(path), "reading " + name, stop_);
    if (!answer && answer.error().code == Code::not_found) return std::optional<json::Value>();
    if (!answer) return fail(answer.error());
    const json::Value& resource = fixup_member(fixup_member(*answer, "properties"), "resource");
    if (!resource.is_object())
      return fail(Code::corrupt, "Resource Manager's answer about " + name + " has no resource");
    return std::optional(resource);
  }

  const Definition* offer(const std::string& database, const std::string& container) const {
    const auto found = std::find_if(wish_.definitions.begin(), wish_.definitions.end(), [&](const Definition& each) {
      return each.key.kind == DefinitionKind::offer && each.key.database == database && each.key.parent == container;
    });
    return found == wish_.definitions.end() ? nullptr : &*found;
  }

  Status scripts(const std::string& path, const Definition& container, const Kind& kind) {
    const std::string of = " of " + container.key.database + "/" + container.key.id;
    ASSIGN(const auto listed, arm_.list(get(scripts_path(path, kind.script)), "listing scripts" + of, stop_));
    std::vector<json::Value> there;
    for (const json::Value& each : listed) there.push_back(fixup_member(fixup_member(each, "properties"), "resource"));
    for (const Definition& script : wish_.definitions) {
      if (!is_script_of(script, container, kind)) continue;
      ASSIGN(const json::Value wanted, json::parse(script.text));
      const auto same = std::find_if(there.begin(), there.end(), [&](const json::Value& each) {
        return each.is_object() && each.string_at("id") == script.key.id;
      });
      const bool missing = same == there.end();
      if (!missing && cosmos::says_the_same(plain(wanted), *same)) continue;
      step(FixupPart::script, container.key.database + "/" + container.key.id,
           std::string(kind.name) + " " + script.key.id + of + (missing ? " is missing" : " is another"),
           {put(script_path(path, kind.script, script.key.id), script_body(wanted))}, !missing);
    }
    for (const json::Value& each : there) {
      const std::string id = each.is_object() ? each.string_at("id") : std::string();
      const bool wanted = std::any_of(
          wish_.definitions.begin(), wish_.definitions.end(),
          [&](const Definition& script) { return is_script_of(script, container, kind) && script.key.id == id; });
      if (!wanted) differs(std::string(kind.name) + " " + id + of + " was not there at the moment", "");
    }
    return {};
  }

  static bool is_script_of(const Definition& script, const Definition& container, const Kind& kind) {
    return script.key.kind == kind.definition && script.key.database == container.key.database &&
           script.key.parent == container.key.id;
  }

  // A serverless account refuses the question: it has no throughput.
  Result<Throughput> throughput_there(const std::string& path, const std::string& name) {
    const auto answer = arm_.send(get(throughput_path(path)), "reading the throughput of " + name, stop_);
    const auto none = [](const Error& error) {
      return error.code == Code::not_found || (error.status == 400 && mentions_serverless(error.message));
    };
    if (!answer && none(answer.error())) return Throughput();
    if (!answer) return fail(answer.error());
    const json::Value& resource = fixup_member(fixup_member(*answer, "properties"), "resource");
    return throughput_of(fixup_member(resource, "throughput"), fixup_member(resource, "autoscaleSettings"));
  }

  Status throughput(const std::string& path, const std::string& name, const Definition* offer) {
    Throughput wanted;
    if (offer != nullptr) {
      ASSIGN(const json::Value value, json::parse(offer->text));
      const json::Value& content = fixup_member(value, "content");
      wanted = throughput_of(fixup_member(content, "offerThroughput"), fixup_member(content, "offerAutopilotSettings"));
    }
    ASSIGN(const Throughput there, throughput_there(path, name));
    if (wanted == there) return {};
    const std::string what = "throughput of " + name + " is " + there.text() + ", was " + wanted.text();
    if (!wanted.any()) {
      differs(what, "throughput of its own is not taken away again");
      return {};
    }
    std::vector<Request> requests;
    if (there.any() && (wanted.most > 0) != (there.most > 0)) {
      requests.push_back(post(wanted.most > 0 ? autoscale_migration_path(path) : manual_migration_path(path), ""));
    }
    requests.push_back(put(throughput_path(path), wanted.most > 0 ? autoscale_throughput_body(wanted.most)
                                                                  : manual_throughput_body(wanted.manual)));
    step(FixupPart::throughput, name, what, std::move(requests), there.any());
    return {};
  }

  void definition(const std::string& path, const std::string& name, const json::Value& wanted,
                  const json::Value& there) {
    const json::Value steady = expiry(path, name, wanted, there);
    const json::Value policy = telling(fixup_member(wanted, "conflictResolutionPolicy"));
    if (!cosmos::says_the_same(policy, telling(fixup_member(there, "conflictResolutionPolicy")))) {
      json::Value changed = steady;
      changed.set("conflictResolutionPolicy", policy);
      step(FixupPart::conflicts, name, "conflict resolution policy of " + name + " is another",
           {put(path, container_body(changed))}, true);
    }
    for (const std::string_view member : kSettings) setting(member, name, wanted, there);
    for (const auto& [member, was] : wanted.members()) {
      if (is_among(kOwnSteps, member) || is_among(kSettings, member)) continue;
      const json::Value* const is = there.find(member);
      if (is != nullptr && is_another(was, *is)) differs(member + " of " + name + " is another", "");
    }
  }

  // What steps before that of expiry may send: the definition that is there, without an expiry that was not there at
  // the moment, for it is off by then.
  json::Value expiry(const std::string& path, const std::string& name, const json::Value& wanted,
                     const json::Value& there) {
    json::Value changed = there;
    bool alike = true;
    for (const std::string_view member : kExpiry) {
      const json::Value& was = fixup_member(wanted, member);
      alike = alike && was.to_text() == fixup_member(there, member).to_text();
      was.is_null() ? changed.erase(member) : changed.set(member, was);
    }
    if (alike) return there;
    const json::Value& was = fixup_member(wanted, "defaultTtl");
    const json::Value& is = fixup_member(there, "defaultTtl");
    const auto text = [](const json::Value& seconds) { return seconds.is_null() ? "off" : seconds.to_text(); };
    step(was.is_null() ? FixupPart::expiry_off : FixupPart::expiry, name,
         "time to live of " + name + " is " + text(is) + ", was " + text(was), {put(path, container_body(changed))},
         false);
    return was.is_null() ? changed : there;
  }

  static bool is_among(const auto& names, std::string_view member) {
    return std::find(names.begin(), names.end(), member) != names.end();
  }

  void setting(std::string_view member, const std::string& name, const json::Value& wanted, const json::Value& there) {
    static const json::Value geography = json::Value::object({{"type", json::Value::string("Geography")}});
    const bool geospatial = member == "geospatialConfig";
    const auto of = [&](const json::Value& definition) -> const json::Value& {
      const json::Value& value = fixup_member(definition, member);
      return geospatial && says_nothing(value) ? geography : value;
    };
    const json::Value& was = of(wanted);
    const json::Value& is = of(there);
    if (!is_another(was, is)) return;
    const std::string what = std::string(member) + " of " + name;
    if (says_nothing(is)) {
      differs(what + " is missing", "or Resource Manager does not show it: look at the container itself");
    } else {
      differs(what + (says_nothing(was) ? " was not there at the moment" : " is another"), "");
    }
  }

  ArmClient& arm_;
  const FixupWish& wish_;
  FixupPlan& plan_;
  const std::stop_token& stop_;
};

}  // namespace

Status compare_databases(ArmClient& arm, const FixupWish& wish, FixupPlan& plan, const std::stop_token& stop) {
  Comparison comparison(arm, wish, plan, stop);
  for (const Definition& each : wish.definitions) {
    if (each.key.kind == DefinitionKind::database) TRY(comparison.database(each));
    if (each.key.kind == DefinitionKind::container) TRY(comparison.container(each));
  }
  return {};
}

}  // namespace halley::native
