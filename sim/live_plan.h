// A scenario as a plan for a live run (backend/live/live_plan.h): its applications and what is planned for them; what
// describes the simulated cluster is passed over and said so. Next: cmd_live.cpp.
#pragma once

#include "backend/live/live_plan.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

// loaded.scenario becomes the one that is carried out: its namespace, its driver pods. Errors: a workload (there is no
// Spark to run it), a local master, no namespace.
tl::expected<live::LivePlan, FieldErrors> live_plan_of(Loaded loaded, const live::PlanRequest& request);

}  // namespace podramp::sim
