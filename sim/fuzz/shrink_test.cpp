#include "sim/fuzz/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/fuzz/trial.h"

namespace podramp::sim::shrink_test {
namespace {

using nlohmann::json;

// Fails when b is still there, its fault too, and at least five nodes.
bool needs_b(const SwarmRun& run) {
  const json whole = json::parse(run.scenario);
  const auto holds = [&](const char* list, const char* name) {
    if (!whole.contains(list)) return false;
    for (const json& item : whole[list]) {
      if (item.value("name", "") == name || item.value("point", "") == name) return true;
    }
    return false;
  };
  return holds("applications", "b") && holds("faults", "api.reset") && whole.value("/nodes"_json_pointer, 0) >= 5;
}

const std::string kLarge = R"({"schema": "podramp/v1", "seed": 9, "nodes": 64, "about": "large",
  "applications": [{"name": "a"}, {"name": "b", "conf": {"x": "100", "y": "2"}}, {"name": "c"}],
  "timeline": [{"at": "1s", "application": "a"}, {"at": "2s", "application": "b"}],
  "faults": [{"point": "api.slow"}, {"point": "api.reset", "until": "9s", "ratio": "1/2"}, {"point": "api.stale"}]})";

TEST(Shrink, NothingIsLeftThatTheFailureDoesNotNeed) {
  const auto shrunk = shrink({kLarge, true}, needs_b, 10'000);
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->minimal);
  EXPECT_FALSE(shrunk->run.ties_shuffled);
  EXPECT_EQ(shrunk->entries, 1);
  EXPECT_EQ(json::parse(shrunk->run.scenario), json::parse(R"({"schema": "podramp/v1", "seed": 9, "nodes": 5,
    "applications": [{"name": "b"}], "faults": [{"point": "api.reset", "until": "9s"}]})"));
}

TEST(Shrink, ItStopsWhenItsTriesAreUsedUp) {
  const auto shrunk = shrink({kLarge, false}, needs_b, 3);
  ASSERT_TRUE(shrunk);
  EXPECT_FALSE(shrunk->minimal);
  EXPECT_EQ(shrunk->tries, 3);
  EXPECT_TRUE(needs_b(shrunk->run));
}

TEST(Shrink, WhatIsNoScenarioIsAnError) { EXPECT_FALSE(shrink({"[1]", false}, needs_b, 3)); }

TEST(Shrink, AnotherSeedIsPutIn) {
  EXPECT_EQ(json::parse(*with_seed(kLarge, 77))["seed"], 77);
  EXPECT_FALSE(with_seed("no", 77));
}

}  // namespace
}  // namespace podramp::sim::shrink_test
