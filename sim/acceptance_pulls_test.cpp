// Issue 2, "holds when": image pulls of whole scenarios. Both engines pull alike, and every pull ends when an
// independent calculation says so: FIFO admission, serial pulls per node, max-min sharing of registry and node links.
// The same on the level of the engines, without a cluster: engine_oracle_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <limits>
#include <map>

#include "sim/engine_test_support.h"
#include "sim/test_runs.h"

namespace podramp::sim::acceptance_pulls_test {
namespace {

struct Pull {
  std::string node;
  std::string image;
  std::int64_t bytes = 0;
  TimeUs asked = 0;   // pull_started: it enters the registry's admission queue
  TimeUs ended = -1;  // pull_finished
  int after = -1;     // the pull of the same node whose end let this one start at once; -1: none
};

std::vector<Pull> pulls_of(const std::vector<LoggedEvent>& events) {
  std::vector<Pull> pulls;
  std::map<std::pair<std::string, std::string>, std::size_t> open;
  std::map<std::string, std::size_t> last_on;
  for (const LoggedEvent& e : events) {
    if (const auto* started = e.get<fact::PullStarted>()) {
      Pull pull{started->node, started->image, started->bytes, e.t()};
      const auto last = last_on.find(started->node);
      if (last != last_on.end()) {
        EXPECT_GE(pulls[last->second].ended, 0) << "two pulls of one node at a time: " << e.line;
        if (pulls[last->second].ended == e.t()) pull.after = static_cast<int>(last->second);
      }
      open[{started->node, started->image}] = pulls.size();
      last_on[started->node] = pulls.size();
      pulls.push_back(pull);
    } else if (const auto* finished = e.get<fact::PullFinished>()) {
      pulls.at(open.at({finished->node, finished->image})).ended = e.t();
    }
  }
  return pulls;
}

struct Platform {
  double registry = 0;                 // bytes per second
  std::size_t limit = 0;               // pulls at a time
  std::map<std::string, double> node;  // bytes per second
};

// Deliberately naive: all flows in one vector, rates by water-filling from scratch at every event.
class Oracle {
 public:
  Oracle(const Platform& platform, const std::vector<Pull>& pulls)
      : platform_(platform), pulls_(pulls), end_(pulls.size(), -1), asked_(pulls.size(), false) {}

  std::vector<TimeUs> predict() {
    while (true) {
      share();
      double next_end = std::numeric_limits<double>::infinity();
      TimeUs tick = kNever;
      for (const Flow& f : flows_) {
        if (f.left > kOver) next_end = std::min(next_end, now_ + f.left / f.rate * 1e6);
        if (f.left <= kOver) tick = std::min(tick, static_cast<TimeUs>(std::ceil(now_ - 0.1)));
      }
      for (std::size_t i = 0; i < pulls_.size(); ++i) {
        if (!asked_[i] && pulls_[i].after < 0) tick = std::min(tick, pulls_[i].asked);
      }
      if (tick == kNever && std::isinf(next_end)) return end_;
      if (next_end < static_cast<double>(tick) + 0.1) {
        advance(next_end);  // its end counts at the next whole microsecond
        continue;
      }
      advance(std::max(now_, static_cast<double>(tick)));
      turn(tick);
    }
  }

  bool admission_bound = false;
  bool registry_bound = false;
  bool node_bound = false;

 private:
  static constexpr double kOver = 1e-3;  // a thousandth of a byte
  struct Flow {
    std::size_t pull = 0;
    double left = 0;
    double rate = 0;
  };

  void turn(TimeUs tick) {
    std::vector<Flow> alive;
    for (const Flow& f : flows_) {
      if (f.left > kOver) {
        alive.push_back(f);
        continue;
      }
      end_[f.pull] = tick;
      for (std::size_t i = 0; i < pulls_.size(); ++i) {
        if (pulls_[i].after == static_cast<int>(f.pull)) ask(i);
      }
    }
    flows_ = alive;
    for (std::size_t i = 0; i < pulls_.size(); ++i) {
      if (!asked_[i] && pulls_[i].after < 0 && pulls_[i].asked <= tick) ask(i);
    }
    for (; !queue_.empty() && flows_.size() < platform_.limit; queue_.pop_front()) {
      flows_.push_back({queue_.front(), static_cast<double>(pulls_[queue_.front()].bytes), 0});
    }
    admission_bound |= !queue_.empty();
  }

  void ask(std::size_t i) {
    asked_[i] = true;
    queue_.push_back(i);
  }

  // All rates rise together; whoever reaches its node's link stops there, the others share the rest.
  void share() {
    std::vector<Flow*> open;
    for (Flow& f : flows_) {
      if (f.left > kOver) open.push_back(&f);
    }
    double left = platform_.registry;
    while (!open.empty()) {
      const double equal = left / static_cast<double>(open.size());
      std::vector<Flow*> still;
      for (Flow* f : open) {
        const double link = platform_.node.at(pulls_[f->pull].node);
        f->rate = std::min(link, equal);
        if (link > equal) still.push_back(f);
        if (link <= equal) left -= link;
        node_bound |= link <= equal;
      }
      if (still.size() == open.size()) {
        registry_bound = true;
        return;
      }
      open = still;
    }
  }

  void advance(double to) {
    for (Flow& f : flows_) f.left = f.left <= kOver ? 0 : f.left - f.rate * (to - now_) / 1e6;
    now_ = to;
  }

  const Platform& platform_;
  const std::vector<Pull>& pulls_;
  std::vector<TimeUs> end_;
  std::vector<bool> asked_;
  double now_ = 0;  // microseconds
  std::vector<Flow> flows_;
  std::deque<std::size_t> queue_;
};

// 300 nodes with three kinds of links, two images of 2 GB and 350 MB. Three applications with room on every node start
// one after the other; batches spread the pulls over time.
const std::string kStorm = R"({
  "schema": "podramp/v1", "seed": 11, "end": "40m",
  "cluster": {
    "nodes": [
      {"group": "fast", "count": 100, "cpu": "8", "memory": "64Gi", "bandwidth": "10Gbps"},
      {"group": "mid", "count": 100, "cpu": "8", "memory": "64Gi", "bandwidth": "1Gbps"},
      {"group": "slow", "count": 100, "cpu": "8", "memory": "64Gi", "bandwidth": "100Mbps"}
    ],
    "registries": [{"name": "hub", "bandwidth": "10Gbps", "concurrent": 64}],
    "images": [{"name": "big:1", "size": "2000000000", "registry": "hub"},
               {"name": "small:1", "size": "350000000", "registry": "hub"}]
  },
  "applications": [
    {"name": "large", "conf": {"spark.executor.instances": "300", "spark.executor.cores": "4",
      "spark.executor.memory": "8g", "spark.kubernetes.allocation.batch.size": "40",
      "spark.kubernetes.container.image": "big:1"}},
    {"name": "little", "start": "3s", "conf": {"spark.executor.instances": "300", "spark.executor.cores": "4",
      "spark.executor.memory": "8g", "spark.kubernetes.allocation.batch.size": "25",
      "spark.kubernetes.container.image": "small:1"}}
  ]
})";

class PullScenario : public testing::TestWithParam<EngineKind> {};

INSTANTIATE_TEST_SUITE_P(Engines, PullScenario, testing::Values(EngineKind::fluid, EngineKind::simgrid),
                         [](const auto& kind) { return engine_name(kind.param); });

std::vector<LoggedEvent> run_apart(const Scenario& scenario, EngineKind engine) {
  RunOptions options;
  options.engine = engine;
  const std::string path = scratch_file(engine_name(engine) + ".jsonl");
  run_in_child(path, scenario, options);
  auto events = read_events(path);
  std::remove(path.c_str());
  return events;
}

TEST_P(PullScenario, EveryPullOfTheStormEndsAtTheTimePredicted) {
  const Scenario scenario = text_scenario(kStorm);
  Platform platform;
  platform.registry = static_cast<double>(scenario.cluster.registries.at(0).bytes_per_s);
  platform.limit = static_cast<std::size_t>(scenario.cluster.registries.at(0).concurrent_max);
  for (const auto& node : scenario.cluster.nodes) {
    platform.node[node.node.name] = static_cast<double>(node.bytes_per_s);
  }
  ASSERT_EQ(platform.node.size(), 300U);
  ASSERT_EQ(platform.registry, 1'250e6);
  const std::vector<Pull> pulls = pulls_of(run_apart(scenario, GetParam()));
  EXPECT_GE(pulls.size(), 400U);
  EXPECT_GE(std::ranges::count_if(pulls, [](const Pull& p) { return p.bytes == 2'000'000'000; }), 150);
  EXPECT_GE(std::ranges::count_if(pulls, [](const Pull& p) { return p.bytes == 350'000'000; }), 150);
  EXPECT_GE(std::ranges::count_if(pulls, [](const Pull& p) { return p.after >= 0; }), 100) << "serial pulls per node";
  Oracle oracle(platform, pulls);
  const std::vector<TimeUs> predicted = oracle.predict();
  EXPECT_TRUE(oracle.admission_bound);
  EXPECT_TRUE(oracle.registry_bound);
  EXPECT_TRUE(oracle.node_bound);
  TimeUs worst = 0;
  for (std::size_t i = 0; i < pulls.size(); ++i) {
    ASSERT_LE(std::abs(pulls[i].ended - predicted[i]), kMillisecondUs)
        << pulls[i].node << " " << pulls[i].image << " ended at " << pulls[i].ended << ", predicted " << predicted[i];
    worst = std::max(worst, std::abs(pulls[i].ended - predicted[i]));
  }
  RecordProperty("worst_difference_us", static_cast<int>(worst));
}

void expect_same_pulls(const Scenario& scenario, std::size_t count) {
  std::map<std::pair<std::string, std::string>, TimeUs> fluid;
  std::map<std::pair<std::string, std::string>, TimeUs> simgrid;
  for (const Pull& p : pulls_of(run_apart(scenario, EngineKind::fluid))) fluid[{p.node, p.image}] = p.ended;
  for (const Pull& p : pulls_of(run_apart(scenario, EngineKind::simgrid))) simgrid[{p.node, p.image}] = p.ended;
  ASSERT_EQ(fluid.size(), count);
  ASSERT_EQ(simgrid.size(), count);
  for (const auto& [key, ended] : fluid) {
    ASSERT_TRUE(simgrid.contains(key)) << key.first;
    EXPECT_GE(ended, 0) << key.first;
    EXPECT_LE(std::abs(ended - simgrid.at(key)), kMillisecondUs) << key.first << " " << key.second;
  }
}

TEST(ImagePullStorm, BothEnginesFinishTheSamePullsWithinAMillisecond) {
  expect_same_pulls(shipped_scenario("image_pull_storm.json"), 150);
}

}  // namespace
}  // namespace podramp::sim::acceptance_pulls_test
