// SimGrid is the fluid engine's oracle (design 2.2): the same script on both gives the same ends within a millisecond.
#include <gtest/gtest.h>

#include <cstdlib>

#include "backend/port/random.h"
#include "sim/admission_queue.h"
#include "sim/engine_test_support.h"

namespace podramp::sim::engine_agreement_test {
namespace {

constexpr std::int64_t kMB = 1'000'000;

using Plan = std::function<void(Script&, Engine&)>;

// Runs a plan on both engines behind an admission queue and compares every end.
void expect_agreement(const EnginePlatform& platform, std::int32_t limit, std::size_t least_ends, const Plan& plan) {
  std::map<TransferId, TransferEnd> ends[2];
  for (const EngineKind kind : {EngineKind::fluid, EngineKind::simgrid}) {
    const auto engine = make_engine(kind, platform);
    AdmissionQueue queue(*engine, std::vector<std::int32_t>(platform.registry_bytes_per_s.size(), limit));
    Script script;
    plan(script, queue);
    queue.run(script);
    auto& mine = ends[kind == EngineKind::simgrid];
    mine = script.end_by_id();
    EXPECT_EQ(mine.size(), script.ends.size()) << "an id ended twice";
  }
  ASSERT_EQ(ends[0].size(), ends[1].size());
  EXPECT_GE(ends[0].size(), least_ends);
  for (const auto& [id, end] : ends[0]) {
    ASSERT_TRUE(ends[1].contains(id)) << id;
    EXPECT_EQ(end.ok, ends[1][id].ok) << id;
    EXPECT_LE(std::abs(end.at - ends[1][id].at), kMillisecondUs)
        << "transfer " << id << " fluid " << end.at << " SimGrid " << ends[1][id].at;
  }
}

TEST(EngineAgreement, OneRegistryAndManySizes) {
  expect_agreement({{1000 * kMB}, std::vector<std::int64_t>(200, 100 * kMB)}, 0, 200, [](Script& s, Engine& e) {
    s.at(0, [&e] {
      for (std::int32_t n = 0; n < 200; ++n)
        e.start({static_cast<TransferId>(n), 0, n, (37 * n % 101 + 1) * 9'999'991L});
    });
  });
}

TEST(EngineAgreement, NodeLinksOfManySpeeds) {
  std::vector<std::int64_t> nodes;
  nodes.reserve(120);
  for (std::int64_t n = 0; n < 120; ++n) nodes.push_back((n % 7 + 1) * 3'333'333);
  expect_agreement({{400 * kMB}, nodes}, 0, 120, [](Script& s, Engine& e) {
    for (std::int32_t n = 0; n < 120; ++n) {
      s.at(n * 123'457L, [&e, n] { e.start({static_cast<TransferId>(n), 0, n, (n * 29 % 17 + 1) * 7'654'321L}); });
    }
  });
}

TEST(EngineAgreement, SeveralRegistriesAndSeveralPullsToANode) {
  expect_agreement({{300 * kMB, 50 * kMB, 120 * kMB}, std::vector<std::int64_t>(15, 40 * kMB)}, 0, 150,
                   [](Script& s, Engine& e) {
                     for (std::int32_t i = 0; i < 150; ++i) {
                       s.at(i / 4 * 333'331L, [&e, i] {
                         e.start({static_cast<TransferId>(i), i % 3, i * 7 % 15, (i * 31 % 23 + 1) * 1'234'567L});
                       });
                     }
                   });
}

TEST(EngineAgreement, NodesThatSendToEachOther) {
  const EnginePlatform platform{{100 * kMB}, {10 * kMB, 20 * kMB, 30 * kMB, 40 * kMB, 50 * kMB, 60 * kMB}};
  expect_agreement(platform, 0, 120, [](Script& s, Engine& e) {
    for (std::int32_t i = 0; i < 120; ++i) {
      const std::int32_t to = i % 6;
      const std::int32_t from = (to + 1 + i * 7 % 5) % 6;
      const Transfer transfer{static_cast<TransferId>(i), 0, to, (i * 31 % 23 + 1) * 1'234'567L,
                              i % 10 == 0 ? -1 : from};
      s.at(i / 4 * 333'331L, [&e, transfer] { e.start(transfer); });
    }
  });
}

// Random platforms and scripts: pulls at random dates, cancels, nodes that go down and come back, pulls that follow
// the end of another.
void random_plan(std::uint64_t seed, const EnginePlatform& platform, Script& script, Engine& engine) {
  Draw draw(seed, "test.agreement", "plan");
  const auto registries = static_cast<std::int64_t>(platform.registry_bytes_per_s.size());
  const auto nodes = static_cast<std::int64_t>(platform.node_bytes_per_s.size());
  const auto transfer = [&](TransferId id) {
    const auto registry = static_cast<std::int32_t>(draw.uniform(0, registries - 1));
    const auto node = static_cast<std::int32_t>(draw.uniform(0, nodes - 1));
    Transfer made{id, registry, node, draw.chance(1, 20) ? draw.uniform(0, 2) : draw.uniform(1, 400'000'000)};
    // With even seeds every third transfer comes from another node.
    if (seed % 2 == 0 && draw.chance(1, 3)) {
      made.source = static_cast<std::int32_t>(draw.uniform(0, nodes - 1));
      if (made.source == node) made.source = -1;
    }
    return made;
  };
  for (TransferId id = 1; id <= 150; ++id) {
    const Transfer t = transfer(id);
    const TimeUs start = draw.uniform(0, 40 * kSecondUs);
    script.at(start, [&engine, t] { engine.start(t); });
    if (draw.chance(1, 8)) {
      script.at(start + draw.uniform(0, 5 * kSecondUs), [&engine, id] { engine.cancel(id); });
    }
  }
  std::map<TransferId, Transfer> next;
  for (TransferId id = 1; id <= 150; id += 3) next[id] = transfer(1000 + id);
  script.on_end = [&engine, next](const TransferEnd& end) {
    if (next.contains(end.id)) engine.start(next.at(end.id));
  };
  for (std::int32_t node = 0; node < nodes; node += 3) {
    const TimeUs down = draw.uniform(0, 40 * kSecondUs);
    script.at(down, [&engine, node] { engine.set_node(node, false); });
    script.at(down + draw.uniform(0, 10 * kSecondUs), [&engine, node] { engine.set_node(node, true); });
  }
}

// Seeds above 24 have zones, some of them narrower than what is in them; some nodes are in none.
void add_zones(std::uint64_t seed, EnginePlatform& platform) {
  Draw draw(seed, "test.agreement", "zones");
  for (std::int64_t n = draw.uniform(1, 4); n > 0; --n) {
    platform.zone_bytes_per_s.push_back(draw.uniform(20 * kMB, 900 * kMB));
  }
  const auto last = static_cast<std::int64_t>(platform.zone_bytes_per_s.size()) - 1;
  const auto some_zone = [&] { return static_cast<std::int32_t>(draw.uniform(-1, last)); };
  for (std::size_t r = 0; r < platform.registry_bytes_per_s.size(); ++r) platform.registry_zone.push_back(some_zone());
  for (std::size_t n = 0; n < platform.node_bytes_per_s.size(); ++n) platform.node_zone.push_back(some_zone());
}

class RandomAgreement : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomAgreement, EveryEndAgreesWithinAMillisecond) {
  Draw draw(GetParam(), "test.agreement", "platform");
  EnginePlatform platform;
  for (std::int64_t n = draw.uniform(1, 3); n > 0; --n) {
    platform.registry_bytes_per_s.push_back(draw.uniform(50 * kMB, 1500 * kMB));
  }
  const bool alike = draw.chance(1, 2);
  for (std::int64_t n = draw.uniform(2, 60); n > 0; --n) {
    platform.node_bytes_per_s.push_back(alike ? 125 * kMB : draw.uniform(5 * kMB, 300 * kMB));
  }
  const auto limit = static_cast<std::int32_t>(draw.chance(1, 2) ? 0 : draw.uniform(1, 20));
  if (GetParam() > 24) add_zones(GetParam(), platform);
  expect_agreement(platform, limit, 100,
                   [&](Script& script, Engine& engine) { random_plan(GetParam(), platform, script, engine); });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomAgreement, testing::Range<std::uint64_t>(1, 49));

}  // namespace
}  // namespace podramp::sim::engine_agreement_test
