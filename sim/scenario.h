// A scenario as plain data: what the cluster is, which applications run, what happens when, what is expected.
// Read by scenario_json.cpp (the authority on the file format, docs/scenario-format.md), run by experiment.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backend/conf.h"
#include "backend/live/stand_in.h"
#include "backend/pod_builder.h"
#include "backend/port/time.h"
#include "fakeapi/config.h"
#include "fakeapi/message.h"
#include "sim/process_spec.h"
#include "sim/published_fact.h"
#include "sim/workload.h"

namespace podramp::sim {

// The application wants this many executors of a profile from then on.
struct DemandStep {
  TimeUs at_us = 0;  // since the application's start
  ProfileId profile = kDefaultProfile;
  std::int64_t executors = 0;
  friend bool operator==(const DemandStep&, const DemandStep&) = default;
};

struct ApplicationSpec {
  std::string name;  // unique; "etl-3" when count is given
  std::string ns = "default";
  backend::Compat compat = backend::Compat::spark_4_0;
  StringMap conf;                            // official Spark keys verbatim
  std::string executor_template;             // a Pod manifest as one line of JSON, "" when there is none
  std::string api_user;                      // "": the driver's service account (K90)
  std::vector<std::string> fixes;            // named repairs of Spark defects (backend/fixes.h)
  std::optional<Container> shuffle_sidecar;  // fork-2.2: the shuffle service in each executor's own pod
  std::vector<backend::ResourceProfile> profiles;
  TimeUs start_us = 0;                   // its driver is up
  std::optional<TimeUs> stop_us;         // it ends and cleans up
  std::vector<DemandStep> demand;        // empty: only its initial executors
  std::optional<WorkloadSpec> workload;  // what its program does; absent: nothing
  friend bool operator==(const ApplicationSpec&, const ApplicationSpec&) = default;
};

// As the API server authenticates the application's client: it decides its priority level (K90).
std::string api_user(const ApplicationSpec& spec);

// What happens in the world at a given time.
using WorldAction =
    std::variant<fakeapi::to::AddNodes, fakeapi::to::NodesDown, fakeapi::to::NodesUp, fakeapi::to::DeleteNodes,
                 fakeapi::to::SetQuota, fakeapi::to::DeletePods, fakeapi::to::DeleteDaemonPods, fakeapi::to::TaintNodes,
                 fakeapi::to::CordonNodes, fakeapi::to::DrainNodes, fakeapi::to::ShutdownNodes,
                 fakeapi::to::NodePressure, fakeapi::to::OomKill>;
struct ExecutorExit {  // executor processes end by themselves with this code
  std::string application;
  std::vector<ExecutorId> executors;
  int exit_code = 1;
  bool oom = false;  // killed for their memory (K64)
  friend bool operator==(const ExecutorExit&, const ExecutorExit&) = default;
};
struct ExecutorKill {  // the application's program kills executors (SparkContext.killExecutors)
  std::string application;
  std::vector<ExecutorId> executors;
  bool replace = false;  // killAndReplaceExecutor: the target stays
  bool force = true;     // busy ones too
  friend bool operator==(const ExecutorKill&, const ExecutorKill&) = default;
};
struct ExecutorDecommission {  // executors are to finish what they do and go
  std::string application;
  std::vector<ExecutorId> executors;
  bool adjust_target = false;
  bool by_executor = false;  // they say so themselves: their node shuts down
  friend bool operator==(const ExecutorDecommission&, const ExecutorDecommission&) = default;
};
struct ConfChange {  // the application's settings change (backend/changed_conf.h)
  std::string application;
  StringMap conf;
  friend bool operator==(const ConfChange&, const ConfChange&) = default;
};
struct TimelineEntry {
  TimeUs at_us = 0;
  std::variant<WorldAction, ExecutorExit, ExecutorKill, ExecutorDecommission, ConfChange> action;
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

// A bound on one KPI of summary.json ("time_to_100_ms", "refusals", "leaked_pods", ...: kpis.h).
struct Budget {
  std::string kpi;
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
  friend bool operator==(const Budget&, const Budget&) = default;
};

struct Expectation {
  std::vector<Budget> budgets;
  std::vector<std::string> sometimes;        // event or probe names that must be seen at least once: "fact.pull_failed"
  std::vector<std::string> skip_properties;  // invariants that this scenario breaks on purpose
  std::optional<TimeUs> settles_by;  // by then all is as asked, or kept from it by something nameable (settling.h)
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

// A DaemonSet of the cluster whose pods are external shuffle services (01 4.3).
struct ShuffleServiceSpec {
  std::string daemon_set;          // "namespace/name"
  std::vector<std::string> fixes;  // of the service itself: Q29, Q30, Q31
  friend bool operator==(const ShuffleServiceSpec&, const ShuffleServiceSpec&) = default;
};

struct Scenario {
  std::string name;  // the file's stem
  std::string about;
  std::uint64_t seed = 1;
  DurationUs end_us = 24 * kHourUs;
  bool until_quiet = true;  // "end" is not given: the run also ends when nothing happens any more
  fakeapi::ClusterConfig cluster;
  std::vector<ShuffleServiceSpec> shuffle_services;  // none: one is taken for granted on every node
  std::vector<ApplicationSpec> applications;
  std::vector<TimelineEntry> timeline;  // by time, then as written
  Expectation expect;
  std::optional<PublishedFact> published;
  std::optional<live::LiveSpec> live;    // only podramp live looks at it
  std::vector<ProcessSpec> processes{};  // only podramp serve --kubelet process
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace podramp::sim
