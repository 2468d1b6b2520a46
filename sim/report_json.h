// What replay, compare and show print with --json.
#pragma once

#include <string>

#include "sim/compare.h"
#include "sim/replay.h"

namespace podramp::sim {

std::string replay_json(const ReplayReport& report);
std::string comparison_json(const Comparison& comparison);

}  // namespace podramp::sim
