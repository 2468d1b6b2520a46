#include "fakeapi/node_taints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi::node_taints_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kAt = 100 * kSec;

ClusterConfig with_pod(int nodes = 1) {
  ClusterConfig config = steady_cluster(nodes);
  add_running(config, "p", "n0", small_template());
  return config;
}

const Taint kService{"node.kubernetes.io/out-of-service", "nodeshutdown", "NoExecute"};

TEST(NodeTaints, pods_that_are_being_deleted_on_a_lost_node_out_of_service_are_removed_by_force_K72) {
  World world(with_pod());
  world.run_until(kAt);
  world.step(to::NodesDown{{"n0"}, false});
  world.run_until(205 * kSec);  // Unknown by now; the pod tolerates that for 300 s
  world.step(to::TaintNodes{{"n0"}, kService, false});
  world.run_until(210 * kSec);
  EXPECT_THAT(world.times<fact::PodTerminating>(), ElementsAre(205 * kSec));
  world.run_until(kHourUs);
  // Pod GC looks at 220 s; Failed, then gone.
  EXPECT_THAT(world.times<fact::PodFinished>(), ElementsAre(220 * kSec));
  EXPECT_THAT(world.times<fact::PodGone>(), ElementsAre(220 * kSec));
  EXPECT_EQ(world.count("DeletionByPodGC"), 0U);
  EXPECT_TRUE(world.folds());
}

TEST(NodeTaints, on_a_node_that_is_Ready_the_taint_only_deletes_as_others_do_K72) {
  World world(with_pod());
  world.run_until(kAt);
  world.step(to::TaintNodes{{"n0"}, kService, false});
  world.run_until(kHourUs);
  EXPECT_THAT(world.times<fact::PodGone>(), ElementsAre(kAt + 550'000));  // kubelet 10, stop 500, status 40 ms
  EXPECT_EQ(world.count("DeletionByTaintManager"), 1U);
}

TEST(NodeTaints, a_toleration_of_some_seconds_puts_the_deletion_off_K71) {
  ClusterConfig config = steady_cluster(1);
  PodTemplate tmpl = small_template();
  tmpl.tolerations = {{"k", "Exists", "", "NoExecute", 20}};
  add_running(config, "p", "n0", tmpl);
  tmpl.tolerations[0].seconds.reset();
  add_running(config, "q", "n0", tmpl);
  World world(config);
  world.run_until(kAt);
  world.step(to::TaintNodes{{"n0"}, {"k", "", "NoExecute"}, false});
  world.run_until(kAt + kMinuteUs);
  EXPECT_THAT(world.times<fact::PodTerminating>(), ElementsAre(kAt + 20 * kSec));
  EXPECT_NE(world.pod("q"), nullptr);
}

TEST(NodeTaints, a_taint_that_is_lifted_in_time_deletes_nothing_K71) {
  ClusterConfig config = steady_cluster(1);
  PodTemplate tmpl = small_template();
  tmpl.tolerations = {{"k", "Exists", "", "NoExecute", 20}};
  add_running(config, "p", "n0", tmpl);
  World world(config);
  world.run_until(kAt);
  world.step(to::TaintNodes{{"n0"}, {"k", "", "NoExecute"}, false});
  world.run_until(kAt + 10 * kSec);
  world.step(to::TaintNodes{{"n0"}, {"k", "", ""}, true});
  world.run_until(kHourUs);
  EXPECT_THAT(world.times<fact::PodTerminating>(), IsEmpty());
  EXPECT_THAT(world.cluster.state().find_node("n0")->node.taints, IsEmpty());
}

TEST(NodeTaints, a_drained_node_is_cordoned_and_its_pods_are_evicted_but_for_those_of_DaemonSets_K78) {
  ClusterConfig config = with_pod(2);
  DaemonSetSpec daemon;
  daemon.ns = "ns";
  daemon.name = "agent";
  daemon.pod = small_template(100);
  daemon.pod.labels = {{"app", "agent"}};
  daemon.pod.restart_policy = "Always";
  config.daemon_sets.push_back(daemon);
  World world(config);
  world.run_until(kAt);
  world.step(to::DrainNodes{{"n0"}, std::nullopt});
  world.run_until(kHourUs);
  EXPECT_TRUE(world.cluster.state().find_node("n0")->node.unschedulable);
  EXPECT_THAT(world.times<fact::NodeCordoned>(), ElementsAre(kAt));
  EXPECT_THAT(world.times<fact::PodTerminating>(), ElementsAre(kAt));
  EXPECT_EQ(world.count("EvictionByEvictionAPI"), 1U);
  EXPECT_THAT(world.times<fact::PodGone>(), ElementsAre(kAt + 550'000));
  EXPECT_EQ(world.cluster.state().find_node("n0")->pods.size(), 1U);  // the daemon's
  world.ask(create_of(make_pod("q", share(small_template()))));
  world.run_until(kHourUs + kMinuteUs);
  EXPECT_EQ(world.pod("q")->node, "n1");
  EXPECT_TRUE(world.folds());
}

TEST(NodeTaints, a_cordoned_node_refuses_and_an_uncordoned_one_wakes_who_waits_K47_K78) {
  World world(steady_cluster(1));
  world.run_until(kAt);
  world.step(to::CordonNodes{{"n0", "unknown"}, true});
  world.ask(create_of(make_pod("q", share(small_template()))));
  world.run_until(kAt + 20 * kSec);
  EXPECT_THAT(world.pod("q")->condition("PodScheduled")->message,
              HasSubstr("0/1 nodes are available: 1 node(s) were unschedulable."));
  world.step(to::CordonNodes{{"n0"}, false});
  world.run_until(kAt + 40 * kSec);
  EXPECT_EQ(world.pod("q")->phase, PodPhase::running);
}

}  // namespace
}  // namespace podramp::fakeapi::node_taints_test
