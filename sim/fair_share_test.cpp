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
  for (const FairClass& c : classes) {
    const auto same_registry = [&](const FairClass& o) { return o.registry == c.registry; };
    const auto same_side = [&](const FairClass& o) { return o.side == c.side; };
    const double registry = static_cast<double>(registries[static_cast<std::size_t>(c.registry)]);
    const double side = sides[static_cast<std::size_t>(c.side)];
    EXPECT_GT(c.rate, 0);
    EXPECT_LE(used(same_registry), registry * (1 + 1e-9));
    EXPECT_LE(used(same_side), side * (1 + 1e-9));
    const bool held_by_registry =
        used(same_registry) >= registry * (1 - 1e-9) && c.rate >= fastest(same_registry) * (1 - 1e-9);
    const bool held_by_side = used(same_side) >= side * (1 - 1e-9) && c.rate >= fastest(same_side) * (1 - 1e-9);
    EXPECT_TRUE(held_by_registry || held_by_side) << "registry " << c.registry << " side " << c.side;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FairShareRandom, testing::Range(0, 20));

}  // namespace
}  // namespace podramp::sim::fair_share_test
