// Tests of scenario_scheduling.cpp: what a scenario says of scheduling, and an application whose driver pod waits.
// What schedulers do: fakeapi/scheduler_*_test.cpp. The file written from it: scenario_round_trip_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_runs.h"

namespace podramp::sim::scenario_scheduling_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

tl::expected<Loaded, FieldErrors> with_cluster(const std::string& fields, const std::string& background = "") {
  std::string text = small_with("\"images\"", fields + ", \"images\"");
  if (!background.empty()) {
    text.replace(text.find("\"applications\""), 14, "\"background\": [" + background + "], \"applications\"");
  }
  return load_scenario({"small.json", text}, {}, {});
}

TEST(ScenarioScheduling, IsReadWithItsDefaults) {
  const auto loaded = with_cluster(
      R"("priority_classes": [{"name": "high", "value": 10, "global_default": true}],
         "scheduler": {"qps": 7, "strategy": "MostAllocated"},
         "schedulers": {"volcano": {"kind": "gang"}, "second": {"kind": "default"}},
         "pod_groups": [{"name": "etl", "min_member": 4, "placeholder": {"cpu": "1"}}],
         "queues": [{"name": "batch", "cpu": "8", "pods": 5}])",
      R"({"name": "p", "priority_class": "system-node-critical", "scheduler_name": "volcano", "scheduling_gates": ["a"],
          "topology_spread_constraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
          "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 5, "preference": {"matchExpressions": [{"key": "x", "operator": "Exists"}]}}]}}})");
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const fakeapi::ClusterConfig& cluster = loaded->scenario.cluster;
  EXPECT_THAT(cluster.priority_classes, ElementsAre(fakeapi::PriorityClassSpec{"high", 10, true, true}));
  EXPECT_TRUE(cluster.most_allocated);
  EXPECT_EQ(cluster.profile.scheduler_qps, 7);
  EXPECT_THAT(cluster.schedulers,
              ElementsAre(fakeapi::OtherScheduler{"volcano", true}, fakeapi::OtherScheduler{"second", false}));
  EXPECT_THAT(cluster.pod_groups,
              ElementsAre(fakeapi::PodGroupSpec{"default", "etl", 4, Resources{1000, {}, {}}, 15 * kMinuteUs}));
  EXPECT_THAT(cluster.queues, ElementsAre(fakeapi::AdmissionQueueSpec{"batch", {8000, {}, {}}, 5}));
  const PodTemplate& pod = *cluster.existing.at(0).pod.tmpl;
  EXPECT_EQ(pod.scheduler_name, "volcano");
  EXPECT_THAT(pod.placement.gates, ElementsAre("a"));
  EXPECT_EQ(pod.placement.preferred_nodes.at(0).weight, 5);
  EXPECT_FALSE(pod.placement.spread.at(0).hard);
}

TEST(ScenarioScheduling, MistakesAreTold) {
  const auto loaded = with_cluster(
      R"("priority_classes": [{"name": "high", "value": 10}, {"name": "high", "value": 2000000000}],
         "schedulers": {"default-scheduler": {"kind": "default"}, "x": {"kind": "yarn"}},
         "pod_groups": [{"name": "etl", "min_member": 4, "held_for": "1m"}])",
      R"({"name": "p", "priority_class": "hihg",
          "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"matchLabelKeys": ["a"]}]}}})");
  ASSERT_FALSE(loaded);
  const std::string errors = all_errors(loaded.error());
  for (const char* said :
       {"there is a priority class \"high\" already", "default-scheduler: is there anyway",
        "kind: must be one of default, gang (got \"yarn\")", "held_for: goes only with placeholder",
        "pod_groups: needs a scheduler of kind gang",
        "unknown priority class \"hihg\"; list it in cluster.priority_classes (did you mean \"high\"?)",
        "topologyKey: can not be empty", "matchLabelKeys is not modelled"}) {
    EXPECT_THAT(errors, HasSubstr(said));
  }
}

constexpr std::string_view kWaitingDriver = R"({
  "schema": "podramp/v1",
  "cluster": {
    "nodes": [{"group": "worker", "count": 1, "cpu": "4", "memory": "16Gi"}],
    "latency": {"jvm": {"constant": "3s"}, "start": {"constant": "1s"}}
  },
  "background": [
    {"name": "other", "node": "worker-1", "cpu": "3", "until": "60s"},
    {"name": "driver", "cpu": "2", "memory": "1Gi", "restart_policy": "Never"}
  ],
  "applications": [{
    "name": "etl", "start": "10s", "stop": "70s",
    "conf": {"spark.executor.instances": "1", "spark.kubernetes.container.image": "spark:4",
             "spark.kubernetes.driver.pod.name": "driver"}
  }]
})";

// Its times count from when the driver's JVM is up, not from its start in the scenario.
TEST(ScenarioScheduling, AnApplicationStartsWhenItsDriverPodRuns) {
  const std::string path = scratch_file("log.jsonl");
  const RunResult run = run_to(path, text_scenario(std::string(kWaitingDriver)));
  const std::vector<LoggedEvent> events = read_events(path);
  std::remove(path.c_str());
  TimeUs container = 0;
  TimeUs started = 0;
  TimeUs stopped = 0;
  for (const LoggedEvent& event : events) {
    const auto* running = event.get<fact::PodBound>();
    if (running != nullptr && running->pod == "default/driver") container = event.t();
    if (event.get<in::Started>() != nullptr) started = event.t();
    if (event.get<in::Stopped>() != nullptr) stopped = event.t();
  }
  EXPECT_GT(container, 60 * kSecondUs);
  EXPECT_GE(started, container + 4 * kSecondUs);
  EXPECT_EQ(stopped, started + kMinuteUs);
  EXPECT_EQ(run.summary.kpis.at("executors_registered"), 1);
}

TEST(ScenarioScheduling, AnApplicationWhoseDriverNeverRunsIsStuckAndSaysSo) {
  const std::string path = scratch_file("log.jsonl");
  const RunResult run = run_to(path, text_scenario(std::string(kWaitingDriver), {"background[1].scheduler_name=yarn"}));
  std::remove(path.c_str());
  EXPECT_EQ(run.summary.ending, Ending::stuck);
  EXPECT_THAT(run.summary.waiting, Contains("etl waits for its driver pod default/driver"));
  EXPECT_THAT(run.summary.waiting,
              Contains("pod default/driver waits for: its scheduler \"yarn\", which nobody runs here"));
}

}  // namespace
}  // namespace podramp::sim::scenario_scheduling_test
