// The DaemonSets of a cluster, read and written; which of them are external shuffle services; and the shuffle service
// of an application that has it in its executors' own pods.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fakeapi/manifest_rules.h"
#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

// Fixes of the service itself; those of its clients are the applications'.
constexpr std::array<std::string_view, 3> kServiceFixes{"Q29", "Q30", "Q31"};

// true, or {"fixes": [...]}.
void read_service(ReadState& state, ObjectReader& daemon, const std::string& daemon_set) {
  const JsonValue* value = daemon.find("shuffle_service");
  if (value == nullptr) return;
  ShuffleServiceSpec service{daemon_set, {}};
  if (value->kind == JsonKind::object) {
    ObjectReader reader(state.reading, *value, daemon.path_of("shuffle_service"));
    for (const std::string& fix : reader.texts("fixes")) {
      if (std::ranges::find(kServiceFixes, fix) == kServiceFixes.end()) {
        reader.error("fixes", fmt::format("unknown fix \"{}\"; a shuffle service has Q29, Q30, Q31{}", fix,
                                          did_you_mean(fix, kServiceFixes)));
      }
      service.fixes.push_back(fix);
    }
    reader.finish();
  } else {
    bool is_one = false;
    if (!daemon.read("shuffle_service", is_one, as_flag) || !is_one) return;
  }
  state.scenario.shuffle_services.push_back(std::move(service));
}

}  // namespace

void read_daemon_sets(ReadState& state, ObjectReader& cluster) {
  auto& daemons = state.scenario.cluster.daemon_sets;
  cluster.each_item("daemon_sets", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::DaemonSetSpec daemon;
    daemon.ns = "default";
    reader.require("name", daemon.name, as_dns_subdomain);
    reader.read("namespace", daemon.ns, as_dns_label);
    if (reader.read("start", daemon.starts_us, as_duration)) {
      state.warn_if_late(reader.path_of("start"), daemon.starts_us);
    }
    daemon.pod = read_pod_template(state, reader);
    if (daemon.pod.labels.empty()) daemon.pod.labels = {{"app", daemon.name}};
    daemon.pod.restart_policy = "Always";
    read_service(state, reader, daemon.ns + "/" + daemon.name);
    reader.finish();
    const bool known = std::ranges::any_of(
        daemons, [&](const auto& other) { return other.ns == daemon.ns && other.name == daemon.name; });
    if (known) {
      reader.error("name", fmt::format("namespace \"{}\" has a DaemonSet \"{}\" already", daemon.ns, daemon.name));
    }
    if (state.reading.errors.empty()) {
      for (const std::string& error : fakeapi::manifest_errors(fakeapi::daemon_set_of(daemon))) {
        reader.error("name", error);
      }
    }
    daemons.push_back(std::move(daemon));
  });
}

void read_shuffle_sidecar(ReadState& state, ObjectReader& application, ApplicationSpec& into) {
  const JsonValue* value = application.find("shuffle_sidecar");
  if (value == nullptr) return;
  if (into.compat != backend::Compat::fork_2_2) {
    application.error("shuffle_sidecar", "goes with fork-2.2 only; later Sparks have sidecars in executor_template");
  }
  const auto enabled = into.conf.find("spark.shuffle.service.enabled");
  if (enabled == into.conf.end() || enabled->second != "true") {
    application.error("shuffle_sidecar", "needs spark.shuffle.service.enabled = true, else nobody uses it");
  }
  ObjectReader reader(state.reading, *value, application.path_of("shuffle_sidecar"));
  into.shuffle_sidecar = read_container(state, reader);
  reader.finish();
  into.shuffle_sidecar->name = "shuffle-service";
}

nlohmann::ordered_json shuffle_sidecar_json(const Container& sidecar) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  put_container(object, sidecar);
  return object;
}

void write_daemon_sets(const Scenario& scenario, nlohmann::ordered_json& cluster) {
  using Json = nlohmann::ordered_json;
  for (const fakeapi::DaemonSetSpec& daemon : scenario.cluster.daemon_sets) {
    Json entry{{"name", daemon.name}, {"namespace", daemon.ns}, {"start", duration(daemon.starts_us)}};
    put_pod_template(entry, daemon.pod);
    const auto service =
        std::ranges::find(scenario.shuffle_services, daemon.ns + "/" + daemon.name, &ShuffleServiceSpec::daemon_set);
    if (service != scenario.shuffle_services.end()) {
      entry["shuffle_service"]["fixes"] = service->fixes.empty() ? Json::array() : Json(service->fixes);
    }
    cluster["daemon_sets"].push_back(std::move(entry));
  }
}

}  // namespace podramp::sim
