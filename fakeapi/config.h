// What a fake cluster is made of, as plain data. The scenario reader fills it; the cluster only reads it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/fact.h"
#include "backend/port/kube.h"
#include "fakeapi/autoscaler_spec.h"
#include "fakeapi/latency.h"
#include "fakeapi/node_spec.h"

namespace podramp::fakeapi {

struct ImageSpec {
  std::string name;
  std::int64_t bytes = 0;
  int registry = 0;  // index in registries
  friend bool operator==(const ImageSpec&, const ImageSpec&) = default;
};

struct RegistrySpec {
  std::string name;
  std::int64_t bytes_per_s = 1'250'000'000;  // 10 Gb/s
  int concurrent_max = 64;                   // admission queue (design 2.2); 0 is unlimited
  friend bool operator==(const RegistrySpec&, const RegistrySpec&) = default;
};

struct QuotaSpec {
  std::string ns;
  std::string name;
  fact::Usage hard;  // "pods", "count/pods", "requests.cpu" (milli), "limits.memory", ...
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
  friend bool operator==(const ClusterProfile&, const ClusterProfile&) = default;
};

// "k8s-1.31", "k8s-1.32", "managed-large"; absent for another name (03 B13).
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
  int code = 500;                    // of api.answer
  friend bool operator==(const FaultSpec&, const FaultSpec&) = default;
};

struct ClusterConfig {
  ClusterProfile profile;
  std::vector<NodeSpec> nodes;
  std::vector<RegistrySpec> registries{{"registry"}};
  std::vector<ImageSpec> images;  // an image that is not listed has 0 bytes to pull
  std::vector<QuotaSpec> quotas;
  std::vector<LimitRangeSpec> limit_ranges;
  std::vector<ExistingPod> existing;
  std::vector<StorageClassSpec> storage_classes;
  std::vector<ExistingClaim> claims;
  std::vector<DaemonSetSpec> daemon_sets;
  std::vector<FaultSpec> faults;
  std::optional<AutoscalerSpec> autoscaler;
  Latencies latency;
  bool parallel_pulls = false;  // K60
  friend bool operator==(const ClusterConfig&, const ClusterConfig&) = default;
};

}  // namespace podramp::fakeapi
