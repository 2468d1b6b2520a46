#include "sim/hdfs_hosts.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/replay.h"
#include "sim/test_runs.h"

namespace podramp::sim::hdfs_hosts_test {
namespace {

// 01 2.1, 2.2 in whole runs: executors of the fork run on near-1 and far-1, the input lies on `input` alone; near-1 and
// idle-1 are in one rack.
Scenario fork_scenario(const std::string& input, const std::string& workload, const std::string& conf = "") {
  return text_scenario(R"({"schema": "podramp/v1", "seed": 5,
    "cluster": {"nodes": [
      {"group": "near", "cpu": "6", "memory": "16Gi", "labels": {"example.com/rack": "r1", "runs": "executors"}},
      {"group": "idle", "cpu": "6", "memory": "16Gi", "labels": {"example.com/rack": "r1"}},
      {"group": "far", "cpu": "6", "memory": "16Gi", "labels": {"example.com/rack": "r2", "runs": "executors"}}]},
    "background": [{"name": "driver", "node": "idle-1", "cpu": "1", "memory": "1Gi",
      "labels": {"spark-app-selector": "spark-etl", "spark-role": "driver"}}],
    "applications": [{"name": "etl", "compat": "fork-2.2", "conf": {"spark.app.id": "spark-etl",
      "spark.kubernetes.driver.pod.name": "driver", "spark.kubernetes.executor.docker.image": "spark:2.2",
      "spark.executor.instances": "2", "spark.executor.cores": "4",
      "spark.kubernetes.node.selector.runs": "executors")" +
                       conf + R"(}, "workload": {)" + workload +
                       R"("jobs": [{"name": "job", "start": "60s", "stages": [{"name": "scan", "tasks": 40,
        "duration": {"constant": "10s"}, "input": {"bytes": "1Mi", "replicas": 1, "nodes": [")" +
                       input + R"("]}}]}]}}]})");
}

std::string with_topology() {
  return R"(, "spark.hadoop.net.topology.node.switch.mapping.impl": "org.apache.hadoop.net.TableMapping",
    "spark.hadoop.net.topology.table.file.name": "/etc/topology")";
}

std::set<Locality> localities(const Scenario& scenario) {
  const std::string path = scratch_file("hosts.jsonl");
  run_to(path, scenario);
  const auto replayed = replay_log(path);
  EXPECT_TRUE(replayed && !replayed->divergence);
  std::set<Locality> found;
  for (const LoggedEvent& event : read_events(path)) {
    if (const auto* task = event.get<out::TaskLaunched>()) found.insert(task->locality);
  }
  return found;
}

using Localities = std::set<Locality>;

TEST(HdfsHosts, TheForkKnowsANodeByNameAndIpAndByItsDnsNameWhereItIsTold) {
  const Localities near_and_far{Locality::node_local, Locality::any};
  const Localities far_only{Locality::any};
  const std::string lookup = R"(, "spark.kubernetes.driver.hdfslocality.clusterNodeNameDNSLookup.enabled": "true")";
  EXPECT_EQ(localities(fork_scenario("near-1", "")), near_and_far);
  EXPECT_EQ(localities(fork_scenario("near-1", R"("hdfs_names": "ip", )")), near_and_far);
  EXPECT_EQ(localities(fork_scenario("near-1", R"("hdfs_names": "dns", )")), far_only);
  EXPECT_EQ(localities(fork_scenario("near-1", R"("hdfs_names": "dns", )", lookup)), near_and_far);
}

TEST(HdfsHosts, ARackCountsWhereTheConfNamesATopology) {
  const std::string racks = R"("rack_label": "example.com/rack", )";
  EXPECT_EQ(localities(fork_scenario("idle-1", racks)), Localities{Locality::any});
  EXPECT_EQ(localities(fork_scenario("idle-1", racks, with_topology())),
            (Localities{Locality::rack_local, Locality::any}));
  EXPECT_EQ(localities(fork_scenario("idle-1", racks + R"("hdfs_names": "ip", )", with_topology())),
            (Localities{Locality::rack_local, Locality::any}));
}

TEST(HdfsHosts, NodesHaveAnIpADnsNameAndPerhapsARack) {
  std::vector<fakeapi::NodeSpec> nodes(300);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].node.name = "n" + std::to_string(i);
  nodes[1].node.labels = {{"rack", "r7"}};
  const backend::NodeDirectory known = node_directory(nodes, "rack");
  EXPECT_EQ(known.ip_of.at("n0"), "192.168.0.1");
  EXPECT_EQ(known.ip_of.at("n299"), "192.168.1.44");
  EXPECT_EQ(known.canonical_of.at("192.168.0.2"), "n1.nodes.internal");
  EXPECT_EQ(known.rack_of, (StringMap{{"192.168.0.2", "/r7"}, {"n1", "/r7"}, {"n1.nodes.internal", "/r7"}}));
  EXPECT_TRUE(node_directory(nodes, "").rack_of.empty());
}

TEST(HdfsHosts, LaterSparksHaveNoRacksOnKubernetes) {
  const auto loaded = load_scenario({"test.json", R"({"schema": "podramp/v1",
    "cluster": {"nodes": [{"group": "n", "cpu": "4", "memory": "8Gi"}]},
    "applications": [{"name": "etl", "conf": {"spark.kubernetes.container.image": "spark:4"}, "workload": {
      "rack_label": "rack", "jobs": [{"name": "job",
      "stages": [{"name": "s", "tasks": 1, "duration": {"constant": "1s"}}]}]}}]})"},
                                    {}, {});
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1U) << all_errors(loaded.error());
  EXPECT_EQ(loaded.error()[0].path, "applications[0].workload.rack_label");
}

}  // namespace
}  // namespace podramp::sim::hdfs_hosts_test
