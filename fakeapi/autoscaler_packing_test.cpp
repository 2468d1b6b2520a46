#include "fakeapi/autoscaler_packing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "fakeapi/test_autoscaler_world.h"

namespace podramp::fakeapi::autoscaler_packing_test {
namespace {

using testing::ElementsAre;

// Pods with ids from 1 that ask for so many milli-cpus each.
class Pods {
 public:
  explicit Pods(const std::vector<std::int64_t>& cpus, std::int64_t memory_bytes = 1 << 20) {
    for (const std::int64_t cpu : cpus) {
      Pod& pod = pods_.emplace_back();
      pod.tmpl = share(small_template(cpu, memory_bytes));
      pending.push_back({static_cast<PodId>(pods_.size()), &pod, 0, 0});
    }
  }
  std::vector<PendingPod> pending;

 private:
  std::deque<Pod> pods_;
};

NodeGroupSpec machines(std::int64_t cpus) {
  NodeGroupSpec group;
  group.name = "w";
  group.like.node.allocatable = {cpus * 1000, cpus << 32, {}};
  return group;
}

TEST(AutoscalerPacking, TheLargestPodsGoFirstEachOntoTheFirstMachineWithRoom) {
  GroupTemplate group(machines(4), {});
  const Pods pods({1000, 3000, 2000, 2000});
  const ScaleUpOption option = pack(group, pods.pending, 100);
  EXPECT_EQ(option.machines, 2);
  EXPECT_THAT(option.pods, ElementsAre(2, 3, 4, 1));
  EXPECT_EQ(option.cpu_milli, 8000);
}

TEST(AutoscalerPacking, WhatGoesBeyondTheMostMachinesIsLeftOutAndSoIsWhatNeverFits) {
  GroupTemplate group(machines(4), {});
  const Pods pods({3000, 3000, 3000, 5000});
  const ScaleUpOption option = pack(group, pods.pending, 2);
  EXPECT_EQ(option.machines, 2);
  EXPECT_THAT(option.pods, ElementsAre(1, 2));
}

TEST(AutoscalerPacking, DaemonPodsTakeTheirRoomOnMachinesThatDoNotExistYet) {
  DaemonSetSpec daemon;
  daemon.ns = "ns";
  daemon.name = "agent";
  daemon.pod = small_template(1000, 1 << 20);
  GroupTemplate group(machines(4), {daemon});
  const Pods pods({2000, 2000});
  EXPECT_EQ(pack(group, pods.pending, 100).machines, 2);
  EXPECT_FALSE(group.fits(*share(small_template(4000, 1 << 20))));
}

TEST(AutoscalerPacking, ATaintOrASelectorKeepsPodsOff) {
  NodeGroupSpec tainted = machines(4);
  tainted.like.node.taints = {{"spot", "", "NoSchedule"}};
  GroupTemplate group(tainted, {});
  PodTemplate tmpl = small_template();
  EXPECT_FALSE(group.fits(*share(tmpl)));
  tmpl.tolerations = {{"spot", "Exists", "", "", std::nullopt}};
  EXPECT_TRUE(group.fits(*share(tmpl)));
  tmpl.node_selector = {{"disk", "ssd"}};
  EXPECT_FALSE(group.fits(*share(tmpl)));
}

ScaleUpOption option(std::size_t group, std::int64_t machines_asked, std::int64_t cpus, std::int64_t pods_cpus) {
  ScaleUpOption made;
  made.group = group;
  made.machines = machines_asked;
  made.machine_cpu_milli = cpus * 1000;
  made.machine_memory_mib = cpus * 4096;
  made.cpu_milli = pods_cpus * 1000;
  made.memory_mib = pods_cpus * 4096;
  made.pods.resize(static_cast<std::size_t>(pods_cpus));
  return made;
}

TEST(AutoscalerPacking, LeastWasteTakesTheSmallestUnusedPart) {
  const std::vector<ScaleUpOption> options{option(0, 1, 16, 9), option(1, 3, 4, 9), option(2, 1, 10, 9)};
  EXPECT_EQ(expand(Expander::least_waste, options, Draw(1, "test", "")), 2U);
}

TEST(AutoscalerPacking, TheOtherExpandersGoByPodsByPriorityOrByChance) {
  std::vector<ScaleUpOption> options{option(0, 1, 16, 3), option(1, 3, 4, 9), option(2, 1, 10, 9)};
  options[0].priority = 5;
  EXPECT_EQ(expand(Expander::priority, options, Draw(1, "test", "")), 0U);
  std::set<std::size_t> seen;
  std::set<std::size_t> random;
  for (std::uint64_t i = 0; i < 50; ++i) {
    seen.insert(expand(Expander::most_pods, options, Draw(1, "test", "", i)));
    random.insert(expand(Expander::random, options, Draw(1, "test", "", i)));
  }
  EXPECT_THAT(seen, ElementsAre(1, 2));  // a tie, which chance decides
  EXPECT_THAT(random, ElementsAre(0, 1, 2));
}

TEST(AutoscalerPacking, ClaimsGrowUntilNoTypeHoldsThemAndKeepTheTypesThatDo) {
  std::vector<GroupTemplate> types;
  types.emplace_back(machines(4), std::vector<DaemonSetSpec>{});
  types.emplace_back(machines(8), std::vector<DaemonSetSpec>{});
  const Pods pods({2000, 2000, 2000, 2000, 2000, 1000});
  const std::vector<PlannedClaim> claims = plan_claims(types, {0, 1}, pods.pending);
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_THAT(claims[0].pods, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(claims[0].types, ElementsAre(1));
  EXPECT_THAT(claims[1].pods, ElementsAre(5, 6));
  EXPECT_THAT(claims[1].types, ElementsAre(0, 1));
  EXPECT_EQ(plan_claims(types, {0}, pods.pending).size(), 3U);
  EXPECT_TRUE(plan_claims(types, {}, pods.pending).empty());
}

}  // namespace
}  // namespace podramp::fakeapi::autoscaler_packing_test
