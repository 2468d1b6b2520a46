// The pods of a real cluster as the background of a run: who keeps which place, and how much of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "sim/import_parts.h"
#include "sim/scenario_scheduling.h"

namespace podramp::sim {
namespace {

void add_amounts(Container& container, const Resources& requests, const Resources& limits, std::string name) {
  container.name = std::move(name);
  container.requests = requests;
  container.limits = limits;
}

Container import_container(Reading& reading, const JsonValue& value, const std::string& path) {
  Container container;
  const JsonValue* resources = value.find("resources");
  const auto amounts = [&](std::string_view which) {
    return import_amounts(reading, resources == nullptr ? nullptr : resources->find(which),
                          fmt::format("{}.resources.{}", path, which));
  };
  add_amounts(container, amounts("requests"), amounts("limits"), text_at(value, {"name"}));
  container.image = text_at(value, {"image"});
  return container;
}

// The containers as the scheduler adds them up: sidecars run beside the others, overhead is one more (K39).
PodTemplate import_containers(Reading& reading, const JsonValue& spec, const std::string& path) {
  PodTemplate tmpl;
  const auto each = [&](std::string_view key, auto use) {
    const JsonValue* list = spec.find(key);
    for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
      use(list->items[i], import_container(reading, list->items[i], fmt::format("{}.{}[{}]", path, key, i)));
    }
  };
  each("containers", [&](const JsonValue&, Container c) { tmpl.containers.push_back(std::move(c)); });
  each("initContainers", [&](const JsonValue& value, Container c) {
    const bool sidecar = text_at(value, {"restartPolicy"}) == "Always";
    (sidecar ? tmpl.containers : tmpl.init_containers).push_back(std::move(c));
  });
  if (const JsonValue* overhead = spec.find("overhead")) {
    Container extra;
    extra.requests = import_amounts(reading, overhead, path + ".overhead");
    tmpl.containers.push_back(std::move(extra));
  }
  return tmpl;
}

std::vector<Toleration> import_tolerations(const JsonValue& spec) {
  std::vector<Toleration> tolerations;
  const JsonValue* list = spec.find("tolerations");
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    const JsonValue& item = list->items[i];
    Toleration toleration{text_at(item, {"key"}), text_at(item, {"operator"}), text_at(item, {"value"}),
                          text_at(item, {"effect"}), std::nullopt};
    if (const auto seconds = parse_count(text_at(item, {"tolerationSeconds"}))) toleration.seconds = *seconds;
    tolerations.push_back(std::move(toleration));
  }
  return tolerations;
}

// One container with the pod's sums: what scheduler, quota and kubelet count is the same.
PodTemplate import_template(Reading& reading, const JsonValue& object, const std::string& path, bool placed) {
  const JsonValue* spec = object.find("spec");
  PodTemplate tmpl;
  tmpl.labels = map_at(object, {"metadata", "labels"});
  if (spec == nullptr) return tmpl;
  const PodTemplate real = import_containers(reading, *spec, path + ".spec");
  Container sum;
  add_amounts(sum, pod_requests(real), pod_limits(real), "main");
  sum.image = placed || real.containers.empty() ? "background" : real.containers.front().image;
  tmpl.containers.push_back(std::move(sum));
  tmpl.tolerations = import_tolerations(*spec);
  tmpl.node_selector = map_at(*spec, {"nodeSelector"});
  tmpl.priority_class = text_at(*spec, {"priorityClassName"});
  if (const auto priority = parse_count(text_at(*spec, {"priority"})); priority && *priority != 0) {
    tmpl.priority = *priority;
  }
  if (const auto placement = import_placement(reading, *spec, path + ".spec")) tmpl.placement = *placement;
  tmpl.restart_policy = text_at(*spec, {"restartPolicy"});
  if (tmpl.restart_policy.empty()) tmpl.restart_policy = "Always";
  if (const auto grace = parse_count(text_at(*spec, {"terminationGracePeriodSeconds"}))) {
    tmpl.termination_grace_s = *grace;
  }
  return tmpl;
}

// Why a pod that waits for a node cannot wait in the run; "" when it can.
std::string why_not_pending(const JsonValue& object) {
  const std::string scheduler = text_at(object, {"spec", "schedulerName"});
  if (!scheduler.empty() && scheduler != "default-scheduler") {
    return fmt::format("wait for the scheduler \"{}\", which is not modelled; left out", scheduler);
  }
  if (dig(object, {"spec", "schedulingGates"}) != nullptr) return "wait behind scheduling gates; left out";
  return "";
}

// Takes room on nodes, so that nobody starts with more on a node than it can hold.
class Room {
 public:
  explicit Room(const std::vector<fakeapi::NodeSpec>& nodes) {
    for (const auto& spec : nodes) free_[spec.node.name] = {spec.node.allocatable, spec.node.pods_max};
  }
  bool has(const std::string& node) const { return free_.contains(node); }
  bool take(const std::string& node, const Resources& amounts) {
    auto& [left, pods] = free_.at(node);
    const std::int64_t cpu = amounts.cpu_milli.value_or(0);
    const std::int64_t memory = amounts.memory_bytes.value_or(0);
    if (pods < 1 || left.cpu_milli.value_or(0) < cpu || left.memory_bytes.value_or(0) < memory) return false;
    --pods;
    left.cpu_milli = left.cpu_milli.value_or(0) - cpu;
    left.memory_bytes = left.memory_bytes.value_or(0) - memory;
    return true;
  }

 private:
  std::map<std::string, std::pair<Resources, std::int64_t>> free_;
};

struct PodTallies {
  Tally left_out;  // no decision depends on it
  Tally deciding;  // decisions of the run may differ for it
};

void import_pod(Reading& reading, const ClusterItem& item, Room& room, PodTallies& tallies, ImportedCluster& cluster) {
  const JsonValue& object = *item.object;
  fakeapi::ExistingPod existing;
  Pod& pod = existing.pod;
  pod.name = text_at(object, {"metadata", "name"});
  pod.ns = text_at(object, {"metadata", "namespace"});
  const std::string key = fmt::format("{}/{}", pod.ns, pod.name);
  const std::string phase = text_at(object, {"status", "phase"});
  if (phase == "Succeeded" || phase == "Failed") {
    return tallies.left_out.add("have finished; they hold no place and are left out", key);
  }
  pod.node = text_at(object, {"spec", "nodeName"});
  const bool placed = !pod.node.empty();
  if (placed && !room.has(pod.node)) {
    return tallies.deciding.add("are on nodes that are not in the file; left out", key);
  }
  if (!placed) {
    if (const std::string why = why_not_pending(object); !why.empty()) return tallies.deciding.add(why, key);
  }
  pod.tmpl = share(import_template(reading, object, item.path, placed));
  if (placed && !room.take(pod.node, pod_requests(*pod.tmpl))) {
    return tallies.deciding.add("do not fit beside the others on their node; left out", key);
  }
  if (dig(object, {"metadata", "deletionTimestamp"}) != nullptr) {
    if (!placed) return tallies.left_out.add("are being deleted and on no node; left out", key);
    const auto grace = parse_count(text_at(object, {"metadata", "deletionGracePeriodSeconds"}));
    existing.ends_us = (grace ? *grace : kDefaultGraceS) * kSecondUs;
    tallies.left_out.add("are being deleted; they end when their grace period would, counted from the start", key);
  }
  pod.phase = placed ? PodPhase::running : PodPhase::pending;
  cluster.existing.push_back(std::move(existing));
}

}  // namespace

const JsonValue* dig(const JsonValue& value, std::initializer_list<std::string_view> keys) {
  const JsonValue* at = &value;
  for (const std::string_view key : keys) {
    if (at == nullptr || at->kind != JsonKind::object) return nullptr;
    at = at->find(key);
  }
  return at;
}

std::string text_at(const JsonValue& value, std::initializer_list<std::string_view> keys) {
  const JsonValue* at = dig(value, keys);
  return at == nullptr || at->kind == JsonKind::null ? "" : at->text;
}

StringMap map_at(const JsonValue& value, std::initializer_list<std::string_view> keys) {
  StringMap map;
  const JsonValue* at = dig(value, keys);
  if (at == nullptr || at->kind != JsonKind::object) return map;
  for (const JsonValue& member : at->items) map[member.key] = member.text;
  return map;
}

Resources import_amounts(Reading& reading, const JsonValue* value, const std::string& path) {
  Resources amounts;
  if (value == nullptr || value->kind != JsonKind::object) return amounts;
  for (const JsonValue& member : value->items) {
    if (member.key.starts_with("attachable-volumes-")) continue;
    const auto amount = member.key == "cpu" ? parse_cpu_milli(member.text) : parse_bytes(member.text);
    if (!amount) {
      reading.error(member, fmt::format("{}.{}", path, member.key), amount.error().message);
    } else if (member.key == "cpu") {
      amounts.cpu_milli = *amount;
    } else if (member.key == "memory") {
      amounts.memory_bytes = *amount;
    } else if (*amount > 0) {
      amounts.other[member.key] = *amount;
    }
  }
  return amounts;
}

void Tally::add(const std::string& reason, const std::string& name) { names_[reason].push_back(name); }

void Tally::write(std::string_view what, bool changes_decisions, std::vector<Warning>& into) const {
  static constexpr std::size_t kShown = 3;
  for (const auto& [reason, names] : names_) {
    const std::vector<std::string> shown(names.begin(),
                                         names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
    into.push_back({std::string(what),
                    fmt::format("{} of them {} ({}{})", names.size(), reason, fmt::join(shown, ", "),
                                names.size() > kShown ? ", ..." : ""),
                    changes_decisions});
  }
}

void import_pods(Reading& reading, const std::vector<ClusterItem>& pods, ImportedCluster& cluster) {
  Room room(cluster.nodes);
  PodTallies tallies;
  for (const ClusterItem& item : pods) import_pod(reading, item, room, tallies, cluster);
  tallies.left_out.write("pods", false, cluster.warnings);
  tallies.deciding.write("pods", true, cluster.warnings);
}

}  // namespace podramp::sim
