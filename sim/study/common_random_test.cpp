// Common random numbers, through a study's own variants and seeds: another batch size moves no node's failure, no
// background pod and none of the latencies that are drawn for an executor, by application and executor id.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "sim/study/variants.h"
#include "sim/test_runs.h"

namespace podramp::sim::common_random_test {
namespace {

// Two applications share twelve nodes with other people's pods; three nodes fall silent, one comes back.
constexpr std::string_view kShared = R"({
  "schema": "podramp/v1", "about": "Two applications, other people's pods, failing nodes.", "end": "15m",
  "cluster": {"nodes": [{"group": "w", "count": 12, "cpu": "32", "memory": "128Gi", "images": ["spark:4"]}],
              "images": [{"name": "spark:4", "size": "100Mi"}]},
  "background_load": [{"name": "web", "namespace": "web", "every": {"exponential": "5s"},
    "lifetime": {"median": "1m", "sigma": "0.8"},
    "pods": [{"weight": 3, "cpu": "250m", "memory": "1Gi"}, {"weight": 1, "cpu": "500m", "memory": "2Gi"}]}],
  "applications": [
    {"name": "etl", "compat": "spark-4.0", "conf": {
      "spark.executor.instances": "60", "spark.executor.cores": "1", "spark.executor.memory": "1g",
      "spark.kubernetes.container.image": "spark:4"}},
    {"name": "ml", "compat": "spark-4.0", "start": "20s", "conf": {
      "spark.executor.instances": "30", "spark.executor.cores": "1", "spark.executor.memory": "1g",
      "spark.kubernetes.container.image": "spark:4"}}],
  "timeline": [
    {"at": "2m", "do": "nodes_down", "kind": "partition", "group": "w", "first": 1, "count": 3},
    {"at": "4m", "do": "nodes_up", "group": "w", "first": 1, "count": 1}]})";

// What is drawn for one pod, as differences of times that no queue comes between.
struct Drawn {
  std::optional<DurationUs> created_after_asked;  // of an executor: travel and service of its create
  std::optional<DurationUs> bound_to_waiting;     // kubelet
  std::optional<DurationUs> waiting_to_running;   // start and status
  std::optional<DurationUs> running_to_asking;    // of an executor: its JVM
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

struct Life {
  std::map<std::string, Drawn> executors;                              // "application/id"
  std::map<std::string, std::tuple<TimeUs, std::int64_t>> background;  // pod -> arrival, cpu
  std::map<std::string, std::optional<DurationUs>>
      background_lifetimes{};                            // running -> finished, on nodes that do not fail
  std::vector<std::pair<TimeUs, std::string>> failures;  // silent, back
};

class Reader {
 public:
  Life read(const std::vector<LoggedEvent>& events) {
    for (const LoggedEvent& e : events) {
      note_birth(e);
      note_steps(e);
      if (const auto* silent = e.get<fact::NodeSilent>()) life_.failures.emplace_back(e.t(), "silent " + silent->node);
      if (const auto* back = e.get<fact::NodeReturned>()) life_.failures.emplace_back(e.t(), "back " + back->node);
      if (const auto* ready = e.get<fact::NodeReadyChanged>()) {
        life_.failures.emplace_back(e.t(), "ready? " + ready->node);  // a draw of its lease's phase
      }
    }
    return life_;
  }

 private:
  void note_birth(const LoggedEvent& e) {
    if (const auto* called = e.get<out::Called>(); called != nullptr && called->request.body != nullptr) {
      const Pod& pod = *called->request.body;
      asked_[pod_key(pod)] = e.t();
      const std::string* id = pod.label("spark-exec-id");
      if (id != nullptr) executor_[pod_key(pod)] = e.event.by + "/" + *id;
    }
    const auto* created = e.get<fact::PodCreated>();
    if (created == nullptr) return;
    const std::string key = pod_key(*created->pod);
    if (executor_.contains(key)) {
      drawn(key).created_after_asked = e.t() - asked_.at(key);
    } else if (created->pod->ns == "web") {
      life_.background[key] = {e.t(), pod_requests(*created->pod->tmpl).cpu_milli.value_or(0)};
    }
  }

  void note_steps(const LoggedEvent& e) {
    if (const auto* bound = e.get<fact::PodBound>()) {
      bound_[bound->pod] = e.t();
      on_[bound->pod] = bound->node;
    }
    if (const auto* waits = e.get<fact::PodWaiting>(); waits != nullptr && executor_.contains(waits->pod)) {
      waiting_[waits->pod] = e.t();
      drawn(waits->pod).bound_to_waiting = e.t() - bound_.at(waits->pod);
    }
    if (const auto* runs = e.get<fact::PodRunning>()) {
      running_[runs->pod] = e.t();
      if (executor_.contains(runs->pod)) drawn(runs->pod).waiting_to_running = e.t() - waiting_.at(runs->pod);
    }
    if (const auto* asks = e.get<in::Registered>()) {
      const std::string name = e.event.by + "/" + std::to_string(asks->executor);
      for (const auto& [pod, executor] : executor_) {
        if (executor == name) drawn(pod).running_to_asking = e.t() - running_.at(pod);
      }
    }
    const auto* over = e.get<fact::PodFinished>();
    if (over != nullptr && life_.background.contains(over->pod) && on_.at(over->pod) > "w-03") {
      life_.background_lifetimes[over->pod] = e.t() - running_.at(over->pod);
    }
  }

  Drawn& drawn(const std::string& pod) { return life_.executors[executor_.at(pod)]; }

  Life life_;
  std::map<std::string, std::string> executor_;  // pod -> "application/id"
  std::map<std::string, TimeUs> asked_, bound_, waiting_, running_;
  std::map<std::string, std::string> on_;  // pod -> node
};

Life life_of(const Study& study, const Variant& variant, std::uint64_t seed) {
  Overrides overrides;
  overrides.sets = sets_of(study, variant);
  overrides.seed = seed;
  return Reader().read(run_and_read(loaded(load_scenario({"shared.json", std::string(kShared)}, {}, overrides))));
}

TEST(CommonRandomNumbersOfAStudy, AnotherBatchSizeMovesNoFailureNoBackgroundPodAndNoExecutorsDraws) {
  Study study;
  study.replicates = 2;
  study.dimensions = {{"batch", "applications.0.conf.spark.kubernetes.allocation.batch.size", {"5", "60"}, {}}};
  const auto variants = variants_of(study);
  ASSERT_TRUE(variants);
  std::set<std::string> draws;  // of different seeds: not all the same
  for (const std::uint64_t seed : seeds_of(study)) {
    const Life small = life_of(study, variants->at(0), seed);
    const Life large = life_of(study, variants->at(1), seed);
    EXPECT_EQ(small.failures, large.failures);
    EXPECT_GE(small.failures.size(), 6U);
    EXPECT_EQ(small.background, large.background);
    std::size_t lifetimes = 0;
    for (const auto& [pod, lifetime] : small.background_lifetimes) {
      const auto other = large.background_lifetimes.find(pod);
      if (other == large.background_lifetimes.end()) continue;  // there it was on a node that failed
      EXPECT_EQ(lifetime, other->second) << pod;
      ++lifetimes;
    }
    EXPECT_GE(lifetimes, 80U);
    EXPECT_GE(small.background.size(), 100U);
    std::size_t complete = 0;
    for (const auto& [name, drawn] : small.executors) {
      const auto other = large.executors.find(name);
      if (other == large.executors.end()) continue;  // a replacement that only one of the runs needed
      EXPECT_EQ(drawn.created_after_asked, other->second.created_after_asked) << name;
      EXPECT_EQ(drawn.bound_to_waiting, other->second.bound_to_waiting) << name;
      EXPECT_EQ(drawn.waiting_to_running, other->second.waiting_to_running) << name;
      EXPECT_EQ(drawn.running_to_asking, other->second.running_to_asking) << name;
      if (drawn.running_to_asking) ++complete;
    }
    EXPECT_GE(complete, 90U);
    draws.insert(std::to_string(small.executors.at("etl/1").running_to_asking.value_or(0)));
  }
  EXPECT_EQ(draws.size(), 2U);
}

}  // namespace
}  // namespace podramp::sim::common_random_test
