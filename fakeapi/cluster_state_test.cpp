#include "fakeapi/cluster_state.h"

#include <gtest/gtest.h>

#include "backend/port/json_writer.h"
#include "fakeapi/test_world.h"

namespace podramp::fakeapi::cluster_state_test {
namespace {

Node make_node(const std::string& name, std::uint64_t rv) {
  Node node;
  node.name = name;
  node.resource_version = rv;
  node.allocatable = {4000, std::int64_t{16} << 30, {}};
  return node;
}

PodPtr stored(const std::string& name, PodId id, std::uint64_t rv) {
  auto pod = std::make_shared<Pod>(*make_pod(name, share(small_template(500, 1024))));
  pod->ns = "ns";
  pod->uid = uid_text(id);
  pod->resource_version = rv;
  return pod;
}

TEST(Uid, IsAUuidAndReadsBack) {
  EXPECT_EQ(uid_text(17), "00000000-0000-4000-8000-000000000011");
  EXPECT_EQ(uid_number(uid_text(123'456'789)), 123'456'789U);
  EXPECT_EQ(uid_number("00000000-0000-4000-8000-00000000001g"), 0U);
  EXPECT_EQ(uid_number("17"), 0U);
}

TEST(ClusterState, FollowsAPodFromCreationToItsEnd) {
  ClusterState s;
  s.apply(fact::NodeAdded{make_node("n1", 1)});
  s.apply(fact::PodCreated{stored("a", 1, 2)});
  EXPECT_EQ(s.find_pod("ns/a")->requests.cpu_milli, 500);
  s.apply(fact::PodUnschedulable{"ns/a", 3, "0/1 nodes are available: 1 Insufficient cpu."});
  EXPECT_EQ(s.find_pod("ns/a")->pod->condition("PodScheduled")->reason, "Unschedulable");
  s.apply(fact::PodBound{"ns/a", 4, "n1"});
  EXPECT_EQ(s.find_node("n1")->requested.cpu_milli, 500);
  EXPECT_EQ(s.find_node("n1")->pods_active, 1);
  s.apply(fact::PodWaiting{"ns/a", 5, "ContainerCreating", ""});
  s.apply(fact::PodRunning{"ns/a", 6, "10.1.1.1"});
  const PodPtr running = s.find_pod("ns/a")->pod;
  EXPECT_EQ(running->phase, PodPhase::running);
  EXPECT_EQ(running->containers.at(0).state, ContainerStateKind::running);
  EXPECT_EQ(running->condition("PodScheduled")->status, Truth::yes);
  EXPECT_EQ(running->condition("Ready")->status, Truth::yes);
  s.apply(fact::PodFinished{"ns/a", 7, PodPhase::failed, 137, "OOMKilled", "", ""});
  EXPECT_EQ(s.find_pod("ns/a")->pod->containers.at(0).exit_code, 137);
  EXPECT_EQ(s.find_node("n1")->requested.cpu_milli, 0);
  EXPECT_EQ(s.find_node("n1")->pods_active, 0);
  EXPECT_TRUE(s.find_node("n1")->pods.contains(1));
  s.apply(fact::PodGone{"ns/a", 8, "api"});
  EXPECT_EQ(s.find_pod("ns/a"), nullptr);
  EXPECT_EQ(s.find_pod(PodId{1}), nullptr);
  EXPECT_TRUE(s.find_node("n1")->pods.empty());
  EXPECT_EQ(s.last_change().before->phase, PodPhase::failed);
  EXPECT_EQ(s.last_change().after, nullptr);
  EXPECT_EQ(s.resource_version(), 8U);
}

TEST(ClusterState, OldVersionsOfAPodStayAsTheyWere) {
  ClusterState s;
  s.apply(fact::PodCreated{stored("a", 1, 2)});
  const PodPtr before = s.find_pod("ns/a")->pod;
  s.apply(fact::PodLabelled{"ns/a", 3, {{"x", "y"}}});
  EXPECT_EQ(before->label("x"), nullptr);
  EXPECT_EQ(*s.find_pod("ns/a")->pod->label("x"), "y");
  EXPECT_EQ(s.find_pod("ns/a")->pod->tmpl, before->tmpl);
}

TEST(ClusterState, PodsOutliveTheirNodeObjectAndCountAgainWhenItReturns) {
  ClusterState s;
  s.apply(fact::NodeAdded{make_node("n1", 1)});
  s.apply(fact::PodCreated{stored("a", 1, 2)});
  s.apply(fact::PodBound{"ns/a", 3, "n1"});
  s.apply(fact::NodeGone{"n1", 4});
  EXPECT_EQ(s.find_node("n1"), nullptr);
  EXPECT_EQ(s.find_pod("ns/a")->pod->node, "n1");
  s.apply(fact::NodeAdded{make_node("n1", 5)});
  EXPECT_TRUE(s.find_node("n1")->pods.contains(1));
  EXPECT_EQ(s.find_node("n1")->requested.cpu_milli, 500);
}

TEST(ClusterState, HashIsEqualForEqualContentsOnly) {
  ClusterState one;
  one.apply(fact::PodCreated{stored("a", 1, 2)});
  one.apply(fact::PodCreated{stored("b", 2, 3)});
  ClusterState two;
  two.apply(fact::PodCreated{stored("b", 2, 3)});
  two.apply(fact::PodCreated{stored("a", 1, 2)});
  EXPECT_EQ(one.hash(), two.hash());
  two.apply(fact::PodLabelled{"ns/a", 3, {}});
  EXPECT_NE(one.hash(), two.hash());
}

TEST(ClusterState, AQuotaKeepsUsageOnlyOfWhatItLimits) {
  ClusterState s;
  s.apply(fact::QuotaSet{"ns/q", {{"pods", 10}}});
  s.apply(fact::QuotaCharged{"ns/q", "ns/a", {{"pods", 1}}});
  s.apply(fact::QuotaSet{"ns/q", {{"pods", 5}, {"requests.cpu", 1000}}});
  EXPECT_EQ(s.quotas().at("ns/q").used, (fact::Usage{{"pods", 1}, {"requests.cpu", 0}}));
  EXPECT_EQ(s.quotas().at("ns/q").ns, "ns");
  EXPECT_EQ(s.quotas().at("ns/q").name, "q");
}

}  // namespace
}  // namespace podramp::fakeapi::cluster_state_test
