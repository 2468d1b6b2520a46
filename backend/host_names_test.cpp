// The fork's locality rule and its racks, by its own tests (01 9.1, F_suite_line), and its quirks.
#include "backend/host_names.h"

#include <gtest/gtest.h>

#include "backend/task_side.h"
#include "backend/test_pods.h"

namespace podramp::backend::host_names_test {
namespace {

// Executors on pods 10.0.0.1 to 10.0.0.3, and a task set whose tasks prefer the given hosts, one each.
class ForkWorld {
 public:
  explicit ForkWorld(ForkHostRules rules = {}, RackTable table = RackTable())
      : racks(std::move(table)), names(rules, pods, dns, racks), hosts(names) {
    hosts.add(1, "10.0.0.1");
    hosts.add(2, "10.0.0.2");
    hosts.add(3, "10.0.0.3");
  }

  std::vector<int> pending(const std::vector<TaskPlace>& preferred, const std::string& offer_host) {
    TaskSetPlan plan;
    for (std::size_t i = 0; i < preferred.size(); ++i) {
      plan.partitions.push_back(static_cast<int>(i));
      plan.places.push_back({preferred[i]});
    }
    TaskSet set(plan, 0, {settings, hosts, shuffles, events, next_task, nullptr});
    return set.pending_on_host(offer_host);
  }

  PodsByIp pods;
  ReverseDns dns{{{"196.0.0.5", "kube-node1.domain1"}, {"192.168.1.5", "kube-node2.mydomain.com"}}};
  RackTable racks;
  ForkHostNames names;
  TaskSettings settings;
  ExecutorHosts hosts;
  ShuffleRegistry shuffles;
  TaskEvents events;
  TaskId next_task = 0;
};

using Indexes = std::vector<int>;

TEST(HostNames, F_KubernetesTaskSetManagerSuite_42_PendingTasksAreFoundByTheExecutorsPodIp) {
  ForkWorld world;
  const std::vector<TaskPlace> preferred{{"10.0.0.1", 1}, {"10.0.0.1", 1}, {"10.0.0.2", 2}};
  EXPECT_EQ(world.pending(preferred, "10.0.0.1"), (Indexes{1, 0}));
  EXPECT_EQ(world.pending(preferred, "10.0.0.2"), (Indexes{2}));
}

TEST(HostNames, F_KubernetesTaskSetManagerSuite_54_PendingTasksAreFoundByTheNodeNameOfThePod) {
  ForkWorld world;
  world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node1", ""});
  EXPECT_EQ(world.pending({{"kube-node1", 0}, {"kube-node1", 0}}, "10.0.0.1"), (Indexes{1, 0}));
}

TEST(HostNames, F_KubernetesTaskSetManagerSuite_69_PendingTasksAreFoundByTheIpOfTheNode) {
  ForkWorld world;
  world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node1", "196.0.0.5"});
  EXPECT_EQ(world.pending({{"196.0.0.5", 0}, {"196.0.0.5", 0}}, "10.0.0.1"), (Indexes{1, 0}));
}

TEST(HostNames, F_KubernetesTaskSetManagerSuite_86_NamesAreNotLookedUpByDefault) {
  EXPECT_FALSE(ForkHostRules{}.dns_lookup);
}

TEST(HostNames, F_KubernetesTaskSetManagerSuite_90_WithTheFlagOffAFullNameIsNotFound) {
  ForkWorld world;
  world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node1", "196.0.0.5"});
  EXPECT_EQ(world.pending({{"kube-node1.domain1", 0}, {"kube-node1.domain1", 0}}, "10.0.0.1"), (Indexes{}));
  EXPECT_EQ(world.dns.asked(), 0);
}

TEST(HostNames, F_KubernetesTaskSetManagerSuite_111_WithTheFlagOnAFullNameIsFound) {
  ForkWorld world({.dns_lookup = true});
  world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node1", "196.0.0.5"});
  EXPECT_EQ(world.pending({{"kube-node1.domain1", 0}, {"kube-node1.domain1", 0}}, "10.0.0.1"), (Indexes{1, 0}));
}

TEST(HostNames, F_KubernetesTaskSetManagerSuite_132_NothingIsFoundWhenNoRuleMatches) {
  ForkWorld world({.dns_lookup = true});
  world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node2", "196.0.0.6"});
  EXPECT_EQ(world.pending({{"kube-node1.domain1", 0}}, "10.0.0.1"), (Indexes{}));
}

TEST(HostNames, F_KubernetesTaskSchedulerImplSuite_38_TheTaskSideOfTheForkUsesItsRule) {
  const PodsByIp pods;
  const ReverseDns dns;
  const RackTable racks;
  const TaskSide side({}, std::make_unique<ForkHostNames>(ForkHostRules{}, pods, dns, racks), "app-1");
  EXPECT_NE(dynamic_cast<const ForkHostNames*>(&side.tasks().hosts().names()), nullptr);
}

TEST(HostNames, F_KubernetesTaskSchedulerImplSuite_47_RacksOfDatanodesIgnoreThePort) {
  const ForkWorld world({}, RackTable({{"kube-node1", "/rack1"}, {"kube-node2", "/rack2"}}));
  EXPECT_EQ(world.names.rack("kube-node1:60010"), "/rack1");
  EXPECT_EQ(world.names.rack("kube-node2:60010"), "/rack2");
}

RackTable two_racks() { return RackTable({{"kube-node1", "/rack1"}, {"kube-node2.mydomain.com", "/rack2"}}); }

void put_two_pods(ForkWorld& world) {
  world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node1", "192.168.1.4"});
  world.pods.put("10.0.1.1", {"pod2", "u2", "kube-node2", "192.168.1.5"});
}

TEST(HostNames, F_KubernetesTaskSchedulerImplSuite_63_RacksOfPodsGoByNodeNameThenIpThenOneLookup) {
  ForkWorld world({.dns_lookup = true}, two_racks());
  put_two_pods(world);
  EXPECT_EQ(world.names.rack("10.0.0.1:7079"), "/rack1");
  EXPECT_EQ(world.names.rack("10.0.1.1:7079"), "/rack2");
  EXPECT_EQ(world.dns.asked(), 1);
}

TEST(HostNames, F_KubernetesTaskSchedulerImplSuite_104_WithTheFlagOffNoNameIsLookedUpForARack) {
  ForkWorld world({}, two_racks());
  put_two_pods(world);
  EXPECT_EQ(world.names.rack("10.0.0.1:7079"), "/rack1");
  EXPECT_EQ(world.names.rack("10.0.1.1:7079"), "");
  EXPECT_EQ(world.dns.asked(), 0);
}

TEST(HostNames, F_KubernetesTaskSchedulerImplSuite_145_WithoutAPlugInNothingHasARack) {
  ForkWorld world({.dns_lookup = true});
  put_two_pods(world);
  EXPECT_EQ(world.names.rack("kube-node1:60010"), "");
  EXPECT_EQ(world.names.rack("10.0.0.1:7079"), "");
  EXPECT_EQ(world.dns.asked(), 0);
}

TEST(HostNames, F_RackResolverUtilImplSuite_26_APlugInCountsWhenItHasWhatItNeeds) {
  const std::string impl = "net.topology.node.switch.mapping.impl";
  const std::string script = "net.topology.script.file.name";
  const std::string table = "net.topology.table.file.name";
  EXPECT_FALSE(topology_configured({}));
  StringMap conf{{impl, "org.apache.hadoop.net.ScriptBasedMapping"}};
  EXPECT_FALSE(topology_configured(conf));
  conf[script] = "my-script";
  EXPECT_TRUE(topology_configured(conf));
  conf[impl] = "org.apache.hadoop.net.TableMapping";
  EXPECT_FALSE(topology_configured(conf)) << "the script does not help the table";
  conf[table] = "my-table";
  EXPECT_TRUE(topology_configured(conf));
  EXPECT_TRUE(topology_configured({{impl, "my.own.Mapping"}}));
}

TEST(HostNames, ARackThatIsHadoopsDefaultCountsAsNone) {
  const StringMap racks{{"kube-node1", "/default-rack"}};
  EXPECT_EQ(RackTable(racks).rack("kube-node1"), "");
}

// Q16: the levels are judged by pod IPs, so node local is never waited for; the fix judges by all names.
TEST(HostNames, NodeLocalIsAValidLevelForNodeNamesOnlyWithFixQ16) {
  for (const bool fixed : {false, true}) {
    ForkWorld world({.near_by_any_name = fixed});
    world.pods.put("10.0.0.1", {"pod1", "u1", "kube-node1", "196.0.0.5"});
    TaskSetPlan plan;
    plan.partitions = {0};
    plan.places = {{{"kube-node1", 0}}};
    const TaskSet set(plan, 0, {world.settings, world.hosts, world.shuffles, world.events, world.next_task, nullptr});
    const std::vector<Locality> expected =
        fixed ? std::vector<Locality>{Locality::node_local, Locality::any} : std::vector<Locality>{Locality::any};
    EXPECT_EQ(set.levels(), expected);
  }
}

Pod running_pod(const std::string& name, const std::string& uid, const std::string& ip) {
  Pod pod;
  pod.name = name;
  pod.uid = uid;
  pod.phase = PodPhase::running;
  pod.pod_ip = ip;
  pod.node = "node-of-" + name;
  return pod;
}

// Q14: a pod that is first seen already Running is not known until its next change.
TEST(PodsByIp, AnAddedRunningPodIsKnownOnlyWithFixQ14) {
  PodsByIp faithful;
  PodsByIp fixed({.added_counts = true});
  for (PodsByIp* books : {&faithful, &fixed}) {
    books->on_event(WatchEventType::added, running_pod("a", "u1", "10.0.0.1"), "196.0.0.5");
  }
  EXPECT_EQ(faithful.find("10.0.0.1"), nullptr);
  ASSERT_NE(fixed.find("10.0.0.1"), nullptr);
  faithful.on_event(WatchEventType::modified, running_pod("a", "u1", "10.0.0.1"), "196.0.0.5");
  ASSERT_NE(faithful.find("10.0.0.1"), nullptr);
  EXPECT_EQ(*faithful.find("10.0.0.1"), (PodPlace{"a", "u1", "node-of-a", "196.0.0.5"}));
}

// Q47: the late end of an old pod takes away the entry of the new pod with its IP.
TEST(PodsByIp, ALateDeleteRemovesTheNewHolderOfTheIpUnlessFixQ47) {
  PodsByIp faithful;
  PodsByIp fixed({.compares_uid = true});
  for (PodsByIp* books : {&faithful, &fixed}) {
    books->on_event(WatchEventType::modified, running_pod("old", "u1", "10.0.0.1"), "");
    books->on_event(WatchEventType::modified, running_pod("new", "u2", "10.0.0.1"), "");
    books->on_event(WatchEventType::deleted, running_pod("old", "u1", "10.0.0.1"), "");
  }
  EXPECT_EQ(faithful.find("10.0.0.1"), nullptr);
  ASSERT_NE(fixed.find("10.0.0.1"), nullptr);
  EXPECT_EQ(fixed.find("10.0.0.1")->pod, "new");
}

TEST(PodsByIp, APodThatIsBeingDeletedLeavesTheBooks) {
  PodsByIp books;
  Pod pod = running_pod("a", "u1", "10.0.0.1");
  books.on_event(WatchEventType::modified, pod, "");
  pod.deletion_us = kSecondUs;
  books.on_event(WatchEventType::modified, pod, "");
  EXPECT_EQ(books.find("10.0.0.1"), nullptr);
}

// Spark 3.5-4.4: node names never match a pod IP, so tasks with HDFS preferences run anywhere, at once.
TEST(HostNames, ModernSparkKnowsAHostByItsOwnNameOnly) {
  const PlainHostNames names;
  EXPECT_EQ(names.name_with_tasks("10.0.0.1", [](const std::string&) { return true; }), "10.0.0.1");
  EXPECT_EQ(names.rack("10.0.0.1"), "");
  ExecutorHosts hosts(names);
  hosts.add(1, "10.0.0.1");
  EXPECT_FALSE(hosts.usable_near("kube-node1"));
  EXPECT_TRUE(hosts.usable_near("10.0.0.1"));
}

}  // namespace
}  // namespace podramp::backend::host_names_test
