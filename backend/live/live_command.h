// `podramp live` and podramp-live: options, signals, messages and exit codes around run_live (live_run.h).
#pragma once

#include <string>
#include <vector>

#include "backend/live/live_plan.h"

namespace podramp::live {

// program: as the user types it. Returns the exit code. stdout is the report, stderr says what happens and what is
// wrong.
int live_command(const std::vector<std::string>& arguments, const std::string& program, const PlanReader& read);

}  // namespace podramp::live
