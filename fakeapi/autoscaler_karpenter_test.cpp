// Karpenter in a whole cluster (K81, K83).
#include "fakeapi/autoscaler_karpenter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_autoscaler_world.h"

namespace podramp::fakeapi::autoscaler_karpenter_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Types "s" of 2 cpus and "l" of 8.
ClusterConfig two_types(int initial_small = 0) {
  ClusterConfig config = autoscaled(AutoscalerKind::karpenter);
  add_group(config, "s", 2, 20, initial_small);
  add_group(config, "l", 8, 20);
  return config;
}

std::vector<std::string> groups_of_ups(const World& world) {
  std::vector<std::string> groups;
  for (const auto& [t, f] : world.facts<fact::ScaleUp>()) groups.push_back(fmt::format("{} {}", f.group, f.pods));
  return groups;
}

std::vector<std::string> downs(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::ScaleDown>()) {
    lines.push_back(fmt::format("{} {} {}", t / kSecondUs, f.node, f.why));
  }
  return lines;
}

TEST(Karpenter, K81_ABatchClosesOneSecondAfterItsLastPodAndBecomesClaims) {
  World world(two_types());
  create_pods(world, "p", 2, 2000);
  world.run_until(700'000);
  create_pods(world, "q", 1, 2000);
  world.run_until(sec(100));
  const TimeUs last = world.times<fact::PodUnschedulable>().at(2);
  ASSERT_THAT(groups_of_ups(world), ElementsAre("l 3"));
  EXPECT_EQ(world.times<fact::ScaleUp>().front(), last + sec(1));
  EXPECT_THAT(world.times<fact::MachineReady>(), ElementsAre(last + sec(61)));
  EXPECT_THAT(world.times<fact::PodBound>(), SizeIs(3));
  EXPECT_TRUE(world.folds());
}

TEST(Karpenter, K81_ABatchIsClosedAfterTenSecondsAlthoughPodsGoOnComing) {
  World world(two_types());
  for (int i = 0; i < 30; ++i) {
    create_pods(world, "p" + std::to_string(i), 1, 8000);
    world.run_until((i + 1) * kSecondUs / 2);
  }
  const TimeUs first = world.times<fact::PodUnschedulable>().front();
  EXPECT_EQ(world.times<fact::ScaleUp>().front(), first + sec(10));
}

TEST(Karpenter, AClaimIsLaunchedAsTheCheapestTypeThatHoldsItsPods) {
  World world(two_types());
  create_pods(world, "p", 1, 2000);
  world.run_until(sec(5));
  EXPECT_THAT(groups_of_ups(world), ElementsAre("s 1"));
}

TEST(Karpenter, K83_ATypeThatIsOutOfStockIsPassedOverForThreeMinutesAndAnotherTaken) {
  ClusterConfig config = two_types();
  config.autoscaler->groups[0].failures = {{MachineFailure::stock_out}};
  World world(config);
  create_pods(world, "p", 1, 2000);
  world.run_until(sec(30));
  const auto failed = world.facts<fact::ScaleUpFailed>();
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0].second.until_us, failed[0].first + sec(180));
  create_pods(world, "q", 1, 8000);
  create_pods(world, "r", 1, 1000);
  world.run_until(sec(40));
  EXPECT_THAT(groups_of_ups(world), ElementsAre("s 1", "l 1", "l 1"));  // r goes beside p
}

TEST(Karpenter, K83_WhenEveryTypeIsOutOfStockPodsAreTriedAgainUntilTheTimeIsOver) {
  ClusterConfig config = two_types();
  for (NodeGroupSpec& group : config.autoscaler->groups) {
    group.failures = {{MachineFailure::stock_out, 0, sec(100)}};
  }
  World world(config);
  create_pods(world, "p", 1, 8000);
  world.run_until(sec(150));
  EXPECT_THAT(groups_of_ups(world), ElementsAre("l 1"));
  EXPECT_EQ(world.facts<fact::ScaleUpRefused>().back().second.pods, 1);
  world.run_until(sec(400));
  EXPECT_THAT(groups_of_ups(world), ElementsAre("l 1", "l 1"));
  EXPECT_THAT(world.times<fact::PodBound>(), SizeIs(1));
}

TEST(Karpenter, K81_AMachineThatDoesNotRegisterIsReplacedAfterFifteenMinutes) {
  ClusterConfig config = two_types();
  config.autoscaler->groups[0].failures = {{MachineFailure::never_joins, 0, sec(100)}};
  World world(config);
  create_pods(world, "p", 1, 2000);
  world.run_until(sec(1100));
  const auto failed = world.facts<fact::ScaleUpFailed>();
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0].second.reason, "registration time-out");
  EXPECT_EQ(failed[0].first, world.times<fact::ScaleUp>().front() + sec(900));
  EXPECT_THAT(world.times<fact::PodBound>(), SizeIs(1));
}

TEST(Karpenter, K81_EmptyNodesGoATenthAtATimeFifteenSecondsAfterTheyWereSeen) {
  World world(two_types(11));
  world.run_until(sec(61));
  EXPECT_THAT(downs(world), ElementsAre("25 s-1 empty", "25 s-2 empty", "55 s-3 empty"));
}

TEST(Karpenter, K81_PodsThatFitElsewhereLetTheirNodeGoWithTheirOwnGrace) {
  ClusterConfig config = two_types(2);
  PodTemplate pod = small_template(500);
  pod.termination_grace_s = 3600;
  add_running(config, "a", "s-1", pod);
  add_running(config, "b", "s-2", pod);
  World world(config);
  world.run_until(sec(60));
  EXPECT_THAT(downs(world), ElementsAre("25 s-1 underutilized"));
  EXPECT_EQ(world.facts<fact::PodTerminating>().at(0).second.grace_s, 3600);
  EXPECT_EQ(world.cluster.state().find_node("s-1"), nullptr);
}

TEST(Karpenter, K81_WhenEmptyLeavesNodesWithPodsAlone) {
  ClusterConfig config = two_types(2);
  config.autoscaler->consolidation = Consolidation::when_empty;
  add_running(config, "a", "s-1", small_template(500));
  add_running(config, "b", "s-2", small_template(500));
  World world(config);
  world.run_until(sec(300));
  EXPECT_THAT(downs(world), IsEmpty());
}

TEST(Karpenter, APodThatSaysDoNotDisruptHoldsItsNode) {
  ClusterConfig config = two_types(2);
  PodTemplate pod = small_template(500);
  pod.annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
  add_running(config, "a", "s-1", pod);
  add_running(config, "b", "s-2", pod);
  World world(config);
  world.run_until(sec(300));
  EXPECT_THAT(downs(world), IsEmpty());
  const auto held = world.facts<fact::ScaleDownBlocked>();
  ASSERT_THAT(held, SizeIs(2));
  EXPECT_EQ(held[0].second.reason, "do-not-disrupt");
  EXPECT_EQ(held[0].second.pod, "ns/a");
  EXPECT_FALSE(world.cluster.busy());
}

}  // namespace
}  // namespace podramp::fakeapi::autoscaler_karpenter_test
