// podramp-live's own reading of a scenario: the applications with their settings and demand, and "live". What describes
// the simulated cluster is passed over; what only the whole reader knows (sim/scenario_json.h, `podramp live`) is an
// error. The file format's authority is that reader.
#pragma once

#include "backend/live/live_plan.h"

namespace podramp::live {

// text: of request.file. Every mistake at once, with line and path.
tl::expected<LivePlan, FieldErrors> read_plan(std::string_view text, const PlanRequest& request);

}  // namespace podramp::live
