#include "sim/settling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_runs.h"

namespace podramp::sim::settling_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One application of 8 executors on two nodes of 8 cpus; more: members of the scenario besides.
RunSummary run(const std::string& conf, const std::string& more, int nodes = 2) {
  const std::string text = R"({"schema": "podramp/v1", "end": "90m",
    "cluster": {"nodes": [{"group": "n", "count": )" +
                           std::to_string(nodes) + R"(, "cpu": "8", "memory": "32Gi"}]},
    "applications": [{"name": "etl", "stop": "61m", "fixes": ["corrected"], "conf": {"spark.executor.instances": "8",
      "spark.kubernetes.container.image": "spark:4")" +
                           conf + R"(}}], "expect": {"settles_by": "60m"})" + more + "}";
  const std::string path = scratch_file("log.jsonl");
  RunSummary summary = run_to(path, text_scenario(text)).summary;
  std::remove(path.c_str());
  return summary;
}

std::vector<std::string> broken(const RunSummary& summary) {
  std::vector<std::string> names;
  for (const Violation& violation : summary.violations) names.push_back(violation.property);
  return names;
}

TEST(Settling, AHealthyRunSettles) { EXPECT_THAT(broken(run("", "")), IsEmpty()); }

TEST(Settling, NoRoomIsAReasonForMissingItsTarget) {
  const RunSummary summary = run(R"(, "spark.executor.cores": "2")", "", 1);
  EXPECT_LT(summary.kpis.at("registered_max"), 8);
  EXPECT_THAT(broken(summary), IsEmpty());
}

TEST(Settling, AQuotaIsAReasonForMissingItsTarget) {
  const RunSummary summary = run("", R"(, "timeline": [{"at": "0s", "do": "set_quota", "namespace": "default",
    "hard": {"pods": 3}}])");
  EXPECT_EQ(summary.kpis.at("registered_max"), 3);
  EXPECT_THAT(broken(summary), IsEmpty());
}

// Spark does not open its watch again after a 410. Without polls it hears of no pod any more: it takes executors that
// have ended for running ones and makes no others.
TEST(Settling, WhoHearsOfItsPodsNoMoreIsCaught) {
  const RunSummary summary = run(R"(, "spark.kubernetes.executor.enableApiPolling": "false")",
                                 R"(, "faults": [{"point": "watch.expire", "from": "2m", "until": "3m"}],
      "timeline": [{"at": "10m", "do": "executor_exit", "application": "etl", "executors": [1, 2, 3]}])");
  ASSERT_THAT(broken(summary), ElementsAre("books_agree", "ended_pods_removed"));
  EXPECT_THAT(summary.violations[0].detail, HasSubstr("etl counts 8 executors as registered since 10m"));
  EXPECT_THAT(summary.violations[0].detail, HasSubstr("there are 5"));
  EXPECT_GE(summary.violations[0].t, 60 * kMinuteUs);
}

TEST(Settling, WithoutATimeNothingIsAsked) {
  Scenario scenario = shipped_scenario("unschedulable.json");
  EXPECT_FALSE(scenario.expect.settles_by);
}

}  // namespace
}  // namespace podramp::sim::settling_test
