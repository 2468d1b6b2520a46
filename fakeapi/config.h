// What a fake cluster is made of, as plain data. The scenario reader fills it; the cluster only reads it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/fact.h"
#include "backend/port/kube.h"
#include "backend/port/manifest.h"
#include "fakeapi/autoscaler_spec.h"
#include "fakeapi/latency.h"
#include "fakeapi/node_spec.h"

namespace podramp::fakeapi {

// Layers of equal digest are the same one, in whatever image.
struct LayerSpec {
  std::string digest;
  std::int64_t bytes = 0;
  friend bool operator==(const LayerSpec&, const LayerSpec&) = default;
};

struct ImageSpec {
  std::string name;
  std::int64_t bytes = 0;              // of all its layers together
  int registry = 0;                    // index in registries
  std::vector<LayerSpec> layers = {};  // empty: it shares nothing with other images
  friend bool operator==(const ImageSpec&, const ImageSpec&) = default;
};

struct RegistrySpec {
  std::string name;
  std::int64_t bytes_per_s = 1'250'000'000;  // 10 Gb/s
  int concurrent_max = 64;                   // admission queue (design 2.2); 0 is unlimited
  std::vector<int> mirrors = {};             // indexes in registries: nodes ask these first, in this order
  std::string zone = {};  // where it stands; a mirror in a node's own zone is asked before the others
  friend bool operator==(const RegistrySpec&, const RegistrySpec&) = default;
};

// A zone whose nodes and registries share a link to everything that is outside it. Nodes are in the zone that their
// label topology.kubernetes.io/zone names.
struct ZoneSpec {
  std::string name;
  std::int64_t bytes_per_s = 0;  // of the link, each way; > 0
  friend bool operator==(const ZoneSpec&, const ZoneSpec&) = default;
};

// What answers cost the API server besides latency. docs/behaviour.md, "Bytes of lists".
struct ApiServerSpec {
  std::int64_t bytes_per_s = 0;        // of the link that lists of pods leave by; 0: their size does not matter
  std::int64_t pod_bytes = 10 * 1024;  // of a pod in a list
  friend bool operator==(const ApiServerSpec&, const ApiServerSpec&) = default;
};

// What an init container fetches before the main containers start, wherever a pod has one of that name.
struct InitDownloadSpec {
  std::string container;
  std::int64_t bytes = 0;
  int registry = 0;  // index in registries: the server that it comes from
  friend bool operator==(const InitDownloadSpec&, const InitDownloadSpec&) = default;
};

struct QuotaSpec {
  std::string ns;
  std::string name;
  fact::Usage hard;                      // "pods", "count/pods", "requests.cpu" (milli), "limits.memory", ...
  std::vector<std::string> scopes = {};  // quota_scopes.h; none: all pods
  friend bool operator==(const QuotaSpec&, const QuotaSpec&) = default;
};

struct LimitRangeSpec {
  std::string ns;
  std::string name;
  Resources default_request;  // per container
  Resources default_limit;
  Resources min;
  Resources max;
  friend bool operator==(const LimitRangeSpec&, const LimitRangeSpec&) = default;
};

// A pod that is there from the start, bound to a node or pending: system pods, other people's work.
struct ExistingPod {
  Pod pod;                        // tmpl set; node set when it is placed
  std::optional<TimeUs> ends_us;  // finishes with exit code 0 then; absent: stays
  friend bool operator==(const ExistingPod&, const ExistingPod&) = default;
};

// A storage class that differs from the rule: a class that is not listed provisions when the first pod that uses the
// claim has been given its node (WaitForFirstConsumer), and lets claims grow.
struct StorageClassSpec {
  std::string name;
  bool immediate = false;  // volumeBindingMode Immediate
  bool expandable = true;  // allowVolumeExpansion
  bool provisions = true;  // false: nobody makes volumes of it
  friend bool operator==(const StorageClassSpec&, const StorageClassSpec&) = default;
};

// A claim that is there, and bound, from the start.
struct ExistingClaim {
  std::string ns;
  std::string name;
  StringMap labels;
  ClaimSpec spec;
  friend bool operator==(const ExistingClaim&, const ExistingClaim&) = default;
};

// A DaemonSet of the cluster. Its pods carry the labels by which it selects them.
struct DaemonSetSpec {
  std::string ns;
  std::string name;
  PodTemplate pod;
  TimeUs starts_us = 0;  // it is stored then
  friend bool operator==(const DaemonSetSpec&, const DaemonSetSpec&) = default;
};

// A pod of a background load, and how often it comes among the others.
struct WeightedPod {
  std::int64_t weight = 1;
  PodTemplate pod;
  friend bool operator==(const WeightedPod&, const WeightedPod&) = default;
};
struct TracedPod {
  TimeUs at_us = 0;
  std::optional<DurationUs> lifetime_us;  // of its process; absent: it stays
  std::size_t pod = 0;                    // index in the load's pods
  friend bool operator==(const TracedPod&, const TracedPod&) = default;
};

// Other people's pods that come and go: NAME-1, NAME-2, ... at a seeded pace, or as a trace says.
struct BackgroundLoadSpec {
  std::string name;
  std::string ns = "default";
  std::vector<WeightedPod> pods;
  LatencyModel every;                    // from one arrival to the next
  std::optional<LatencyModel> lifetime;  // of the process, from its start; absent: it stays
  TimeUs from_us = 0;
  TimeUs until_us = kNever;
  std::int64_t count = 0;        // 0: no limit
  std::vector<TracedPod> trace;  // instead of every, lifetime, from, until and count; by time
  friend bool operator==(const BackgroundLoadSpec&, const BackgroundLoadSpec&) = default;
};

// A PriorityClass. system-cluster-critical and system-node-critical are there without being listed (K55).
struct PriorityClassSpec {
  std::string name;
  std::int64_t value = 0;
  bool global_default = false;  // of pods that name no class
  bool preempts = true;         // preemptionPolicy PreemptLowerPriority
  friend bool operator==(const PriorityClassSpec&, const PriorityClassSpec&) = default;
};

// A second scheduler, by the name that pods give as schedulerName. docs/behaviour.md, "Other schedulers".
struct OtherScheduler {
  std::string name;
  bool gang = false;  // places the pods of a group together or not at all
  friend bool operator==(const OtherScheduler&, const OtherScheduler&) = default;
};

// A group of pods to a gang scheduler. Until so many members are there, places of this size are held for the rest.
struct PodGroupSpec {
  std::string ns;
  std::string name;
  std::int64_t min_member = 1;
  std::optional<Resources> placeholder;     // absent: nothing is held, all members have to be there first
  DurationUs held_for_us = 15 * kMinuteUs;  // then held places that nobody has taken are given up
  friend bool operator==(const PodGroupSpec&, const PodGroupSpec&) = default;
};

// A queue that admits pods, by the label kueue.x-k8s.io/queue-name, within what it has.
struct AdmissionQueueSpec {
  std::string name;
  Resources quota;                   // absent amounts are without limit
  std::optional<std::int64_t> pods;  // likewise
  friend bool operator==(const AdmissionQueueSpec&, const AdmissionQueueSpec&) = default;
};

// Defaults of one Kubernetes version or installation. 03 B5-B7, B13.
struct ClusterProfile {
  std::string name = "k8s-1.32";
  DurationUs lease_renew_us = 10 * kSecondUs;           // K67
  DurationUs monitor_period_us = 5 * kSecondUs;         // K68
  DurationUs monitor_grace_us = 50 * kSecondUs;         // K68: 40 s up to 1.31
  DurationUs taint_period_us = 10 * kSecondUs;          // K70: 0.1 node/s
  DurationUs slow_taint_period_us = 100 * kSecondUs;    // K70: 0.01 node/s
  int unhealthy_zone_permille = 550;                    // K70
  int small_zone_nodes = 50;                            // K70
  std::int64_t toleration_s = 300;                      // K71
  DurationUs pod_gc_period_us = 20 * kSecondUs;         // K73
  DurationUs pod_gc_quarantine_us = 40 * kSecondUs;     // K73
  DurationUs backoff_initial_us = 1 * kSecondUs;        // K46
  DurationUs backoff_max_us = 10 * kSecondUs;           // K46
  DurationUs unschedulable_timeout_us = 5 * kMinuteUs;  // K45
  DurationUs unschedulable_flush_us = 30 * kSecondUs;   // K45
  bool early_pops = false;                              // K46: from 1.33 on
  int scheduler_qps = 50;                               // K56
  int scheduler_burst = 100;                            // K56
  int registry_qps = 5;                                 // K60, per node
  int registry_burst = 10;                              // K60
  DurationUs pull_backoff_initial_us = 10 * kSecondUs;  // K61
  DurationUs pull_backoff_max_us = 300 * kSecondUs;     // K61
  DurationUs watch_timeout_min_us = 1800 * kSecondUs;   // K21
  DurationUs watch_timeout_max_us = 3600 * kSecondUs;   // K21
  int watch_history_max = 102'400;                      // K19
  DurationUs watch_history_us = 75 * kSecondUs;         // K19
  DurationUs quota_resync_us = 5 * kMinuteUs;           // K42
  int controller_qps = 20;                              // K33: each controller's client; the collector's has twice that
  int controller_burst = 30;                            // K33
  DurationUs restart_backoff_initial_us = 10 * kSecondUs;  // K63
  DurationUs restart_backoff_max_us = 300 * kSecondUs;     // K63
  // Priority and fairness. The two in-flight limits add up to its seats (K89).
  int max_requests_inflight = 400;
  int max_mutating_inflight = 200;
  int workload_low_shares = 100;                    // K90: of 245 with the other levels'
  int queue_length = 50;                            // K91: requests a queue of workload-low
  DurationUs queue_wait_us = 15 * kSecondUs;        // K91: a quarter of the request time-out
  int list_objects_per_seat = 100;                  // K93
  int list_seats_max = 10;                          // K93: 100 with a newer gate
  DurationUs bookmark_period_us = 60 * kSecondUs;   // K20
  int watch_buffer = 1000;                          // K22: events that a watcher may leave unread
  DurationUs compaction_period_us = 5 * kMinuteUs;  // K19: etcd's history is kept so long, at most twice that
  DurationUs shutdown_grace_us = 0;                 // K76: of a node's graceful shutdown; 0 is off
  DurationUs shutdown_grace_critical_us = 0;        // K76: the last part of that is for critical pods
  int terminated_pods_max = 12'500;                 // K35: pod GC removes what is above; 0 is never
  friend bool operator==(const ClusterProfile&, const ClusterProfile&) = default;
};

inline constexpr std::array<std::string_view, 5> kProfileNames{"k8s-1.31", "k8s-1.32", "k8s-1.33", "managed-large",
                                                               "stress-low"};
// One of those; absent for another name (03 B13).
std::optional<ClusterProfile> find_profile(std::string_view name);

// A named fault point, active in [from_us, until_us) for numerator/denominator of the things it may hit. Points and
// what they do: fakeapi/faults.h.
struct FaultSpec {
  std::string point;
  TimeUs from_us = 0;
  TimeUs until_us = kNever;
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
  std::int64_t retry_after_s = 1;    // for 429
  DurationUs delay_us = 0;           // for delays
  std::string client;                // only this client; "" for all
  std::optional<Verb> verb;          // only this verb
  std::vector<std::uint64_t> calls;  // only these requests of the client, counted from 1; empty for all
  int code = 500;                    // of api.answer; of pod.crash the exit code
  std::string target;                // an image, a registry, a part of a pod's name; "" for all
  friend bool operator==(const FaultSpec&, const FaultSpec&) = default;
};

struct ClusterConfig {
  ClusterProfile profile;
  std::vector<NodeSpec> nodes;
  std::vector<RegistrySpec> registries{{"registry"}};
  std::vector<ZoneSpec> zones;  // those with a link of their own
  ApiServerSpec api_server;
  std::vector<ImageSpec> images;  // an image that is not listed has 0 bytes to pull
  std::vector<InitDownloadSpec> init_downloads;
  std::vector<QuotaSpec> quotas;
  std::vector<LimitRangeSpec> limit_ranges;
  std::vector<ExistingPod> existing;
  std::vector<StorageClassSpec> storage_classes;
  std::vector<ExistingClaim> claims;
  std::vector<ManifestPtr> objects;  // documents that are there from the start: namespaces, classes, service accounts
  std::vector<DaemonSetSpec> daemon_sets;
  std::vector<BackgroundLoadSpec> loads;
  std::vector<PriorityClassSpec> priority_classes;
  std::vector<OtherScheduler> schedulers;
  std::vector<PodGroupSpec> pod_groups;
  std::vector<AdmissionQueueSpec> queues;
  std::vector<FaultSpec> faults;
  std::optional<AutoscalerSpec> autoscaler;
  Latencies latency;
  bool parallel_pulls = false;  // K60
  int max_parallel_pulls = 0;   // K60: of a node, when they are parallel; 0 is no limit
  bool records_events = false;  // Events and sets' statuses are written, which only people read
  bool real_processes = false;  // the world runs main processes, and says when one that it was told to stop has ended
  bool most_allocated = false;  // the scheduler fills nodes up instead of spreading pods (K49)
  friend bool operator==(const ClusterConfig&, const ClusterConfig&) = default;
};

}  // namespace podramp::fakeapi
