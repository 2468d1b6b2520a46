// Cluster Autoscaler in a whole cluster, second by second (K79, K80, K82, K83).
#include "fakeapi/autoscaler_scan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_autoscaler_world.h"

namespace podramp::fakeapi::autoscaler_scan_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ClusterConfig with_group(std::int64_t cpus, int max, int initial = 0) {
  ClusterConfig config = autoscaled(AutoscalerKind::cluster_autoscaler);
  add_group(config, "w", cpus, max, initial);
  return config;
}

std::vector<std::string> scale_ups(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::ScaleUp>()) {
    lines.push_back(fmt::format("{} {} {}->{} for {}", t / kSecondUs, f.group, f.from, f.to, f.pods));
  }
  return lines;
}

std::vector<std::string> failures(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::ScaleUpFailed>()) {
    lines.push_back(
        fmt::format("{} {} {} {} until {}", t / kSecondUs, f.group, f.machines, f.reason, f.until_us / kSecondUs));
  }
  return lines;
}

std::vector<std::string> scale_downs(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::ScaleDown>()) {
    lines.push_back(fmt::format("{} {} {}", t / kSecondUs, f.node, f.why));
  }
  return lines;
}

std::vector<std::string> blocks(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::ScaleDownBlocked>()) {
    lines.push_back(fmt::format("{} {} {} {}", t / kSecondUs, f.node, f.reason, f.pod));
  }
  return lines;
}

TEST(ClusterAutoscaler, K79_TheScanGrowsTheGroupByWhatThePodsNeedAndNodesTakeTheirWayUp) {
  World world(with_group(4, 10));
  create_pods(world, "p", 3, 2000);
  world.run_until(sec(200));
  EXPECT_THAT(scale_ups(world), ElementsAre("10 w 0->2 for 3"));
  EXPECT_THAT(world.times<fact::MachineLaunched>(), ElementsAre(sec(30), sec(30)));
  EXPECT_THAT(world.times<fact::NodeAdded>(), ElementsAre(0, sec(60), sec(60)));
  EXPECT_EQ(world.facts<fact::NodeAdded>().back().second.node.ready, Truth::no);
  EXPECT_THAT(world.facts<fact::NodeAdded>().back().second.node.taints,
              ElementsAre(Taint{"node.kubernetes.io/not-ready", "", "NoSchedule"}));
  EXPECT_THAT(world.times<fact::MachineReady>(), ElementsAre(sec(70), sec(70)));
  ASSERT_THAT(world.times<fact::PodBound>(), SizeIs(3));
  EXPECT_GT(world.times<fact::PodBound>().front(), sec(70));
  EXPECT_LT(world.times<fact::PodBound>().back(), sec(85));  // K46: a back-off of at most 10 s
  EXPECT_TRUE(world.folds());
}

TEST(ClusterAutoscaler, K82_StartupTaintsKeepPodsOffUntilTheyAreLifted) {
  ClusterConfig config = with_group(4, 10);
  config.autoscaler->groups[0].startup_taints = {{"cni", "", "NoSchedule"}};
  World world(config);
  create_pods(world, "p", 1, 2000);
  world.run_until(sec(200));
  EXPECT_THAT(scale_ups(world), SizeIs(1));
  EXPECT_THAT(world.times<fact::MachineReady>(), ElementsAre(sec(75)));
  EXPECT_GT(world.times<fact::PodBound>().front(), sec(75));
  EXPECT_THAT(world.cluster.state().find_node("w-1")->node.taints, IsEmpty());
}

TEST(ClusterAutoscaler, MachinesOnTheirWayCountSoThatTheNextScanAddsOnlyWhatIsMissing) {
  World world(with_group(4, 10));
  create_pods(world, "p", 3, 2000);
  world.run_until(sec(12));
  create_pods(world, "q", 2, 2000);
  world.run_until(sec(60));
  EXPECT_THAT(scale_ups(world), ElementsAre("10 w 0->2 for 3", "20 w 2->3 for 1"));
}

TEST(ClusterAutoscaler, APodThatIsTooYoungIsNotHelpedYet) {
  ClusterConfig config = with_group(4, 10);
  config.autoscaler->new_pod_scale_up_delay_us = sec(60);
  World world(config);
  create_pods(world, "p", 1, 2000);
  world.run_until(sec(200));
  EXPECT_THAT(scale_ups(world), ElementsAre("60 w 0->1 for 1"));
}

TEST(ClusterAutoscaler, K83_AtItsMaximumAGroupGrowsNoMoreAndTheCauseIsSaid) {
  World world(with_group(4, 3));
  create_pods(world, "p", 5, 4000);
  world.run_until(sec(30));
  EXPECT_THAT(scale_ups(world), ElementsAre("10 w 0->3 for 3"));
  const auto refused = world.facts<fact::ScaleUpRefused>();
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].second.pods, 2);
  EXPECT_EQ(refused[0].second.reason, "group w: at its maximum of 3");
  EXPECT_THAT(world.cluster.waiting(), Contains("the autoscaler has no node for 2 pods: group w: at its maximum of 3"));
}

// Messages of events with this reason, about this kind, in the order of the store.
std::vector<std::string> said(const World& world, const std::string& kind, const std::string& reason) {
  std::vector<std::string> messages;
  for (const auto& [key, object] : world.cluster.state().objects(Kind::event)) {
    const StringMap& of = object->selectable;
    if (of.at("involvedObject.kind") != kind || of.at("reason") != reason) continue;
    const std::size_t at = object->extra_json.find(R"("message":")") + 11;
    messages.push_back(of.at("involvedObject.name") + ": " +
                       object->extra_json.substr(at, object->extra_json.find('"', at) - at));
  }
  return messages;
}

TEST(ClusterAutoscaler, ItsDecisionsAreToldAsEvents) {
  ClusterConfig config = with_group(4, 3);
  config.records_events = true;
  World world(config);
  create_pods(world, "p", 1, 4000);
  create_pods(world, "q", 1, 4000);
  world.run_until(sec(30));
  EXPECT_THAT(said(world, "Pod", "TriggeredScaleUp"), ElementsAre("p-1: pod triggered scale-up: [{w 0->2 (max: 3)}]",
                                                                  "q-1: pod triggered scale-up: [{w 0->2 (max: 3)}]"));
  EXPECT_THAT(said(world, "ConfigMap", "ScaledUpGroup"), SizeIs(1));
  create_pods(world, "r", 1, 5000);
  world.run_until(sec(100));
  EXPECT_THAT(said(world, "Pod", "NotTriggerScaleUp"),
              Contains(HasSubstr("r-1: pod didn't trigger scale-up: group w")));
}

TEST(ClusterAutoscaler, PodsThatNoGroupCouldTakeGrowNothing) {
  World world(with_group(4, 3));
  create_pods(world, "p", 1, 5000);
  world.run_until(sec(100));
  EXPECT_THAT(scale_ups(world), IsEmpty());
  EXPECT_EQ(world.facts<fact::ScaleUpRefused>().at(0).second.reason, "group w: the pods would not fit");
  EXPECT_FALSE(world.cluster.busy());
}

TEST(ClusterAutoscaler, K79_K83_AStockOutBacksTheGroupOffForFiveThenTenThenTwentyMinutes) {
  ClusterConfig config = with_group(4, 10);
  config.autoscaler->groups[0].failures = {{MachineFailure::stock_out, 0, sec(1500)}};
  World world(config);
  create_pods(world, "p", 2, 4000);
  world.run_until(sec(2400));
  EXPECT_THAT(failures(world), ElementsAre("40 w 2 stock-out until 340", "370 w 2 stock-out until 970",
                                           "1000 w 2 stock-out until 2200"));
  EXPECT_THAT(scale_ups(world),
              ElementsAre("10 w 0->2 for 2", "340 w 0->2 for 2", "970 w 0->2 for 2", "2200 w 0->2 for 2"));
  EXPECT_THAT(world.times<fact::PodBound>(), SizeIs(2));
}

TEST(ClusterAutoscaler, K83_WhenOneGroupFailsAnotherHelps) {
  ClusterConfig config = autoscaled(AutoscalerKind::cluster_autoscaler);
  add_group(config, "exact", 4, 10).failures = {{MachineFailure::stock_out}};
  add_group(config, "large", 16, 10);
  World world(config);
  create_pods(world, "p", 1, 4000);
  world.run_until(sec(60));
  EXPECT_THAT(scale_ups(world), ElementsAre("10 exact 0->1 for 1", "40 large 0->1 for 1"));
}

TEST(ClusterAutoscaler, K83_AnAccountsQuotaLetsOnlySoManyCome) {
  ClusterConfig config = with_group(4, 10);
  config.autoscaler->groups[0].failures = {{MachineFailure::quota, 0, kNever, 1, 1, 2}};
  World world(config);
  create_pods(world, "p", 5, 4000);
  world.run_until(sec(90));
  EXPECT_THAT(failures(world), ElementsAre("40 w 3 quota until 340"));
  EXPECT_THAT(world.times<fact::MachineReady>(), SizeIs(2));
}

TEST(ClusterAutoscaler, K83_HalfOfABatchArrives) {
  ClusterConfig config = with_group(4, 200);
  config.autoscaler->groups[0].failures = {{MachineFailure::stock_out, 0, kNever, 1, 2}};
  World world(config);
  create_pods(world, "p", 100, 4000);
  world.run_until(sec(60));
  const std::size_t came = world.times<fact::MachineLaunched>().size();
  EXPECT_GT(came, 30U);
  EXPECT_LT(came, 70U);
  EXPECT_EQ(world.facts<fact::ScaleUpFailed>().at(0).second.machines, 100 - static_cast<std::int64_t>(came));
}

TEST(ClusterAutoscaler, K79_AMachineThatDoesNotRegisterIsGivenUpAfterFifteenMinutes) {
  ClusterConfig config = with_group(4, 10);
  config.autoscaler->groups[0].failures = {{MachineFailure::never_joins, 0, sec(100)}};
  World world(config);
  create_pods(world, "p", 1, 4000);
  world.run_until(sec(1000));
  EXPECT_THAT(failures(world), ElementsAre("920 w 1 time-out until 1220"));
  EXPECT_THAT(world.times<fact::MachineGone>(), ElementsAre(sec(935)));
  world.run_until(sec(1400));
  EXPECT_THAT(world.times<fact::PodBound>(), SizeIs(1));
}

TEST(ClusterAutoscaler, K80_K83_ANodeThatNeverBecomesReadyGoesAfterTwentyMoreMinutes) {
  ClusterConfig config = with_group(4, 10);
  config.autoscaler->groups[0].failures = {{MachineFailure::never_ready, 0, sec(100)}};
  World world(config);
  create_pods(world, "p", 1, 4000);
  world.run_until(sec(2200));
  EXPECT_THAT(failures(world), ElementsAre("920 w 1 time-out until 1220"));
  EXPECT_THAT(scale_ups(world), ElementsAre("10 w 0->1 for 1", "1220 w 1->2 for 1"));
  EXPECT_THAT(scale_downs(world), ElementsAre("2120 w-1 unready"));
  EXPECT_EQ(world.cluster.state().find_node("w-1"), nullptr);
}

TEST(ClusterAutoscaler, K80_EmptyNodesGoTogetherAfterTenMinutesDownToTheMinimum) {
  ClusterConfig config = with_group(4, 5, 4);
  config.autoscaler->groups[0].min = 1;
  World world(config);
  world.run_until(sec(700));
  EXPECT_THAT(blocks(world), ElementsAre("10 w-4 its group is at its minimum "));
  EXPECT_THAT(scale_downs(world), ElementsAre("610 w-1 empty", "610 w-2 empty", "610 w-3 empty"));
  EXPECT_THAT(world.facts<fact::NodeTainted>().at(0).second.taints,
              ElementsAre(Taint{"ToBeDeletedByClusterAutoscaler", "", "NoSchedule"}));
  EXPECT_THAT(world.times<fact::MachineGone>(), ElementsAre(sec(630), sec(630), sec(630)));
  EXPECT_THAT(world.times<fact::NodeGone>(), SizeIs(3));
  EXPECT_FALSE(world.cluster.busy());
}

TEST(ClusterAutoscaler, K80_NothingGoesForTenMinutesAfterAScaleUp) {
  World world(with_group(4, 5, 1));
  world.run_until(sec(400));
  create_pods(world, "p", 2, 4000);
  world.run_until(sec(1300));
  EXPECT_THAT(scale_ups(world), ElementsAre("410 w 1->2 for 1"));
  EXPECT_THAT(scale_downs(world), IsEmpty());
}

TEST(ClusterAutoscaler, K80_AnExecutorOwnedByAPodHoldsItsNode) {
  ClusterConfig config = with_group(4, 5, 2);
  PodTemplate executor = small_template();
  executor.owners = {{"Pod", "driver", "uid-1", true}};
  add_running(config, "exec-1", "w-1", executor);
  World world(config);
  world.run_until(sec(2000));
  EXPECT_THAT(blocks(world), ElementsAre("10 w-1 it is not replicated ns/exec-1"));
  EXPECT_THAT(scale_downs(world), ElementsAre("610 w-2 empty"));
  EXPECT_THAT(world.cluster.waiting(), Contains(HasSubstr("w-1 could go but stays: it is not replicated ns/exec-1")));
}

TEST(ClusterAutoscaler, K80_APodThatSaysItIsSafeToEvictIsMovedWithAtMostTenMinutesOfGrace) {
  ClusterConfig config = with_group(4, 5, 2);
  PodTemplate pod = small_template();
  pod.annotations = {{"cluster-autoscaler.kubernetes.io/safe-to-evict", "true"}};
  pod.termination_grace_s = 3600;
  add_running(config, "a", "w-1", pod);
  add_running(config, "b", "w-2", pod);
  World world(config);
  world.run_until(sec(700));
  EXPECT_THAT(blocks(world), ElementsAre("10 w-2 there is no room elsewhere ns/b"));
  EXPECT_THAT(scale_downs(world), ElementsAre("610 w-1 underutilized"));
  const auto going = world.facts<fact::PodTerminating>();
  ASSERT_THAT(going, SizeIs(1));
  EXPECT_EQ(going[0].second.pod, "ns/a");
  EXPECT_EQ(going[0].second.grace_s, 600);
  EXPECT_EQ(world.pod("a"), nullptr);  // its process ends at once
  EXPECT_THAT(world.times<fact::MachineGone>(), ElementsAre(sec(630)));
}

TEST(ClusterAutoscaler, K80_APodOfVeryLowPriorityHoldsNoNodeAndBringsNone) {
  ClusterConfig config = with_group(4, 5, 1);
  config.priority_classes.push_back({"spare", -11, false, true});
  PodTemplate spare = small_template();
  spare.priority_class = "spare";
  spare.priority = -11;
  add_running(config, "spare", "w-1", spare);
  World world(config);
  PodTemplate large = small_template(4000);
  large.priority_class = "spare";
  world.ask(create_of(make_pod("waits", share(large))));
  world.run_until(sec(2000));
  EXPECT_THAT(blocks(world), IsEmpty());
  EXPECT_THAT(scale_ups(world), IsEmpty());
  EXPECT_THAT(scale_downs(world), SizeIs(1));
}

TEST(ClusterAutoscaler, K80_HalfANodeInUseIsEnoughToKeepIt) {
  ClusterConfig config = with_group(4, 5, 2);
  PodTemplate pod = small_template(2000);
  pod.annotations = {{"cluster-autoscaler.kubernetes.io/safe-to-evict", "true"}};
  add_running(config, "a", "w-1", pod);
  add_running(config, "b", "w-2", small_template(3000));
  World world(config);
  world.run_until(sec(2000));
  EXPECT_THAT(scale_downs(world), IsEmpty());
  EXPECT_THAT(blocks(world), IsEmpty());
}

TEST(ClusterAutoscaler, K74_AMachineThatLostItsPowerTakesItsNodeObjectWithIt) {
  World world(with_group(4, 5, 2));
  world.run_until(sec(20));
  world.step(to::NodesDown{{"w-1"}, false});
  world.run_until(sec(100));
  const auto gone = world.facts<fact::MachineGone>();
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].second.why, "it lost its power");
  const TimeUs unknown = world.times<fact::NodeReadyChanged>().front();
  EXPECT_EQ(gone[0].first, unknown + sec(5));
  EXPECT_EQ(world.cluster.state().find_node("w-1"), nullptr);
}

TEST(ClusterAutoscaler, AClusterThatNeedsNothingIsNotScanned) {
  ClusterConfig config = with_group(4, 5, 1);
  config.autoscaler->groups[0].min = 1;
  World world(config);
  world.run_until(sec(20));
  const std::size_t lines = world.sink.lines.size();
  world.run_until(sec(36'000));
  EXPECT_EQ(world.sink.lines.size(), lines);
  EXPECT_FALSE(world.cluster.busy());
}

TEST(ClusterAutoscaler, NamesOfMachinesAreTakenInTurn) {
  World world(with_group(4, 3, 0));
  create_pods(world, "p", 1, 4000);
  world.run_until(sec(100));
  world.step(to::DeletePods{{"ns/p-1"}, 0});
  world.run_until(sec(900));
  create_pods(world, "q", 1, 4000);
  world.run_until(sec(1000));
  EXPECT_THAT(scale_downs(world), SizeIs(1));
  EXPECT_EQ(world.facts<fact::MachineLaunched>().at(0).second.node, "w-1");
  EXPECT_EQ(world.facts<fact::MachineLaunched>().at(1).second.node, "w-2");
}

}  // namespace
}  // namespace podramp::fakeapi::autoscaler_scan_test
