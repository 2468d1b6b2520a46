// Delta debugging on a scenario's JSON: leaves out list items and members and halves numbers as long as the scenario
// fails in the same way, until no single one can go. What makes a failure a failure stays: the ends of fault windows,
// the cures of Spark's own defects, expect.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backend/port/status.h"
#include "sim/fuzz/swarm.h"

namespace podramp::sim {

struct Shrunk {
  SwarmRun run;
  std::int64_t tries = 0;
  std::int64_t entries = 0;  // of the timeline and of faults together
  bool minimal = false;      // nothing more can go; false: the tries were used up
};

// fails: whether a run fails as the first one did; it does. Error: the scenario is no JSON object.
Result<Shrunk> shrink(const SwarmRun& run, const std::function<bool(const SwarmRun&)>& fails, std::int64_t tries_max);

// The scenario with another seed and another "about"; both as shrink() takes them.
Result<std::string> with_seed(const std::string& scenario, std::uint64_t seed);
std::string with_about(const std::string& scenario, const std::string& about);

}  // namespace podramp::sim
