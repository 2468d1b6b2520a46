#include "sim/item_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace podramp::sim::item_queue_test {
namespace {

std::string drain(ItemQueue<std::string>& queue) {
  std::string order;
  while (!queue.empty()) order += queue.pop().payload;
  return order;
}

TEST(ItemQueue, OrdersByTimeThenLaneThenInsertion) {
  ItemQueue<std::string> queue;
  queue.push(20, Lane::world, "f");
  queue.push(10, Lane::samples, "e");
  queue.push(10, Lane::timers, "c");
  queue.push(10, Lane::timers, "d");
  queue.push(10, Lane::world, "b");
  queue.push(5, Lane::demand, "a");
  EXPECT_EQ(queue.size(), 6U);
  EXPECT_EQ(queue.next_at(), 5);
  EXPECT_EQ(drain(queue), "abcdef");
}

TEST(ItemQueue, EveryLaneHasItsPlaceInOneInstant) {
  ItemQueue<std::string> queue;
  queue.push(1, Lane::samples, "8");
  queue.push(1, Lane::demand, "7");
  queue.push(1, Lane::executors, "6");
  queue.push(1, Lane::timers, "5");
  queue.push(1, Lane::deliveries, "4");
  queue.push(1, Lane::server, "3");
  queue.push(1, Lane::transfers, "2");
  queue.push(1, Lane::world, "1");
  EXPECT_EQ(drain(queue), "12345678");
}

TEST(ItemQueue, ATieGoesBeforeInsertionButNotBeforeLane) {
  ItemQueue<std::string> queue;
  queue.push(1, Lane::deliveries, "c", 9);
  queue.push(1, Lane::deliveries, "b", 2);
  queue.push(1, Lane::server, "a", 100);
  queue.push(1, Lane::deliveries, "d", 9);
  EXPECT_EQ(drain(queue), "abcd");
}

TEST(ItemQueue, SlotsAreUsedAgainWithoutMixingPayloads) {
  ItemQueue<std::string> queue;
  queue.push(1, Lane::world, "a");
  queue.push(2, Lane::world, "b");
  EXPECT_EQ(queue.pop().payload, "a");
  queue.push(3, Lane::world, "d");
  queue.push(2, Lane::transfers, "c");
  const auto item = queue.pop();
  EXPECT_EQ(item.payload, "b");
  EXPECT_EQ(item.at, 2);
  EXPECT_EQ(item.lane, Lane::world);
  EXPECT_EQ(drain(queue), "cd");
}

TEST(ItemQueueDeathTest, AnEmptyQueueGivesNothing) {
  ItemQueue<int> queue;
  EXPECT_EXIT(queue.pop(), testing::ExitedWithCode(kExitBug), "heap_");
}

}  // namespace
}  // namespace podramp::sim::item_queue_test
