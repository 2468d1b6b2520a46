// Every executor and every other pod as a row of a trace: where it ran, what it is called, its phases.
#pragma once

#include <string>
#include <vector>

#include "sim/report/life_phases.h"

namespace podramp::sim {

struct TraceLane {
  std::string node;  // "": it never had one
  std::string name;  // "etl executor 17", "pod default/driver"
  std::string pod;
  bool executor = false;
  std::vector<Phase> phases;
};

// Executors by application as they came up, then pods that are no executors'.
std::vector<TraceLane> trace_lanes(const RunRecord& run);
// Names of nodes as they came up, and of those that only lanes name.
std::vector<std::string> trace_nodes(const RunRecord& run, const std::vector<TraceLane>& lanes);

}  // namespace podramp::sim
