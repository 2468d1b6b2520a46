// Tests of scenario_autoscaler.cpp: the autoscaler of a scenario. What it does: fakeapi/autoscaler_*_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario_json.h"
#include "sim/test_runs.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_autoscaler_test {
namespace {

using fakeapi::AutoscalerKind;
using fakeapi::FailureWindow;
using fakeapi::MachineFailure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string with_autoscaler(const std::string& autoscaler) {
  return small_with("\"images\"", "\"autoscaler\": " + autoscaler + ", \"images\"");
}

const std::string& scan_text() {
  static const std::string kText = with_autoscaler(R"({
    "kind": "cluster-autoscaler", "expander": "priority", "scan_interval": "20s",
    "scale_down_utilization_threshold": "0.65", "skip_nodes_with_local_storage": false,
    "latency": {"join": {"constant": "1m"}},
    "node_groups": [
      {"name": "spot", "min": 1, "max": 12, "initial": 2, "cpu": 8, "memory": "32Gi", "zone": ["a", "b"], "priority": 7,
       "taints": [{"key": "spot", "effect": "NoSchedule"}], "startup_taints": [{"key": "cni", "effect": "NoSchedule"}],
       "failures": [{"kind": "stock-out", "from": "1m", "until": "5m", "ratio": "1/2"}, {"kind": "quota", "nodes": 4}]},
      {"name": "none", "max": 0, "cpu": 8, "memory": "32Gi"}]})");
  return kText;
}

const std::string& karpenter_text() {
  static const std::string kText = with_autoscaler(R"({
    "kind": "karpenter", "consolidation": "WhenEmpty", "consolidate_after": "1m", "budget": "0.2",
    "node_groups": [{"name": "m5", "max": 3, "cpu": 8, "memory": "32Gi", "images": [], "labels": {"a": "b"}},
                    {"name": "m6", "max": 3, "cpu": 8, "memory": "32Gi", "price": 12}]})");
  return kText;
}

std::string errors_of(const std::string& text) {
  const auto loaded = load_scenario({"small.json", text}, {}, {});
  return loaded ? "" : all_errors(loaded.error());
}

TEST(ScenarioAutoscaler, ItsMachinesAreNodesThatJoinLater) {
  const auto loaded = load_scenario({"small.json", scan_text()}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const fakeapi::ClusterConfig& cluster = loaded->scenario.cluster;
  ASSERT_TRUE(cluster.autoscaler);
  const fakeapi::AutoscalerSpec& spec = *cluster.autoscaler;
  ASSERT_THAT(spec.groups, SizeIs(2));
  const fakeapi::NodeGroupSpec& spot = spec.groups[0];
  ASSERT_THAT(spot.nodes, SizeIs(12));
  const fakeapi::NodeSpec& first = cluster.nodes[spot.nodes[0]];
  const fakeapi::NodeSpec& third = cluster.nodes[spot.nodes[2]];
  EXPECT_EQ(first.node.name, "spot-01");
  EXPECT_EQ(first.node.labels.at("kubernetes.io/hostname"), "spot-01");
  EXPECT_EQ(node_zone(cluster.nodes[spot.nodes[1]].node), "b");
  EXPECT_TRUE(first.autoscaled);
  EXPECT_FALSE(first.joins_later);
  EXPECT_TRUE(third.joins_later);
  EXPECT_EQ(spot.priority, 7);
  EXPECT_THAT(spot.failures, ElementsAre(FailureWindow{MachineFailure::stock_out, kMinuteUs, 5 * kMinuteUs, 1, 2, 0},
                                         FailureWindow{MachineFailure::quota, 0, kNever, 1, 1, 4}));
  EXPECT_THAT(spec.groups[1].nodes, SizeIs(0));
  EXPECT_EQ(spec.expander, fakeapi::Expander::priority);
  EXPECT_EQ(spec.scan_interval_us, 20 * kSecondUs);
  EXPECT_EQ(spec.utilization_permille, 650);
  EXPECT_EQ(spec.join, fakeapi::LatencyModel::constant(kMinuteUs));
  EXPECT_TRUE(loaded->warnings.empty());
}

TEST(ScenarioAutoscaler, KarpentersDefaultsAreItsOwn) {
  const auto loaded = load_scenario({"small.json", karpenter_text()}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const fakeapi::AutoscalerSpec& spec = *loaded->scenario.cluster.autoscaler;
  EXPECT_EQ(spec.kind, AutoscalerKind::karpenter);
  EXPECT_EQ(spec.join, fakeapi::LatencyModel::lognormal(45 * kSecondUs, 300));
  EXPECT_EQ(spec.budget_permille, 200);
  EXPECT_EQ(spec.groups[0].price, 8 * 33'000 + 32 * 4096);
  EXPECT_EQ(spec.groups[1].price, 12);
}

TEST(ScenarioAutoscaler, IsWrittenAsItIsRead) {
  for (const std::string& text : {scan_text(), karpenter_text()}) {
    const auto loaded = load_scenario({"small.json", text}, {}, {});
    ASSERT_TRUE(loaded) << all_errors(loaded.error());
    const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
    ASSERT_TRUE(again) << all_errors(again.error());
    EXPECT_EQ(again->scenario.cluster, loaded->scenario.cluster);
  }
}

TEST(ScenarioAutoscaler, MistakesAreToldWithTheirPlace) {
  EXPECT_THAT(errors_of(with_autoscaler(R"({"kind": "karpenter", "node_groups": [], "scan_interval": "1s"})")),
              HasSubstr("cluster.autoscaler.scan_interval: unknown key"));
  EXPECT_THAT(errors_of(with_autoscaler(R"({"kind": "karpenters", "node_groups": []})")),
              HasSubstr("cluster.autoscaler.kind"));
  EXPECT_THAT(errors_of(with_autoscaler(R"({"kind": "cluster-autoscaler", "node_groups": [
                {"name": "worker", "max": 2, "min": 3, "cpu": 1, "memory": 1}]})")),
              AllOf(HasSubstr("there is a group \"worker\" already"), HasSubstr("min: must not be above max")));
  EXPECT_THAT(errors_of(with_autoscaler(R"({"kind": "cluster-autoscaler", "node_groups": [
                {"name": "w", "max": 2, "cpu": 1, "memory": 1, "failures": [{"kind": "quota", "ratio": "1/2"}]}]})")),
              AllOf(HasSubstr("does not go with quota"), HasSubstr("failures[0].nodes")));
}

TEST(ScenarioAutoscaler, TheTimelineMayNotAddItsMachines) {
  std::string text = scan_text();
  text.insert(text.rfind('}'), R"(, "timeline": [{"at": "1m", "do": "add_nodes", "group": "spot"}])");
  EXPECT_THAT(errors_of(text), HasSubstr("node \"spot-01\" is the autoscaler's to add"));
}

}  // namespace
}  // namespace podramp::sim::scenario_autoscaler_test
