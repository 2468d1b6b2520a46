// DaemonSets in a whole cluster: their pods, the scheduler that binds them, nodes that come and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::daemon_sets_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

DaemonSetSpec daemon(const std::string& name = "shuffle") {
  DaemonSetSpec spec;
  spec.ns = "ns";
  spec.name = name;
  spec.pod = small_template();
  spec.pod.labels = {{"app", name}};
  spec.pod.restart_policy = "Always";
  return spec;
}

ClusterConfig with_daemon(int nodes, DaemonSetSpec spec = daemon()) {
  ClusterConfig config = steady_cluster(nodes);
  config.daemon_sets.push_back(std::move(spec));
  return config;
}

std::vector<std::string> nodes_of_pods(const World& world) {
  std::vector<std::string> nodes;
  for (const std::string& name : world.pods()) nodes.push_back(world.pod(name)->node);
  std::ranges::sort(nodes);
  return nodes;
}

std::vector<std::string> node_names(const ClusterConfig& config) {
  std::vector<std::string> names;
  for (const NodeSpec& spec : config.nodes) names.push_back(spec.node.name);
  return names;
}

TEST(DaemonSets, EveryNodeGetsOneReadyPodThatSaysWhoseItIs) {
  const ClusterConfig config = with_daemon(3);
  World world(config);
  world.run_until(10 * kSecondUs);
  EXPECT_EQ(nodes_of_pods(world), node_names(config));
  ASSERT_THAT(world.pods(), SizeIs(3));
  const PodPtr pod = world.pod(world.pods().front());
  EXPECT_EQ(pod->phase, PodPhase::running);
  EXPECT_EQ(pod->affinity_node, pod->node);
  EXPECT_EQ(pod->generate_name, "shuffle-");
  EXPECT_EQ(
      pod->tmpl->owners,
      (std::vector<OwnerReference>{{"DaemonSet", "shuffle", world.object(Kind::daemon_set, "shuffle")->uid, true}}));
  EXPECT_TRUE(pod->tmpl->labels.contains("controller-revision-hash"));
  EXPECT_EQ(pod->tmpl->labels.at("pod-template-generation"), "1");
  EXPECT_TRUE(world.folds());
}

TEST(DaemonSets, OneThatStartsLaterMakesNoPodsBefore) {
  DaemonSetSpec late = daemon();
  late.starts_us = kMinuteUs;
  World world(with_daemon(2, late));
  world.run_until(kMinuteUs - 1);
  EXPECT_THAT(world.pods(), IsEmpty());
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), SizeIs(2));
}

TEST(DaemonSets, ADeletedPodIsReplacedOnItsNodeOnceItIsGone) {
  World world(with_daemon(2));
  world.run_until(10 * kSecondUs);
  const PodPtr before = world.pod(world.pods().front());
  world.step(to::DeleteDaemonPods{"ns/shuffle", {before->node}, std::nullopt});
  world.run_until(20 * kSecondUs);
  EXPECT_EQ(world.pod(before->name), nullptr);
  ASSERT_THAT(world.pods(), SizeIs(2));
  const auto gone = world.facts<fact::PodGone>();
  const auto made = world.facts<fact::PodCreated>();
  ASSERT_THAT(gone, SizeIs(1));
  ASSERT_THAT(made, SizeIs(3));
  EXPECT_GT(made.back().first, gone.front().first);
  const PodPtr after = world.pod(made.back().second.pod->name);
  EXPECT_EQ(after->node, before->node);
  EXPECT_NE(after->pod_ip, before->pod_ip);
}

TEST(DaemonSets, ANodeThatJoinsLaterGetsItsPod) {
  ClusterConfig config = with_daemon(2);
  config.nodes[1].joins_later = true;
  World world(config);
  world.run_until(kMinuteUs);
  EXPECT_THAT(world.pods(), SizeIs(1));
  world.step(to::AddNodes{{1}});
  world.run_until(2 * kMinuteUs);
  EXPECT_EQ(nodes_of_pods(world), node_names(config));
}

TEST(DaemonSets, APodOutlivesTheSilenceOfItsNodeAndStartsAgainInPlace) {
  const ClusterConfig config = with_daemon(3);
  World world(config);
  world.run_until(10 * kSecondUs);
  const std::string node = config.nodes[0].node.name;
  world.step(to::NodesDown{{node}, false});
  world.run_until(20 * kMinuteUs);
  EXPECT_THAT(world.pods(), SizeIs(3)) << "it tolerates the unreachable taint for ever";
  EXPECT_THAT(world.facts<fact::PodTerminating>(), IsEmpty());
  world.step(to::NodesUp{{node}});
  world.run_until(30 * kMinuteUs);
  EXPECT_THAT(world.pods(), SizeIs(3));
  for (const std::string& name : world.pods()) EXPECT_EQ(world.pod(name)->condition("Ready")->status, Truth::yes);
}

TEST(DaemonSets, APodWithoutRoomOnItsNodeWaitsForThatNodeAlone) {
  ClusterConfig config = with_daemon(3);
  config.nodes[0].node.allocatable.cpu_milli = 0;
  World world(config);
  world.run_until(kMinuteUs);
  EXPECT_THAT(nodes_of_pods(world), ElementsAre("", config.nodes[1].node.name, config.nodes[2].node.name));
  EXPECT_EQ(
      world.count("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. "
                  "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 "
                  "Preemption is not helpful for scheduling."),
      1U);
}

TEST(DaemonSets, ARefusedCreateIsTriedAgain) {
  ClusterConfig config = with_daemon(2);
  config.quotas.push_back({"ns", "quota", {{"pods", 1}}});
  World world(config);
  world.run_until(kMinuteUs);
  EXPECT_THAT(world.pods(), SizeIs(1));
  EXPECT_THAT(world.cluster.waiting(), testing::Contains(HasSubstr("daemonsets ns/shuffle waits for: ")));
  world.step(to::SetQuota{{"ns", "quota", {{"pods", 5}}}});
  world.run_until(10 * kMinuteUs);
  EXPECT_THAT(world.pods(), SizeIs(2));
}

TEST(DaemonSets, PodsGoWithTheirDeletedDaemonSet) {
  World world(with_daemon(2));
  world.run_until(10 * kSecondUs);
  world.ask(request_of(Verb::remove, Kind::daemon_set, "shuffle"));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), IsEmpty());
  EXPECT_TRUE(world.folds());
}

}  // namespace
}  // namespace podramp::fakeapi::daemon_sets_test
