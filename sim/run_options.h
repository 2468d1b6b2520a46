// The options that run and test share: what changes a scenario, and how it is run.
#pragma once

#include <vector>

#include "sim/command_line.h"
#include "sim/option_parser.h"

namespace podramp::sim {

std::vector<OptionSpec> scenario_option_specs();
// Reads the files that options name.
Result<ScenarioOptions> read_scenario_options(const ParsedOptions& options);

}  // namespace podramp::sim
