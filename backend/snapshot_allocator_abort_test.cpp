// Abandoned rounds: what 02 1.5 says stays stale, starves and is burnt; and what a round reports about its limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"

namespace podramp::backend::snapshot_allocator_abort_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr DurationUs kIdle = 10 * kSecondUs;

// Creates of these executors fail with this reply, every other call succeeds.
AllocatorWorld::Answer fail_creates(const std::set<ExecutorId>& ids, const ApiReply& reply) {
  return [ids, reply](const ApiRequest& request) {
    if (request.verb != Verb::create) return reply_ok();
    return ids.contains(executor_id(*request.body).value()) ? reply : reply_ok(201);
  };
}

ApiReply lost(Transport transport) {
  ApiReply reply;
  reply.transport = transport;
  return reply;
}

// --- 1.5 ---------------------------------------------------------------------------------------------------------

TEST(AbandonedRound, KeepsThePodsItMadeBurnsTheFailedIdAndLeavesOutstandingAsItWas) {
  AllocatorWorld world;
  world.answer = fail_creates({3}, reply_error(403, "Forbidden"));
  world.target({{kDefaultProfile, 5}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_EQ(world.allocator.last_id(), 3);
  EXPECT_THAT(world.allocator.newly_created(), SizeIs(2));
  EXPECT_FALSE(world.allocator.newly_created().contains(3));
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_FALSE(world.allocator.round_in_flight());
  EXPECT_EQ(world.allocator.creating(), 0);
  EXPECT_THAT(world.notes(), ElementsAre("warn: allocation round abandoned: creating executor 3: 403 Forbidden: as the "
                                         "server says"));
}

TEST(AbandonedRound, LeavesTheProfileGatedUntilItsPodsAreAcknowledged) {
  AllocatorWorld world;
  world.answer = fail_creates({3}, reply_error(403, "Forbidden"));
  world.target({{kDefaultProfile, 5}});
  world.created();
  world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.allocator.outstanding(), 2) << "a round that ends commits";
  world.show(1, PodPhase::running);
  world.show(2, PodPhase::running);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(4, 5, 6));
}

TEST(AbandonedRound, StarvesEveryHigherProfile) {
  AllocatorWorld world;
  world.answer = [](const ApiRequest& request) {
    const bool default_profile = request.body != nullptr && profile_id(*request.body) == kDefaultProfile;
    return default_profile ? reply_error(403, "Forbidden") : reply_ok();
  };
  world.target({{kDefaultProfile, 1}, {kOther, 3}, {2, 3}});
  for (int tick = 0; tick < 10; ++tick) world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.allocator.last_id(), 11) << "one id a round";
  const auto report = world.reports().back();
  ASSERT_THAT(report.profiles, SizeIs(3));
  EXPECT_EQ(report.profiles[0].asked, 1);
  EXPECT_EQ(report.profiles[1].asked, 0);
  for (const ProfileReport& profile : report.profiles) EXPECT_EQ(profile.limited_by, Limit::refused);
}

TEST(AbandonedRound, ALowerProfileThatGotAllIsNotHeldUpByAHigherOne) {
  AllocatorWorld world;
  world.answer = fail_creates({3}, reply_error(422, "Invalid"));
  world.target({{kDefaultProfile, 2}, {kOther, 2}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  const auto report = world.reports().back();
  EXPECT_EQ(report.profiles.at(0).limited_by, Limit::none);
  EXPECT_EQ(report.profiles.at(1).limited_by, Limit::refused);
  EXPECT_EQ(report.profiles.at(1).asked, 2);
  EXPECT_EQ(report.profiles.at(1).created, 0);
}

TEST(AbandonedRound, ForgetsTheExcessItDeletedSoThoseMayRegisterAfterAll) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}, {kOther, 1}});
  world.show(1, PodPhase::pending);
  world.show(2, PodPhase::running);
  world.round();
  world.created();
  world.now += 2 * kIdle;
  world.answer = fail_creates({3}, reply_error(403, "Forbidden"));
  world.target({{kDefaultProfile, 0}, {kOther, 2}});
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, true}));
  EXPECT_FALSE(world.allocator.is_deleted(1));
  EXPECT_EQ(world.allocator.outstanding(), 1) << "still what it was before";
  const auto report = world.reports().back();
  EXPECT_EQ(report.outstanding, 1);
  EXPECT_EQ(report.profiles.at(0).excess_deleted, 1);
}

TEST(AbandonedRound, KeepsItsAcknowledgementsPromotionsTimeOutsAndSnapshot) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 3}});
  world.created();
  world.now += 600 * kSecondUs + 1;
  world.show(1, PodPhase::running);
  world.registered({2});
  world.answer = fail_creates({4}, reply_error(409, "AlreadyExists"));
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{3}, false}));
  EXPECT_THAT(world.allocator.newly_created(), IsEmpty());
  EXPECT_THAT(world.allocator.known_newly_created(), ElementsAre(::testing::Pair(2, kDefaultProfile)));
  EXPECT_EQ(world.allocator.outstanding(), 3) << "of the first round";
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(5));
  EXPECT_EQ(world.allocator.profiles().at(0).running, 1);
}

TEST(AbandonedRound, LeavesOutstandingAtZeroSoThatEveryNewTargetFiresARound) {
  AllocatorWorld world;
  world.answer = [](const ApiRequest&) { return reply_error(403, "Forbidden"); };
  for (int step = 1; step <= 4; ++step) EXPECT_TRUE(world.target({{kDefaultProfile, step}}));
  EXPECT_EQ(world.allocator.last_id(), 4);
}

TEST(AbandonedRound, HasNoBackOffAndNoLimitOfAttempts) {
  AllocatorWorld world;
  world.answer = [](const ApiRequest&) { return reply_error(403, "Forbidden"); };
  world.target({{kDefaultProfile, 10}});
  for (int tick = 0; tick < 200; ++tick) {
    world.now += kSecondUs;
    world.round();
  }
  EXPECT_EQ(world.allocator.last_id(), 201);
  EXPECT_THAT(world.reports(), SizeIs(201)) << "a round that made calls is always reported";
}

struct FailureCase {
  ApiReply reply;
  Limit limited_by;
  std::string aborted;
};

TEST(AbandonedRound, TellsARefusalFromAFailureOfTheServer) {
  const std::vector<FailureCase> cases{
      {reply_error(403, "Forbidden"), Limit::refused, "creating executor 1: 403 Forbidden: as the server says"},
      {reply_error(409, "AlreadyExists"), Limit::refused, "creating executor 1: 409 AlreadyExists: as the server says"},
      {reply_error(422, "Invalid"), Limit::refused, "creating executor 1: 422 Invalid: as the server says"},
      {reply_error(429, "TooManyRequests"), Limit::api_error,
       "creating executor 1: 429 TooManyRequests: as the server says"},
      {reply_error(500, "InternalError"), Limit::api_error,
       "creating executor 1: 500 InternalError: as the server says"},
      {lost(Transport::timed_out), Limit::api_error, "creating executor 1: connection timed_out"},
      {lost(Transport::maybe_committed), Limit::api_error, "creating executor 1: connection maybe_committed"},
  };
  for (const FailureCase& one : cases) {
    AllocatorWorld world;
    world.answer = fail_creates({1}, one.reply);
    world.target({{kDefaultProfile, 2}});
    const auto reports = world.reports();
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].aborted, one.aborted);
    EXPECT_EQ(reports[0].profiles.at(0).limited_by, one.limited_by);
    EXPECT_EQ(world.allocator.last_id(), 1);
    EXPECT_THAT(world.exits(), IsEmpty());
  }
}

// Java's NumberFormatException is an IllegalArgumentException, which the snapshot store answers with exit code 1.
TEST(AbandonedRound, APodWithoutANumericProfileLabelEndsTheDriverOfTwoProfilesBeforeItCounts) {
  for (const std::string label : {"", "abc"}) {
    AllocatorWorld world;
    world.show(21, PodPhase::failed, 0, label);
    world.target({{kDefaultProfile, 1}});
    EXPECT_THAT(world.created(), ElementsAre(1)) << "with one target labels do not matter";
    world.show(1, PodPhase::running);
    world.round();
    world.reports();
    world.target({{kOther, 1}});
    EXPECT_THAT(world.created(), IsEmpty());
    const auto exits = world.exits();
    ASSERT_THAT(exits, SizeIs(1));
    EXPECT_EQ(exits[0].code, 1);
    EXPECT_EQ(exits[0].why, "pod app-exec-21 has no numeric label spark-exec-resourceprofile-id");
    EXPECT_THAT(world.reports(), SizeIs(1));
    EXPECT_THAT(world.notes(), SizeIs(1));
  }
}

TEST(AbandonedRound, APodThatAnotherExceptionKeepsFromBeingBuiltIsTriedAgainEachTickAndToldOnce) {
  AllocatorWorld world;
  world.bad_conf = [](ExecutorId) { return true; };
  world.bad_kind = ErrorKind::other;
  world.target({{kDefaultProfile, 3}});
  for (int tick = 0; tick < 3; ++tick) world.round();
  EXPECT_EQ(world.allocator.last_id(), 4) << "one id a round";
  EXPECT_FALSE(world.allocator.exited());
  EXPECT_THAT(world.notes(), ElementsAre("warn: allocation round abandoned: building an executor: spark.executor.cores "
                                         "must be > 0 (got 0)"));
  EXPECT_THAT(world.reports(), SizeIs(1));
}

TEST(AbandonedRound, APodThatCannotBeBuiltEndsTheDriverWithCodeOneAndBurnsItsId) {
  AllocatorWorld world;
  world.bad_conf = [](ExecutorId id) { return id == 2; };
  world.target({{kDefaultProfile, 3}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_EQ(world.allocator.last_id(), 2);
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_TRUE(world.allocator.exited());
  const auto exits = world.exits();
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].code, 1);
  EXPECT_EQ(exits[0].why, "building executor 2: spark.executor.cores must be > 0 (got 0)");
  EXPECT_THAT(world.notes(), ElementsAre(HasSubstr("error: allocation round abandoned: building executor 2")));
  world.show(1, PodPhase::running);
  world.round();
  EXPECT_EQ(world.allocator.last_id(), 2) << "the process is gone";
}

TEST(DroppedRound, LeavesNothingInFlightAndCommitsNothing) {
  AllocatorWorld world;
  world.allocator.set_targets({{kDefaultProfile, 2}});
  world.begin();
  world.answer_call();
  world.allocator.drop_round();
  EXPECT_FALSE(world.allocator.round_in_flight());
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.reports(), IsEmpty());
}

// --- reports -----------------------------------------------------------------------------------------------------

TEST(RoundReport, CountsEveryRoundAndCarriesItsBooks) {
  AllocatorWorld world;
  world.round();
  world.show(21, PodPhase::running, 0, "0");
  world.show(22, PodPhase::pending, 0, "0");
  world.target({{kDefaultProfile, 9}});
  const auto reports = world.reports();
  ASSERT_THAT(reports, SizeIs(1));
  const out::RoundDone& report = reports[0];
  EXPECT_EQ(report.round, 2U);
  EXPECT_EQ(report.trigger, RoundTrigger::notified);
  EXPECT_EQ(report.started_us, world.now);
  EXPECT_EQ(report.snapshots, 2);
  EXPECT_EQ(report.slots, INT32_MAX - 1);
  EXPECT_EQ(report.outstanding, 6);
  const ProfileReport& profile = report.profiles.at(0);
  EXPECT_EQ(profile.running, 1);
  EXPECT_EQ(profile.pending_unknown, 1);
  EXPECT_EQ(profile.have, 2);
  EXPECT_EQ(profile.asked, 5);
  EXPECT_EQ(profile.created, 5);
  EXPECT_EQ(profile.limited_by, Limit::batch_size);
}

TEST(RoundReport, AQuietHourSaysNothing) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 5}});
  for (ExecutorId id = 1; id <= 5; ++id) world.show(id, PodPhase::running);
  world.round();
  world.reports();
  for (int second = 0; second < 3600; ++second) {
    world.now += kSecondUs;
    if (second % 30 == 0) {
      world.list({{1, PodPhase::running},
                  {2, PodPhase::running},
                  {3, PodPhase::running},
                  {4, PodPhase::running},
                  {5, PodPhase::running}});
    }
    world.round();
  }
  EXPECT_THAT(world.reports(), IsEmpty());
  EXPECT_THAT(world.notes(), IsEmpty());
}

TEST(RoundReport, AStandingLimitIsToldOnceAndSoIsItsEnd) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = 2;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 3}});
  world.show(1, PodPhase::pending);
  world.show(2, PodPhase::pending);
  for (int tick = 0; tick < 60; ++tick) world.round();
  auto reports = world.reports();
  ASSERT_THAT(reports, SizeIs(2));
  EXPECT_EQ(reports[0].profiles.at(0).created, 2);
  EXPECT_EQ(reports[1].profiles.at(0).limited_by, Limit::pending_cap);
  EXPECT_EQ(reports[1].slots, 0);
  world.target({{kDefaultProfile, 2}});
  for (int tick = 0; tick < 60; ++tick) world.round();
  reports = world.reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].profiles.at(0).limited_by, Limit::none);
  EXPECT_EQ(reports[0].round, 62U);
}

TEST(RoundReport, AChangeOfOutstandingIsTold) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.reports();
  world.show(1, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.reports(), IsEmpty()) << "new or pending, it is outstanding";
  world.show(1, PodPhase::running);
  world.round();
  const auto reports = world.reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].outstanding, 0);
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_abort_test
