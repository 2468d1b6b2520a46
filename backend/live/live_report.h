// What a live run has come to, in lines for people.
#pragma once

#include <string>
#include <vector>

#include "backend/live/live_run.h"

namespace podramp::live {

std::vector<std::string> live_report(const RunOutcome& outcome, bool dry_run);
// The same for machines, as one line (live_report_json.cpp).
std::string live_report_json(const RunOutcome& outcome);
// Every application had all the executors that it wanted in the end, and ended well.
bool reached_targets(const LoopResult& result);

}  // namespace podramp::live
