#include "fakeapi/faults.h"

#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::faults_test {
namespace {

FaultSpec spec_of(const std::string& point, TimeUs from_us, TimeUs until_us) {
  FaultSpec spec;
  spec.point = point;
  spec.from_us = from_us;
  spec.until_us = until_us;
  return spec;
}

TEST(Faults, FireOnlyInTheirWindowForTheirClientAndVerb) {
  ClusterConfig config = test_config();
  FaultSpec spec = spec_of("api.error", 1'000, 2'000);
  spec.client = "etl";
  spec.verb = Verb::create;
  config.faults.push_back(spec);
  TestWorld world(config);
  EXPECT_FALSE(world.faults.fires("api.error", "etl", Verb::create, "etl", 1));
  world.run_until(1'000);
  EXPECT_TRUE(world.faults.fires("api.error", "etl", Verb::create, "etl", 1));
  EXPECT_FALSE(world.faults.fires("api.error", "kubectl", Verb::create, "kubectl", 1));
  EXPECT_FALSE(world.faults.fires("api.error", "etl", Verb::list, "etl", 1));
  EXPECT_FALSE(world.faults.fires("api.throttle", "etl", Verb::create, "etl", 1));
  world.run_until(2'000);
  EXPECT_FALSE(world.faults.fires("api.error", "etl", Verb::create, "etl", 1));
}

TEST(Faults, HitsAreAPureFunctionOfKeyAndOrdinal) {
  ClusterConfig config = test_config();
  FaultSpec spec = spec_of("pull.fail", 0, kNever);
  spec.numerator = 1;
  spec.denominator = 4;
  config.faults.push_back(spec);
  TestWorld one(config, 5);
  TestWorld two(config, 5);
  int hits = 0;
  for (std::uint64_t i = 0; i < 4'000; ++i) {
    const bool hit = one.faults.fires("pull.fail", "n1", std::nullopt, "n1/img", i);
    if (hit) ++hits;
    EXPECT_EQ(hit, two.faults.fires("pull.fail", "n1", std::nullopt, "n1/img", i));
  }
  EXPECT_NEAR(hits, 1'000, 100);
}

TEST(Faults, EveryPointIsInTheTable) {
  for (const std::string_view point : Faults::kPoints) {
    ClusterConfig config = test_config();
    config.faults.push_back(spec_of(std::string(point), 0, kNever));
    TestWorld world(config);
    EXPECT_TRUE(world.faults.fires(point, "etl", Verb::watch, "etl", 1)) << point;
    EXPECT_TRUE(world.faults.configured(point));
  }
}

}  // namespace
}  // namespace podramp::fakeapi::faults_test
