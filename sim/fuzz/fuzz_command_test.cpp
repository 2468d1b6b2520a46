// podramp fuzz and podramp shrink as people call them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/fuzz/commands.h"
#include "sim/test_runs.h"

namespace podramp::sim::fuzz_command_test {
namespace {

using testing::HasSubstr;

struct Said {
  int code = 0;
  std::string out;
  std::string err;
};

Said run(int (*command)(const Arguments&), const Arguments& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  said.code = command(arguments);
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

TEST(FuzzCommand, FortySeedsBreakNothing) {
  const Said said = run(fuzz_command, {"--seeds", "40", "--out", scratch_file("out")});
  EXPECT_EQ(said.code, kExitFine) << said.out;
  EXPECT_THAT(said.out, HasSubstr("40 seeds from 1 in "));
  EXPECT_THAT(said.out, HasSubstr("fault points: api."));
}

TEST(FuzzCommand, PrintShowsTheScenarioOfASeedAndRunsNothing) {
  const Said said = run(fuzz_command, {"--from", "12", "--print"});
  EXPECT_EQ(said.code, kExitFine);
  EXPECT_EQ(text_scenario(said.out).seed, 12U);
}

TEST(FuzzCommand, MistakesAreNamed) {
  EXPECT_THAT(run(fuzz_command, {"--time", "soon"}).err, HasSubstr("--time soon"));
  EXPECT_THAT(run(fuzz_command, {"x.json"}).err, HasSubstr("takes no file"));
  EXPECT_THAT(run(shrink_command, {}).err, HasSubstr("takes one scenario"));
  EXPECT_THAT(run(shrink_command, {"--fuzz", "3", "x.json"}).err, HasSubstr("not both"));
}

TEST(ShrinkCommand, AHealthyRunHasNothingToShrink) {
  const Said said = run(shrink_command, {"--fuzz", "1"});
  EXPECT_EQ(said.code, kExitBadInput);
  EXPECT_THAT(said.err, HasSubstr("breaks no property"));
}

// The watch ends for good and nobody polls: Spark hears of its executors no more. The failure needs little of all this.
TEST(ShrinkCommand, AFailingScenarioIsMadeSmallAndStillFails) {
  const std::string file = scratch_file("large.json");
  const std::string small = scratch_file("small.json");
  write_bytes(file, R"({"schema": "podramp/v1", "end": "90m", "seed": 5,
    "cluster": {"nodes": [{"group": "n", "count": 6, "cpu": "8", "memory": "32Gi", "zone": "a"}],
                "images": [{"name": "spark:4", "size": "600Mi"}]},
    "applications": [
      {"name": "etl", "stop": "61m", "conf": {"spark.executor.instances": "9",
       "spark.kubernetes.container.image": "spark:4",
       "spark.kubernetes.executor.enableApiPolling": "false", "spark.kubernetes.allocation.batch.size": "50"}},
      {"name": "other", "start": "1m", "conf": {"spark.executor.instances": "4",
       "spark.kubernetes.container.image": "spark:4"}}],
    "timeline": [{"at": "3m", "do": "cordon_nodes", "nodes": ["n-6"]},
                 {"at": "5m", "do": "executor_exit", "application": "etl", "executors": [1, 2, 3, 4]},
                 {"at": "6m", "do": "uncordon_nodes", "nodes": ["n-6"]}],
    "faults": [{"point": "watch.expire", "from": "2m", "until": "3m"},
               {"point": "api.slow", "delay": "1s", "from": "1m", "until": "2m"}],
    "expect": {"settles_by": "60m"}})");
  const Said said = run(shrink_command, {file, "--seed", "6", "--out", small});
  ASSERT_EQ(said.code, kExitFine) << said.err;
  EXPECT_THAT(said.out, HasSubstr("timeline entries and faults are left after"));
  const Scenario scenario = text_scenario(read_bytes(small));
  EXPECT_EQ(scenario.seed, 6U);
  EXPECT_EQ(scenario.applications.size(), 1U);
  EXPECT_LE(scenario.timeline.size() + scenario.cluster.faults.size(), 2U);
  EXPECT_FALSE(run_to(scratch_file("log.jsonl"), scenario).summary.violations.empty());
}

}  // namespace
}  // namespace podramp::sim::fuzz_command_test
