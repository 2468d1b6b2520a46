#include "backend/throttle.h"

#include <gtest/gtest.h>

#include <numeric>

namespace podramp::backend::throttle_test {
namespace {

using Shares = std::vector<std::int64_t>;
using Ids = std::vector<ExecutorId>;

TEST(SparkAcceptance, S_A2_split_slots_returns_the_check_values) {
  EXPECT_EQ(split_slots(1, 0), (Shares{0}));
  EXPECT_EQ(split_slots(1, 2), (Shares{2}));
  EXPECT_EQ(split_slots(3, 1), (Shares{1, 0, 0}));
  EXPECT_EQ(split_slots(3, 2), (Shares{1, 1, 0}));
  EXPECT_EQ(split_slots(3, 4), (Shares{2, 1, 1}));
}

TEST(SplitSlots, GivesAwayEverySlotAndNoProfileGetsMoreThanOneAboveAnother) {
  for (std::size_t consumers = 1; consumers <= 9; ++consumers) {
    for (std::int64_t slots = 0; slots <= 40; ++slots) {
      const Shares shares = split_slots(consumers, slots);
      EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}), slots);
      EXPECT_LE(shares.front() - shares.back(), 1);
      EXPECT_TRUE(std::is_sorted(shares.rbegin(), shares.rend()));
    }
  }
}

TEST(SplitSlots, DefaultPendingCapIsNotRoundedAway) {
  EXPECT_EQ(split_slots(2, 2147483647), (Shares{1073741824, 1073741823}));
}

struct AllowCase {
  CreateBounds bounds;
  std::int64_t count;
  Limit limited_by;
};

TEST(AllowCreates, NamesTheSmallestBoundAndOfEqualOnesTheFirst) {
  const std::vector<AllowCase> cases{
      {{.missing = 3, .batch_size = 5, .share = 9, .profile_room = 9}, 3, Limit::none},
      {{.missing = 5, .batch_size = 5, .share = 5, .profile_room = 5}, 5, Limit::none},
      {{.missing = 6, .batch_size = 5, .share = 9, .profile_room = 9}, 5, Limit::batch_size},
      {{.missing = 6, .batch_size = 5, .share = 5, .profile_room = 5}, 5, Limit::batch_size},  // T11
      {{.missing = 6, .batch_size = 5, .share = 4, .profile_room = 9}, 4, Limit::pending_cap},
      {{.missing = 6, .batch_size = 5, .share = 4, .only_profile = false, .profile_room = 9}, 4, Limit::profile_share},
      {{.missing = 6, .batch_size = 5, .share = 0, .only_profile = false, .profile_room = 9}, 0, Limit::profile_share},
      {{.missing = 6, .batch_size = 5, .share = 9, .profile_room = 2}, 2, Limit::pending_cap},
      {{.missing = 6, .batch_size = 5, .share = 9, .profile_room = -2}, 0, Limit::pending_cap},
  };
  for (const AllowCase& one : cases) {
    const Allowance allowed = allow_creates(one.bounds);
    EXPECT_EQ(allowed.count, one.count);
    EXPECT_EQ(allowed.limited_by, one.limited_by);
  }
}

TEST(HashOrder, PendingFourteenToSeventeenWithTwoTooManyGivesSixteenAndSeventeen) {
  EXPECT_EQ(first_in_hash_order({14, 15, 16, 17}, 2), (Ids{16, 17}));
}

TEST(HashOrder, TableOf16HoldsElevenKeysAndTheTwelfthMakesIt32) {
  // 16 sits in the first bucket of a table of 16, but in the seventeenth of a table of 32.
  EXPECT_EQ(first_in_hash_order({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16}, 1), (Ids{16}));
  EXPECT_EQ(first_in_hash_order({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16}, 1), (Ids{1}));
}

TEST(HashOrder, TableOf32HoldsTwentyThreeKeysAndTheTwentyFourthMakesIt64) {
  Ids ids(22);
  std::iota(ids.begin(), ids.end(), 1);
  ids.push_back(32);
  EXPECT_EQ(first_in_hash_order(ids, 1), (Ids{32}));
  ids.push_back(23);
  EXPECT_EQ(first_in_hash_order(ids, 1), (Ids{1}));
}

TEST(HashOrder, KeysAboveSixteenBitsFoldTheirUpperHalf) {
  // 65536 ^ 1 = 65537 is in bucket 1 behind 1; 65537 ^ 1 = 65536 is in bucket 0.
  EXPECT_EQ(first_in_hash_order({1, 65536, 65537}, 1), (Ids{65537}));
  EXPECT_EQ(first_in_hash_order({1, 65536, 65537}, 2), (Ids{1, 65537}));
}

TEST(HashOrder, AskingForMoreThanThereIsGivesAllAscendingAndNegativeGivesNone) {
  EXPECT_EQ(first_in_hash_order({17, 3, 16}, 9), (Ids{3, 16, 17}));
  EXPECT_EQ(first_in_hash_order({17, 3, 16}, 0), Ids{});
  EXPECT_EQ(first_in_hash_order({17, 3, 16}, -1), Ids{});
  EXPECT_EQ(first_in_hash_order({}, 4), Ids{});
}

TEST(SplitSlotsByNeed, IsAnEqualSplitWhileEverybodyNeedsAll) {
  EXPECT_EQ(split_slots_by_need({9, 9, 9}, 1), (Shares{1, 0, 0}));
  EXPECT_EQ(split_slots_by_need({9, 9, 9}, 4), (Shares{2, 1, 1}));
  EXPECT_EQ(split_slots_by_need({9}, 0), (Shares{0}));
}

TEST(SplitSlotsByNeed, WhatOneDoesNotNeedGoesToTheOthersInEqualParts) {
  EXPECT_EQ(split_slots_by_need({1, 10, 10}, 9), (Shares{1, 4, 4}));
  EXPECT_EQ(split_slots_by_need({0, 2, 10}, 8), (Shares{0, 2, 6}));
  EXPECT_EQ(split_slots_by_need({1, 1, 1}, 100), (Shares{1, 1, 1}));
}

TEST(CreationTimeout, ExecutorTimeoutIsAFloorOfFiveBatchDelays) {
  EXPECT_EQ(creation_timeout_us(kSecondUs, 600 * kSecondUs), 600 * kSecondUs);
  EXPECT_EQ(creation_timeout_us(200 * kSecondUs, 600 * kSecondUs), 1'000 * kSecondUs);
  EXPECT_EQ(creation_timeout_us(120 * kSecondUs, 600 * kSecondUs), 600 * kSecondUs);
}

}  // namespace
}  // namespace podramp::backend::throttle_test
