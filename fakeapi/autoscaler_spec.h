// What an autoscaler is made of, as plain data: node groups, settings with the defaults of upstream, failure windows.
// The scenario reader fills it; autoscaler.h acts on it. Sources of the numbers: docs/behaviour.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/fields.h"
#include "fakeapi/latency.h"
#include "fakeapi/node_spec.h"

namespace podramp::fakeapi {

enum class AutoscalerKind : std::uint8_t { cluster_autoscaler, karpenter };
enum class Expander : std::uint8_t { least_waste, most_pods, random, priority };
enum class Consolidation : std::uint8_t { when_empty_or_underutilized, when_empty, never };

// What the cloud does to machines that are asked for (K83).
enum class MachineFailure : std::uint8_t {
  stock_out,    // it has none, and says so
  quota,        // the account may have no more than so many of the group
  never_joins,  // it runs, its kubelet never registers
  never_ready   // the Node never becomes Ready
};
}  // namespace podramp::fakeapi

template <>
struct podramp::EnumText<podramp::fakeapi::AutoscalerKind> {
  static constexpr std::array<std::string_view, 2> names{"cluster-autoscaler", "karpenter"};
};
template <>
struct podramp::EnumText<podramp::fakeapi::Expander> {
  static constexpr std::array<std::string_view, 4> names{"least-waste", "most-pods", "random", "priority"};
};
template <>
struct podramp::EnumText<podramp::fakeapi::Consolidation> {
  static constexpr std::array<std::string_view, 3> names{"WhenEmptyOrUnderutilized", "WhenEmpty", "Never"};
};
template <>
struct podramp::EnumText<podramp::fakeapi::MachineFailure> {
  static constexpr std::array<std::string_view, 4> names{"stock-out", "quota", "never-joins", "never-ready"};
};

namespace podramp::fakeapi {

// Of the machines asked for in [from_us, until_us), numerator/denominator fail.
struct FailureWindow {
  MachineFailure kind = MachineFailure::stock_out;
  TimeUs from_us = 0;
  TimeUs until_us = kNever;
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
  std::int64_t nodes_max = 0;  // of quota
  friend bool operator==(const FailureWindow&, const FailureWindow&) = default;
};

// Machines that are all alike. For Karpenter: an instance type.
struct NodeGroupSpec {
  std::string name;
  NodeSpec like;                     // without a name; a hostname label that is "" is the node's name
  std::vector<std::string> zones{};  // dealt out in turn; the first is what a simulation takes
  std::int64_t min = 0;
  std::int64_t initial = 0;             // there from the start
  std::vector<std::uint32_t> nodes{};   // all that may ever be at once: indexes in ClusterConfig::nodes, max of them
  std::vector<Taint> startup_taints{};  // lifted when the node is set up
  std::int64_t priority = 0;            // for the expander of that name; higher is better
  std::int64_t price = 0;               // of a machine, in any unit; Karpenter takes the cheapest
  std::vector<FailureWindow> failures{};
  friend bool operator==(const NodeGroupSpec&, const NodeGroupSpec&) = default;
};

struct AutoscalerSpec {
  AutoscalerKind kind = AutoscalerKind::cluster_autoscaler;
  std::vector<NodeGroupSpec> groups;

  // Cluster Autoscaler (K79, K80); flags of the same names.
  Expander expander = Expander::least_waste;
  DurationUs scan_interval_us = 10 * kSecondUs;
  DurationUs new_pod_scale_up_delay_us = 0;
  DurationUs scale_down_unneeded_us = 10 * kMinuteUs;
  DurationUs scale_down_unready_us = 20 * kMinuteUs;
  DurationUs scale_down_delay_after_add_us = 10 * kMinuteUs;
  DurationUs scale_down_delay_after_failure_us = 3 * kMinuteUs;
  DurationUs node_delete_delay_us = 5 * kSecondUs;
  DurationUs max_graceful_termination_us = 600 * kSecondUs;
  DurationUs max_node_provision_us = 15 * kMinuteUs;
  DurationUs backoff_initial_us = 5 * kMinuteUs;
  DurationUs backoff_max_us = 30 * kMinuteUs;
  DurationUs backoff_reset_us = 3 * kHourUs;
  std::int64_t utilization_permille = 500;
  std::int64_t max_nodes_per_scale_up = 1000;
  std::int64_t max_scale_down_parallelism = 10;
  std::int64_t max_drain_parallelism = 1;
  std::int64_t drain_candidates_max = 30;  // scale-down-non-empty-candidates-count
  bool skip_nodes_with_system_pods = true;
  bool skip_nodes_with_local_storage = true;

  // Karpenter (K81).
  Consolidation consolidation = Consolidation::when_empty_or_underutilized;
  DurationUs batch_idle_us = 1 * kSecondUs;
  DurationUs batch_max_us = 10 * kSecondUs;
  DurationUs launch_timeout_us = 5 * kMinuteUs;
  DurationUs registration_timeout_us = 15 * kMinuteUs;
  DurationUs disruption_poll_us = 10 * kSecondUs;
  DurationUs validation_us = 15 * kSecondUs;
  DurationUs consolidate_after_us = 0;
  DurationUs unavailable_us = 3 * kMinuteUs;  // how long a type that was out of stock is passed over
  std::int64_t budget_permille = 100;         // nodes that may be disrupted at once, rounded up

  // The way of a machine (K82, B11): asked for -> it exists -> its kubelet has registered -> Ready -> startup taints
  // off; and asked to go -> gone.
  LatencyModel launch = LatencyModel::lognormal(20 * kSecondUs, 300);
  LatencyModel join = LatencyModel::lognormal(180 * kSecondUs, 300);
  LatencyModel ready = LatencyModel::lognormal(10 * kSecondUs, 300);
  LatencyModel untaint = LatencyModel::lognormal(5 * kSecondUs, 300);
  LatencyModel terminate = LatencyModel::lognormal(30 * kSecondUs, 300);
  friend bool operator==(const AutoscalerSpec&, const AutoscalerSpec&) = default;
};

// The defaults of a kind: Karpenter's machines are launched directly, without a scaling group between.
AutoscalerSpec default_autoscaler(AutoscalerKind kind);

}  // namespace podramp::fakeapi
