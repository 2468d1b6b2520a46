#include "backend/decommission_conf.h"

#include <gtest/gtest.h>

#include "backend/conf.h"

namespace podramp::backend::decommission_conf_test {
namespace {

DecommissionConf conf_with(const StringMap& keys) {
  StringMap raw{{"spark.kubernetes.container.image", "spark:4"}};
  raw.insert(keys.begin(), keys.end());
  const ConfOutcome outcome = make_conf(raw, Compat::spark_4_0, {});
  EXPECT_TRUE(outcome.conf);
  return outcome.conf ? outcome.conf->decommission : DecommissionConf{};
}

TEST(DecommissionConf, IsOffByDefaultWithSparksOwnLimits) {
  const DecommissionConf conf = conf_with({});
  EXPECT_EQ(conf, DecommissionConf{});
  EXPECT_FALSE(conf.moves_blocks());
}

TEST(DecommissionConf, MovesBothKindsOfBlocksOnceStorageDecommissioningIsOn) {
  StringMap keys{{"spark.decommission.enabled", "true"}, {"spark.storage.decommission.enabled", "true"}};
  EXPECT_TRUE(conf_with(keys).enabled);
  EXPECT_TRUE(conf_with(keys).moves_shuffle_files);
  EXPECT_TRUE(conf_with(keys).moves_cached_blocks);
  keys["spark.storage.decommission.shuffleBlocks.enabled"] = "false";
  EXPECT_FALSE(conf_with(keys).moves_shuffle_files);
  keys["spark.storage.decommission.rddBlocks.enabled"] = "false";
  EXPECT_FALSE(conf_with(keys).moves_blocks());
}

TEST(DecommissionConf, ReadsItsLimits) {
  const DecommissionConf conf = conf_with({{"spark.storage.decommission.shuffleBlocks.maxThreads", "2"},
                                           {"spark.storage.decommission.maxReplicationFailuresPerBlock", "1"},
                                           {"spark.storage.decommission.replicationReattemptInterval", "5s"}});
  EXPECT_EQ(conf.shuffle_threads, 2);
  EXPECT_EQ(conf.failures_max, 1);
  EXPECT_EQ(conf.reattempt_us, 5 * kSecondUs);
}

}  // namespace
}  // namespace podramp::backend::decommission_conf_test
