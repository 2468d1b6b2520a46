// Tests of daemon_plan.h; whole runs of a DaemonSet: daemon_sets_test.cpp.
#include "fakeapi/daemon_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::fakeapi::daemon_plan_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Nodes = std::map<std::string, NodeRecord, std::less<>>;

Nodes nodes_of(const std::vector<std::string>& names) {
  Nodes nodes;
  for (const std::string& name : names) {
    nodes[name].node.name = name;
    nodes[name].node.labels = {{"disk", name == "n-3" ? "ssd" : "hdd"}};
  }
  return nodes;
}

TemplatePtr daemon_template(StringMap selector = {}) {
  PodTemplate tmpl;
  tmpl.containers.push_back({"main", "shuffle:1", "", {}, {}, {}, {}, {}, {}, {}, {}});
  tmpl.node_selector = std::move(selector);
  add_daemon_tolerations(tmpl);
  return share(std::move(tmpl));
}

OwnedPod pod_on(PodId id, const std::string& node, PodPhase phase = PodPhase::running) {
  auto pod = std::make_shared<Pod>();
  pod->name = "shuffle-" + std::to_string(id);
  pod->node = pod->affinity_node = node;
  pod->phase = phase;
  pod->created_us = static_cast<TimeUs>(id) * kSecondUs;
  return {id, pod};
}

std::vector<std::string> creates(const DaemonPlan& plan) {
  std::vector<std::string> nodes;
  for (const SetStage& stage : plan.stages) {
    for (const SetAction& action : stage.actions) {
      if (action.create) nodes.push_back(action.node);
    }
  }
  return nodes;
}

std::vector<PodId> deletes(const DaemonPlan& plan) {
  std::vector<PodId> pods;
  for (const SetStage& stage : plan.stages) {
    for (const SetAction& action : stage.actions) {
      if (!action.create) pods.push_back(action.pod);
    }
  }
  return pods;
}

DaemonPlan plan_of(const Nodes& nodes, const std::vector<OwnedPod>& pods, TimeUs now = 0,
                   const TemplatePtr& tmpl = daemon_template()) {
  FailedDaemons failed;
  return plan_daemons(*tmpl, pods, nodes, failed, now);
}

TEST(DaemonPlan, EveryNodeWithoutAPodGetsOne) {
  EXPECT_THAT(creates(plan_of(nodes_of({"n-1", "n-2", "n-3"}), {pod_on(1, "n-2")})), ElementsAre("n-1", "n-3"));
}

TEST(DaemonPlan, ANodeSelectorChoosesTheNodesAndRemovesPodsFromOthers) {
  const DaemonPlan plan =
      plan_of(nodes_of({"n-1", "n-2", "n-3"}), {pod_on(1, "n-2")}, 0, daemon_template({{"disk", "ssd"}}));
  EXPECT_THAT(creates(plan), ElementsAre("n-3"));
  EXPECT_THAT(deletes(plan), ElementsAre(1U));
}

TEST(DaemonPlan, ATaintThatIsNotToleratedKeepsNewPodsAwayAndOnlyNoExecuteRemovesThem) {
  Nodes nodes = nodes_of({"n-1", "n-2", "n-3"});
  nodes["n-1"].node.taints = {{"gpu", "", "NoSchedule"}};
  nodes["n-2"].node.taints = {{"gpu", "", "NoExecute"}};
  nodes["n-3"].node.taints = {{"gpu", "", "NoSchedule"}};
  const DaemonPlan plan = plan_of(nodes, {pod_on(1, "n-1"), pod_on(2, "n-2")});
  EXPECT_THAT(creates(plan), IsEmpty());
  EXPECT_THAT(deletes(plan), ElementsAre(2U));
}

TEST(DaemonPlan, NodesThatAreUnreachableOrCordonedKeepTheirPods) {
  Nodes nodes = nodes_of({"n-1", "n-2"});
  nodes["n-1"].node.taints = {{"node.kubernetes.io/unreachable", "", "NoSchedule"},
                              {"node.kubernetes.io/unreachable", "", "NoExecute"}};
  nodes["n-2"].node.taints = {{"node.kubernetes.io/unschedulable", "", "NoSchedule"}};
  const DaemonPlan plan = plan_of(nodes, {pod_on(1, "n-1")});
  EXPECT_THAT(deletes(plan), IsEmpty());
  EXPECT_THAT(creates(plan), ElementsAre("n-2")) << "a cordon is tolerated for new pods too";
}

TEST(DaemonPlan, APodThatIsGoingCountsAsThere) {
  OwnedPod going = pod_on(1, "n-1");
  auto pod = std::make_shared<Pod>(*going.pod);
  pod->deletion_us = 5;
  going.pod = pod;
  EXPECT_THAT(plan_of(nodes_of({"n-1"}), {going}).stages, IsEmpty());
}

TEST(DaemonPlan, OfSeveralPodsOnANodeTheOldestStays) {
  const std::vector<OwnedPod> pods{pod_on(3, "n-1"), pod_on(1, "n-1"), pod_on(2, "n-1")};
  EXPECT_THAT(deletes(plan_of(nodes_of({"n-1"}), pods)), testing::UnorderedElementsAre(2U, 3U));
}

TEST(DaemonPlan, APodThatWaitsForANodeWhichDoesNotExistIsDeleted) {
  OwnedPod lost = pod_on(1, "n-9");
  auto pod = std::make_shared<Pod>(*lost.pod);
  pod->node.clear();
  lost.pod = pod;
  EXPECT_THAT(deletes(plan_of(nodes_of({}), {lost, pod_on(2, "n-8")})), ElementsAre(1U)) << "pod GC has the other";
}

TEST(DaemonPlan, FailedPodsAreDeletedWithABackOffThatDoublesPerNode) {
  const TemplatePtr tmpl = daemon_template();
  const Nodes nodes = nodes_of({"n-1"});
  FailedDaemons failed;
  const auto plan_at = [&](TimeUs now) {
    return plan_daemons(*tmpl, {pod_on(1, "n-1", PodPhase::failed)}, nodes, failed, now);
  };
  EXPECT_THAT(deletes(plan_at(0)), ElementsAre(1U));
  const DaemonPlan soon = plan_at(500'000);
  EXPECT_THAT(soon.stages, IsEmpty());
  EXPECT_EQ(soon.look_again_us, kSecondUs);
  EXPECT_THAT(deletes(plan_at(kSecondUs)), ElementsAre(1U));
  EXPECT_EQ(plan_at(2 * kSecondUs).look_again_us, 2 * kSecondUs);
  EXPECT_THAT(deletes(plan_at(3 * kSecondUs)), ElementsAre(1U));
  EXPECT_THAT(deletes(plan_at(kHourUs)), ElementsAre(1U)) << "forgiven";
  EXPECT_EQ(plan_at(kHourUs + 1).look_again_us, kSecondUs);
}

TEST(DaemonPlan, NoMoreThan250PodsAreMadeInOneGo) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("n-" + std::to_string(i));
  EXPECT_EQ(creates(plan_of(nodes_of(names), {})).size(), kDaemonBurst);
}

TEST(DaemonPlan, ATolerationThatIsThereAlreadyIsNotRepeated) {
  PodTemplate tmpl;
  tmpl.tolerations = {{"node.kubernetes.io/unreachable", "Exists", "", "NoExecute", 30}};
  add_daemon_tolerations(tmpl);
  ASSERT_EQ(tmpl.tolerations.size(), 6U);
  EXPECT_EQ(tmpl.tolerations.front().seconds, std::nullopt) << "for ever, whatever the template says";
}

}  // namespace
}  // namespace podramp::fakeapi::daemon_plan_test
