// Transfers between nodes (shuffle fetches, HDFS reads) on both engines: dates by hand, losses, and a naive oracle that
// shares links max-min by raising all rates together and shares no code with the engines.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "backend/port/random.h"
#include "sim/admission_queue.h"
#include "sim/engine_test_support.h"

namespace podramp::sim::engine_nodes_test {
namespace {

constexpr std::int64_t kMB = 1'000'000;

class NodeTransfers : public testing::TestWithParam<EngineKind> {};
INSTANTIATE_TEST_SUITE_P(Engines, NodeTransfers, testing::Values(EngineKind::fluid, EngineKind::simgrid),
                         [](const auto& kind) { return engine_name(kind.param); });

Transfer between(TransferId id, std::int32_t from, std::int32_t to, std::int64_t bytes) {
  return {id, 0, to, bytes, from};
}

TEST_P(NodeTransfers, OneRunsAsFastAsTheSlowerOfTheTwoLinks) {
  const auto engine = make_engine(GetParam(), {{1000 * kMB}, {10 * kMB, 40 * kMB}});
  Script script;
  script.at(0, [&] { engine->start(between(1, 0, 1, 20 * kMB)); });
  engine->run(script);
  EXPECT_EQ(script.ends, (std::vector<TransferEnd>{{1, 2 * kSecondUs, true}}));
}

TEST_P(NodeTransfers, ASenderSharesItsLinkAndTheTwoWaysAreApart) {
  const auto engine = make_engine(GetParam(), {{1000 * kMB}, {10 * kMB, 40 * kMB, 40 * kMB}});
  Script script;
  script.at(0, [&] {
    engine->start(between(1, 0, 1, 10 * kMB));
    engine->start(between(2, 0, 2, 10 * kMB));
    engine->start(between(3, 1, 0, 10 * kMB));  // inwards: nobody in its way
  });
  engine->run(script);
  const auto ends = script.end_by_id();
  EXPECT_EQ(ends.at(1).at, 2 * kSecondUs);
  EXPECT_EQ(ends.at(2).at, 2 * kSecondUs);
  EXPECT_EQ(ends.at(3).at, kSecondUs);
}

TEST_P(NodeTransfers, APullAndAReadShareTheReceiversLink) {
  const auto engine = make_engine(GetParam(), {{1000 * kMB}, {100 * kMB, 10 * kMB}});
  AdmissionQueue queue(*engine, {1});
  Script script;
  script.at(0, [&] {
    queue.start({1, 0, 1, 10 * kMB});
    queue.start(between(2, 0, 1, 10 * kMB));  // does not queue behind the pull
  });
  queue.run(script);
  EXPECT_EQ(script.end_by_id().at(1).at, 2 * kSecondUs);
  EXPECT_EQ(script.end_by_id().at(2).at, 2 * kSecondUs);
}

TEST_P(NodeTransfers, ASenderThatGoesDownFailsWhatItSends) {
  const auto engine = make_engine(GetParam(), {{1000 * kMB}, {10 * kMB, 10 * kMB, 10 * kMB}});
  AdmissionQueue queue(*engine, {0});
  Script script;
  script.at(0, [&] {
    queue.start(between(1, 0, 1, 100 * kMB));
    queue.start(between(2, 2, 1, 10 * kMB));
  });
  script.at(kSecondUs, [&] { queue.set_node(0, false); });
  script.at(2 * kSecondUs, [&] { queue.start(between(3, 0, 2, 1)); });  // from a node that is down
  queue.run(script);
  EXPECT_EQ(script.ends, (std::vector<TransferEnd>{{1, kSecondUs, false},
                                                   {2, 1'500'000, true},  // half the link for a second, then all of it
                                                   {3, 2 * kSecondUs, false}}));
}

// --- the oracle ------------------------------------------------------------------------------------------------------

struct Flow {
  Transfer transfer;
  double left = 0;
  double rate = 0;
};

// All rates rise together; a full link stops those on it.
void share(std::vector<Flow>& flows, const std::vector<double>& nodes) {
  std::vector<double> out = nodes;
  std::vector<double> in = nodes;
  std::vector<Flow*> open;
  for (Flow& f : flows) open.push_back(&f);
  const auto at = [](std::int32_t i) { return static_cast<std::size_t>(i); };
  double level = 0;
  while (!open.empty()) {
    std::vector<double> on_out(nodes.size(), 0);
    std::vector<double> on_in(nodes.size(), 0);
    for (const Flow* f : open) {
      ++on_out[at(f->transfer.source)];
      ++on_in[at(f->transfer.node)];
    }
    double step = std::numeric_limits<double>::infinity();
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      if (on_out[n] > 0) step = std::min(step, out[n] / on_out[n]);
      if (on_in[n] > 0) step = std::min(step, in[n] / on_in[n]);
    }
    level += step;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      out[n] -= step * on_out[n];
      in[n] -= step * on_in[n];
    }
    std::vector<Flow*> rest;
    for (Flow* f : open) {
      f->rate = level;
      const bool full = out[at(f->transfer.source)] < 1e-3 || in[at(f->transfer.node)] < 1e-3;
      if (!full) rest.push_back(f);
    }
    open = rest;
  }
}

std::map<TransferId, double> predict(const std::vector<std::pair<TimeUs, Transfer>>& starts,
                                     const std::vector<double>& nodes) {
  std::map<TransferId, double> ends;
  std::vector<Flow> flows;
  std::size_t next = 0;
  double now = 0;
  while (next < starts.size() || !flows.empty()) {
    share(flows, nodes);
    double until = next < starts.size() ? static_cast<double>(starts[next].first) : 1e18;
    for (const Flow& f : flows) until = std::min(until, now + f.left / f.rate * 1e6);
    for (Flow& f : flows) f.left -= f.rate * (until - now) / 1e6;
    now = until;
    for (const Flow& f : flows) {
      if (f.left <= 1e-3) ends[f.transfer.id] = now;
    }
    std::erase_if(flows, [](const Flow& f) { return f.left <= 1e-3; });
    while (next < starts.size() && static_cast<double>(starts[next].first) <= now) {
      flows.push_back({starts[next].second, static_cast<double>(starts[next].second.bytes), 0});
      ++next;
    }
  }
  return ends;
}

TEST_P(NodeTransfers, AShuffleOfFiveHundredFetchesEndsWhenMaxMinSharingSays) {
  Draw draw(11, "test.shuffle", "plan");
  constexpr std::int32_t kNodes = 12;
  EnginePlatform platform{{1000 * kMB}, {}};
  std::vector<double> nodes;
  for (std::int32_t n = 0; n < kNodes; ++n) {
    platform.node_bytes_per_s.push_back(25 * kMB * (n % 3 + 1));
    nodes.push_back(static_cast<double>(platform.node_bytes_per_s.back()));
  }
  std::vector<std::pair<TimeUs, Transfer>> starts;
  for (TransferId id = 1; id <= 500; ++id) {
    const auto to = static_cast<std::int32_t>(draw.uniform(0, kNodes - 1));
    const auto from = static_cast<std::int32_t>((to + draw.uniform(1, kNodes - 1)) % kNodes);
    const auto at = static_cast<TimeUs>(id / 10) * kSecondUs;
    starts.emplace_back(at, between(id, from, to, draw.uniform(kMB, 20 * kMB)));
  }
  const auto engine = make_engine(GetParam(), platform);
  AdmissionQueue queue(*engine, {1});
  Script script;
  for (const auto& [at, transfer] : starts) script.at(at, [&queue, t = transfer] { queue.start(t); });
  queue.run(script);
  const auto expected = predict(starts, nodes);
  ASSERT_EQ(script.ends.size(), 500u);
  for (const TransferEnd& end : script.ends) {
    EXPECT_TRUE(end.ok);
    EXPECT_LE(std::abs(static_cast<double>(end.at) - expected.at(end.id)), 1000.0) << "transfer " << end.id;
  }
}

}  // namespace
}  // namespace podramp::sim::engine_nodes_test
