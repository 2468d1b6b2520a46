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
//   time_to_50_ms time_to_90_ms time_to_100_ms   registered executors against the largest target
//   time_to_ready_ms                             start of the driver to ReadyToSchedule
//   target_max registered_max pending_max        executors
//   creates creates_refused creates_wasted       POSTs answered 201; 4xx; created executors that ended unregistered
//   executors_registered creates_per_1000_registered   executors that ever registered; creates per 1000 of them
//   requests requests_failed retries             API requests answered in any way; not 2xx; repeated by the client
//   rounds rounds_aborted excess_deleted creation_timeouts executors_removed registrations_refused
//   lost lost_noticed first_noticed_ms last_noticed_ms   executors on silent nodes; removed or replaced by Spark; when
//   executor_seconds_requested _pending _idle    stored to gone; stored to running; running to registered
//   core_seconds_requested _pending _idle
//   wait_<reason>_ms                             how long each reason (Wait) was what the application waited for
//   leaked_pods                                  pods left after the application's clean stop
Kpis application_kpis(const ApplicationView& app, TimeUs end_us);
// leaked: pods left behind by stopped applications, with why; see Experiment.
Kpis run_kpis(const std::vector<Kpis>& applications, std::int64_t leaked_pods);

// The budgets that do not hold, one sentence each: "time_to_100_ms is 81000, the budget is at most 60000".
std::vector<std::string> broken_budgets(const std::vector<Budget>& budgets, const Kpis& run,
                                        const std::map<std::string, Kpis>& applications);
// Every KPI name, for suggestions.
std::vector<std::string> kpi_names();

}  // namespace podramp::sim
