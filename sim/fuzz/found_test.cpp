// What podramp fuzz has found and podramp shrink has left of it, in the order in which it was mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/fuzz/trial.h"

namespace podramp::sim::found_test {
namespace {

// Several pods that were unschedulable back off by whole seconds (1.33) while the scheduler is busy with one of them:
// the second in which the first may be tried again had begun, and the timer for it lay in the past.
TEST(Found, ABackOffWhoseLastSecondHasBegunIsTakenAtTheNextTick) {
  for (const std::uint64_t seed : {77, 325, 337, 379, 391}) {
    const Trial trial = isolated(swarm_run(seed));
    EXPECT_NE(trial.property, kNoCrash) << "seed " << seed << ": " << trial.detail;
  }
}

// With shuffled ties a watch's first events came before the answer that opens it, and events of one watch out of order:
// no connection does that.
TEST(Found, ShuffledTiesKeepTheOrderOfEachConnection) {
  const Trial trial = isolated({R"({"schema": "podramp/v1", "seed": 90, "end": "5m",
    "cluster": {"nodes": [], "latency": {"reply": {"constant": "126ms"}}},
    "applications": [{"name": "app2", "conf": {"spark.kubernetes.container.image": "spark:a"}}]})",
                                true});
  EXPECT_EQ(trial.property, "") << trial.detail;
}

}  // namespace
}  // namespace podramp::sim::found_test
