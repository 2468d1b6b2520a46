// Whatever a scenario says, the file written from it reads back to an equal one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "backend/port/random.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_round_trip_test {
namespace {

// Writes a random scenario as text; every choice is a draw of (seed, place).
class RandomScenario {
 public:
  explicit RandomScenario(std::uint64_t seed) : seed_(seed) {}

  std::string text() {
    const bool cold = yes("cold");
    return fmt::format(
        R"({{"schema": "podramp/v1", "about": "s{}", "seed": {}, "end": "{}m", "kubernetes": {},
 "cluster": {{"nodes": [{}, {{"names": ["odd.one", "x-9"], "cpu": "1500m", "memory": 4294967296{}}}],
   "registries": [{{"name": "hub", "bandwidth": "{}"}}, {{"name": "far", "concurrent": 0}}],
   "images": [{{"name": "spark:4", "size": "{}Mi", "registry": "{}"}}],
   "quotas": [{{"namespace": "jobs", "hard": {{"pods": {}, "requests.cpu": "{}m", "limits.memory": "{}Ki"}}}}],
   "limit_ranges": [{{"namespace": "jobs", "default": {{"cpu": "{}m"}}, "max": {{"memory": "{}Gi"}}}}],
   "priority_classes": [{{"name": "high", "value": 7, "preemption_policy": "Never"}}],
   "scheduler": {{"strategy": "MostAllocated"}}, "schedulers": {{"gang": {{"kind": "gang"}}}},
   "pod_groups": [{{"name": "g", "min_member": 2, "placeholder": {{"cpu": "1"}}}}],
   "queues": [{{"name": "q", "pods": 3}}],
   "latency": {{{}}}, "parallel_pulls": {}}},
 "background": [{}],
 "applications": [{}],
 "timeline": [{}],
 "faults": [{}],
 "expect": {{"kpis": {{"leaked_pods": 0, "time_to_90_ms": {{"max": "{}s"}}}}, 
      "sometimes": ["fact.pod_gone"], "settles_by": "9m"}}}})",
        seed_, n("seed", 0, 1'000'000), n("end", 1, 100), kubernetes(), groups(cold),
        cold ? R"(, "labels": {"kubernetes.io/os": null, "kubernetes.io/hostname": "other"})" : "",
        pick("bw", {"10Gbps", "3/s", "7Ki/s", "125M/s"}), n("size", 0, 5000), pick("reg", {"hub", "far"}),
        n("q1", 0, 500), n("q2", 0, 100'000), n("q3", 0, 1'000'000), n("l1", 1, 999), n("l2", 1, 64), latency(),
        yes("pp"), background(), applications(), timeline(), faults(), n("kpi", 0, 900));
  }

 private:
  std::int64_t n(std::string_view what, std::int64_t low, std::int64_t high) {
    return Draw(seed_, "test.scenario", what, ordinal_++).uniform(low, high);
  }
  bool yes(std::string_view what) { return n(what, 0, 1) == 1; }
  std::string pick(std::string_view what, std::vector<std::string> of) {
    return of[static_cast<std::size_t>(n(what, 0, static_cast<std::int64_t>(of.size()) - 1))];
  }

  std::string kubernetes() {
    return pick("k8s", {R"("k8s-1.31")", R"("managed-large")",
                        fmt::format(R"({{"lease_renew": "{}ms", "scheduler_qps": {}, "toleration": "{}s"}})",
                                    n("lease", 1, 99'999), n("qps", 1, 999), n("tol", 0, 999))});
  }
  std::string groups(bool cold) {
    return fmt::format(
        R"({{"group": "worker", "count": {}, "cpu": "{}", "memory": "{}Gi", "pods": {}, "zone": {},
            "bandwidth": "{}Mbps",
            "images": [{}], "taints": [{}], "resources": {{"nvidia.com/gpu": {}}}, "unschedulable": {}}},
           {{"group": "late", "count": {}, "cpu": 64, "memory": "1Ti", {}}})",
        n("count", 3, 120), n("cpu", 40, 64), n("mem", 64, 256), n("pods", 40, 200),
        pick("zone", {R"("a")", R"(["a", "b", "c"])"}), n("mbps", 1, 9999), cold ? "" : R"("spark:4")",
        pick("taint",
             {"", R"({"key": "k", "effect": "NoExecute"})", R"({"key": "k", "value": "v", "effect": "NoSchedule"})"}),
        n("gpu", 0, 8), yes("cordon"), n("late", 1, 5), pick("joins", {R"("joins": true)", R"("joins_at": "77s")"}));
  }
  std::string model() {
    return pick("model", {fmt::format(R"({{"constant": "{}us"}})", n("us", 0, 9'999'999)),
                          fmt::format(R"({{"median": "{}ms", "sigma": "0.{:03}", "max": "9s"}})", n("ms", 0, 999),
                                      n("sg", 0, 999)),
                          fmt::format(R"({{"uniform": ["{}ms", "6s"]}})", n("lo", 0, 6000)),
                          R"({"quantiles": {"50": "5ms", "99.9": "80ms", "1": "1us"}})"});
  }
  std::string latency() { return fmt::format(R"("start": {}, "jvm": {}, "request": {})", model(), model(), model()); }
  std::string background() {
    return fmt::format(
        R"({{"name": "web", "count": {}, "namespace": "shop", "cpu": "{}m", "memory": "1Gi", {}
            "labels": {{"a": "b"}}, "grace": "5s"}},
           {{"name": "single", "cpu": "1", "limits": {{"cpu": "2", "memory": "3Gi"}}, "node": "odd.one",
             "priority_class": "high", "scheduler_name": "gang", "scheduling_gates": ["g"], "annotations": {{"x": "y"}},
             "affinity": {{"podAntiAffinity": {{"requiredDuringSchedulingIgnoredDuringExecution": [
               {{"topologyKey": "zone", "labelSelector": {{"matchLabels": {{"a": "b"}}}}}}]}}}},
             "topology_spread_constraints": [
               {{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}}],
             "tolerations": [{{"operator": "Exists"}},
               {{"key": "k", "value": "v", "effect": "NoExecute", "seconds": {}}}]{}}})",
        n("web", 0, 30), n("webcpu", 1, 999), pick("where", {"", R"("group": "worker",)"}), n("sec", 0, 600),
        pick("until", {"", R"(, "until": "3m")", R"(, "until": "3m", "restart_policy": "OnFailure")"}));
  }
  std::string applications() {
    return fmt::format(
        R"({{"name": "etl", "count": {}, "every": "{}ms", "namespace": "jobs", "compat": "{}", "start": "{}s",
            "conf": {{"spark.executor.instances": {}, "spark.kubernetes.container.image": "spark:4",
              "spark.odd.key": "x \"y\" \u00e9"}},
            "profiles": [{{"id": 3, "cores": 2, "memory": "{}Mi",
              "custom_resources": [{{"name": "gpu", "amount": 1, "vendor": "nvidia.com"}}]}}],
            "demand": [{{"at": "{}s", "executors": {}, "profile": {}}}, {{"at": "5s", "executors": 4}}]}})",
        n("apps", 1, 4), n("every", 0, 9999), pick("compat", {"spark-3.5", "spark-4.0", "spark-4.1"}),
        n("start", 0, 30), n("inst", 0, 50), n("prof", 512, 9000), n("at", 0, 99), n("ex", 0, 300),
        pick("p", {"0", "3"}));
  }
  std::string timeline() {
    return fmt::format(
        R"({{"at": "{}s", "do": "nodes_down", "group": "worker", "first": 2, "kind": "{}"}},
           {{"at": "90s", "do": "nodes_up", "group": "worker", "count": 1}},
           {{"at": "80s", "do": "delete_nodes", "zone": "a", "count": 1}},
           {{"at": "100s", "do": "set_quota", "namespace": "jobs", "hard": {{"requests.memory": "{}Mi"}}}},
           {{"at": "70s", "do": "delete_pods", "pods": ["shop/web-1"], "grace": "{}s"}},
           {{"at": "70s", "do": "executor_exit", "application": "etl", "executors": [1, {}], "exit_code": 137}},
           {{"at": "71s", "do": "kill_executors", "application": "etl", "executors": [3], "replace": true}},
           {{"at": "72s", "do": "decommission_executors", "application": "etl", "executors": [4, 5],
             "by_executor": true}},
           {{"at": "{}s", "do": "set_target", "application": "etl-1", "executors": 9}},
           {{"at": "400s", "do": "stop_application", "application": "etl"}})",
        n("down", 1, 60), pick("kind", {"power", "partition"}), n("qm", 0, 9999), n("g", 0, 60), n("id", 2, 9),
        n("target", 60, 200));
  }
  std::string faults() {
    return fmt::format(
        R"({{"point": "api.throttle", "from": "{}s", "until": "60s", "ratio": "{}/7", "retry_after": "2s",
            "application": "etl"}},
           {{"point": "api.reset", "client": "kubectl"}},
           {{"point": "pull.fail", "node": "x-9"}}, {{"point": "api.slow", "delay": "{}ms", "verb": "create"}})",
        n("from", 0, 50), n("ratio", 0, 7), n("delay", 1, 9999));
  }

  std::uint64_t seed_;
  std::uint64_t ordinal_ = 0;
};

void expect_round_trip(const Loaded& loaded) {
  const std::string text = to_json(loaded.scenario);
  const auto again = load_scenario({"again.json", text}, {}, {});
  ASSERT_TRUE(again) << all_errors(again.error()) << text;
  EXPECT_TRUE(again->scenario == loaded.scenario) << text;
  EXPECT_EQ(to_json(again->scenario), text);
  const auto from_line = load_scenario({"the log's header", to_json_line(loaded.scenario)}, {}, {});
  ASSERT_TRUE(from_line);
  EXPECT_TRUE(from_line->scenario == loaded.scenario);
  EXPECT_EQ(to_json_line(loaded.scenario).find('\n'), std::string::npos);
}

TEST(ScenarioRoundTrip, HoldsForRandomScenarios) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const std::string text = RandomScenario(seed).text();
    const auto loaded = load_scenario({"random.json", text}, {}, {});
    ASSERT_TRUE(loaded) << all_errors(loaded.error()) << text;
    expect_round_trip(*loaded);
  }
}

TEST(ScenarioRoundTrip, HoldsForEveryShippedScenario) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shipped(""))) {
    const std::string file = entry.path().string();
    if (!file.ends_with(".json") || file.ends_with("schema.json") || file.ends_with(".expected.json")) continue;
    SCOPED_TRACE(file);
    const auto loaded = load_scenario({file, read_test_file(file).value()}, read_test_file, {});
    ASSERT_TRUE(loaded) << all_errors(loaded.error());
    expect_round_trip(*loaded);
    ++count;
  }
  EXPECT_GE(count, 11);
}

TEST(ScenarioRoundTrip, ANodeWithoutTheUsualLabelsKeepsItsLack) {
  Scenario scenario = load_scenario({"small.json", kSmallScenario}, {}, {})->scenario;
  scenario.cluster.nodes[1].node.labels = {{"only", "this"}};
  expect_round_trip({scenario, {}});
}

TEST(ScenarioRoundTrip, GrowsWithWhatDiffersAndNotWithTheNumberOfNodes) {
  Overrides overrides;
  const auto bytes = [&](const std::string& count) {
    overrides.sets = {"cluster.nodes.0.count=" + count, "cluster.nodes.0.zone=a"};
    return to_json(load_scenario({"small.json", kSmallScenario}, {}, overrides)->scenario).size();
  };
  const std::size_t per_node = (bytes("1100") - bytes("1000")) / 100;
  EXPECT_LT(per_node, 30U) << "a line with its name";
}

}  // namespace
}  // namespace podramp::sim::scenario_round_trip_test
