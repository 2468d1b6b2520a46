#include "sim/scenario_scheduling.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/yaml/pod_manifest.h"
#include "fakeapi/priority_rules.h"
#include "sim/scenario_template.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kPlacementKeys{
    {{"affinity", "affinity"}, {"topology_spread_constraints", "topologySpreadConstraints"}}};

void read_priority_classes(ReadState& state, ObjectReader& cluster) {
  auto& classes = state.scenario.cluster.priority_classes;
  cluster.each_item("priority_classes", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::PriorityClassSpec one;
    reader.require("name", one.name, as_dns_subdomain);
    reader.require("value", one.value, whole_between(-2'147'483'648, 1'000'000'000));
    reader.read("global_default", one.global_default, as_flag);
    reader.choose("preemption_policy", one.preempts, {{"PreemptLowerPriority", true}, {"Never", false}});
    reader.finish();
    const auto& system = fakeapi::system_priority_classes();
    if (state.imported) std::erase_if(classes, [&](const auto& other) { return other.name == one.name; });
    const bool known = std::ranges::find(classes, one.name, &fakeapi::PriorityClassSpec::name) != classes.end() ||
                       std::ranges::find(system, one.name, &fakeapi::PriorityClassSpec::name) != system.end();
    if (known) reader.error("name", fmt::format("there is a priority class \"{}\" already", one.name));
    classes.push_back(std::move(one));
  });
}

void read_scheduler(ReadState& state, ObjectReader& cluster) {
  const JsonValue* scheduler = cluster.find("scheduler");
  if (scheduler == nullptr) return;
  auto& config = state.scenario.cluster;
  ObjectReader reader(state.reading, *scheduler, "cluster.scheduler");
  std::int64_t number = 0;
  if (reader.read("qps", number, whole_between(1, 1'000'000))) config.profile.scheduler_qps = static_cast<int>(number);
  if (reader.read("burst", number, whole_between(1, 1'000'000))) {
    config.profile.scheduler_burst = static_cast<int>(number);
  }
  reader.choose("strategy", config.most_allocated, {{"LeastAllocated", false}, {"MostAllocated", true}});
  reader.finish();
}

void read_schedulers(ReadState& state, ObjectReader& cluster) {
  cluster.each_member("schedulers", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::OtherScheduler other;
    other.name = value.key;
    if (reader.find_required("kind") != nullptr)
      reader.choose("kind", other.gang, {{"default", false}, {"gang", true}});
    reader.finish();
    if (other.name == "default-scheduler") state.reading.error(value, path, "is there anyway");
    state.scenario.cluster.schedulers.push_back(std::move(other));
  });
}

void read_pod_groups(ReadState& state, ObjectReader& cluster) {
  auto& groups = state.scenario.cluster.pod_groups;
  cluster.each_item("pod_groups", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::PodGroupSpec group;
    group.ns = "default";
    reader.read("namespace", group.ns, as_dns_label);
    reader.require("name", group.name, as_dns_subdomain);
    reader.require("min_member", group.min_member, whole_between(1, kExecutorsMax));
    if (reader.find("placeholder") != nullptr) read_amounts(reader, "placeholder", group.placeholder.emplace());
    if (reader.read("held_for", group.held_for_us, as_duration) && !group.placeholder) {
      reader.error("held_for", "goes only with placeholder");
    }
    reader.finish();
    if (std::ranges::any_of(groups, [&](const auto& g) { return g.ns == group.ns && g.name == group.name; })) {
      reader.error("name", fmt::format("namespace \"{}\" has a pod group \"{}\" already", group.ns, group.name));
    }
    groups.push_back(std::move(group));
  });
  const auto& schedulers = state.scenario.cluster.schedulers;
  if (!groups.empty() && std::ranges::none_of(schedulers, &fakeapi::OtherScheduler::gang)) {
    cluster.error("pod_groups", "needs a scheduler of kind gang in cluster.schedulers");
  }
}

void read_queues(ReadState& state, ObjectReader& cluster) {
  auto& queues = state.scenario.cluster.queues;
  cluster.each_item("queues", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::AdmissionQueueSpec queue;
    reader.require("name", queue.name, as_dns_subdomain);
    read_resources(reader, queue.quota);
    std::int64_t pods = 0;
    if (reader.read("pods", pods, whole_between(0, kExecutorsMax))) queue.pods = pods;
    reader.finish();
    if (std::ranges::find(queues, queue.name, &fakeapi::AdmissionQueueSpec::name) != queues.end()) {
      reader.error("name", fmt::format("there is a queue \"{}\" already", queue.name));
    }
    queues.push_back(std::move(queue));
  });
}

void read_priority_class(ReadState& state, ObjectReader& pod, PodTemplate& into) {
  if (!pod.read("priority_class", into.priority_class, as_dns_subdomain)) return;
  std::vector<std::string> known;
  for (const fakeapi::PriorityClassSpec& one : state.scenario.cluster.priority_classes) known.push_back(one.name);
  for (const fakeapi::PriorityClassSpec& one : fakeapi::system_priority_classes()) known.push_back(one.name);
  if (std::ranges::find(known, into.priority_class) != known.end()) return;
  pod.error("priority_class", fmt::format("unknown priority class \"{}\"; list it in cluster.priority_classes{}",
                                          into.priority_class, did_you_mean(into.priority_class, known)));
}

// Reads {"spec": ...} of which only fields of a Placement are given.
std::optional<Placement> placement_of(Reading& reading, const JsonValue& at, const std::string& spec,
                                      const std::string& path) {
  const auto pod = yaml::read_pod_manifest(fmt::format(R"({{"spec":{}}})", spec), path);
  if (pod && (*pod)->tmpl->extra_json.empty()) return (*pod)->tmpl->placement;
  if (pod) {
    reading.error(at, path, fmt::format("is not modelled in full: {}", (*pod)->tmpl->extra_json));
    return std::nullopt;
  }
  for (const FieldError& error : pod.error()) reading.error(at, fmt::format("{}: {}", path, error.path), error.message);
  return std::nullopt;
}

}  // namespace

void read_scheduling(ReadState& state, ObjectReader& cluster) {
  read_priority_classes(state, cluster);
  read_scheduler(state, cluster);
  read_schedulers(state, cluster);
  read_pod_groups(state, cluster);
  read_queues(state, cluster);
}

void write_scheduling(const fakeapi::ClusterConfig& config, Json& cluster) {
  for (const auto& one : config.priority_classes) {
    Json entry{{"name", one.name}, {"value", one.value}};
    if (one.global_default) entry["global_default"] = true;
    if (!one.preempts) entry["preemption_policy"] = "Never";
    cluster["priority_classes"].push_back(std::move(entry));
  }
  if (config.most_allocated) cluster["scheduler"]["strategy"] = "MostAllocated";
  for (const auto& other : config.schedulers) {
    cluster["schedulers"][other.name] = Json{{"kind", other.gang ? "gang" : "default"}};
  }
  for (const auto& group : config.pod_groups) {
    Json entry{{"namespace", group.ns}, {"name", group.name}, {"min_member", group.min_member}};
    if (group.placeholder) {
      entry["placeholder"] = Json::object();
      put_resources(entry["placeholder"], *group.placeholder);
      entry["held_for"] = duration(group.held_for_us);
    }
    cluster["pod_groups"].push_back(std::move(entry));
  }
  for (const auto& queue : config.queues) {
    Json entry{{"name", queue.name}};
    put_resources(entry, queue.quota);
    if (queue.pods) entry["pods"] = *queue.pods;
    cluster["queues"].push_back(std::move(entry));
  }
}

void read_placement(ReadState& state, ObjectReader& pod, PodTemplate& into) {
  read_priority_class(state, pod, into);
  pod.read("scheduler_name", into.scheduler_name, as_dns_subdomain);
  for (const auto& [key, name] : kPlacementKeys) {
    const JsonValue* value = pod.find(key);
    if (value == nullptr) continue;
    const std::string spec = fmt::format(R"({{"{}":{}}})", name, json_text(*value));
    const auto placement = placement_of(state.reading, *value, spec, pod.path_of(key));
    if (!placement) continue;
    const std::vector<SpreadConstraint> spread = into.placement.spread;
    if (key == "affinity") {
      into.placement = *placement;
      into.placement.spread = spread;
    } else {
      into.placement.spread = placement->spread;
    }
  }
  into.placement.gates = pod.texts("scheduling_gates");
}

void write_placement(const PodTemplate& tmpl, Json& pod) {
  if (!tmpl.priority_class.empty()) pod["priority_class"] = tmpl.priority_class;
  if (!tmpl.scheduler_name.empty()) pod["scheduler_name"] = tmpl.scheduler_name;
  if (!tmpl.placement.gates.empty()) pod["scheduling_gates"] = tmpl.placement.gates;
  const std::string text = placement_json(tmpl.placement);
  if (text.empty()) return;
  const Json spec = Json::parse(text);
  for (const auto& [key, name] : kPlacementKeys) {
    if (const auto it = spec.find(name); it != spec.end()) pod[std::string(key)] = *it;
  }
}

std::optional<Placement> import_placement(Reading& reading, const JsonValue& spec, const std::string& path) {
  std::string fields;
  for (const auto& [key, name] : kPlacementKeys) {
    const JsonValue* value = spec.find(name);
    if (value == nullptr || value->kind == JsonKind::null) continue;
    fields += fmt::format(R"({}"{}":{})", fields.empty() ? "" : ",", name, json_text(*value));
  }
  if (fields.empty()) return Placement{};
  return placement_of(reading, spec, "{" + fields + "}", path);
}

}  // namespace podramp::sim
