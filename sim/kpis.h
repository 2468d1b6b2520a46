// The numbers of a run: whole numbers with their unit in the name, from a Projection. One list per application and
// one for the run (sums; for times the slowest application). Budgets in a scenario's "expect" name them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/projection.h"
#include "sim/scenario.h"

namespace podramp::sim {

using Kpis = std::map<std::string, std::int64_t, std::less<>>;

// Times count from the moment the target first reached its maximum; -1: never.
//   time_to_50_ms _90_ _95_ _100_                registered executors (driver's books) against the largest target
//   time_to_ready_ms                             start of the driver to ReadyToSchedule (minimum registered ratio)
//   target_max registered_max                    executors; of a run: the sum over its applications
//   pending_max                                  pods stored and not running; of a run: its peak, not a sum of peaks
//   creates creates_refused creates_wasted       POSTs answered 201; 4xx; pods stored that ended unregistered. By the
//                                                driver, or for it by the controllers of its sets
//   executors_registered creates_per_1000_registered   executors that ever registered; creates per 1000 of them
//   requests requests_failed retries             API answers and time-outs; those not 2xx; requests sent again
//   requests_per_s_max                           most requests sent within one second; of a run: its peak likewise
//   rounds rounds_aborted                        allocation rounds that created or were aborted; that were aborted
//   excess_deleted creation_timeouts             executors deleted above target; not seen in time and given up
//   executors_removed registrations_refused      executors the driver forgot; that asked and were turned away
//   lost lost_noticed                            executors whose node fell silent under them; removed by the driver
//   first_noticed_ms last_noticed_ms             silence to removal, the shortest and the longest; -1: none noticed
//   executor_seconds_requested _pending _idle    pod stored to ended; stored to running; running to registered. Pending
//   core_seconds_requested _pending _idle        and idle are parts of requested; cores as the pods request them
//                                                A container started anew in its pod is pending until it runs again
//   wait_<reason>_ms                             how long each reason (Wait) was what the application waited for; of a
//                                                run: application time, summed over its applications
// Only of applications with a workload, and of runs with one:
//   jobs jobs_done jobs_failed jobs_ms   submitted; ended well; ended with an error; durations of the ended, added up
//   time_to_jobs_done_ms                 start of the driver to the end of the last job; -1: some have not ended
//   stages stages_recomputed             stage attempts; those of a stage that had been started before
//   tasks tasks_speculative              attempts; second copies of slow tasks
//   tasks_process_local _node_local _rack_local _any   by how near to their data they ran
//   tasks_failed tasks_killed fetch_failures task_seconds   as executors said; attempts on dead executors say nothing
//   shuffle_left_bytes                   shuffle files on nodes after its end, if shuffle services are in the scenario
//   leaked_pods                                  pods left after the application's stop, not kept on purpose
// Only of applications with StatefulSets or Deployments, and of runs with one: wait_controller_ms
Kpis application_kpis(const ApplicationView& app, TimeUs end_us);
// What has its highest value at an instant of the whole run.
struct RunPeaks {
  std::int64_t pending = 0;
  std::int64_t requests_per_s = 0;
};
// Sums; for times the slowest application; the run's own peaks.
Kpis run_kpis(const std::vector<Kpis>& applications, const RunPeaks& peaks, std::int64_t leaked_pods);

// The budgets that do not hold, one sentence each: "time_to_100_ms is 81000, the budget is at most 60000".
std::vector<std::string> broken_budgets(const std::vector<Budget>& budgets, const Kpis& run,
                                        const std::map<std::string, Kpis>& applications);
// Every KPI name, for suggestions.
std::vector<std::string> kpi_names();

}  // namespace podramp::sim
