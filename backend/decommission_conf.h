// What an executor does when it is told to decommission itself, as the conf has it: whether it obeys at all, and which
// of its blocks it moves away first. Not here: the driver's side (scheduler_backend.h). Who plays it:
// sim/decommissioner.h.
#pragma once

#include <cstdint>

#include "backend/port/time.h"

namespace podramp::backend {

class ConfReader;

struct DecommissionConf {
  bool enabled = false;              // spark.decommission.enabled; else an executor takes no notice
  bool moves_shuffle_files = false;  // spark.storage.decommission.shuffleBlocks.enabled, with .decommission.enabled
  bool moves_cached_blocks = false;  // ... .rddBlocks.enabled, likewise
  std::int64_t shuffle_threads = 8;  // .shuffleBlocks.maxThreads
  std::int64_t failures_max = 3;     // .maxReplicationFailuresPerBlock
  DurationUs reattempt_us = 30 * kSecondUs;  // .replicationReattemptInterval
  friend bool operator==(const DecommissionConf&, const DecommissionConf&) = default;

  bool moves_blocks() const { return moves_shuffle_files || moves_cached_blocks; }
};

DecommissionConf read_decommission(const ConfReader& reader);

}  // namespace podramp::backend
