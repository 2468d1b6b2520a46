// The autoscaler of a cluster and its node groups, read and written. Every machine that a group may ever have is a node
// of the cluster from the start, because the engines' platform is sealed: it only joins later.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using fakeapi::AutoscalerKind;
using fakeapi::AutoscalerSpec;
using fakeapi::MachineFailure;
using fakeapi::NodeGroupSpec;

struct AutoscalerDuration {
  std::string_view name;
  DurationUs AutoscalerSpec::*member;
  bool positive = true;
};
struct AutoscalerNumber {
  std::string_view name;
  std::int64_t AutoscalerSpec::*member;
  std::int64_t low;
  std::int64_t high;
};
struct MachineLatency {
  std::string_view name;
  fakeapi::LatencyModel AutoscalerSpec::*member;
};

constexpr std::array<AutoscalerDuration, 12> kScanDurations{
    {{"scan_interval", &AutoscalerSpec::scan_interval_us},
     {"new_pod_scale_up_delay", &AutoscalerSpec::new_pod_scale_up_delay_us, false},
     {"scale_down_unneeded_time", &AutoscalerSpec::scale_down_unneeded_us, false},
     {"scale_down_unready_time", &AutoscalerSpec::scale_down_unready_us, false},
     {"scale_down_delay_after_add", &AutoscalerSpec::scale_down_delay_after_add_us, false},
     {"scale_down_delay_after_failure", &AutoscalerSpec::scale_down_delay_after_failure_us, false},
     {"node_delete_delay_after_taint", &AutoscalerSpec::node_delete_delay_us, false},
     {"max_graceful_termination", &AutoscalerSpec::max_graceful_termination_us, false},
     {"max_node_provision_time", &AutoscalerSpec::max_node_provision_us},
     {"initial_node_group_backoff", &AutoscalerSpec::backoff_initial_us},
     {"max_node_group_backoff", &AutoscalerSpec::backoff_max_us},
     {"node_group_backoff_reset", &AutoscalerSpec::backoff_reset_us}}};
constexpr std::array<AutoscalerNumber, 4> kScanNumbers{
    {{"max_nodes_per_scale_up", &AutoscalerSpec::max_nodes_per_scale_up, 1, kNodesMax},
     {"max_scale_down_parallelism", &AutoscalerSpec::max_scale_down_parallelism, 1, kNodesMax},
     {"max_drain_parallelism", &AutoscalerSpec::max_drain_parallelism, 1, kNodesMax},
     {"scale_down_non_empty_candidates", &AutoscalerSpec::drain_candidates_max, 0, kNodesMax}}};
constexpr std::array<AutoscalerDuration, 8> kKarpenterDurations{
    {{"batch_idle", &AutoscalerSpec::batch_idle_us, false},
     {"batch_max", &AutoscalerSpec::batch_max_us, false},
     {"launch_timeout", &AutoscalerSpec::launch_timeout_us},
     {"registration_timeout", &AutoscalerSpec::registration_timeout_us},
     {"disruption_poll", &AutoscalerSpec::disruption_poll_us},
     {"validation", &AutoscalerSpec::validation_us, false},
     {"consolidate_after", &AutoscalerSpec::consolidate_after_us, false},
     {"unavailable", &AutoscalerSpec::unavailable_us, false}}};
constexpr std::array<MachineLatency, 5> kMachineLatencies{{{"launch", &AutoscalerSpec::launch},
                                                           {"join", &AutoscalerSpec::join},
                                                           {"ready", &AutoscalerSpec::ready},
                                                           {"untaint", &AutoscalerSpec::untaint},
                                                           {"terminate", &AutoscalerSpec::terminate}}};

template <NamedEnum E>
std::vector<std::pair<std::string_view, E>> words() {
  std::vector<std::pair<std::string_view, E>> all;
  for (const std::string_view name : EnumText<E>::names) all.emplace_back(name, *from_text<E>(name));
  return all;
}

void read_failures(ReadState& state, ObjectReader& group, NodeGroupSpec& into) {
  group.each_item("failures", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::FailureWindow window;
    if (reader.find_required("kind") != nullptr) reader.choose("kind", window.kind, words<MachineFailure>());
    reader.read("from", window.from_us, as_duration);
    reader.read("until", window.until_us, as_duration);
    if (window.until_us <= window.from_us) reader.error("until", "must be after from");
    Ratio ratio;
    if (reader.read("ratio", ratio, as_ratio)) {
      window.numerator = ratio.numerator;
      window.denominator = ratio.denominator;
      if (window.kind == MachineFailure::quota) reader.error("ratio", "does not go with quota");
    }
    if (window.kind == MachineFailure::quota) {
      reader.require("nodes", window.nodes_max, whole_between(0, kNodesMax));
    }
    reader.finish();
    into.failures.push_back(window);
  });
}

void add_machines(ReadState& state, ObjectReader& reader, NodeGroupSpec& group, std::int64_t most) {
  auto& nodes = state.scenario.cluster.nodes;
  if (most + static_cast<std::int64_t>(nodes.size()) > kNodesMax) {
    return reader.error("max", fmt::format("there are more than {} nodes in all", kNodesMax));
  }
  std::vector<std::string> names;
  const std::size_t width = std::to_string(most).size();
  for (std::int64_t i = 1; i <= most; ++i) names.push_back(fmt::format("{}-{:0{}}", group.name, i, width));
  fakeapi::NodeSpec spec = group.like;
  spec.autoscaled = true;
  const std::size_t first = nodes.size();
  add_nodes(state, reader, "name", spec, group.name, names, group.zones);
  for (std::size_t i = first; i < nodes.size(); ++i) {
    nodes[i].joins_later = std::cmp_greater_equal(i - first, group.initial);
    group.nodes.push_back(static_cast<std::uint32_t>(i));
  }
}

void read_group(ReadState& state, const JsonValue& value, const std::string& path, AutoscalerSpec& into) {
  ObjectReader reader(state.reading, value, path);
  NodeGroupSpec group;
  const bool named = reader.require("name", group.name, as_dns_subdomain);
  if (named && state.groups.contains(group.name)) {
    reader.error("name", fmt::format("there is a group \"{}\" already", group.name));
  }
  std::int64_t most = 0;
  reader.require("max", most, whole_between(0, kNodesMax));
  if (into.kind == AutoscalerKind::cluster_autoscaler) {
    reader.read("min", group.min, whole_between(0, kNodesMax));
    reader.read("priority", group.priority, whole_between(-1'000'000, 1'000'000));
  }
  group.initial = group.min;
  reader.read("initial", group.initial, whole_between(0, kNodesMax));
  if (group.min > most) reader.error("min", "must not be above max");
  if (group.initial > most) reader.error("initial", "must not be above max");
  group.zones = read_node_like(state, reader, group.like);
  read_taints(state, reader, "startup_taints", group.startup_taints);
  const Resources& size = group.like.node.allocatable;
  group.price = size.cpu_milli.value_or(0) * 33 + (size.memory_bytes.value_or(0) >> 20) * 4;
  if (into.kind == AutoscalerKind::karpenter) reader.read("price", group.price, whole_between(0, INT64_MAX / 2));
  read_failures(state, reader, group);
  if (named) add_machines(state, reader, group, most);
  reader.finish();
  into.groups.push_back(std::move(group));
}

void read_machine_latency(ReadState& state, ObjectReader& reader, AutoscalerSpec& into) {
  std::vector<std::string_view> known;
  for (const MachineLatency& one : kMachineLatencies) known.push_back(one.name);
  reader.each_member("latency", [&](const JsonValue& value, const std::string& path) {
    const auto at = std::ranges::find(kMachineLatencies, value.key, &MachineLatency::name);
    if (at != kMachineLatencies.end()) return read_latency_model(state, value, path, into.*at->member);
    state.reading.error(value, path, "unknown latency" + did_you_mean(value.key, known));
  });
}

template <class Durations>
void read_durations(ObjectReader& reader, const Durations& durations, AutoscalerSpec& into) {
  for (const AutoscalerDuration& field : durations) {
    DurationUs& member = into.*field.member;
    if (reader.read(field.name, member, as_duration) && field.positive && member == 0) {
      reader.error(field.name, "must be above zero");
    }
  }
}

void read_settings(ObjectReader& reader, AutoscalerSpec& into) {
  if (into.kind == AutoscalerKind::karpenter) {
    read_durations(reader, kKarpenterDurations, into);
    reader.choose("consolidation", into.consolidation, words<fakeapi::Consolidation>());
    reader.read("budget", into.budget_permille, [](const JsonValue& value) -> Result<std::int64_t> {
      const auto part = as_thousandths(value);
      if (part && (*part < 0 || *part > 1000)) return tl::unexpected(Error{"must be from 0 to 1, a part of the nodes"});
      return part;
    });
    return;
  }
  read_durations(reader, kScanDurations, into);
  for (const AutoscalerNumber& field : kScanNumbers) {
    reader.read(field.name, into.*field.member, whole_between(field.low, field.high));
  }
  reader.choose("expander", into.expander, words<fakeapi::Expander>());
  reader.read("scale_down_utilization_threshold", into.utilization_permille,
              [](const JsonValue& value) -> Result<std::int64_t> {
                const auto part = as_thousandths(value);
                if (part && (*part < 1 || *part > 1000)) return tl::unexpected(Error{"must be above 0, at most 1"});
                return part;
              });
  reader.read("skip_nodes_with_system_pods", into.skip_nodes_with_system_pods, as_flag);
  reader.read("skip_nodes_with_local_storage", into.skip_nodes_with_local_storage, as_flag);
}

std::string ratio_text(std::int64_t thousandths) {
  return fmt::format("{}.{:03}", thousandths / 1000, thousandths % 1000);
}

nlohmann::ordered_json group_json(const AutoscalerSpec& spec, const NodeGroupSpec& group) {
  using nlohmann::ordered_json;
  ordered_json entry{{"name", group.name}, {"max", group.nodes.size()}, {"initial", group.initial}};
  if (spec.kind == AutoscalerKind::cluster_autoscaler) {
    entry["min"] = group.min;
    entry["priority"] = group.priority;
  } else {
    entry["price"] = group.price;
  }
  entry.update(node_like(group.like));
  if (!group.zones.empty()) entry["zone"] = group.zones;
  if (!group.startup_taints.empty()) entry["startup_taints"] = taints_json(group.startup_taints);
  for (const fakeapi::FailureWindow& window : group.failures) {
    ordered_json one{{"kind", std::string(to_text(window.kind))}, {"from", duration(window.from_us)}};
    if (window.until_us != kNever) one["until"] = duration(window.until_us);
    if (window.kind == MachineFailure::quota) {
      one["nodes"] = window.nodes_max;
    } else {
      one["ratio"] = fmt::format("{}/{}", window.numerator, window.denominator);
    }
    entry["failures"].push_back(std::move(one));
  }
  return entry;
}

}  // namespace

void read_autoscaler(ReadState& state, ObjectReader& cluster) {
  const JsonValue* value = cluster.find("autoscaler");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, cluster.path_of("autoscaler"));
  AutoscalerKind kind = AutoscalerKind::cluster_autoscaler;
  if (reader.find_required("kind") != nullptr) reader.choose("kind", kind, words<AutoscalerKind>());
  AutoscalerSpec spec = fakeapi::default_autoscaler(kind);
  read_settings(reader, spec);
  read_machine_latency(state, reader, spec);
  reader.find_required("node_groups");
  reader.each_item("node_groups",
                   [&](const JsonValue& item, const std::string& path) { read_group(state, item, path, spec); });
  reader.finish();
  state.scenario.cluster.autoscaler = std::move(spec);
}

void write_autoscaler(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster) {
  using nlohmann::ordered_json;
  if (!config.autoscaler) return;
  const AutoscalerSpec& spec = *config.autoscaler;
  ordered_json object{{"kind", std::string(to_text(spec.kind))}, {"node_groups", ordered_json::array()}};
  for (const NodeGroupSpec& group : spec.groups) object["node_groups"].push_back(group_json(spec, group));
  if (spec.kind == AutoscalerKind::karpenter) {
    for (const AutoscalerDuration& field : kKarpenterDurations) object[field.name] = duration(spec.*field.member);
    object["consolidation"] = std::string(to_text(spec.consolidation));
    object["budget"] = ratio_text(spec.budget_permille);
  } else {
    for (const AutoscalerDuration& field : kScanDurations) object[field.name] = duration(spec.*field.member);
    for (const AutoscalerNumber& field : kScanNumbers) object[field.name] = spec.*field.member;
    object["expander"] = std::string(to_text(spec.expander));
    object["scale_down_utilization_threshold"] = ratio_text(spec.utilization_permille);
    object["skip_nodes_with_system_pods"] = spec.skip_nodes_with_system_pods;
    object["skip_nodes_with_local_storage"] = spec.skip_nodes_with_local_storage;
  }
  for (const MachineLatency& one : kMachineLatencies)
    object["latency"][one.name] = latency_model_json(spec.*one.member);
  cluster["autoscaler"] = std::move(object);
}

}  // namespace podramp::sim
