// Reads cluster.nodes and the background pods that are placed on them.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario_read.h"
#include "sim/scenario_scheduling.h"

namespace podramp::sim {
namespace {

const std::vector<std::pair<std::string_view, std::string>> kTaintEffects{
    {"NoSchedule", "NoSchedule"}, {"PreferNoSchedule", "PreferNoSchedule"}, {"NoExecute", "NoExecute"}};

void read_tolerations(ReadState& state, ObjectReader& reader, std::vector<Toleration>& into) {
  reader.each_item("tolerations", [&](const JsonValue& value, const std::string& path) {
    ObjectReader item(state.reading, value, path);
    Toleration toleration;
    item.read("key", toleration.key, as_text);
    item.choose("operator", toleration.op, {{"Equal", std::string("Equal")}, {"Exists", std::string("Exists")}});
    item.read("value", toleration.value, as_text);
    item.choose("effect", toleration.effect, kTaintEffects);
    std::int64_t seconds = 0;
    if (item.read("seconds", seconds, whole_between(0, 1'000'000'000))) toleration.seconds = seconds;
    if (toleration.key.empty() && toleration.op != "Exists") {
      item.error("key", "is missing; only operator Exists goes without one");
    }
    item.finish();
    into.push_back(std::move(toleration));
  });
}

// The zones of a group, dealt out in turn: a name or a list of names.
std::vector<std::string> read_zones(ObjectReader& reader) {
  const JsonValue* zone = reader.find("zone");
  if (zone == nullptr) return {};
  if (zone->kind == JsonKind::array) return reader.texts("zone");
  std::string name;
  if (reader.read("zone", name, as_text)) return {name};
  return {};
}

// Names of one entry: names as listed, or group-01 .. group-20, zero-padded to the width of the count.
std::vector<std::string> read_node_names(ReadState& state, ObjectReader& reader, const std::string& group) {
  std::vector<std::string> names;
  if (reader.find("names") != nullptr) {
    reader.each_item("names", [&](const JsonValue& value, const std::string& path) {
      const Result<std::string> name = as_dns_subdomain(value);
      if (name) {
        names.push_back(*name);
      } else {
        state.reading.error(value, path, name.error().message);
      }
    });
    if (reader.find("count") != nullptr) reader.error("count", "does not go together with names");
    return names;
  }
  std::int64_t count = 1;
  reader.read("count", count, whole_between(0, kNodesMax));
  if (group.empty()) return names;
  if (count + static_cast<std::int64_t>(state.scenario.cluster.nodes.size()) > kNodesMax) {
    reader.error("count", fmt::format("there are more than {} nodes in all", kNodesMax));
    return names;
  }
  const std::size_t width = std::to_string(count).size();
  for (std::int64_t i = 1; i <= count; ++i) names.push_back(fmt::format("{}-{:0{}}", group, i, width));
  return names;
}

void check_images(ReadState& state, ObjectReader& reader, std::vector<std::string>& images) {
  std::vector<std::string> known;
  for (const auto& image : state.scenario.cluster.images) known.push_back(image.name);
  reader.each_item("images", [&](const JsonValue& value, const std::string& path) {
    const Result<std::string> name = as_image(value);
    if (!name) {
      state.reading.error(value, path, name.error().message);
    } else if (std::ranges::find(known, *name) == known.end()) {
      state.reading.error(
          value, path,
          fmt::format("unknown image \"{}\"; list it in cluster.images{}", *name, did_you_mean(*name, known)));
    } else {
      images.push_back(*name);
    }
  });
}

void read_node_group(ReadState& state, const JsonValue& value, const std::string& path) {
  ObjectReader reader(state.reading, value, path);
  fakeapi::NodeSpec spec;
  std::string group;
  const bool named = reader.has("names");
  const bool has_group =
      named ? reader.read("group", group, as_dns_subdomain) : reader.require("group", group, as_dns_subdomain);
  if (has_group && state.groups.contains(group)) {
    reader.error("group", fmt::format("there is a group \"{}\" already", group));
    group.clear();
  }
  const std::vector<std::string> names = read_node_names(state, reader, group);
  const std::vector<std::string> zones = read_node_like(state, reader, spec);
  reader.read("unschedulable", spec.node.unschedulable, as_flag);
  reader.read("joins", spec.joins_later, as_flag);
  TimeUs joins_at = 0;
  const bool joins = reader.read("joins_at", joins_at, as_duration);
  spec.joins_later = spec.joins_later || joins;
  const auto first = static_cast<std::uint32_t>(state.scenario.cluster.nodes.size());
  add_nodes(state, reader, named ? "names" : "group", spec, group, names, zones);
  if (joins) {
    fakeapi::to::AddNodes added;
    for (auto i = first; i < state.scenario.cluster.nodes.size(); ++i) added.nodes.push_back(i);
    state.warn_if_late(reader.path_of("joins_at"), joins_at);
    // In place: GCC 12 at -O2 takes moving the nested variant for a use of what was never set.
    TimelineEntry& entry = state.scenario.timeline.emplace_back();
    entry.at_us = joins_at;
    entry.action.emplace<WorldAction>(std::move(added));
  }
  reader.finish();
}

// ------------------------------------------------------------------------------------------------------ background

// The nodes that an entry's pods are dealt out to in turn; empty: the scheduler places them.
std::vector<std::string> read_places(ReadState& state, ObjectReader& reader) {
  const auto& nodes = state.scenario.cluster.nodes;
  std::vector<std::string> places;
  const auto add = [&](std::uint32_t index, std::string_view key) {
    if (nodes[index].joins_later) {
      reader.error(key, fmt::format("node \"{}\" is not there at the start", nodes[index].node.name));
    } else {
      places.push_back(nodes[index].node.name);
    }
  };
  if (int{reader.has("node")} + int{reader.has("nodes")} + int{reader.has("group")} > 1) {
    reader.error("node", "only one of node, nodes and group may be given");
  }
  const auto add_named = [&](const std::string& name, std::string_view key) {
    const auto at = state.nodes.find(name);
    if (at == state.nodes.end()) {
      reader.error(key, fmt::format("unknown node \"{}\"{}", name, did_you_mean(name, names_of(state.nodes))));
    } else {
      add(at->second, key);
    }
  };
  std::string name;
  if (reader.read("node", name, as_text)) add_named(name, "node");
  for (const std::string& each : reader.texts("nodes")) add_named(each, "nodes");
  if (reader.read("group", name, as_text)) {
    const auto at = state.groups.find(name);
    if (at == state.groups.end() && state.nodes_unreadable()) return places;
    if (at == state.groups.end()) {
      reader.error("group", fmt::format("unknown group \"{}\"{}", name, did_you_mean(name, names_of(state.groups))));
    } else {
      for (const std::uint32_t index : at->second) add(index, "group");
    }
  }
  return places;
}

PodTemplate read_background_template(ReadState& state, ObjectReader& reader, bool ends) {
  PodTemplate tmpl = read_pod_template(state, reader);
  tmpl.restart_policy = ends ? "Never" : "Always";
  reader.choose(
      "restart_policy", tmpl.restart_policy,
      {{"Always", std::string("Always")}, {"OnFailure", std::string("OnFailure")}, {"Never", std::string("Never")}});
  return tmpl;
}

void read_background_entry(ReadState& state, const JsonValue& value, const std::string& path) {
  ObjectReader reader(state.reading, value, path);
  auto& existing = state.scenario.cluster.existing;
  std::string name;
  const bool has_name = reader.require("name", name, as_dns_subdomain);
  std::int64_t count = 1;
  reader.read("count", count, whole_between(0, kExistingPodsMax));
  if (count + static_cast<std::int64_t>(existing.size()) > kExistingPodsMax) {
    reader.error("count", fmt::format("there are more than {} background pods in all", kExistingPodsMax));
    count = 0;
  }
  fakeapi::ExistingPod like;
  like.pod.ns = "default";
  reader.read("namespace", like.pod.ns, as_dns_label);
  const std::vector<std::string> places = read_places(state, reader);
  TimeUs until = 0;
  if (reader.read("until", until, as_duration)) {
    like.ends_us = until;
    state.warn_if_late(reader.path_of("until"), until);
  }
  like.pod.tmpl = share(read_background_template(state, reader, like.ends_us.has_value()));
  like.pod.phase = places.empty() ? PodPhase::pending : PodPhase::running;
  for (std::int64_t i = 1; has_name && i <= count; ++i) {
    fakeapi::ExistingPod pod = like;
    pod.pod.name = reader.has("count") ? fmt::format("{}-{}", name, i) : name;
    if (!state.pods.insert(fmt::format("{}/{}", pod.pod.ns, pod.pod.name)).second) {
      reader.error("name", fmt::format("there is a pod \"{}/{}\" already", pod.pod.ns, pod.pod.name));
    }
    if (!places.empty()) pod.pod.node = places[static_cast<std::size_t>(i - 1) % places.size()];
    existing.push_back(std::move(pod));
  }
  reader.finish();
}

// A cluster never has more on a node than it can hold; a scenario must not begin with it.
void check_room(ReadState& state, ObjectReader& top) {
  struct Used {
    std::int64_t cpu_milli = 0;
    std::int64_t memory_bytes = 0;
    std::int64_t pods = 0;
  };
  std::map<std::string, Used> used;
  for (const auto& existing : state.scenario.cluster.existing) {
    if (existing.pod.node.empty()) continue;
    const Resources requests = pod_requests(*existing.pod.tmpl);
    Used& sum = used[existing.pod.node];
    sum.cpu_milli += requests.cpu_milli.value_or(0);
    sum.memory_bytes += requests.memory_bytes.value_or(0);
    ++sum.pods;
  }
  int told = 0;
  for (const auto& [name, sum] : used) {
    if (told >= 3) break;  // the others are likely the same mistake
    const Node& node = state.scenario.cluster.nodes[state.nodes.at(name)].node;
    const auto complain = [&, node_name = name](std::string_view what, const std::string& asked,
                                                const std::string& there) {
      ++told;
      top.error("background",
                fmt::format("the pods on node \"{}\" request {} {}, it has {}", node_name, asked, what, there));
    };
    const std::int64_t cpu = node.allocatable.cpu_milli.value_or(0);
    const std::int64_t memory = node.allocatable.memory_bytes.value_or(0);
    if (sum.cpu_milli > cpu) complain("cpu", format_cpu_milli(sum.cpu_milli), format_cpu_milli(cpu));
    if (sum.memory_bytes > memory) complain("memory", format_bytes(sum.memory_bytes), format_bytes(memory));
    if (sum.pods > node.pods_max) complain("pods", std::to_string(sum.pods), std::to_string(node.pods_max));
  }
}

}  // namespace

void read_taints(ReadState& state, ObjectReader& reader, std::string_view key, std::vector<Taint>& into) {
  reader.each_item(key, [&](const JsonValue& value, const std::string& path) {
    ObjectReader item(state.reading, value, path);
    Taint taint;
    item.require("key", taint.key, as_text);
    item.read("value", taint.value, as_text);
    if (item.find_required("effect") != nullptr) item.choose("effect", taint.effect, kTaintEffects);
    item.finish();
    into.push_back(std::move(taint));
  });
}

void add_nodes(ReadState& state, ObjectReader& reader, std::string_view key, const fakeapi::NodeSpec& like,
               const std::string& group, const std::vector<std::string>& names, const std::vector<std::string>& zones) {
  auto& nodes = state.scenario.cluster.nodes;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(nodes.size());
    if (!state.nodes.emplace(names[i], index).second) {
      reader.error(key, fmt::format("there is a node \"{}\" already", names[i]));
      continue;
    }
    fakeapi::NodeSpec spec = like;
    spec.node.name = names[i];
    const auto hostname = spec.node.labels.find(std::string(kHostnameLabel));
    if (hostname != spec.node.labels.end() && hostname->second.empty()) hostname->second = names[i];
    if (!zones.empty()) spec.node.labels[std::string(kZoneLabel)] = zones[i % zones.size()];
    nodes.push_back(std::move(spec));
    if (!group.empty()) state.groups[group].push_back(index);
  }
}

std::vector<std::string> read_node_like(ReadState& state, ObjectReader& reader, fakeapi::NodeSpec& spec) {
  for (const std::string_view key : {"cpu", "memory"}) reader.find_required(key);
  read_resources(reader, spec.node.allocatable);
  reader.read("pods", spec.node.pods_max, whole_between(0, 100'000));
  spec.node.labels = default_node_labels();
  read_labels(reader, "labels", spec.node.labels);
  const std::vector<std::string> zones = read_zones(reader);
  if (!zones.empty() && spec.node.labels.contains(std::string(kZoneLabel))) {
    reader.error("zone", fmt::format("the label {} says it already", kZoneLabel));
  }
  read_taints(state, reader, "taints", spec.node.taints);
  reader.read("bandwidth", spec.bytes_per_s, as_bandwidth);
  reader.read("image_disk", spec.image_disk_bytes, as_bytes);
  reader.read("disk_bandwidth", spec.disk_bytes_per_s, as_bandwidth);
  check_images(state, reader, spec.node.images);
  return zones;
}

Container read_container(ReadState& state, ObjectReader& reader) {
  Container container;
  container.name = "main";
  container.image = "background";
  if (reader.read("image", container.image, as_image) &&
      std::ranges::find(state.scenario.cluster.images, container.image, &fakeapi::ImageSpec::name) ==
          state.scenario.cluster.images.end()) {
    reader.error("image", fmt::format("unknown image \"{}\"; list it in cluster.images", container.image));
  }
  read_resources(reader, container.requests);
  read_amounts(reader, "limits", container.limits);
  return container;
}

PodTemplate read_pod_template(ReadState& state, ObjectReader& reader) {
  PodTemplate tmpl;
  tmpl.containers.push_back(read_container(state, reader));
  read_labels(reader, "labels", tmpl.labels);
  read_labels(reader, "node_selector", tmpl.node_selector);
  read_tolerations(state, reader, tmpl.tolerations);
  read_labels(reader, "annotations", tmpl.annotations);
  read_placement(state, reader, tmpl);
  DurationUs grace = 0;
  if (reader.read("grace", grace, as_duration)) {
    if (grace % kSecondUs != 0) reader.error("grace", "must be whole seconds, as in Kubernetes");
    tmpl.termination_grace_s = grace / kSecondUs;
  }
  return tmpl;
}

StringMap default_node_labels() {
  return {{std::string(kHostnameLabel), ""}, {"kubernetes.io/arch", "amd64"}, {"kubernetes.io/os", "linux"}};
}

void read_labels(ObjectReader& object, std::string_view key, StringMap& into) {
  object.each_member(key, [&](const JsonValue& value, const std::string& path) {
    if (value.kind == JsonKind::null) {
      into.erase(value.key);
      return;
    }
    if (!value.is_scalar()) {
      object.reading().error(value, path, fmt::format("must be a string (got {})", describe(value)));
      return;
    }
    into[value.key] = value.text;
  });
}

void read_nodes(ReadState& state, ObjectReader& cluster) {
  if (!state.imported) {
    if (!cluster.has("autoscaler")) cluster.find_required("nodes");
    cluster.each_item("nodes",
                      [&](const JsonValue& value, const std::string& path) { read_node_group(state, value, path); });
    return;
  }
  if (cluster.find("nodes") != nullptr) state.warn("cluster.nodes", "is replaced by the nodes of the cluster file");
}

void read_background(ReadState& state, ObjectReader& top) {
  if (state.imported) {
    if (top.find("background") != nullptr) state.warn("background", "is replaced by the pods of the cluster file");
    return;
  }
  top.each_item("background",
                [&](const JsonValue& value, const std::string& path) { read_background_entry(state, value, path); });
  if (state.reading.errors.empty()) check_room(state, top);  // else it would complain of what is only a consequence
}

}  // namespace podramp::sim
