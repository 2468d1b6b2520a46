// Issue 2, "holds when": what two runs of one scenario have in common - two engines, one seed, two seeds, another batch
// size - and that no order of simultaneous events breaks an invariant.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sim/replay.h"
#include "sim/test_runs.h"

namespace podramp::sim::acceptance_runs_test {
namespace {

// A small cluster with a quota, two profiles and a demand that rises and falls: every kind of event in a second.
const std::string kBusy = R"({
  "schema": "podramp/v1", "seed": 3, "end": "8m",
  "cluster": {
    "nodes": [{"group": "w", "count": 6, "cpu": "16", "memory": "64Gi", "images": ["spark:4"]}],
    "images": [{"name": "spark:4", "size": "600Mi"}],
    "quotas": [{"namespace": "team", "name": "compute", "hard": {"pods": "30"}}]
  },
  "applications": [
    {"name": "etl", "namespace": "team",
     "conf": {"spark.executor.instances": "12", "spark.executor.cores": "4", "spark.executor.memory": "4g",
              "spark.kubernetes.container.image": "spark:4"},
     "profiles": [{"id": 1, "cores": 2, "memory": "2Gi"}],
     "demand": [{"at": "5s", "profile": 1, "executors": 9}, {"at": "2m", "executors": 3}], "stop": "6m"},
    {"name": "ml", "namespace": "team",
     "conf": {"spark.executor.instances": "20", "spark.executor.cores": "4", "spark.executor.memory": "4g",
              "spark.kubernetes.allocation.batch.size": "5", "spark.kubernetes.container.image": "spark:4"},
     "start": "2s", "demand": [{"at": "90s", "executors": 4}], "stop": "5m"}
  ],
  "timeline": [
    {"at": "60s", "do": "nodes_down", "kind": "power", "nodes": ["w-1", "w-2"]},
    {"at": "150s", "do": "nodes_up", "nodes": ["w-1"]}
  ]
})";

std::string after_header(const std::string& log) { return log.substr(log.find('\n') + 1); }

std::string log_of(const Scenario& scenario, const RunOptions& options) {
  const std::string path = scratch_file("one.jsonl");
  run_in_child(path, scenario, options);
  std::string text = read_bytes(path);
  std::remove(path.c_str());
  return text;
}

RunOptions with_simgrid() {
  RunOptions options;
  options.engine = EngineKind::simgrid;
  return options;
}

class WithoutTransfers : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Scenarios, WithoutTransfers,
                         testing::Values("ramp_500.json", "node_failure_wave.json", "api_throttled.json",
                                         "watch_lost.json", "quota_shared_by_three_apps.json"),
                         [](const auto& scenario) {
                           const std::string name = scenario.param;
                           return name.substr(0, name.find('.'));
                         });

TEST_P(WithoutTransfers, BothEnginesGiveTheSameLogAfterItsHeader) {
  const Scenario scenario = shipped_scenario(GetParam());
  const std::string fluid = log_of(scenario, with_fluid());
  const std::string simgrid = log_of(scenario, with_simgrid());
  EXPECT_EQ(fluid.find("fact.pull_started"), std::string::npos) << "the scenario has transfers";
  ASSERT_GT(fluid.size(), 500'000U);
  EXPECT_TRUE(after_header(fluid) == after_header(simgrid));
  EXPECT_NE(fluid.substr(0, fluid.find('\n')), simgrid.substr(0, simgrid.find('\n'))) << "the header names the engine";
}

TEST(Seeds, TheSameSeedTwiceGivesEqualBytesAndAnotherSeedDoesNot) {
  for (const RunOptions& options : {with_fluid(), with_simgrid()}) {
    Scenario scenario = text_scenario(kBusy);
    const std::string first = log_of(scenario, options);
    EXPECT_TRUE(first == log_of(scenario, options));
    scenario.seed += 1;
    EXPECT_FALSE(after_header(first) == after_header(log_of(scenario, options)));
  }
}

TEST(Seeds, ShuffledTiesGiveEqualBytesForOneSeedToo) {
  RunOptions options = with_fluid();
  options.ties_shuffled = true;
  const Scenario scenario = text_scenario(kBusy);
  EXPECT_TRUE(log_of(scenario, options) == log_of(scenario, options));
}

// --- ties --------------------------------------------------------------------------------------------------------

// Runs with shuffled ties; every invariant must hold and the log must replay.
void expect_invariants(Scenario scenario, std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  scenario.seed = seed;
  RunOptions options = with_fluid();
  options.ties_shuffled = true;
  const std::string path = scratch_file("ties.jsonl");
  const RunResult result = run_to(path, scenario, options);
  EXPECT_EQ(result.summary.violations.size(), 0U);
  for (const Violation& v : result.summary.violations) ADD_FAILURE() << v.property << ": " << v.detail;
  const auto report = replay_log(path);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->divergence) << report->divergence->why;
  EXPECT_GT(report->decisions, 100U);
  std::remove(path.c_str());
}

TEST(ShuffledTies, KeepEveryInvariantOverFiftySeeds) {
  const Scenario scenario = text_scenario(kBusy);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) expect_invariants(scenario, seed);
}

TEST(ShuffledTies, ReallyChangeTheOrderOfSimultaneousEvents) {
  const Scenario scenario = text_scenario(kBusy);
  RunOptions shuffled = with_fluid();
  shuffled.ties_shuffled = true;
  EXPECT_FALSE(after_header(log_of(scenario, with_fluid())) == after_header(log_of(scenario, shuffled)));
}

TEST(ShuffledTies, KeepEveryInvariantWhileNodesFail) {
  const Scenario scenario = shipped_scenario("node_failure_wave.json");
  for (std::uint64_t seed = 1; seed <= 5; ++seed) expect_invariants(scenario, seed);
}

TEST(ShuffledTies, KeepEveryInvariantWhileApplicationsShareAQuota) {
  const Scenario scenario = shipped_scenario("quota_shared_by_three_apps.json");
  for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_invariants(scenario, seed);
}

// --- common random numbers -----------------------------------------------------------------------------------------

// What is drawn for one executor, from the log: differences of times that no queue comes between.
struct Drawn {
  std::optional<DurationUs> bound_to_waiting;    // kubelet
  std::optional<DurationUs> waiting_to_running;  // start + status, the image is there
  std::optional<DurationUs> running_to_asking;   // jvm - status
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

struct World {
  std::map<std::string, Drawn> executors;
  std::vector<std::pair<TimeUs, std::string>> silent;
  std::vector<std::pair<TimeUs, std::string>> unknown;  // node becomes Unknown: a draw of its lease's phase
};

World world_of(const std::vector<LoggedEvent>& events) {
  World world;
  std::map<std::string, TimeUs> bound;
  std::map<std::string, TimeUs> waiting;
  std::map<std::string, TimeUs> running;
  StringMap pod_of;  // "application/id" -> pod
  for (const LoggedEvent& e : events) {
    if (const auto* created = e.get<fact::PodCreated>()) {
      const std::string* id = created->pod->label("spark-exec-id");
      const std::string* name = created->pod->label("spark-app-name");
      if (id != nullptr && name != nullptr) pod_of[*id] = created->pod->ns + "/" + created->pod->name;
    } else if (const auto* b = e.get<fact::PodBound>()) {
      bound[b->pod] = e.t();
    } else if (const auto* w = e.get<fact::PodWaiting>()) {
      waiting[w->pod] = e.t();
      world.executors[w->pod].bound_to_waiting = e.t() - bound.at(w->pod);
    } else if (const auto* r = e.get<fact::PodRunning>()) {
      running[r->pod] = e.t();
      world.executors[r->pod].waiting_to_running = e.t() - waiting.at(r->pod);
    } else if (const auto* asked = e.get<in::Registered>()) {
      const std::string& pod = pod_of.at(std::to_string(asked->executor));
      world.executors[pod].running_to_asking = e.t() - running.at(pod);
    } else if (const auto* silent = e.get<fact::NodeSilent>()) {
      world.silent.emplace_back(e.t(), silent->node);
    } else if (const auto* ready = e.get<fact::NodeReadyChanged>();
               ready != nullptr && ready->ready == Truth::unknown) {
      world.unknown.emplace_back(e.t(), ready->node);
    }
  }
  return world;
}

TEST(CommonRandomNumbers, AnotherBatchSizeKeepsEveryNodeFailureAndEveryExecutorsLatencies) {
  const std::string key = "applications.0.conf.spark.kubernetes.allocation.batch.size=";
  // All executors are created before the failure in both runs, so that both name the same ones.
  const World small = world_of(run_and_read(shipped_scenario("node_failure_wave.json", {key + "10"})));
  const World large = world_of(run_and_read(shipped_scenario("node_failure_wave.json", {key + "100"})));
  EXPECT_EQ(small.silent, large.silent);
  EXPECT_EQ(small.silent.size(), 20U);
  EXPECT_EQ(small.unknown, large.unknown);
  EXPECT_GE(small.unknown.size(), 20U);
  std::size_t compared = 0;
  std::size_t complete = 0;
  for (const auto& [pod, drawn] : small.executors) {
    const auto other = large.executors.find(pod);
    if (other == large.executors.end()) continue;  // a replacement that only one of the runs needed
    ++compared;
    EXPECT_EQ(drawn.bound_to_waiting, other->second.bound_to_waiting) << pod;
    EXPECT_EQ(drawn.waiting_to_running, other->second.waiting_to_running) << pod;
    EXPECT_EQ(drawn.running_to_asking, other->second.running_to_asking) << pod;
    complete += drawn.running_to_asking ? 1 : 0;
  }
  EXPECT_GE(compared, 200U);
  EXPECT_GE(complete, 200U);
}

TEST(CommonRandomNumbers, ExecutorsDifferFromEachOtherAndFromSeedToSeed) {
  const World one = world_of(run_and_read(shipped_scenario("node_failure_wave.json")));
  const World other = world_of(run_and_read(shipped_scenario("node_failure_wave.json", {"seed=6"})));
  std::map<DurationUs, int> values;
  std::size_t equal = 0;
  for (const auto& [pod, drawn] : one.executors) {
    if (drawn.running_to_asking) ++values[*drawn.running_to_asking];
    const auto it = other.executors.find(pod);
    equal += it != other.executors.end() && it->second == drawn ? 1 : 0;
  }
  EXPECT_GT(values.size(), 190U);
  EXPECT_LT(equal, 3U);
}

// --- a log that was cut ---------------------------------------------------------------------------------------------

TEST(CutLog, ReadsAndReplaysUpToItsLastWholeLine) {
  const std::string path = scratch_file("whole.jsonl");
  run_to(path, text_scenario(kBusy));
  const std::string whole = read_bytes(path);
  const std::size_t header = whole.find('\n') + 1;
  const std::string cut = scratch_file("cut.jsonl");
  constexpr std::size_t kCuts = 200;
  for (std::size_t i = 0; i < kCuts; ++i) {
    // Spread over the whole file, at bytes of every kind; the last ones just before the end.
    const std::size_t bytes =
        i + 10 < kCuts ? header + (whole.size() - header) * i / kCuts + i % 7 : whole.size() - 1 - (kCuts - i) * 3;
    const std::string part = whole.substr(0, bytes);
    write_bytes(cut, part);
    const auto lines = static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    if (i % 4 == 0) {
      ASSERT_EQ(read_events(cut).size(), lines - 1) << "cut at " << bytes;
    }
    const auto report = replay_log(cut);
    ASSERT_TRUE(report) << "cut at " << bytes << ": " << report.error().message;
    ASSERT_FALSE(report->divergence) << "cut at " << bytes << ": " << report->divergence->why;
    ASSERT_FALSE(report->finished);
    ASSERT_EQ(report->events, lines - 1);
    ASSERT_EQ(report->torn_bytes, bytes - part.rfind('\n') - 1);
  }
  const auto report = replay_log(path);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->finished);
  EXPECT_FALSE(report->divergence);
}

}  // namespace
}  // namespace podramp::sim::acceptance_runs_test
