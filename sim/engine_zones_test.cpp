// Zones with a link of their own, on both engines: dates by hand.
#include <gtest/gtest.h>

#include "sim/engine_test_support.h"

namespace podramp::sim::engine_zones_test {
namespace {

constexpr std::int64_t kMB = 1'000'000;

class Zones : public testing::TestWithParam<EngineKind> {
 protected:
  // Starts them all at 0; the dates of their ends.
  std::map<TransferId, TimeUs> ends(const EnginePlatform& platform, const std::vector<Transfer>& transfers) {
    const auto engine = make_engine(GetParam(), platform);
    Script script;
    script.at(0, [&] {
      for (const Transfer& transfer : transfers) engine->start(transfer);
    });
    engine->run(script);
    std::map<TransferId, TimeUs> at;
    for (const TransferEnd& end : script.ends) {
      EXPECT_TRUE(end.ok);
      at[end.id] = end.at;
    }
    return at;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Zones, testing::Values(EngineKind::fluid, EngineKind::simgrid),
                         [](const auto& kind) { return engine_name(kind.param); });

using Ends = std::map<TransferId, TimeUs>;

TEST_P(Zones, PullsFromOutsideShareTheLinkOfTheirZone) {
  const EnginePlatform platform{{100 * kMB}, {50 * kMB, 50 * kMB, 50 * kMB}, {20 * kMB}, {-1}, {0, 0, -1}};
  // Two into the zone with 10 MB/s each; the third with its node's 50, and nothing of the zone's.
  EXPECT_EQ(ends(platform, {{1, 0, 0, 20 * kMB}, {2, 0, 1, 20 * kMB}, {3, 0, 2, 20 * kMB}}),
            (Ends{{1, 2 * kSecondUs}, {2, 2 * kSecondUs}, {3, 400'000}}));
}

TEST_P(Zones, WhatStaysInAZoneDoesNotCrossItsLink) {
  const EnginePlatform platform{{100 * kMB}, {50 * kMB, 50 * kMB}, {20 * kMB}, {0}, {0, 0}};
  EXPECT_EQ(ends(platform, {{1, 0, 0, 25 * kMB}, {2, 0, 1, 25 * kMB, 0}}), (Ends{{1, 500'000}, {2, 500'000}}));
}

TEST_P(Zones, ARegistryInAZoneServesOthersThroughItsLink) {
  const EnginePlatform platform{{100 * kMB}, {50 * kMB, 50 * kMB}, {20 * kMB}, {0}, {-1, 0}};
  EXPECT_EQ(ends(platform, {{1, 0, 0, 20 * kMB}, {2, 0, 1, 50 * kMB}}), (Ends{{1, kSecondUs}, {2, kSecondUs}}));
}

TEST_P(Zones, BetweenZonesTheNarrowerLinkCountsAndTheTwoWaysAreApart) {
  const EnginePlatform platform{{100 * kMB}, {50 * kMB, 50 * kMB}, {20 * kMB, 40 * kMB}, {-1}, {0, 1}};
  EXPECT_EQ(ends(platform, {{1, 0, 1, 20 * kMB, 0}, {2, 0, 0, 20 * kMB, 1}}), (Ends{{1, kSecondUs}, {2, kSecondUs}}));
}

TEST_P(Zones, PullsAndReadsOfOtherZonesShareTheLink) {
  // Node 2 sends to node 0 and the registry to node 1, both into zone 0: 10 MB/s each. Then the pull has all 20.
  const EnginePlatform platform{{100 * kMB}, {50 * kMB, 50 * kMB, 50 * kMB}, {20 * kMB, 40 * kMB}, {-1}, {0, 0, 1}};
  EXPECT_EQ(ends(platform, {{1, 0, 0, 10 * kMB, 2}, {2, 0, 1, 30 * kMB}}), (Ends{{1, kSecondUs}, {2, 2 * kSecondUs}}));
}

TEST_P(Zones, WhatANarrowZoneLeavesGoesToTheOthers) {
  // Of the registry's 100 MB/s zone 0 takes 20, so each of the two in zone 1 gets 40 and not a third of 100.
  const EnginePlatform platform{{100 * kMB}, {80 * kMB, 80 * kMB, 80 * kMB}, {20 * kMB, 1000 * kMB}, {-1}, {0, 1, 1}};
  EXPECT_EQ(ends(platform, {{1, 0, 0, 20 * kMB}, {2, 0, 1, 40 * kMB}, {3, 0, 2, 40 * kMB}}),
            (Ends{{1, kSecondUs}, {2, kSecondUs}, {3, kSecondUs}}));
}

TEST_P(Zones, PlatformsWithWideZonesGiveTheDatesOfOnesWithout) {
  const EnginePlatform plain{{100 * kMB, 70 * kMB}, {30 * kMB, 40 * kMB, 50 * kMB}};
  EnginePlatform zoned = plain;
  zoned.zone_bytes_per_s = {1000 * kMB, 1000 * kMB};
  zoned.registry_zone = {-1, 1};
  zoned.node_zone = {0, 1, -1};
  std::vector<Transfer> transfers;
  for (std::int32_t i = 0; i < 12; ++i) {
    transfers.push_back(
        {static_cast<TransferId>(i), i % 2, i % 3, (i * 7 % 5 + 1) * 10 * kMB, i < 9 ? -1 : (i + 1) % 3});
  }
  const Ends without = ends(plain, transfers);
  if (GetParam() == EngineKind::fluid) {
    EXPECT_EQ(ends(zoned, transfers), without);
  } else {  // one SimGrid in a process: the fluid engine, which it agrees with, stands in
    const auto engine = make_engine(EngineKind::fluid, zoned);
    Script script;
    script.at(0, [&] {
      for (const Transfer& transfer : transfers) engine->start(transfer);
    });
    engine->run(script);
    for (const auto& [id, end] : script.end_by_id()) EXPECT_EQ(end.at, without.at(id)) << id;
  }
}

}  // namespace
}  // namespace podramp::sim::engine_zones_test
