#include "backend/decommission_conf.h"

#include "backend/conf_reader.h"

namespace podramp::backend {

DecommissionConf read_decommission(const ConfReader& r) {
  DecommissionConf c;
  const bool storage = r.boolean("spark.storage.decommission.enabled");
  c.enabled = r.boolean("spark.decommission.enabled");
  c.moves_shuffle_files = storage && r.boolean("spark.storage.decommission.shuffleBlocks.enabled");
  c.moves_cached_blocks = storage && r.boolean("spark.storage.decommission.rddBlocks.enabled");
  c.shuffle_threads = r.whole("spark.storage.decommission.shuffleBlocks.maxThreads");
  c.failures_max = r.whole("spark.storage.decommission.maxReplicationFailuresPerBlock");
  c.reattempt_us = r.us("spark.storage.decommission.replicationReattemptInterval");
  return c;
}

}  // namespace podramp::backend
