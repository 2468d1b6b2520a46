#include "fakeapi/node_pressure.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi::node_pressure_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kAt = 100 * kSec;
constexpr std::int64_t kGiB = 1LL << 30;

PodTemplate with_class(PodTemplate tmpl, const std::string& name) {
  tmpl.priority_class = name;
  return tmpl;
}

// n0 with pods of all sorts.
ClusterConfig full_node() {
  ClusterConfig config = steady_cluster(1);
  config.priority_classes.push_back({"high", 1000});
  add_running(config, "a-critical", "n0", with_class(small_template(100, kGiB), "system-cluster-critical"));
  add_running(config, "b-high", "n0", with_class(small_template(100, 4 * kGiB), "high"));
  add_running(config, "c-small", "n0", small_template(100, kGiB));
  add_running(config, "d-large", "n0", small_template(100, 2 * kGiB));
  PodTemplate none = with_class(small_template(100, kGiB), "high");
  none.containers[0].requests = none.containers[0].limits = {};
  add_running(config, "e-none", "n0", none);
  return config;
}

std::vector<std::string> evicted(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [t, f] : world.facts<fact::PodFinished>()) {
    if (f.reason == "Evicted") lines.push_back(fmt::format("{} {} {}", f.pod, t, f.exit_code));
  }
  return lines;
}

TEST(NodePressure, one_pod_after_the_other_is_evicted_without_its_grace_K65) {
  World world(full_node());
  world.run_until(kAt);
  world.step(to::NodePressure{{"n0"}, false, 35 * kSec});
  world.run_until(kAt + 5 * kMinuteUs);
  // Over its request for certain, then by priority, then the larger one; critical pods never.
  EXPECT_THAT(evicted(world), ElementsAre("ns/e-none 100540000 143", "ns/d-large 110540000 143",
                                          "ns/c-small 120540000 143", "ns/b-high 130540000 143"));
  const Pod& pod = *world.pod("d-large");
  EXPECT_EQ(pod.phase, PodPhase::failed);
  EXPECT_EQ(pod.message, "The node was low on resource: memory. ");
  EXPECT_EQ(pod.condition("DisruptionTarget")->reason, "TerminationByKubelet");
  EXPECT_EQ(world.pod("a-critical")->phase, PodPhase::running);
  EXPECT_TRUE(world.folds());
}

TEST(NodePressure, a_process_that_does_not_stop_is_killed_after_a_second_K65) {
  ClusterConfig config = full_node();
  config.latency.stop = LatencyModel::constant(20 * kSec);
  World world(config);
  world.run_until(kAt);
  world.step(to::NodePressure{{"n0"}, false, 0});
  world.run_until(kAt + kMinuteUs);
  EXPECT_THAT(evicted(world), ElementsAre("ns/e-none 101040000 137"));
}

TEST(NodePressure, the_condition_and_the_taint_stay_for_five_minutes_after_it_K65) {
  World world(full_node());
  world.run_until(kAt);
  world.step(to::NodePressure{{"n0"}, true, 15 * kSec});
  EXPECT_THAT(world.cluster.state().find_node("n0")->node.taints,
              ElementsAre(Taint{"node.kubernetes.io/disk-pressure", "", "NoSchedule"}));
  world.run_until(kHourUs);
  // Last seen at 110 s.
  EXPECT_THAT(world.times<fact::NodePressureChanged>(), ElementsAre(kAt, kAt + 310 * kSec));
  EXPECT_EQ(world.facts<fact::NodePressureChanged>()[0].second.condition, "DiskPressure");
  EXPECT_THAT(world.cluster.state().find_node("n0")->node.taints, IsEmpty());
  EXPECT_THAT(evicted(world), ElementsAre("ns/c-small 100540000 143", "ns/d-large 110540000 143"));
}

TEST(NodePressure, the_kubelet_takes_no_pods_under_disk_pressure_and_none_without_requests_under_memory_pressure_K65) {
  World world(full_node());
  world.run_until(kAt);
  PodTemplate tmpl = small_template(100, kGiB);
  tmpl.tolerations.push_back({"node.kubernetes.io/disk-pressure", "Exists", "", "", {}});
  world.step(to::NodePressure{{"n0"}, true, 0});
  world.ask(create_of(make_pod("disk", share(tmpl))));
  world.run_until(kAt + 5 * kSec);
  EXPECT_EQ(world.pod("disk")->reason, "Evicted");
  EXPECT_EQ(world.pod("disk")->message, "Pod was rejected: The node had condition: [DiskPressure]. ");
  world.run_until(kAt + 10 * kMinuteUs);
  world.step(to::NodePressure{{"n0"}, false, 0});
  tmpl.tolerations[0] = {"node.kubernetes.io/memory-pressure", "Exists", "", "", {}};
  world.ask(create_of(make_pod("memory", share(tmpl))));
  world.run_until(kAt + 11 * kMinuteUs);
  EXPECT_EQ(world.pod("memory")->phase, PodPhase::running);
}

TEST(NodePressure, a_silent_node_says_nothing_until_it_is_back) {
  World world(full_node());
  world.run_until(kAt);
  world.step(to::NodePressure{{"n0"}, false, 0});
  world.step(to::NodesDown{{"n0"}, true});
  world.run_until(kHourUs);
  EXPECT_EQ(world.facts<fact::NodePressureChanged>().size(), 1U);
  world.step(to::NodesUp{{"n0"}});
  world.run_until(2 * kHourUs);
  EXPECT_EQ(world.facts<fact::NodePressureChanged>().size(), 2U);
}

TEST(OomKill, the_process_is_dead_at_once_and_the_policy_decides_K63_K64) {
  ClusterConfig config = steady_cluster(1);
  PodTemplate always = small_template();
  always.restart_policy = "Always";
  add_running(config, "never", "n0", small_template());
  add_running(config, "always", "n0", always);
  World world(config);
  world.run_until(kAt);
  world.step(to::OomKill{{"ns/never", "ns/always", "ns/unknown"}});
  world.run_until(kAt + kMinuteUs);
  const auto ends = world.facts<fact::PodFinished>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].first, kAt + 40'000);
  EXPECT_EQ(fmt::format("{} {} {}", ends[0].second.pod, ends[0].second.exit_code, ends[0].second.container_reason),
            "ns/never 137 OOMKilled");
  const auto exits = world.facts<fact::ContainerExited>();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(fmt::format("{} {}", exits[0].second.pod, exits[0].second.reason), "ns/always OOMKilled");
  EXPECT_EQ(world.pod("always")->phase, PodPhase::running);
}

}  // namespace
}  // namespace podramp::fakeapi::node_pressure_test
