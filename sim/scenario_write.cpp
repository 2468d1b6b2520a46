// Writes a Scenario as a file that reads back to an equal one: every default is filled in, every reference is resolved
// (nodes by name, demand in the application). The reader is scenario_json.cpp.
#include "sim/scenario_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "fakeapi/faults.h"
#include "sim/scenario_node_actions.h"
#include "sim/scenario_read.h"
#include "sim/scenario_scheduling.h"

namespace podramp::sim {

using Json = nlohmann::ordered_json;

std::string duration(DurationUs us) {
  static constexpr std::pair<DurationUs, std::string_view> kUnits[] = {
      {kHourUs, "h"}, {kMinuteUs, "m"}, {kSecondUs, "s"}, {kMillisecondUs, "ms"}};
  if (us == 0) return "0s";
  for (const auto& [unit, name] : kUnits) {
    if (us % unit == 0) return fmt::format("{}{}", us / unit, name);
  }
  return fmt::format("{}us", us);
}

void put_resources(Json& into, const Resources& resources) {
  if (resources.cpu_milli) into["cpu"] = format_cpu_milli(*resources.cpu_milli);
  if (resources.memory_bytes) into["memory"] = format_bytes(*resources.memory_bytes);
  for (const auto& [name, amount] : resources.other) into["resources"][name] = format_bytes(amount);
}

namespace {

Json text_map(const StringMap& map) {
  Json object = Json::object();
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

Json amounts(const Resources& resources) {
  Json object = Json::object();
  put_resources(object, resources);
  return object;
}

Json kubernetes(const fakeapi::ClusterProfile& profile) {
  Json object{{"profile", profile.name}};
  for (const ProfileDuration& field : kProfileDurations) object[field.name] = duration(profile.*field.member);
  for (const ProfileNumber& field : kProfileNumbers) object[field.name] = profile.*field.member;
  object["toleration"] = duration(profile.toleration_s * kSecondUs);
  return object;
}

// ------------------------------------------------------------------------------------------------------------ nodes

}  // namespace

Json taints_json(const std::vector<Taint>& taints) {
  Json list = Json::array();
  for (const Taint& taint : taints) {
    list.push_back(Json{{"key", taint.key}, {"value", taint.value}, {"effect", taint.effect}});
  }
  return list;
}

// The hostname label says nothing that the name does not.
Json node_like(const fakeapi::NodeSpec& spec) {
  Json entry = Json::object();
  put_resources(entry, spec.node.allocatable);
  if (!spec.node.allocatable.cpu_milli) entry["cpu"] = 0;
  if (!spec.node.allocatable.memory_bytes) entry["memory"] = 0;
  entry["pods"] = spec.node.pods_max;
  StringMap labels = spec.node.labels;
  Json written = Json::object();
  for (const auto& [key, value] : default_node_labels()) {
    const auto at = labels.find(key);
    if (at == labels.end()) {
      written[key] = nullptr;
    } else if (key == kHostnameLabel && at->second == spec.node.name) {
      labels.erase(at);
    }
  }
  for (const auto& [key, value] : labels) written[key] = value;
  if (!written.empty()) entry["labels"] = std::move(written);
  if (!spec.node.taints.empty()) entry["taints"] = taints_json(spec.node.taints);
  entry["bandwidth"] = format_bandwidth(spec.bytes_per_s);
  if (spec.image_disk_bytes > 0) entry["image_disk"] = format_bytes(spec.image_disk_bytes);
  if (spec.disk_bytes_per_s > 0) entry["disk_bandwidth"] = format_bandwidth(spec.disk_bytes_per_s);
  if (!spec.node.images.empty()) entry["images"] = spec.node.images;
  if (spec.node.unschedulable) entry["unschedulable"] = true;
  if (spec.joins_later) entry["joins"] = true;
  return entry;
}

namespace {

bool are_alike(const fakeapi::NodeSpec& a, const fakeapi::NodeSpec& b) {
  const auto labels = [](const fakeapi::NodeSpec& spec) {
    StringMap map = spec.node.labels;
    const auto at = map.find(std::string(kHostnameLabel));
    if (at != map.end() && at->second == spec.node.name) at->second.clear();
    return map;
  };
  return a.autoscaled == b.autoscaled && a.node.allocatable == b.node.allocatable &&
         a.node.pods_max == b.node.pods_max && a.node.taints == b.node.taints && a.bytes_per_s == b.bytes_per_s &&
         a.image_disk_bytes == b.image_disk_bytes && a.disk_bytes_per_s == b.disk_bytes_per_s &&
         a.node.images == b.node.images && a.node.unschedulable == b.node.unschedulable &&
         a.joins_later == b.joins_later && labels(a) == labels(b);
}

Json nodes(const std::vector<fakeapi::NodeSpec>& specs) {
  Json list = Json::array();
  for (std::size_t i = 0; i < specs.size();) {
    if (specs[i].autoscaled) {  // its group has it
      ++i;
      continue;
    }
    Json entry{{"names", Json::array()}};
    std::size_t end = i;
    while (end < specs.size() && are_alike(specs[i], specs[end])) entry["names"].push_back(specs[end++].node.name);
    entry.update(node_like(specs[i]));
    list.push_back(std::move(entry));
    i = end;
  }
  return list;
}

// ---------------------------------------------------------------------------------------------------------- cluster

}  // namespace

Json latency_model(const fakeapi::LatencyModel& model) {
  switch (model.kind) {
    case fakeapi::LatencyKind::constant: return {{"constant", duration(model.base_us)}};
    case fakeapi::LatencyKind::uniform:
      return {{"uniform", Json::array({duration(model.base_us), duration(model.high_us)})}};
    case fakeapi::LatencyKind::lognormal: {
      Json object{{"median", duration(model.base_us)},
                  {"sigma", fmt::format("{}.{:03}", model.sigma_milli / 1000, model.sigma_milli % 1000)}};
      if (model.high_us > 0) object["max"] = duration(model.high_us);
      return object;
    }
    case fakeapi::LatencyKind::exponential: return {{"exponential", duration(model.base_us)}};
    case fakeapi::LatencyKind::empirical: {
      Json samples = Json::array();
      for (const DurationUs us : model.samples) samples.push_back(duration(us));
      return {{"samples", std::move(samples)}};
    }
    case fakeapi::LatencyKind::quantiles: break;
  }
  Json points = Json::object();
  for (const auto& [permille, us] : model.points) {
    points[fmt::format("{}.{}", permille / 10, permille % 10)] = duration(us);
  }
  return {{"quantiles", std::move(points)}};
}

namespace {

Json hard(const fact::Usage& usage) {
  Json object = Json::object();
  for (const auto& [name, amount] : usage) {
    const QuotaUnit unit = quota_unit(name).value_or(QuotaUnit::count);
    object[name] = unit == QuotaUnit::cpu_milli ? format_cpu_milli(amount)
                   : unit == QuotaUnit::bytes   ? format_bytes(amount)
                                                : std::to_string(amount);
  }
  return object;
}

Json quota(const fakeapi::QuotaSpec& spec) {
  Json object{{"namespace", spec.ns}, {"name", spec.name}, {"hard", hard(spec.hard)}};
  if (!spec.scopes.empty()) object["scopes"] = spec.scopes;
  return object;
}

Json cluster(const Scenario& scenario) {
  const fakeapi::ClusterConfig& config = scenario.cluster;
  Json object{{"nodes", nodes(config.nodes)}};
  write_images(config, object);
  write_zones(config, object);
  for (const auto& spec : config.quotas) object["quotas"].push_back(quota(spec));
  for (const auto& range : config.limit_ranges) {
    object["limit_ranges"].push_back(Json{{"namespace", range.ns},
                                          {"name", range.name},
                                          {"default_request", amounts(range.default_request)},
                                          {"default", amounts(range.default_limit)},
                                          {"min", amounts(range.min)},
                                          {"max", amounts(range.max)}});
  }
  write_claims(config, object);
  write_scheduling(config, object);
  write_autoscaler(config, object);
  write_daemon_sets(scenario, object);
  for (const auto& [name, member] : fakeapi::Latencies::kByName) {
    object["latency"][name] = latency_model(config.latency.*member);
  }
  object["parallel_pulls"] = config.parallel_pulls;
  if (config.max_parallel_pulls > 0) object["max_parallel_pulls"] = config.max_parallel_pulls;
  return object;
}

Json background(const std::vector<fakeapi::ExistingPod>& existing) {
  Json list = Json::array();
  for (const auto& [pod, ends_us] : existing) {
    const PodTemplate& tmpl = *pod.tmpl;
    Json entry{{"name", pod.name}, {"namespace", pod.ns}};
    if (!pod.node.empty()) entry["node"] = pod.node;
    put_pod_template(entry, tmpl);
    entry["restart_policy"] = tmpl.restart_policy;
    if (ends_us) entry["until"] = duration(*ends_us);
    list.push_back(std::move(entry));
  }
  return list;
}

// ----------------------------------------------------------------------------------------- applications and timeline

Json stage(const StageSpec& spec) {
  Json object{{"name", spec.name}};
  if (!spec.parents.empty()) object["parents"] = spec.parents;
  object["tasks"] = spec.tasks;
  object["profile"] = spec.profile;
  if (spec.durations.empty()) object["duration"] = latency_model(spec.duration);
  for (const DurationUs us : spec.durations) object["durations"].push_back(duration(us));
  if (spec.input_bytes > 0) {
    object["input"] = Json{{"bytes", format_bytes(spec.input_bytes)}, {"replicas", spec.replicas}};
    if (!spec.datanodes.empty()) object["input"]["nodes"] = spec.datanodes;
  }
  if (spec.shuffle_bytes > 0) object["shuffle_write"] = format_bytes(spec.shuffle_bytes);
  if (!spec.cache.empty()) object["cache"] = Json{{"name", spec.cache}, {"bytes", format_bytes(spec.cache_bytes)}};
  if (spec.failures > 0) object["failures"] = fmt::format("{}/{}", spec.failures, spec.failures_of);
  return object;
}

Json workload(const WorkloadSpec& spec) {
  Json object{{"stop_when_done", spec.stop_when_done}, {"jobs", Json::array()}};
  if (spec.hdfs_names != HdfsNames::node) object["hdfs_names"] = std::string(to_text(spec.hdfs_names));
  if (!spec.rack_label.empty()) object["rack_label"] = spec.rack_label;
  for (const JobSpec& job : spec.jobs) {
    Json entry{{"name", job.name}};
    if (!job.after.empty()) entry["after"] = job.after;
    entry["start"] = duration(job.start_us);
    if (job.map_stage) entry["map_stage"] = true;
    for (const StageSpec& one : job.stages) entry["stages"].push_back(stage(one));
    object["jobs"].push_back(std::move(entry));
  }
  return object;
}

Json application(const ApplicationSpec& spec) {
  Json object{{"name", spec.name},
              {"namespace", spec.ns},
              {"compat", std::string(to_text(spec.compat))},
              {"start", duration(spec.start_us)}};
  if (spec.stop_us) object["stop"] = duration(*spec.stop_us);
  if (!spec.api_user.empty()) object["api_user"] = spec.api_user;
  if (!spec.fixes.empty()) object["fixes"] = spec.fixes;
  object["conf"] = text_map(spec.conf);
  if (!spec.executor_template.empty()) object["executor_template"] = Json::parse(spec.executor_template);
  if (spec.shuffle_sidecar) object["shuffle_sidecar"] = shuffle_sidecar_json(*spec.shuffle_sidecar);
  for (const backend::ResourceProfile& profile : spec.profiles) object["profiles"].push_back(profile_json(profile));
  for (const DemandStep& step : spec.demand) {
    object["demand"].push_back(
        Json{{"at", duration(step.at_us)}, {"executors", step.executors}, {"profile", step.profile}});
  }
  if (spec.workload) object["workload"] = workload(*spec.workload);
  return object;
}

struct WriteAction {
  const fakeapi::ClusterConfig& cluster;
  Json operator()(const fakeapi::to::AddNodes& action) const {
    Json names = Json::array();
    for (const std::uint32_t index : action.nodes) names.push_back(cluster.nodes.at(index).node.name);
    return {{"do", "add_nodes"}, {"nodes", std::move(names)}};
  }
  Json operator()(const fakeapi::to::NodesDown& action) const {
    return {{"do", "nodes_down"}, {"kind", action.containers_run ? "partition" : "power"}, {"nodes", action.nodes}};
  }
  Json operator()(const fakeapi::to::NodesUp& action) const { return {{"do", "nodes_up"}, {"nodes", action.nodes}}; }
  Json operator()(const fakeapi::to::DeleteNodes& action) const {
    return {{"do", "delete_nodes"}, {"nodes", action.nodes}};
  }
  Json operator()(const fakeapi::to::SetQuota& action) const {
    Json object{{"do", "set_quota"}};
    object.update(quota(action.quota));
    return object;
  }
  Json operator()(const fakeapi::to::DeletePods& action) const {
    Json object{{"do", "delete_pods"}, {"pods", action.pods}};
    if (action.grace_s) object["grace"] = duration(*action.grace_s * kSecondUs);
    return object;
  }
  Json operator()(const fakeapi::to::DeleteDaemonPods& action) const {
    Json object{{"do", "delete_pods"}, {"daemon_set", action.daemon_set}, {"nodes", action.nodes}};
    if (action.grace_s) object["grace"] = duration(*action.grace_s * kSecondUs);
    return object;
  }
  Json operator()(const auto& action) const { return write_node_action(action); }
  Json operator()(const WorldAction& action) const { return std::visit(*this, action); }
  Json operator()(const ExecutorExit& exit) const {
    if (exit.oom) return {{"do", "oom_kill"}, {"application", exit.application}, {"executors", exit.executors}};
    return {{"do", "executor_exit"},
            {"application", exit.application},
            {"executors", exit.executors},
            {"exit_code", exit.exit_code}};
  }
  Json operator()(const ExecutorKill& kill) const {
    return {{"do", "kill_executors"},
            {"application", kill.application},
            {"executors", kill.executors},
            {"replace", kill.replace},
            {"force", kill.force}};
  }
  Json operator()(const ExecutorDecommission& leaving) const {
    return {{"do", "decommission_executors"},
            {"application", leaving.application},
            {"executors", leaving.executors},
            {"adjust_target", leaving.adjust_target},
            {"by_executor", leaving.by_executor}};
  }
  Json operator()(const ConfChange& change) const {
    return {{"do", "set_conf"}, {"application", change.application}, {"conf", change.conf}};
  }
};

Json fault(const fakeapi::FaultSpec& spec, const Scenario& scenario) {
  Json object{{"point", spec.point}, {"from", duration(spec.from_us)}};
  if (spec.until_us != kNever) object["until"] = duration(spec.until_us);
  object["ratio"] = fmt::format("{}/{}", spec.numerator, spec.denominator);
  object["retry_after"] = duration(spec.retry_after_s * kSecondUs);
  object["delay"] = duration(spec.delay_us);
  const bool of_application =
      std::ranges::find(scenario.applications, spec.client, &ApplicationSpec::name) != scenario.applications.end();
  if (!spec.client.empty()) {
    object[fakeapi::Faults::is_of_node(spec.point) ? "node" : of_application ? "application" : "client"] = spec.client;
  }
  if (!spec.target.empty()) object["target"] = spec.target;
  if (spec.verb) object["verb"] = std::string(to_text(*spec.verb));
  if (!spec.calls.empty()) object["calls"] = spec.calls;
  if (spec.point == "api.answer" || spec.point == "pod.crash") object["code"] = spec.code;
  return object;
}

Json expect(const Expectation& expectation) {
  Json object{{"kpis", Json::object()}, {"sometimes", expectation.sometimes}, {"skip", expectation.skip_properties}};
  if (expectation.settles_by) object["settles_by"] = duration(*expectation.settles_by);
  for (const Budget& budget : expectation.budgets) {
    Json bounds = Json::object();
    if (budget.min) bounds["min"] = *budget.min;
    if (budget.max) bounds["max"] = *budget.max;
    object["kpis"][budget.kpi] = std::move(bounds);
  }
  return object;
}

Json whole(const Scenario& scenario) {
  Json root{{"schema", "podramp/v1"}};
  if (!scenario.name.empty()) root["name"] = scenario.name;
  root["about"] = scenario.about;
  root["seed"] = scenario.seed;
  root["end"] = duration(scenario.end_us);
  root["until_quiet"] = scenario.until_quiet;
  root["kubernetes"] = kubernetes(scenario.cluster.profile);
  root["cluster"] = cluster(scenario);
  root["background"] = background(scenario.cluster.existing);
  if (!scenario.cluster.loads.empty()) root["background_load"] = background_load_json(scenario.cluster.loads);
  root["applications"] = Json::array();
  for (const ApplicationSpec& spec : scenario.applications) root["applications"].push_back(application(spec));
  root["timeline"] = Json::array();
  for (const TimelineEntry& entry : scenario.timeline) {
    Json object{{"at", duration(entry.at_us)}};
    object.update(std::visit(WriteAction{scenario.cluster}, entry.action));
    root["timeline"].push_back(std::move(object));
  }
  root["faults"] = Json::array();
  for (const auto& spec : scenario.cluster.faults) root["faults"].push_back(fault(spec, scenario));
  root["expect"] = expect(scenario.expect);
  if (scenario.published) root["published"] = published_json(*scenario.published);
  if (scenario.live) root["live"] = live_json(*scenario.live);
  if (!scenario.processes.empty()) root["processes"] = processes_json(scenario.processes);
  return root;
}

// Text from outside may hold bytes that are no UTF-8; they become the replacement character.
std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void put_container(Json& into, const Container& container) {
  if (container.image != "background") into["image"] = container.image;
  put_resources(into, container.requests);
  if (container.limits != Resources{}) into["limits"] = amounts(container.limits);
}

void put_pod_template(Json& into, const PodTemplate& tmpl) {
  put_container(into, tmpl.containers.front());
  if (!tmpl.labels.empty()) into["labels"] = text_map(tmpl.labels);
  if (!tmpl.node_selector.empty()) into["node_selector"] = text_map(tmpl.node_selector);
  for (const Toleration& toleration : tmpl.tolerations) {
    Json item = Json::object();
    if (!toleration.key.empty()) item["key"] = toleration.key;
    if (!toleration.op.empty()) item["operator"] = toleration.op;
    if (!toleration.value.empty()) item["value"] = toleration.value;
    if (!toleration.effect.empty()) item["effect"] = toleration.effect;
    if (toleration.seconds) item["seconds"] = *toleration.seconds;
    into["tolerations"].push_back(std::move(item));
  }
  if (!tmpl.annotations.empty()) into["annotations"] = text_map(tmpl.annotations);
  write_placement(tmpl, into);
  if (tmpl.termination_grace_s) into["grace"] = duration(*tmpl.termination_grace_s * kSecondUs);
}

Json latency_model_json(const fakeapi::LatencyModel& model) { return latency_model(model); }
Json profile_settings_json(const fakeapi::ClusterProfile& profile) { return kubernetes(profile); }

std::string to_json(const Scenario& scenario) { return dump(whole(scenario), 2) + "\n"; }
std::string to_json_line(const Scenario& scenario) { return dump(whole(scenario), -1); }

}  // namespace podramp::sim
