#include "sim/slot_map.h"

#include <gtest/gtest.h>

#include <map>

#include "backend/port/random.h"

namespace podramp::sim::slot_map_test {
namespace {

TEST(SlotMap, FindsWhatWasPutInUntilItIsErased) {
  SlotMap map;
  EXPECT_EQ(map.find(7), SlotMap::kNone);
  EXPECT_TRUE(map.insert(7, 3));
  EXPECT_FALSE(map.insert(7, 4));
  EXPECT_EQ(map.find(7), 3);
  EXPECT_TRUE(map.insert(0, 0));
  EXPECT_EQ(map.find(0), 0);
  EXPECT_TRUE(map.erase(7));
  EXPECT_FALSE(map.erase(7));
  EXPECT_EQ(map.find(7), SlotMap::kNone);
  EXPECT_EQ(map.size(), 1u);
}

class SlotMapRandom : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SlotMapRandom, BehavesLikeAMapOfTheStandardLibrary) {
  Draw draw(GetParam(), "test.slot_map", "case");
  const std::int64_t ids = draw.uniform(1, 3000);
  SlotMap map;
  std::map<std::uint64_t, std::int32_t> model;
  for (std::int32_t i = 0; i < 20'000; ++i) {
    const auto id = static_cast<std::uint64_t>(draw.uniform(0, ids)) * 4096;
    if (draw.chance(1, 2)) {
      EXPECT_EQ(map.insert(id, i), model.emplace(id, i).second);
    } else {
      EXPECT_EQ(map.erase(id), model.erase(id) == 1);
    }
    ASSERT_EQ(map.size(), model.size());
  }
  for (std::uint64_t id = 0; id <= static_cast<std::uint64_t>(ids) * 4096; id += 4096) {
    EXPECT_EQ(map.find(id), model.contains(id) ? model.at(id) : SlotMap::kNone);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlotMapRandom, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace podramp::sim::slot_map_test
