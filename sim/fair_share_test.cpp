#include "sim/fair_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/port/random.h"

namespace podramp::sim::fair_share_test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

std::vector<double> rates(std::vector<std::int64_t> registries, std::vector<double> sides,
                          std::vector<FairClass> classes) {
  FairShare().solve(registries, sides, classes);
  std::vector<double> result;
  result.reserve(classes.size());
  for (const FairClass& c : classes) result.push_back(c.rate);
  return result;
}

TEST(FairShare, OneClassGetsTheSmallerOfItsShares) {
  EXPECT_THAT(rates({100}, {1000}, {{0, 0, 4}}), ElementsAre(25));
  EXPECT_THAT(rates({100}, {40}, {{0, 0, 4}}), ElementsAre(10));
}

TEST(FairShare, WhatSlowNodesCannotTakeGoesToTheOthers) {
  // Two flows with 10 each, three with more than enough: (100 - 20) / 3.
  EXPECT_THAT(rates({100}, {20, 3000}, {{0, 0, 2}, {0, 1, 3}}), ElementsAre(10, DoubleNear(80.0 / 3, 1e-12)));
}

TEST(FairShare, RegistriesDoNotDisturbEachOtherUnlessANodeJoinsThem) {
  EXPECT_THAT(rates({100, 10}, {1000, 1000}, {{0, 0, 2}, {1, 1, 5}}), ElementsAre(50, 2));
  // One node of 60 pulls from both: the second registry's flow gets 10 (its own limit), the first's gets the rest.
  EXPECT_THAT(rates({100, 10}, {60}, {{0, 0, 1}, {1, 0, 1}}), ElementsAre(50, 10));
}

TEST(FairShare, AFullNodeLinkLeavesMoreOfTheRegistryToOthers) {
  // Node 0 (20) has two flows of registry 0, node 1 (1000) has one: 10 each and 80.
  EXPECT_THAT(rates({100}, {20, 1000}, {{0, 0, 2}, {0, 1, 1}}), ElementsAre(10, 80));
}

TEST(FairShare, AThirdAndAFourthLinkHoldBackWhoCrossesThem) {
  // Links: the registry (100), one zone outwards (30), one inwards (5).
  EXPECT_THAT(rates({100, 30, 5}, {1000}, {{0, 0, 2, 0, 1, 2}}), ElementsAre(2.5));
  EXPECT_THAT(rates({100, 30, 5}, {1000, 1000, 1000}, {{0, 0, 2, 0, 1, 2}, {0, 1, 1, 0, 1}, {0, 2, 1}}),
              ElementsAre(2.5, 25, 70));
}

// The definition of max-min fairness: no link carries more than it can, and every flow has a full link on which
// nobody is faster than it.
class FairShareRandom : public testing::TestWithParam<int> {};

TEST_P(FairShareRandom, EveryFlowHasAFullLinkOnWhichNobodyIsFaster) {
  Draw draw(static_cast<std::uint64_t>(GetParam()), "test.fair_share", "case");
  std::vector<std::int64_t> registries;
  for (std::int64_t n = draw.uniform(1, 4); n > 0; --n) registries.push_back(draw.uniform(1, 1000));
  std::vector<double> sides;
  std::vector<FairClass> classes;
  for (std::int64_t n = draw.uniform(1, 40); n > 0; --n) {
    sides.push_back(static_cast<double>(draw.uniform(1, 300)));
    const auto of_side = std::min<std::int64_t>(draw.uniform(1, 3), static_cast<std::int64_t>(registries.size()));
    for (std::int32_t r = 0; r < of_side; ++r) {
      classes.push_back({r, static_cast<std::int32_t>(sides.size()) - 1, draw.uniform(1, 5), 0});
    }
  }
  // With odd seeds some classes cross links of zones, which stand after the registries.
  for (std::int64_t zone = GetParam() % 2 == 0 ? 0 : draw.uniform(1, 3); zone > 0; --zone) {
    registries.push_back(draw.uniform(1, 400));
    const auto link = static_cast<std::int32_t>(registries.size()) - 1;
    for (FairClass& c : classes) {
      if (draw.chance(1, 3)) (draw.chance(1, 2) ? c.zone_out : c.zone_in) = link;
    }
  }
  FairShare().solve(registries, sides, classes);

  const auto used = [&](auto on_link) {
    double sum = 0;
    for (const FairClass& c : classes) sum += on_link(c) ? c.rate * static_cast<double>(c.flows) : 0;
    return sum;
  };
  const auto fastest = [&](auto on_link) {
    double most = 0;
    for (const FairClass& c : classes) most = on_link(c) ? std::max(most, c.rate) : most;
    return most;
  };
  const auto crosses = [](const FairClass& c, std::int32_t link) {
    return c.registry == link || c.zone_out == link || c.zone_in == link;
  };
  for (const FairClass& c : classes) {
    EXPECT_GT(c.rate, 0);
    bool held = false;
    const auto look_at = [&](double capacity, auto on_link) {
      EXPECT_LE(used(on_link), capacity * (1 + 1e-9));
      held = held || (used(on_link) >= capacity * (1 - 1e-9) && c.rate >= fastest(on_link) * (1 - 1e-9));
    };
    look_at(sides[static_cast<std::size_t>(c.side)], [&](const FairClass& o) { return o.side == c.side; });
    for (const std::int32_t link : {c.registry, c.zone_out, c.zone_in}) {
      if (link < 0) continue;
      look_at(static_cast<double>(registries[static_cast<std::size_t>(link)]),
              [&](const FairClass& o) { return crosses(o, link); });
    }
    EXPECT_TRUE(held) << "registry " << c.registry << " side " << c.side;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FairShareRandom, testing::Range(0, 20));

}  // namespace
}  // namespace podramp::sim::fair_share_test
