#include "fakeapi/flow_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::flow_control_test {
namespace {

using testing::ElementsAre;

constexpr std::string_view kDriver = "system:serviceaccount:spark:driver";

// --- Retry-After -------------------------------------------------------------------------------------------------

TEST(DroppedRequests, K92_RetryAfterDoublesUnderManyRefusalsAndShrinksByOneUnderFew) {
  struct Step {
    std::int64_t second;
    int refusals;
    std::int64_t retry_after_s;
  };
  // The table of kubernetes' own test of its tracker.
  const std::vector<Step> steps{{0, 5, 1},  {1, 11, 2}, {2, 1, 2},  {3, 11, 4},  {4, 1, 4},  {7, 1, 8},
                                {11, 1, 8}, {15, 1, 7}, {17, 1, 6}, {21, 14, 5}, {22, 1, 10}};
  DroppedRequests dropped;
  for (const Step& step : steps) {
    for (int i = 0; i < step.refusals; ++i) dropped.record(step.second);
    EXPECT_EQ(dropped.retry_after_s(), step.retry_after_s) << "second " << step.second;
  }
}

TEST(DroppedRequests, K92_NeverAsksForMoreThan32Seconds) {
  DroppedRequests dropped;
  for (std::int64_t second = 0; second < 300; ++second) {
    for (int i = 0; i < 200; ++i) dropped.record(second);
  }
  EXPECT_EQ(dropped.retry_after_s(), 32);
}

// --- seats of levels ---------------------------------------------------------------------------------------------

TEST(SeatSharing, GivesEveryLevelWhatItMustKeepAndTheRestByTarget) {
  EXPECT_THAT(share_seats(100, {{10, 10'000}, {10, 30'000}}), ElementsAre(25, 75));
  EXPECT_THAT(share_seats(100, {{40, 40'000}, {10, 300'000}}), ElementsAre(40, 60));
  EXPECT_THAT(share_seats(100, {{50, 50'000}, {50, 500'000}}), ElementsAre(50, 50));
}

TEST(SeatDemandTest, TracksAPeakAtOnceAndForgetsItSlowly) {
  SeatDemand demand;
  demand.set(100, 0, 10 * kSecondUs);
  demand.close(10 * kSecondUs);
  demand.begin();
  EXPECT_EQ(demand.smoothed_milli(), 100'000);
  demand.set(0, 10 * kSecondUs, 10 * kSecondUs);
  demand.close(20 * kSecondUs);
  EXPECT_EQ(demand.smoothed_milli(), 97'700);  // 0.977 of it
}

TEST(SeatDemandTest, IsMeanPlusDeviation) {
  SeatDemand demand;
  demand.set(10, 0, 10 * kSecondUs);
  demand.set(30, 5 * kSecondUs, 10 * kSecondUs);
  demand.close(10 * kSecondUs);
  EXPECT_EQ(demand.smoothed_milli(), 20'000 + 10'000);
  EXPECT_EQ(demand.highest(), 30);
}

class FlowControlTest : public testing::Test {
 protected:
  // So many requests of one flow now; those that got a seat or a queue.
  int enter(int requests, const Flow& flow, int seats = 1, TimeUs now = 0) {
    int accepted = 0;
    for (int i = 0; i < requests; ++i) {
      accepted += flow_.enter(++last_, flow, {seats, 0, 0}, now) ? 1 : 0;
    }
    return accepted;
  }

  ClusterProfile profile_;
  FlowControl flow_{profile_};
  Flow driver_ = flow_of(kDriver);
  FlowControl::Slot last_ = 0;
};

TEST_F(FlowControlTest, K90_UsersGoToTheirLevels) {
  EXPECT_EQ(driver_.level, FlowLevel::workload_low);
  EXPECT_EQ(flow_of("alice").level, FlowLevel::global_default);
  EXPECT_EQ(flow_of("system:serviceaccount:kube-system:deployment-controller").level, FlowLevel::workload_high);
  EXPECT_EQ(flow_of(kDriver).hash, driver_.hash);
}

TEST_F(FlowControlTest, K91_AFullHandOfQueuesRefuses) {
  const int seats = flow_.seats(FlowLevel::workload_low);
  EXPECT_EQ(enter(1000, driver_), seats + 6 * 50);
  EXPECT_EQ(flow_.take_started().size(), static_cast<std::size_t>(seats));
}

TEST_F(FlowControlTest, K91_AnotherFlowHasQueuesOfItsOwn) {
  enter(1000, driver_);
  EXPECT_EQ(enter(300, flow_of("system:serviceaccount:other:driver")), 300);
}

TEST_F(FlowControlTest, K90_OneLevelDoesNotTakeAnothersSeats) {
  enter(1000, driver_);
  (void)flow_.take_started();
  EXPECT_EQ(enter(5, flow_of("alice")), 5);
  EXPECT_EQ(flow_.take_started().size(), 5U);
}

TEST_F(FlowControlTest, FreedSeatsGoToThoseWhoWait) {
  const int seats = flow_.seats(FlowLevel::workload_low);
  enter(seats + 3, driver_);
  EXPECT_EQ(flow_.take_started().size(), static_cast<std::size_t>(seats));
  EXPECT_TRUE(flow_.waits(last_));
  (void)flow_.leave(1, 10'000);
  (void)flow_.leave(2, 10'000);
  EXPECT_EQ(flow_.take_started().size(), 2U);
}

TEST_F(FlowControlTest, FlowsTakeTurns) {
  const int seats = flow_.seats(FlowLevel::workload_low);
  enter(seats, driver_);
  (void)flow_.take_started();
  enter(20, driver_);  // they wait, in several queues
  const FlowControl::Slot first_of_other = last_ + 1;
  enter(1, flow_of("system:serviceaccount:other:driver"));
  // The other flow has used nothing yet: of the next few seats one is its.
  std::set<FlowControl::Slot> started;
  for (int i = 1; i <= 8; ++i) {
    (void)flow_.leave(static_cast<FlowControl::Slot>(i), 10'000);
    for (const FlowControl::Slot slot : flow_.take_started()) started.insert(slot);
  }
  EXPECT_TRUE(started.contains(first_of_other));
}

TEST_F(FlowControlTest, K93_AWideRequestWaitsForAllItsSeats) {
  const int seats = flow_.seats(FlowLevel::workload_low);
  enter(seats - 5, driver_);
  (void)flow_.take_started();
  enter(1, driver_, 10);
  EXPECT_TRUE(flow_.take_started().empty());
  for (FlowControl::Slot slot = 1; slot <= 4; ++slot) (void)flow_.leave(slot, 1000);
  EXPECT_TRUE(flow_.take_started().empty());
  (void)flow_.leave(5, 1000);
  EXPECT_THAT(flow_.take_started(), ElementsAre(last_));
}

TEST_F(FlowControlTest, OneThatIsWiderThanTheLevelGetsItAlone) {
  EXPECT_EQ(enter(1, driver_, 1000), 1);
  EXPECT_EQ(flow_.take_started().size(), 1U);
  EXPECT_EQ(enter(1, driver_), 1);
  EXPECT_TRUE(flow_.take_started().empty());
  (void)flow_.leave(1, 1000);
  EXPECT_EQ(flow_.take_started().size(), 1U);
}

TEST_F(FlowControlTest, K93_FinalSeatsAreHeldAfterTheRequest) {
  ASSERT_TRUE(flow_.enter(++last_, driver_, {1, 10, 5000}, 0));
  EXPECT_EQ(flow_.leave(1, 1000), 5000);
  enter(flow_.seats(FlowLevel::workload_low), driver_, 1, 1000);
  const std::size_t before = flow_.take_started().size();
  flow_.finish(1, 6000);
  EXPECT_EQ(flow_.take_started().size(), 10U);
  EXPECT_EQ(before, static_cast<std::size_t>(flow_.seats(FlowLevel::workload_low) - 10 + 1));  // and its own
}

TEST_F(FlowControlTest, K90_AnIdleClusterKeepsFewSeatsForDriversAndMoreAfterTheyWereWanted) {
  const int idle = flow_.seats(FlowLevel::workload_low);
  EXPECT_LT(idle, 245);
  EXPECT_FALSE(flow_.wants_adjustment());
  enter(300, driver_);
  ASSERT_TRUE(flow_.wants_adjustment());
  const auto moved = flow_.adjust(10 * kSecondUs);
  EXPECT_FALSE(moved.empty());
  EXPECT_GT(flow_.seats(FlowLevel::workload_low), 245);  // it borrows from levels that are idle
  EXPECT_FALSE(flow_.take_started().empty());
  // When nobody wants anything any more, it all goes back in the end, and nobody has to look again.
  for (FlowControl::Slot slot = 1; slot <= last_; ++slot) (void)flow_.leave(slot, 11 * kSecondUs);
  for (FlowControl::Slot slot = 1; slot <= last_; ++slot) (void)flow_.leave(slot, 11 * kSecondUs);
  TimeUs now = 20 * kSecondUs;
  for (; flow_.wants_adjustment() && now < kHourUs; now += 10 * kSecondUs) (void)flow_.adjust(now);
  EXPECT_LT(now, kHourUs);
  EXPECT_EQ(flow_.seats(FlowLevel::workload_low), idle);
}

TEST_F(FlowControlTest, ALevelWithoutQueuesRefusesAtOnce) {
  const Flow nobody{FlowLevel::catch_all, 1};
  const int seats = flow_.seats(FlowLevel::catch_all);
  EXPECT_EQ(enter(seats + 10, nobody), seats);
}

// --- in the API server -------------------------------------------------------------------------------------------

class FlowInServer : public testing::Test {
 protected:
  void create(int pods) {
    for (int i = 0; i < pods; ++i) world_.call(create_of(make_pod("p-" + std::to_string(i), tmpl_)));
  }
  std::map<int, int> codes() const {
    std::map<int, int> counts;
    for (const auto& [id, answer] : world_.answers) ++counts[answer.reply.code];
    return counts;
  }

  TestWorld world_;
  TemplatePtr tmpl_ = share(small_template());
};

TEST_F(FlowInServer, K89_ABurstWaitsForSeatsAndTheRestIsRefusedWithRetryAfter) {
  create(500);
  world_.run_until(kMinuteUs);
  const int seats = FlowControl(ClusterProfile{}).seats(FlowLevel::workload_low);
  const int accepted = seats + 300;
  EXPECT_EQ(codes(), (std::map<int, int>{{201, accepted}, {429, 500 - accepted}}));
  EXPECT_EQ(world_.facts_of<fact::RequestQueued>().size(), 300U);
  EXPECT_EQ(world_.facts_of<fact::RequestQueued>().front().level, "workload-low");
  const fact::RequestRefused refused = world_.facts_of<fact::RequestRefused>().front();
  EXPECT_EQ(refused.message, "Too many requests, please try again later.");
  for (const auto& [id, answer] : world_.answers) {
    if (answer.reply.code != 429) continue;
    EXPECT_EQ(answer.reply.retry_after_s, 1);
  }
}

TEST_F(FlowInServer, K91_ARequestThatWaits15SecondsIsRefused) {
  ClusterConfig config = test_config();
  config.latency.write = LatencyModel::constant(20 * kSecondUs);
  config.profile.max_requests_inflight = 10;  // so few that borrowing does not help
  config.profile.max_mutating_inflight = 10;
  TestWorld slow(config);
  ApiRequest request = create_of(make_pod("a", tmpl_));
  request.timeout_us = kMinuteUs;
  for (int i = 0; i < 100; ++i) {
    request.body = make_pod("p-" + std::to_string(i), tmpl_);
    slow.call(request);
  }
  slow.run_until(2 * kMinuteUs);
  const TestWorld::Answered& last = slow.answers.at(100);
  EXPECT_EQ(last.reply.code, 429);
  EXPECT_EQ(last.at, 15 * kSecondUs + kReplyUs);
}

TEST_F(FlowInServer, AClientThatGivesUpFirstLeavesTheQueue) {
  ClusterConfig config = test_config();
  config.latency.write = LatencyModel::constant(9 * kSecondUs);
  TestWorld slow(config);
  const int seats = FlowControl(ClusterProfile{}).seats(FlowLevel::workload_low);
  for (int i = 0; i < 2 * seats; ++i) slow.call(create_of(make_pod("p-" + std::to_string(i), tmpl_)));
  slow.run_until(2 * kMinuteUs);
  const TestWorld::Answered& last = slow.answers.at(static_cast<std::uint64_t>(2 * seats));
  EXPECT_EQ(last.reply.transport, Transport::timed_out);
  EXPECT_EQ(last.at, 10 * kSecondUs);
  EXPECT_EQ(slow.state().pods_by_name().size(), static_cast<std::size_t>(seats));
}

TEST_F(FlowInServer, K93_AListTakesASeatPerHundredObjects) {
  for (int i = 0; i < 1000; i += 20) {
    for (int k = i; k < i + 20; ++k) world_.call(create_of(make_pod("p-" + std::to_string(k), tmpl_)));
    world_.run_until(world_.now() + kSecondUs);
  }
  const std::size_t before = world_.facts_of<fact::RequestQueued>().size();
  const int seats = FlowControl(ClusterProfile{}).seats(FlowLevel::workload_low);
  ASSERT_EQ(before, 0U);
  for (int i = 0; i < seats / 10; ++i) world_.call(request_of(Verb::list));
  EXPECT_TRUE(world_.facts_of<fact::RequestQueued>().empty());
  world_.call(request_of(Verb::list));
  EXPECT_EQ(world_.facts_of<fact::RequestQueued>().size(), 1U);
}

TEST_F(FlowInServer, AnotherLevelIsServedMeanwhile) {
  create(500);
  const std::uint64_t kubectl = world_.call(request_of(Verb::get, "p-0"), 1);
  world_.run_until(kMinuteUs);
  EXPECT_EQ(world_.answers.at(kubectl).at, kReadUs + kReplyUs);
}

// --- creates behind a quota --------------------------------------------------------------------------------------

TEST(QuotaLineTest, K7_CreatesOfOneNamespaceWaitWhileAChargeIsWritten) {
  ClusterConfig config = test_config();
  config.quotas.push_back({"ns", "q", {{"pods", 100}}});
  TestWorld world(config);
  const TemplatePtr tmpl = share(small_template());
  std::vector<std::uint64_t> calls;
  for (const char* name : {"a", "b", "c"}) calls.push_back(world.call(create_of(make_pod(name, tmpl))));
  world.run_until(kSecondUs);
  EXPECT_EQ(world.answers.at(calls[0]).at, kWriteUs + kReplyUs);
  // The other two are charged together, when the first charge has been written.
  EXPECT_EQ(world.answers.at(calls[1]).at, 2 * kWriteUs + kReplyUs);
  EXPECT_EQ(world.answers.at(calls[2]).at, 2 * kWriteUs + kReplyUs);
  EXPECT_EQ(world.state().quotas().at("ns/q").used.at("pods"), 3);
}

TEST(QuotaLineTest, K7_OtherNamespacesDoNotWait) {
  ClusterConfig config = test_config();
  config.quotas.push_back({"ns", "q", {{"pods", 100}}});
  TestWorld world(config);
  const TemplatePtr tmpl = share(small_template());
  world.call(create_of(make_pod("a", tmpl)));
  ApiRequest other = create_of(make_pod("b", tmpl));
  other.ns = "other";
  const std::uint64_t id = world.call(other);
  world.run_until(kSecondUs);
  EXPECT_EQ(world.answers.at(id).at, kWriteUs + kReplyUs);
}

}  // namespace
}  // namespace podramp::fakeapi::flow_control_test
