#include "backend/shuffle_registry.h"

#include <gtest/gtest.h>

namespace podramp::backend::shuffle_registry_test {
namespace {

ShuffleRegistry three_maps() {
  ShuffleRegistry registry;
  registry.add(7, 3);
  registry.put(7, 0, {1, "10.0.0.1", 100});
  registry.put(7, 1, {2, "10.0.0.2", 100});
  registry.put(7, 2, {1, "10.0.0.1", 100});
  return registry;
}

TEST(ShuffleRegistry, AllOutputsOfALostExecutorAreMissing) {
  ShuffleRegistry registry = three_maps();
  EXPECT_EQ(registry.available(7), 3);
  EXPECT_EQ(registry.drop_executor(1), 2);
  EXPECT_EQ(registry.missing(7), (std::vector<int>{0, 2}));
  EXPECT_EQ(registry.available(7), 1);
}

TEST(ShuffleRegistry, AllOutputsOfAHostGoWhateverExecutorWroteThem) {
  ShuffleRegistry registry = three_maps();
  registry.put(7, 1, {2, "10.0.0.1", 100});
  EXPECT_EQ(registry.drop_host("10.0.0.1"), 3);
  EXPECT_EQ(registry.available(7), 0);
}

TEST(ShuffleRegistry, AnOutputIsDroppedOnlyWhereItWasSaidToBe) {
  ShuffleRegistry registry = three_maps();
  registry.drop(7, 0, 2);  // it lies on executor 1
  EXPECT_EQ(registry.available(7), 3);
  registry.drop(7, 0, 1);
  EXPECT_EQ(registry.missing(7), (std::vector<int>{0}));
}

TEST(ShuffleRegistry, AMovedOutputSurvivesTheLossOfItsFirstExecutor) {
  ShuffleRegistry registry = three_maps();
  EXPECT_TRUE(registry.move(7, 0, 2, "10.0.0.2"));
  EXPECT_EQ(registry.drop_executor(1), 1);
  EXPECT_EQ(registry.missing(7), (std::vector<int>{2}));
  EXPECT_FALSE(registry.move(7, 2, 2, "10.0.0.2")) << "there is nothing left to move";
}

TEST(ShuffleRegistry, ReadersLikeHostsThatHoldAFifthOfTheBytes) {
  ShuffleRegistry registry;
  registry.add(1, 3);
  registry.put(1, 0, {1, "a", 80});
  registry.put(1, 1, {2, "b", 20});
  EXPECT_EQ(registry.large_holders(1), (std::vector<std::string>{"a", "b"}));
  registry.put(1, 2, {3, "c", 1});  // now 20 of 101 are less than a fifth
  EXPECT_EQ(registry.large_holders(1), (std::vector<std::string>{"a"}));
}

TEST(ShuffleRegistry, ReadersOfThousandMapsLikeNoHost) {
  ShuffleRegistry registry;
  registry.add(1, 1000);
  registry.put(1, 0, {1, "a", 80});
  EXPECT_TRUE(registry.large_holders(1).empty());
}

TEST(ShuffleRegistry, EveryLossRaisesTheEpoch) {
  ShuffleRegistry registry = three_maps();
  const std::int64_t before = registry.epoch();
  registry.drop_executor(1);
  EXPECT_EQ(registry.epoch(), before + 1);
}

}  // namespace
}  // namespace podramp::backend::shuffle_registry_test
