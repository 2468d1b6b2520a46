// Whole runs against the figures of design 5: an hour of a 500-executor application with and without its log, and many
// pods on many nodes created to running. Asserts nothing about times. Engine: fluid, nothing is transferred.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "sim/experiment.h"

namespace podramp::sim {
namespace {

Scenario load(const std::string& text) {
  auto loaded = load_scenario({"bench.json", text}, {}, {});
  PODRAMP_CHECK(loaded.has_value(), loaded ? "" : to_string(loaded.error().front()));
  return loaded->scenario;
}

// 500 executors on 100 nodes; the run goes on for the whole hour.
Scenario hour_of_500() {
  return load(R"({"schema":"podramp/v1","end":"1h","until_quiet":false,
    "cluster":{"nodes":[{"group":"worker","count":100,"cpu":"32","memory":"128Gi"}]},
    "applications":[{"name":"etl","conf":{"spark.executor.instances":"500","spark.executor.cores":"4",
      "spark.kubernetes.container.image":"spark:4"}}]})");
}

// Applications of 1,000 executors that start a second apart, with one large batch a second.
Scenario many_pods(std::int64_t pods) {
  return load(fmt::format(R"({{"schema":"podramp/v1","kubernetes":{{"profile":"managed-large"}},
    "cluster":{{"nodes":[{{"group":"worker","count":{},"cpu":"32","memory":"256Gi"}}]}},
    "applications":[{{"name":"etl","count":{},"every":"1s","conf":{{"spark.executor.instances":"1000",
      "spark.kubernetes.allocation.batch.size":"100","spark.kubernetes.container.image":"spark:4"}}}}]}})",
                          pods / 20, pods / 1000));
}

// 5,000 nodes, 1,000 of them an autoscaler's to add and to remove (twice what we call much for one), and 100,000 pods:
// other people's, that come and go for ten minutes, and five applications of 1,000 executors among them. More is wanted
// than the fixed nodes hold.
Scenario busy_cluster(std::string_view autoscaler) {
  return load(fmt::format(R"({{"schema":"podramp/v1","end":"40m","kubernetes":{{"profile":"managed-large"}},
    "cluster":{{"nodes":[{{"group":"fixed","count":4000,"cpu":"16","memory":"64Gi","zone":["a","b","c"]}}],
      "autoscaler":{{"kind":"{}","node_groups":[
        {{"name":"small","max":500,"cpu":"16","memory":"64Gi","zone":["a","b","c"]}},
        {{"name":"large","max":500,"cpu":"32","memory":"128Gi","zone":["a","b","c"]}}]}}}},
    "background_load":[{{"name":"others","namespace":"others","count":95000,"every":{{"exponential":"6ms"}},
      "lifetime":{{"median":"8m","sigma":"0.5"}},
      "pods":[{{"weight":6,"cpu":"500m","memory":"1Gi"}},{{"weight":3,"cpu":"1","memory":"4Gi"}},
              {{"weight":1,"cpu":"4","memory":"16Gi"}}]}}],
    "applications":[{{"name":"etl","count":5,"every":"60s","conf":{{"spark.executor.instances":"1000",
      "spark.kubernetes.allocation.batch.size":"20","spark.kubernetes.container.image":"spark:4"}}}}]}})",
                          autoscaler));
}

void measure(benchmark::State& state, const Scenario& scenario, LogLevel level) {
  const std::string path = (std::filesystem::temp_directory_path() / "podramp_run_bench.jsonl").string();
  double events = 0;
  double simulated_s = 0;
  double registered = 0;
  for (auto _ : state) {
    RunOptions options;
    options.engine = EngineKind::fluid;
    options.level = level;
    options.log_path = path;
    const auto run = run_experiment(scenario, options);
    PODRAMP_CHECK(run.has_value(), run ? "" : run.error().message);
    events += static_cast<double>(run->summary.footer.events);
    simulated_s += static_cast<double>(run->summary.t) / static_cast<double>(kSecondUs);
    registered = static_cast<double>(run->summary.kpis.at("registered_max"));
  }
  state.counters["events"] = benchmark::Counter(events, benchmark::Counter::kAvgIterations);
  state.counters["log_bytes"] = static_cast<double>(std::filesystem::file_size(path));
  state.counters["simulated_s_per_s"] = benchmark::Counter(simulated_s, benchmark::Counter::kIsRate);
  state.counters["executors"] = registered;
  std::filesystem::remove(path);
}

void BM_HourOf500Executors(benchmark::State& state) {
  measure(state, hour_of_500(), static_cast<LogLevel>(state.range(0)));
  state.SetLabel(std::string(to_text(static_cast<LogLevel>(state.range(0)))));
}
BENCHMARK(BM_HourOf500Executors)
    ->Arg(static_cast<int>(LogLevel::none))
    ->Arg(static_cast<int>(LogLevel::decisions))
    ->Arg(static_cast<int>(LogLevel::all))
    ->Unit(benchmark::kMillisecond);

void BM_PodsCreatedToRunning(benchmark::State& state) { measure(state, many_pods(state.range(0)), LogLevel::all); }
BENCHMARK(BM_PodsCreatedToRunning)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(1);

// A cluster of this size with two autoscalers' worth of churn runs in seconds.
void BM_BusyCluster(benchmark::State& state) {
  const std::string_view kind = state.range(0) == 0 ? "cluster-autoscaler" : "karpenter";
  measure(state, busy_cluster(kind), LogLevel::decisions);
  state.SetLabel(std::string(kind));
}
BENCHMARK(BM_BusyCluster)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace podramp::sim
