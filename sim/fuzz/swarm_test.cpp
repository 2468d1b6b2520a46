#include "sim/fuzz/swarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fakeapi/faults.h"
#include "sim/fuzz/trial.h"
#include "sim/test_runs.h"

namespace podramp::sim::swarm_test {
namespace {

TEST(Swarm, ASeedAlwaysDrawsTheSameScenario) {
  EXPECT_EQ(swarm_run(7).scenario, swarm_run(7).scenario);
  EXPECT_NE(swarm_run(7).scenario, swarm_run(8).scenario);
}

TEST(Swarm, EverySeedDrawsAScenarioThatCheckAccepts) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto loaded = load_scenario({"drawn.json", swarm_run(seed).scenario}, {}, {});
    ASSERT_TRUE(loaded) << "seed " << seed << ": " << all_errors(loaded.error());
  }
}

TEST(Swarm, EveryFaultPointIsDrawnAndOverBeforeTheHealing) {
  std::set<std::string> drawn;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario scenario = text_scenario(swarm_run(seed).scenario);
    for (const fakeapi::FaultSpec& fault : scenario.cluster.faults) {
      drawn.insert(fault.point);
      EXPECT_LE(fault.until_us + 70 * kMinuteUs, *scenario.expect.settles_by) << "seed " << seed;
    }
  }
  EXPECT_EQ(drawn.size(), fakeapi::Faults::kPoints.size());
}

TEST(Swarm, FeaturesAreOnInSomeSeedsAndOffInOthers) {
  int quotas = 0;
  int dynamic = 0;
  int shuffled = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const SwarmRun run = swarm_run(seed);
    quotas += run.scenario.find("\"quotas\"") != std::string::npos ? 1 : 0;
    dynamic += run.scenario.find("spark.dynamicAllocation.enabled") != std::string::npos ? 1 : 0;
    shuffled += run.ties_shuffled ? 1 : 0;
  }
  for (const int count : {quotas, dynamic, shuffled}) {
    EXPECT_GT(count, 20);
    EXPECT_LT(count, 280);
  }
}

}  // namespace
}  // namespace podramp::sim::swarm_test
