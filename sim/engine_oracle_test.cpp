// Issue 2: every pull of an image pull storm ends when the admission queue, serial pulls per node and max-min sharing
// of registry and node links say it does. The prediction here is deliberately naive and shares no code with the
// engines: all flows in one vector, rates by water-filling from scratch at every event.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <limits>

#include "backend/port/random.h"
#include "sim/admission_queue.h"
#include "sim/engine_test_support.h"

namespace podramp::sim::engine_oracle_test {
namespace {

constexpr int kNodes = 300;
constexpr std::size_t kLimit = 64;
constexpr double kRegistry = 1'250e6;                               // 10 Gb/s
constexpr std::array<double, 3> kNodeLink{1'250e6, 125e6, 12.5e6};  // 10 Gb/s, 1 Gb/s, 100 Mb/s
constexpr std::array<std::int64_t, 2> kImage{2'000'000'000, 350'000'000};

double node_link(int node) { return kNodeLink[static_cast<std::size_t>(node % 3)]; }

// Every node pulls both images, one after the other; odd nodes the small one first. The first pull is wanted at
// `wanted`, the second when the first has ended.
struct Storm {
  std::vector<TimeUs> wanted;
  static std::int64_t bytes(int node, int nth) { return kImage[static_cast<std::size_t>((node + nth) % 2)]; }
};

Storm make_storm() {
  Storm storm;
  Draw draw(7, "test.storm", "wanted");
  for (int node = 0; node < kNodes; ++node) {
    // 40 nodes early and sparse, the others within 30 seconds.
    storm.wanted.push_back(node < 40 ? node * kSecondUs / 2 : draw.uniform(25 * kSecondUs, 55 * kSecondUs));
  }
  return storm;
}

struct Flow {
  int node = 0;
  int nth = 0;
  double left = 0;
  double rate = 0;
  bool done = false;
};

struct Prediction {
  std::vector<std::array<TimeUs, 2>> end;
  bool admission_bound = false;
  bool registry_bound = false;
  bool node_bound = false;
};

class NaiveWorld {
 public:
  explicit NaiveWorld(const Storm& storm) : storm_(storm) { prediction_.end.resize(storm.wanted.size()); }

  Prediction predict() {
    std::vector<bool> asked(storm_.wanted.size(), false);
    while (true) {
      share();
      double next_end = std::numeric_limits<double>::infinity();
      for (const Flow& f : flows_) {
        if (!f.done) next_end = std::min(next_end, now_ + f.left / f.rate * 1e6);
      }
      TimeUs next_tick = kNever;
      for (std::size_t n = 0; n < asked.size(); ++n) {
        if (!asked[n]) next_tick = std::min(next_tick, storm_.wanted[n]);
      }
      for (const Flow& f : flows_) {
        if (f.done) next_tick = std::min(next_tick, static_cast<TimeUs>(std::ceil(now_ - 0.1)));
      }
      if (next_tick == kNever && std::isinf(next_end)) return prediction_;
      if (next_end < static_cast<double>(next_tick) + 0.1) {
        advance(next_end);
        continue;  // its end counts at the next whole microsecond
      }
      advance(std::max(now_, static_cast<double>(next_tick)));
      end_pulls(next_tick);
      for (std::size_t n = 0; n < asked.size(); ++n) {
        if (asked[n] || storm_.wanted[n] > next_tick) continue;
        asked[n] = true;
        queue_.emplace_back(static_cast<int>(n), 0);
      }
      while (!queue_.empty() && flows_.size() < kLimit) {
        const auto [node, nth] = queue_.front();
        queue_.pop_front();
        flows_.push_back({node, nth, static_cast<double>(Storm::bytes(node, nth)), 0, false});
      }
      prediction_.admission_bound |= !queue_.empty();
    }
  }

 private:
  // A node pulls one image at a time, so its link carries one flow: raise all rates together; whoever reaches its
  // node's link stops there, and the others share the rest.
  void share() {
    std::vector<Flow*> open;
    for (Flow& f : flows_) {
      if (!f.done) open.push_back(&f);
    }
    double left = kRegistry;
    while (!open.empty()) {
      const double equal = left / static_cast<double>(open.size());
      std::vector<Flow*> still_open;
      for (Flow* f : open) {
        if (node_link(f->node) <= equal) {
          f->rate = node_link(f->node);
          prediction_.node_bound = true;
        } else {
          still_open.push_back(f);
        }
      }
      if (still_open.size() == open.size()) {
        for (Flow* f : open) f->rate = equal;
        prediction_.registry_bound = true;
        return;
      }
      left = kRegistry;
      for (Flow& f : flows_) {
        const bool is_open = std::find(still_open.begin(), still_open.end(), &f) != still_open.end();
        if (!f.done && !is_open) left -= f.rate;
      }
      open = still_open;
    }
  }

  void advance(double to) {
    for (Flow& f : flows_) {
      if (f.done) continue;
      f.left -= f.rate * (to - now_) / 1e6;
      f.done = f.left <= 1e-3;  // a thousandth of a byte
    }
    now_ = to;
  }

  void end_pulls(TimeUs tick) {
    std::vector<Flow> still_alive;
    for (const Flow& f : flows_) {  // in the order they were admitted
      if (!f.done) {
        still_alive.push_back(f);
        continue;
      }
      prediction_.end[static_cast<std::size_t>(f.node)][static_cast<std::size_t>(f.nth)] = tick;
      if (f.nth == 0) queue_.emplace_back(f.node, 1);
    }
    flows_ = still_alive;
  }

  const Storm& storm_;
  Prediction prediction_;
  double now_ = 0;  // microseconds
  std::vector<Flow> flows_;
  std::deque<std::pair<int, int>> queue_;  // node, first or second pull
};

class PullStorm : public testing::TestWithParam<EngineKind> {};

INSTANTIATE_TEST_SUITE_P(Engines, PullStorm, testing::Values(EngineKind::fluid, EngineKind::simgrid),
                         [](const auto& kind) { return engine_name(kind.param); });

TEST_P(PullStorm, EveryPullEndsAtThePredictedTime) {
  const Storm storm = make_storm();
  const Prediction predicted = NaiveWorld(storm).predict();
  ASSERT_TRUE(predicted.admission_bound);
  ASSERT_TRUE(predicted.registry_bound);
  ASSERT_TRUE(predicted.node_bound);

  EnginePlatform platform{{static_cast<std::int64_t>(kRegistry)}, {}};
  for (int n = 0; n < kNodes; ++n) platform.node_bytes_per_s.push_back(static_cast<std::int64_t>(node_link(n)));
  const auto engine = make_engine(GetParam(), platform);
  AdmissionQueue queue(*engine, {kLimit});
  Script script;
  const auto pull = [&](int node, int nth) {
    queue.start({static_cast<TransferId>(2 * node + nth), 0, node, Storm::bytes(node, nth)});
  };
  for (int n = 0; n < kNodes; ++n) script.at(storm.wanted[static_cast<std::size_t>(n)], [&, n] { pull(n, 0); });
  script.on_end = [&](const TransferEnd& end) {
    if (end.id % 2 == 0) pull(static_cast<int>(end.id / 2), 1);
  };
  queue.run(script);

  ASSERT_EQ(script.ends.size(), 2u * kNodes);
  TimeUs worst = 0;
  for (const TransferEnd& end : script.ends) {
    const TimeUs expected = predicted.end[end.id / 2][end.id % 2];
    EXPECT_TRUE(end.ok);
    EXPECT_LE(std::abs(end.at - expected), kMillisecondUs)
        << "node " << end.id / 2 << " pull " << end.id % 2 << ": " << end.at << " predicted " << expected;
    worst = std::max(worst, std::abs(end.at - expected));
  }
  RecordProperty("worst_difference_us", static_cast<int>(worst));
}

}  // namespace
}  // namespace podramp::sim::engine_oracle_test
