// The parts of the scenario reader and what they share. Private to scenario_json.cpp and scenario_read_*.cpp.
// Order matters: cluster, then applications and background, then what refers to them by name.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/field_reader.h"
#include "sim/import_cluster.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

// Memory is bounded: a typing error in a count must not fill the machine.
inline constexpr std::int64_t kNodesMax = 1'000'000;
inline constexpr std::int64_t kApplicationsMax = 100'000;
inline constexpr std::int64_t kExistingPodsMax = 1'000'000;
inline constexpr std::int64_t kExecutorsMax = 10'000'000;

// Fields of ClusterProfile as the file names them.
struct ProfileDuration {
  std::string_view name;
  DurationUs fakeapi::ClusterProfile::*member;
};
struct ProfileNumber {
  std::string_view name;
  int fakeapi::ClusterProfile::*member;
  std::int64_t low;
  std::int64_t high;
};
using fakeapi::ClusterProfile;
inline constexpr std::array<ProfileDuration, 24> kProfileDurations{
    {{"lease_renew", &ClusterProfile::lease_renew_us},
     {"monitor_period", &ClusterProfile::monitor_period_us},
     {"monitor_grace", &ClusterProfile::monitor_grace_us},
     {"taint_period", &ClusterProfile::taint_period_us},
     {"slow_taint_period", &ClusterProfile::slow_taint_period_us},
     {"pod_gc_period", &ClusterProfile::pod_gc_period_us},
     {"pod_gc_quarantine", &ClusterProfile::pod_gc_quarantine_us},
     {"backoff_initial", &ClusterProfile::backoff_initial_us},
     {"backoff_max", &ClusterProfile::backoff_max_us},
     {"unschedulable_timeout", &ClusterProfile::unschedulable_timeout_us},
     {"unschedulable_flush", &ClusterProfile::unschedulable_flush_us},
     {"pull_backoff_initial", &ClusterProfile::pull_backoff_initial_us},
     {"pull_backoff_max", &ClusterProfile::pull_backoff_max_us},
     {"watch_timeout_min", &ClusterProfile::watch_timeout_min_us},
     {"watch_timeout_max", &ClusterProfile::watch_timeout_max_us},
     {"watch_history", &ClusterProfile::watch_history_us},
     {"quota_resync", &ClusterProfile::quota_resync_us},
     {"restart_backoff_initial", &ClusterProfile::restart_backoff_initial_us},
     {"restart_backoff_max", &ClusterProfile::restart_backoff_max_us},
     {"queue_wait", &ClusterProfile::queue_wait_us},
     {"bookmark_period", &ClusterProfile::bookmark_period_us},
     {"compaction_period", &ClusterProfile::compaction_period_us},
     {"shutdown_grace_period", &ClusterProfile::shutdown_grace_us},
     {"shutdown_grace_period_critical_pods", &ClusterProfile::shutdown_grace_critical_us}}};
inline constexpr std::array<ProfileNumber, 17> kProfileNumbers{
    {{"unhealthy_zone_permille", &ClusterProfile::unhealthy_zone_permille, 0, 1000},
     {"small_zone_nodes", &ClusterProfile::small_zone_nodes, 0, 1'000'000},
     {"scheduler_qps", &ClusterProfile::scheduler_qps, 1, 1'000'000},
     {"scheduler_burst", &ClusterProfile::scheduler_burst, 1, 1'000'000},
     {"registry_qps", &ClusterProfile::registry_qps, 0, 1'000'000},
     {"registry_burst", &ClusterProfile::registry_burst, 1, 1'000'000},
     {"watch_history_max", &ClusterProfile::watch_history_max, 1, 100'000'000},
     {"controller_qps", &ClusterProfile::controller_qps, 1, 1'000'000},
     {"controller_burst", &ClusterProfile::controller_burst, 1, 1'000'000},
     {"max_requests_inflight", &ClusterProfile::max_requests_inflight, 1, 1'000'000},
     {"max_mutating_requests_inflight", &ClusterProfile::max_mutating_inflight, 0, 1'000'000},
     {"workload_low_shares", &ClusterProfile::workload_low_shares, 1, 1'000'000},
     {"queue_length", &ClusterProfile::queue_length, 1, 1'000'000},
     {"list_objects_per_seat", &ClusterProfile::list_objects_per_seat, 1, 1'000'000},
     {"list_seats_max", &ClusterProfile::list_seats_max, 1, 1'000'000},
     {"watch_buffer", &ClusterProfile::watch_buffer, 1, 1'000'000},
     {"terminated_pod_gc_threshold", &ClusterProfile::terminated_pods_max, 0, 100'000'000}}};

// How the amounts of one quota resource are counted.
enum class QuotaUnit : std::uint8_t { count, cpu_milli, bytes };
std::optional<QuotaUnit> quota_unit(std::string_view resource);  // absent: a resource that pods do not use

// What is known while one scenario is read.
struct ReadState {
  Reading reading;
  Scenario scenario;
  std::vector<Warning> warnings;
  const Overrides* overrides = nullptr;
  std::optional<ImportedCluster> imported;  // stands in for nodes, quotas, limit ranges and background

  std::map<std::string, std::vector<std::uint32_t>> groups;      // group -> nodes
  std::map<std::string, std::uint32_t> nodes;                    // node -> its index
  std::map<std::string, std::vector<std::size_t>> applications;  // name as written, and each copy's -> indexes
  std::set<std::string> pods;                                    // "namespace/name" of background

  void warn(std::string subject, std::string text, bool changes_decisions = false) {
    warnings.push_back({std::move(subject), std::move(text), changes_decisions});
  }
  // The nodes themselves are in error: then a group that is not known is no second mistake.
  bool nodes_unreadable() const { return nodes.empty() && !reading.errors.empty(); }
  // "beyond the end" is legal and almost always an oversight.
  void warn_if_late(const std::string& path, TimeUs at);
};

void read_kubernetes(ReadState& state, ObjectReader& top);
void read_cluster(ReadState& state, ObjectReader& top);          // scenario_read_cluster.cpp
void read_nodes(ReadState& state, ObjectReader& cluster);        // scenario_read_nodes.cpp
void read_images(ReadState& state, ObjectReader& cluster);       // scenario_images.cpp
void read_zones(ReadState& state, ObjectReader& cluster);        // after nodes and autoscaler (scenario_zones.cpp)
void read_api_server(ReadState& state, ObjectReader& cluster);   // scenario_zones.cpp
void read_claims(ReadState& state, ObjectReader& cluster);       // scenario_claims.cpp
void read_autoscaler(ReadState& state, ObjectReader& cluster);   // scenario_autoscaler.cpp
void read_background(ReadState& state, ObjectReader& top);       // scenario_read_nodes.cpp
void read_background_load(ReadState& state, ObjectReader& top);  // scenario_background_load.cpp
void read_daemon_sets(ReadState& state, ObjectReader& cluster);  // scenario_daemons.cpp
// After conf: "shuffle_sidecar" of an application.
void read_shuffle_sidecar(ReadState& state, ObjectReader& application, ApplicationSpec& into);
void read_applications(ReadState& state, ObjectReader& top);  // scenario_read_applications.cpp
// Checks one application's conf; what cannot be used of a user's own conf file is warned of and left out.
void read_conf(ReadState& state, ObjectReader& application, ApplicationSpec& into);  // scenario_read_conf.cpp
void read_profiles(ReadState& state, ObjectReader& application, ApplicationSpec& into);
// What the application's program does (scenario_read_workload.cpp).
void read_workload(ReadState& state, ObjectReader& application, ApplicationSpec& into);
void read_latency_model(ReadState& state, const JsonValue& value, const std::string& path, fakeapi::LatencyModel& into);
void read_timeline(ReadState& state, ObjectReader& top);   // scenario_read_timeline.cpp
void read_faults(ReadState& state, ObjectReader& top);     // scenario_read_expect.cpp
void read_expect(ReadState& state, ObjectReader& top);     // scenario_read_expect.cpp
void read_live(ReadState& state, ObjectReader& top);       // scenario_live.cpp
void read_processes(ReadState& state, ObjectReader& top);  // scenario_processes.cpp
void read_published(ReadState& state, ObjectReader& top);  // after all that it may change (scenario_published.cpp)

// What a kubelet says of its node by itself: hostname (filled with the node's name), os and arch.
inline constexpr std::string_view kHostnameLabel = "kubernetes.io/hostname";
StringMap default_node_labels();

// A file's name as the scenario writes it, relative to the scenario's own folder.
std::string beside(std::string_view scenario, const std::string& name);

// cpu, memory and resources of an object that has them as its own keys.
void read_resources(ObjectReader& object, Resources& into);
// cpu, memory and resources inside the object `key`.
void read_amounts(ObjectReader& reader, std::string_view key, Resources& into);
void read_taints(ReadState& state, ObjectReader& reader, std::string_view key, std::vector<Taint>& into);
// What nodes of a group have in common; returns the zones that they are dealt out to.
std::vector<std::string> read_node_like(ReadState& state, ObjectReader& reader, fakeapi::NodeSpec& spec);
// Nodes of these names, and their group if it is not ""; a name that is taken is an error at `key`.
void add_nodes(ReadState& state, ObjectReader& reader, std::string_view key, const fakeapi::NodeSpec& like,
               const std::string& group, const std::vector<std::string>& names, const std::vector<std::string>& zones);
// image, requests and limits of a container.
Container read_container(ReadState& state, ObjectReader& object);  // scenario_read_nodes.cpp
// Likewise the only container of a pod, and what decides where the pod may run; restart_policy is left.
PodTemplate read_pod_template(ReadState& state, ObjectReader& object);  // scenario_read_nodes.cpp
// An object of strings into a map; null removes what is there by default.
void read_labels(ObjectReader& object, std::string_view key, StringMap& into);
std::vector<std::string> read_scopes(ObjectReader& quota);  // of a quota (K41)
fact::Usage read_hard(ObjectReader& quota);

// {nodes: [..]} or {group, zone, first, count}: indexes of known nodes, never empty unless there was an error.
std::vector<std::uint32_t> read_node_selection(ReadState& state, ObjectReader& object);
// Their names.
std::vector<std::string> read_node_names(ReadState& state, ObjectReader& object);
// "grace" in whole seconds, "pods" as "namespace/name", and the executors that end so (scenario_read_timeline.cpp).
std::optional<std::int64_t> read_grace(ObjectReader& object);
std::vector<std::string> read_pod_names(ReadState& state, ObjectReader& object);
void read_executor_exit_of(ReadState& state, ObjectReader& object, TimeUs at, const ExecutorExit& exit);
bool has_profile(const ApplicationSpec& application, ProfileId id);
// Application copies named by `key`, empty after an error.
std::vector<std::size_t> read_application_names(ReadState& state, ObjectReader& object, std::string_view key);

// The keys of a map, for suggestions.
template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& entry : map) {
    if (names.size() >= 10'000) break;
    names.push_back(entry.first);
  }
  return names;
}

}  // namespace podramp::sim
