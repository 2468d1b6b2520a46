// The fixes of the allocator's defects (fixes.h), each with the damage that Spark does without it and the cure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"

namespace podramp::backend::snapshot_allocator_fixes_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

AllocatorSettings with_fix(bool AllocatorSettings::*fix, bool on = true) {
  AllocatorSettings settings = acceptance_settings();
  settings.*fix = on;
  return settings;
}

AllocatorWorld::Answer refuse_creates(int code = 403) {
  return [code](const ApiRequest& request) {
    return request.verb == Verb::create ? reply_error(code, "Forbidden") : reply_ok();
  };
}

// --- ghost-executors ---------------------------------------------------------------------------------------------

// One executor registers and dies between two snapshots; the backend has forgotten it. Then an hour passes.
std::vector<ExecutorId> hour_after_a_ghost(AllocatorWorld& world) {
  world.target({{kDefaultProfile, 1}});
  world.created();
  world.registered({1});
  world.round();
  EXPECT_THAT(world.allocator.known_newly_created(), SizeIs(1));
  world.table.remove(1);
  std::vector<ExecutorId> created;
  for (int tick = 0; tick < 3600; ++tick) {
    world.now += kSecondUs;
    world.round();
    for (const ExecutorId id : world.created()) {
      created.push_back(id);
      world.show(id, PodPhase::running);
    }
  }
  return created;
}

TEST(SparkTrap, T3_an_executor_that_registered_and_died_unseen_is_never_replaced) {
  AllocatorWorld world(with_fix(&AllocatorSettings::drops_ghosts, false));
  EXPECT_THAT(hour_after_a_ghost(world), IsEmpty());
  EXPECT_THAT(world.allocator.known_newly_created(), SizeIs(1));
  EXPECT_EQ(world.allocator.profiles().at(0).have, 1);
}

TEST(SparkAcceptance, S_A29_a_known_new_executor_that_leaves_the_backend_is_dropped_from_the_books) {
  AllocatorWorld world(with_fix(&AllocatorSettings::drops_ghosts));
  EXPECT_THAT(hour_after_a_ghost(world), ElementsAre(2));
  EXPECT_THAT(world.allocator.known_newly_created(), IsEmpty());
}

TEST(GhostExecutors, AnExecutorThatIsStillRegisteredStaysInTheBooks) {
  AllocatorWorld world(with_fix(&AllocatorSettings::drops_ghosts));
  world.target({{kDefaultProfile, 1}});
  world.registered({1});
  for (int tick = 0; tick < 10; ++tick) world.round();
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_THAT(world.allocator.known_newly_created(), SizeIs(1));
}

// --- back-off ----------------------------------------------------------------------------------------------------

// The seconds at which creates are tried in five minutes of rounds every second, all refused.
std::vector<std::int64_t> tries(AllocatorWorld& world) {
  world.answer = refuse_creates();
  const TimeUs start = world.now;
  std::vector<std::int64_t> at;
  world.allocator.set_targets({{kDefaultProfile, 1}});
  for (int second = 0; second < 130; ++second) {
    world.now = start + second * kSecondUs;
    const ExecutorId before = world.allocator.last_id();
    world.round();
    if (world.allocator.last_id() != before) at.push_back(second);
  }
  return at;
}

TEST(BackOff, WithoutItARefusedCreateIsTriedEverySecond) {
  AllocatorWorld world(with_fix(&AllocatorSettings::backs_off, false));
  EXPECT_THAT(tries(world), SizeIs(130));
}

TEST(BackOff, ARefusedCreateIsTriedAgainAfter1And2And4UpTo32Seconds) {
  AllocatorWorld world(with_fix(&AllocatorSettings::backs_off));
  EXPECT_THAT(tries(world), ElementsAre(0, 1, 3, 7, 15, 31, 63, 95, 127));
  EXPECT_EQ(world.reports().back().profiles.at(0).limited_by, Limit::refused) << "also while it waits";
}

TEST(BackOff, ASuccessStartsItAnewAndNewTargetsDoNotCutItShort) {
  AllocatorWorld world(with_fix(&AllocatorSettings::backs_off));
  world.answer = refuse_creates();
  world.target({{kDefaultProfile, 2}});
  world.now += kSecondUs;
  world.round();
  EXPECT_EQ(world.allocator.last_id(), 2) << "now 2 s";
  for (int i = 0; i < 5; ++i) world.target({{kDefaultProfile, 3 + i}});
  EXPECT_EQ(world.allocator.last_id(), 2);
  world.now += 2 * kSecondUs;
  world.answer = [](const ApiRequest& request) {
    return executor_id(*request.body) == 4 ? reply_error(403, "Forbidden") : reply_ok();
  };
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(3));
  EXPECT_EQ(world.allocator.last_id(), 4);
  world.show(3, PodPhase::running);
  world.now += kSecondUs;
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(5, 6, 7, 8, 9)) << "after 1 s, not 4";
}

TEST(BackOff, From42TheRestOfTheRoundIsNotTriedSoThatAFailureBudgetLasts) {
  AllocatorSettings settings = with_fix(&AllocatorSettings::backs_off);
  settings.goes_on_after_refusal = true;
  AllocatorWorld world(settings);
  world.answer = refuse_creates();
  world.target({{kDefaultProfile, 5}, {kOther, 5}});
  EXPECT_EQ(world.allocator.last_id(), 1);
  EXPECT_EQ(world.allocator.take_failed_creates(), 1);
  const auto report = world.reports().back();
  EXPECT_EQ(report.aborted, "") << "4.2 commits";
  EXPECT_EQ(report.profiles.at(0).limited_by, Limit::refused);
  EXPECT_EQ(report.profiles.at(1).limited_by, Limit::refused);
  EXPECT_EQ(report.profiles.at(1).asked, 0);
}

// --- unused-shares -----------------------------------------------------------------------------------------------

TEST(UnusedShares, WithoutItSlotsThatAProfileDoesNotNeedStayEmptyThisRound) {
  for (const bool fixed : {false, true}) {
    AllocatorSettings settings = with_fix(&AllocatorSettings::shares_unused, fixed);
    settings.batch_size = 10;
    settings.max_pending_pods = 9;
    AllocatorWorld world(settings);
    world.target({{kDefaultProfile, 1}, {kOther, 10}, {2, 10}});
    EXPECT_THAT(world.created(), SizeIs(fixed ? 9 : 7));
    const auto report = world.reports().back();
    EXPECT_EQ(report.profiles.at(0).created, 1);
    EXPECT_EQ(report.profiles.at(1).created, fixed ? 4 : 3);
    EXPECT_EQ(report.profiles.at(2).created, fixed ? 4 : 3);
    EXPECT_EQ(report.profiles.at(1).limited_by, Limit::profile_share);
  }
}

// --- parallel-creates --------------------------------------------------------------------------------------------

AllocatorSettings parallel() { return with_fix(&AllocatorSettings::creates_parallel); }

TEST(ParallelCreates, WithoutItARoundLastsAsLongAsAllItsCreatesTogether) {
  AllocatorWorld world;
  world.call_takes = 100 * kMillisecondUs;
  const TimeUs start = world.now;
  world.target({{kDefaultProfile, 5}});
  EXPECT_EQ(world.now - start, 500 * kMillisecondUs);
}

TEST(ParallelCreates, ThoseOfOneProfileAreUnderWayAtOnceAndTheNextProfileWaitsForThem) {
  AllocatorWorld world(parallel());
  world.side_by_side = true;
  world.allocator.set_targets({{kDefaultProfile, 3}, {kOther, 2}});
  EXPECT_EQ(world.begin(), Progress::waiting);
  EXPECT_THAT(world.under_way, SizeIs(3));
  EXPECT_EQ(world.allocator.creating(), 1);
  EXPECT_EQ(world.answer_call(2), Progress::waiting);
  EXPECT_EQ(world.answer_call(0), Progress::waiting);
  EXPECT_EQ(world.allocator.creating(), 2);
  EXPECT_THAT(world.under_way, SizeIs(1));
  EXPECT_EQ(world.answer_call(0), Progress::waiting);
  EXPECT_THAT(world.under_way, SizeIs(2)) << "now the other profile";
  world.answer_call(0);
  EXPECT_EQ(world.answer_call(0), Progress::done);
  EXPECT_THAT(world.created(), ElementsAre(3, 1, 2, 4, 5)) << "as they were answered";
  EXPECT_EQ(world.allocator.outstanding(), 5);
}

TEST(ParallelCreates, UpTo41AFailureAbandonsTheRoundOnceAllItsCreatesAreAnsweredAndKeepsThoseThatSucceeded) {
  AllocatorWorld world(parallel());
  world.side_by_side = true;
  world.answer = [](const ApiRequest& request) {
    return executor_id(*request.body).value() <= 2 ? reply_error(403, "Forbidden") : reply_ok();
  };
  world.target({{kDefaultProfile, 4}, {kOther, 2}});
  EXPECT_THAT(world.created(), UnorderedElementsAre(3, 4));
  EXPECT_EQ(world.allocator.last_id(), 4) << "the other profile is starved";
  EXPECT_THAT(world.allocator.newly_created(), SizeIs(2));
  EXPECT_EQ(world.allocator.outstanding(), 0);
  const auto report = world.reports().back();
  EXPECT_EQ(report.aborted, "creating executor 1: 403 Forbidden: as the server says") << "the first one is told";
  EXPECT_EQ(report.profiles.at(0).created, 2);
}

TEST(ParallelCreates, From42EachFailureIsCountedAndTheRoundGoesOn) {
  AllocatorSettings settings = parallel();
  settings.goes_on_after_refusal = true;
  AllocatorWorld world(settings);
  world.side_by_side = true;
  world.answer = [](const ApiRequest& request) {
    return executor_id(*request.body).value() <= 2 ? reply_error(403, "Forbidden") : reply_ok();
  };
  world.target({{kDefaultProfile, 4}, {kOther, 2}});
  EXPECT_THAT(world.created(), UnorderedElementsAre(3, 4, 5, 6));
  EXPECT_EQ(world.allocator.take_failed_creates(), 2);
  EXPECT_EQ(world.allocator.outstanding(), 4);
}

TEST(ParallelCreates, TheIdThatExceedsTheMaximumAbandonsTheRoundAfterTheOthers) {
  AllocatorSettings settings = parallel();
  settings.ids_max = 3;
  AllocatorWorld world(settings);
  world.side_by_side = true;
  world.target({{kDefaultProfile, 5}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_THAT(world.reports().back().aborted, HasSubstr("exceeds the pod creation limit of 3"));
}

TEST(ParallelCreates, APodThatCannotBeBuiltEndsTheDriverAfterTheOthers) {
  AllocatorWorld world(parallel());
  world.side_by_side = true;
  world.bad_conf = [](ExecutorId id) { return id == 3; };
  world.target({{kDefaultProfile, 5}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_THAT(world.exits(), SizeIs(1));
  EXPECT_EQ(world.allocator.last_id(), 3);
}

TEST(ParallelCreates, ClaimsUnderWayCountAgainstTheLimitOfWaitToReuse) {
  AllocatorSettings settings = parallel();
  settings.claims = {.own = true, .reuse = true, .wait = true, .claims_max = 2};
  AllocatorWorld world(settings);
  world.side_by_side = true;
  Conf conf;
  conf.ns = "default";
  conf.volumes.resize(1);
  conf.volumes[0].volume = {"data", "persistentVolumeClaim", "OnDemand", {{"storageClass", "x"}, {"sizeLimit", "1Gi"}}};
  world.claims.emplace(conf, "app-1", "app");
  world.allocator.set_driver(OwnerReference{"Pod", "driver", "uid-driver", true});
  world.target({{kDefaultProfile, 5}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_THAT(world.created_claims(), UnorderedElementsAre("app-exec-1-pvc-0", "app-exec-2-pvc-0"));
  EXPECT_EQ(world.allocator.claims_made(), 2);
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_fixes_test
