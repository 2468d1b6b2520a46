// The scenario that a seed of podramp fuzz stands for, as the text of a scenario file that podramp run takes. A stage
// with trouble, then one of healing (05 A3): faults are over, nodes return, quotas are lifted, and nothing more is
// asked until expect.settles_by; then the applications stop, and the run goes on until all is gone.
#pragma once

#include <cstdint>
#include <string>

namespace podramp::sim {

struct SwarmRun {
  std::string scenario;        // JSON
  bool ties_shuffled = false;  // podramp run --ties shuffled
};

SwarmRun swarm_run(std::uint64_t seed);

}  // namespace podramp::sim
