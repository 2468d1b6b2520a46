// NAME.expected.json beside a scenario: what a run of it must come to, exactly. Ending, time, KPIs and fingerprints;
// not wording.
#pragma once

#include <string>
#include <vector>

#include "sim/experiment.h"

namespace podramp::sim {

// "scenarios/x.json" -> "scenarios/x.expected.json".
std::string expected_path(const std::string& scenario_path);
std::string expected_text(const RunSummary& summary);
// One line per value that differs: "kpis.time_to_100_ms: expected 58000, got 61000". Empty: equal.
Result<std::vector<std::string>> expected_differences(const std::string& expected, const std::string& actual);

}  // namespace podramp::sim
