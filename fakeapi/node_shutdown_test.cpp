#include "fakeapi/node_shutdown.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"
#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi::node_shutdown_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kAt = 100 * kSec;

// One node, 30 s for its shutdown and the last 10 of them for critical pods; processes take `stop` to end.
ClusterConfig one_node(DurationUs stop = 500'000) {
  ClusterConfig config = steady_cluster(1);
  config.profile.shutdown_grace_us = 30 * kSec;
  config.profile.shutdown_grace_critical_us = 10 * kSec;
  config.latency.stop = LatencyModel::constant(stop);
  PodTemplate critical = small_template();
  critical.priority_class = "system-node-critical";
  add_running(config, "critical", "n0", critical);
  add_running(config, "p", "n0", small_template());
  return config;
}

// "pod time exit-code"
std::vector<std::string> ends(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::PodFinished>())
    lines.push_back(fmt::format("{} {} {}", f.pod, t, f.exit_code));
  return lines;
}

TEST(NodeShutdown, ordinary_pods_go_first_then_critical_ones_and_all_are_Failed_with_the_reason_K76) {
  World world(one_node());
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(ends(world), ElementsAre("ns/p 100540000 143", "ns/critical 101080000 143"));
  const Pod& pod = *world.pod("p");
  EXPECT_EQ(pod.phase, PodPhase::failed);
  EXPECT_EQ(pod.reason, "Terminated");
  EXPECT_EQ(pod.message, "Pod was terminated in response to imminent node shutdown.");
  EXPECT_EQ(pod.condition("DisruptionTarget")->reason, "TerminationByKubelet");
  EXPECT_FALSE(pod.deletion_us.has_value());
  EXPECT_TRUE(world.folds());
}

TEST(NodeShutdown, the_node_is_not_Ready_and_tainted_at_once_K69_K76) {
  World world(one_node());
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  const Node& node = world.cluster.state().find_node("n0")->node;
  EXPECT_EQ(node.ready, Truth::no);
  EXPECT_THAT(node.taints, ElementsAre(Taint{"node.kubernetes.io/not-ready", "", "NoSchedule"}));
}

TEST(NodeShutdown, slow_processes_are_killed_when_their_groups_time_is_over_K76) {
  ClusterConfig config = one_node(kMinuteUs);
  PodTemplate hasty = small_template();
  hasty.termination_grace_s = 5;
  add_running(config, "q", "n0", hasty);
  World world(config);
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  world.run_until(3 * kMinuteUs);
  EXPECT_THAT(ends(world), ElementsAre("ns/q 105040000 137", "ns/p 120040000 137", "ns/critical 130040000 137"));
}

TEST(NodeShutdown, without_a_grace_period_nothing_listens_K76_K77) {
  ClusterConfig config = one_node();
  config.profile.shutdown_grace_us = config.profile.shutdown_grace_critical_us = 0;
  World world(config);
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(ends(world), IsEmpty());
  EXPECT_EQ(world.cluster.state().find_node("n0")->node.ready, Truth::yes);
}

TEST(NodeShutdown, a_pod_that_is_bound_meanwhile_is_rejected_K76) {
  World world(one_node(kMinuteUs));
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  PodTemplate tmpl = small_template();
  tmpl.tolerations.push_back({"", "Exists", "", "", {}});
  world.ask(create_of(make_pod("late", share(tmpl))));
  world.run_until(kAt + 2 * kSec);
  EXPECT_EQ(world.pod("late")->phase, PodPhase::failed);
  EXPECT_EQ(world.pod("late")->reason, "NodeShutdown");
  EXPECT_EQ(world.pod("late")->message, "Pod was rejected: Pod was rejected as the node is shutting down.");
}

TEST(NodeShutdown, a_node_that_is_back_soon_is_Ready_again_and_takes_pods_K76) {
  World world(one_node());
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  world.run_until(kAt + 30 * kSec);
  world.step(to::NodesDown{{"n0"}, false});
  world.run_until(kAt + 40 * kSec);
  world.step(to::NodesUp{{"n0"}});
  world.run_until(kAt + 50 * kSec);
  const Node& node = world.cluster.state().find_node("n0")->node;
  EXPECT_EQ(node.ready, Truth::yes);
  EXPECT_THAT(node.taints, IsEmpty());
  world.ask(create_of(make_pod("late", share(small_template()))));
  world.run_until(kAt + 60 * kSec);
  EXPECT_EQ(world.pod("late")->phase, PodPhase::running);
}

TEST(NodeShutdown, one_that_stays_away_becomes_Unknown_and_unreachable_takes_the_place_of_not_ready_K69) {
  World world(one_node());
  world.run_until(kAt);
  world.step(to::ShutdownNodes{{"n0"}});
  world.run_until(kAt + 30 * kSec);
  world.step(to::NodesDown{{"n0"}, false});
  world.run_until(kAt + 2 * kMinuteUs);
  const Node& node = world.cluster.state().find_node("n0")->node;
  EXPECT_EQ(node.ready, Truth::unknown);
  EXPECT_THAT(node.taints, ElementsAre(Taint{"node.kubernetes.io/unreachable", "", "NoSchedule"}));
  world.step(to::NodesUp{{"n0"}});
  world.run_until(kAt + 3 * kMinuteUs);
  EXPECT_EQ(node.ready, Truth::yes);
  EXPECT_THAT(node.taints, IsEmpty());
}

}  // namespace
}  // namespace podramp::fakeapi::node_shutdown_test
