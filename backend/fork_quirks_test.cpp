// The quirks of the fork's allocator, kills and start (01 11), each as it is and with its cure; and 01 9.6 points 1, 2,
// 5, 6, 7, 14, 15. More of them: fork_loss_test.cpp, fork_events_test.cpp (watch, shuffle), fork_pod_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_fork.h"

namespace podramp::backend::fork_quirks_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void refuse_once(ForkRig& rig, Verb verb, int code) {
  rig.fault = [verb, code, done = false](const ApiRequest& request) mutable -> std::optional<ApiReply> {
    if (request.verb != verb || done) return std::nullopt;
    done = true;
    return reply_error(code, "Refused");
  };
}

// --- Q01, 9.6.1 ----------------------------------------------------------------------------------------------------

TEST(ForkQuirks, F_96_1_Q01_OneFailedCreateOfAnyKindEndsTheAllocatorForGood) {
  for (const int code : {403, 404, 409, 422, 429, 500, 503}) {
    ForkRig rig(instances(5));
    rig.start();
    rig.pass();
    refuse_once(rig, Verb::create, code);
    const auto effects = rig.pass();
    EXPECT_THAT(requests(effects), ElementsAre("create app-exec-1")) << code;
    EXPECT_FALSE(rig.allocator_lives()) << code;
    const auto rounds = only<out::RoundDone>(effects);
    ASSERT_THAT(rounds, SizeIs(1));
    EXPECT_THAT(rounds[0].aborted, HasSubstr(std::to_string(code)));
    EXPECT_THAT(rig.driver.describe(), HasSubstr("dead"));
  }
}

TEST(ForkQuirks, F_96_1_WhatWasCreatedBeforeTheFailureStaysRecordedAndTheIdIsGone) {
  ForkRig rig(instances(5), {Fix::q01});
  rig.start();
  rig.pass();
  rig.fault = [n = 0](const ApiRequest& request) mutable -> std::optional<ApiReply> {
    if (request.verb != Verb::create || ++n != 3) return std::nullopt;
    return reply_error(422, "Invalid");
  };
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-1", "create app-exec-2", "create app-exec-3"));
  rig.register_executor(1);
  rig.register_executor(2);
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-4", "create app-exec-5", "create app-exec-6"));
}

TEST(ForkQuirks, F_96_1_Q01_TheCureBacksOffOnRefusalsAndGoesOn) {
  ForkRig rig(instances(1), {Fix::q01});
  rig.start();
  rig.pass();
  rig.fault = [](const ApiRequest& request) -> std::optional<ApiReply> {
    if (request.verb == Verb::create) return reply_error(403, "Forbidden");
    return std::nullopt;
  };
  std::vector<TimeUs> tries;
  for (int i = 0; i < 20; ++i) {
    if (!requests(rig.pass()).empty()) tries.push_back(rig.now);
  }
  // 1, 2, 4, 8 s apart.
  EXPECT_THAT(tries, ElementsAre(1 * kS, 2 * kS, 4 * kS, 8 * kS, 16 * kS));
  rig.fault = nullptr;
  rig.passes(20);
  EXPECT_TRUE(rig.allocator_lives());
  EXPECT_EQ(rig.pods.count("app-exec-6"), 1U);
}

TEST(ForkQuirks, F_96_1_Q01_TheCureAdoptsItsOwnPodAndStepsOverAnothers) {
  ForkRig rig(instances(2), {Fix::q01});
  Pod own = fork_pod(1, PodPhase::pending);
  rig.pods["app-exec-1"] = stored(own);
  Pod other = fork_pod(2, PodPhase::pending);
  other.own_labels["spark-app-selector"] = "another";
  rig.pods["app-exec-2"] = stored(other);
  rig.start();
  rig.pass();
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-1", "get app-exec-1", "create app-exec-2",
                                                "get app-exec-2", "create app-exec-3"));
}

TEST(ForkQuirks, F_96_1_AFailedDeleteInAPurgeEndsTheAllocatorAfterTheExecutorWasRemoved) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(1, cured ? Fixes{Fix::q01, Fix::q46} : Fixes{});
    rig.event(WatchEventType::deleted, ended_pod(1, 0));
    rig.disconnect(1);
    refuse_once(rig, Verb::remove, 500);
    const auto effects = rig.pass();
    EXPECT_THAT(removed(effects), SizeIs(1));
    EXPECT_EQ(rig.allocator_lives(), cured);
    // The cure tries the delete again, then replaces the executor.
    if (cured) {
      EXPECT_THAT(requests(rig.passes(2)), ElementsAre("delete app-exec-1", "create app-exec-2"));
    }
    if (!cured) {
      EXPECT_EQ(rig.pods.count("app-exec-1"), 1U);
    }
  }
}

TEST(ForkQuirks, F_96_1_TheDriverPodMustBeReadable) {
  ForkRig forbidden(instances(1));
  forbidden.fault = [](const ApiRequest&) { return reply_error(403, "Forbidden"); };
  const auto exits = only<out::Exited>(forbidden.start());
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].code, 1);
  EXPECT_THAT(exits[0].why, HasSubstr("cannot find the driver pod driver-pod"));
  // A 404 is found out only when the first pod is built, and that ends the allocator.
  ForkRig missing(instances(1));
  missing.pods.clear();
  EXPECT_THAT(only<out::Exited>(missing.start()), IsEmpty());
  missing.passes(2);
  EXPECT_FALSE(missing.allocator_lives());
}

// --- Q02, 9.6.2 ----------------------------------------------------------------------------------------------------

TEST(ForkQuirks, F_96_2_Q02_APodThatNeverRegistersBlocksAllFurtherAllocation) {
  ForkRig rig = created(10);
  for (const ExecutorId id : {1, 2, 3, 4}) rig.register_executor(id);
  // It failed (image pull, init container, crash): the pod even says so.
  rig.event(WatchEventType::modified, ended_pod(5, 1));
  EXPECT_THAT(requests(rig.passes(1000)), IsEmpty());
  EXPECT_TRUE(rig.allocator_lives());
  // Deleted while Pending: the same.
  rig.event(WatchEventType::deleted, fork_pod(5, PodPhase::pending));
  EXPECT_THAT(requests(rig.passes(1000)), IsEmpty());
}

TEST(ForkQuirks, F_96_2_Q02_TheCureReplacesItAfterATimeoutOrOnceItIsDeleted) {
  const StringMap timeout = {{"spark.kubernetes.allocation.executor.timeout", "60s"}};
  ForkRig rig = created(10, {Fix::q02}, timeout);
  for (const ExecutorId id : {1, 2, 3, 4}) rig.register_executor(id);
  EXPECT_THAT(requests(rig.passes(59)), IsEmpty());
  EXPECT_THAT(requests(rig.pass()), ElementsAre("delete app-exec-5", "create app-exec-6", "create app-exec-7",
                                                "create app-exec-8", "create app-exec-9", "create app-exec-10"));
  rig.event(WatchEventType::deleted, fork_pod(6, PodPhase::pending));
  for (const ExecutorId id : {7, 8, 9, 10}) rig.register_executor(id);
  EXPECT_THAT(requests(rig.pass()), ElementsAre("delete app-exec-6", "create app-exec-11", "create app-exec-12"));
}

TEST(ForkQuirks, Q02_TheCureStopsAfterTooManyFailures) {
  const StringMap timeout = {{"spark.kubernetes.allocation.executor.timeout", "2s"}};
  ForkRig rig = created(1, {Fix::q02}, timeout);
  rig.passes(100);
  // max(3, 2 x 1) pods may fail; the one after them is the last.
  EXPECT_EQ(requests(rig.effects).back(), "delete app-exec-4");
}

// --- Q05, Q06; 9.6.5, 9.6.6 ----------------------------------------------------------------------------------------

TEST(ForkQuirks, F_96_5_Q05_KilledExecutorsStandInForPendingPodsAndTheCureLooksAtIdentities) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(5, cured ? Fixes{Fix::q05} : Fixes{});
    rig.kill({1, 2, 3});
    rig.target(8);
    EXPECT_THAT(requests(rig.pass()), SizeIs(5));  // ids 6..10, of which nobody registers: 2 + 5 pods
    rig.target(20);
    // registered is still 5 of 7 pods ...
    EXPECT_THAT(requests(rig.pass()), IsEmpty());
    for (const ExecutorId id : {6, 7}) rig.register_executor(id);
    // ... and now 7 of 7, although 8, 9 and 10 are pending.
    const auto more = requests(rig.pass());
    if (cured) {
      EXPECT_THAT(more, IsEmpty());
    }
    if (!cured) {
      EXPECT_THAT(more, SizeIs(5));
    }
  }
}

TEST(ForkQuirks, F_96_5_Q06_ALoweredTargetLeavesPendingPodsAloneAndTheCureCancelsTheYoungest) {
  for (const bool cured : {false, true}) {
    ForkRig rig = created(5, cured ? Fixes{Fix::q06} : Fixes{});
    rig.register_executor(1);
    const auto lowered = requests(rig.target(2));
    if (cured) {
      EXPECT_THAT(lowered, ElementsAre("delete app-exec-5", "delete app-exec-4", "delete app-exec-3"));
    }
    if (!cured) {
      EXPECT_THAT(lowered, IsEmpty());
    }
    EXPECT_THAT(requests(rig.passes(5)), IsEmpty());
  }
}

TEST(ForkQuirks, F_96_5_Q06_AnUnregisteredExecutorCannotBeKilledAndWithTheCureItCan) {
  for (const bool cured : {false, true}) {
    ForkRig rig = created(2, cured ? Fixes{Fix::q06} : Fixes{});
    const auto effects = requests(rig.kill({1}, true));
    if (cured) {
      EXPECT_THAT(effects, ElementsAre("delete app-exec-1"));
    }
    if (!cured) {
      EXPECT_THAT(effects, IsEmpty());
    }
  }
}

TEST(ForkQuirks, F_96_6_RemovalLowersRegisteredAndTellsTheSchedulerOnce) {
  ForkRig rig = running(3);
  EXPECT_EQ(rig.driver.books().registered, 3);
  rig.kill({2});
  EXPECT_EQ(rig.driver.books().registered, 3);  // until RemoveExecutor is processed
  rig.event(WatchEventType::deleted, ended_pod(2, 143));
  const auto effects = rig.pass();
  ASSERT_THAT(removed(effects), SizeIs(1));
  EXPECT_FALSE(removed(effects)[0].caused_by_app);  // killed by driver
  EXPECT_EQ(rig.driver.books().registered, 2);
  ASSERT_THAT(only<out::ExecutorStopped>(effects), SizeIs(1));
  // Its id may not come again while it is known, and may once it is not.
  EXPECT_THAT(only<out::RegistrationRefused>(rig.register_executor(1)), SizeIs(1));
}

// --- Q19, Q20, Q21; 9.6.7 ------------------------------------------------------------------------------------------

TEST(ForkQuirks, Q19_AKillInStaticModeDropsTheTargetToZeroAndTheCureKeepsCount) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(3, cured ? Fixes{Fix::q19} : Fixes{});
    rig.kill({1});
    EXPECT_THAT(rig.driver.describe(), HasSubstr(cured ? "target: 2\n" : "target: 0\n"));
    ForkRig more = running(3, cured ? Fixes{Fix::q19} : Fixes{});
    more.step(in::ExecutorsRequested{2});
    EXPECT_THAT(more.driver.describe(), HasSubstr(cured ? "target: 5\n" : "target: 2\n"));
  }
}

TEST(ForkQuirks, F_96_7_Q20_AMissingMaximumCountsAsOneAndTheCureTakesNone) {
  const StringMap two = dynamic({{"spark.dynamicAllocation.minExecutors", "2"}});
  ForkRig faithful(two);
  const auto exits = only<out::Exited>(faithful.start());
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].code, 1);
  EXPECT_THAT(exits[0].why, HasSubstr("counts as 1"));
  ForkRig cured(two, {Fix::q20});
  EXPECT_THAT(only<out::Exited>(cured.start()), IsEmpty());
  EXPECT_THAT(requests(cured.passes(2)), ElementsAre("create app-exec-1", "create app-exec-2"));
  ForkRig bounded(
      dynamic({{"spark.dynamicAllocation.minExecutors", "2"}, {"spark.dynamicAllocation.maxExecutors", "9"}}));
  EXPECT_THAT(only<out::Exited>(bounded.start()), IsEmpty());
}

TEST(ForkQuirks, F_96_7_Q21_FractionalCoresEndADynamicDriverLateAndWithTheCureBeforeItAsksForAnything) {
  const StringMap half = dynamic({{"spark.executor.cores", "0.5"}});
  ForkRig faithful(half);
  const auto late = faithful.start();
  EXPECT_THAT(requests(late), ElementsAre("get driver-pod", "watch", "list", "watch"));
  ASSERT_THAT(only<out::Exited>(late), SizeIs(1));
  EXPECT_EQ(only<out::Exited>(late)[0].code, 1);
  ForkRig cured(half, {Fix::q21});
  const auto early = cured.start();
  EXPECT_THAT(requests(early), IsEmpty());
  ASSERT_THAT(only<out::Exited>(early), SizeIs(1));
}

TEST(ForkQuirks, F_96_7_TheRegisteredRatioOrThirtySecondsMakeItReady) {
  ForkRig rig = created(5);
  for (const ExecutorId id : {1, 2, 3}) rig.register_executor(id);
  EXPECT_THAT(only<out::ReadyToSchedule>(rig.effects), IsEmpty());
  rig.register_executor(4);  // 4 >= 5 x 0.8
  const auto ready = only<out::ReadyToSchedule>(rig.effects);
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_EQ(ready[0].registered, 4);
  EXPECT_FALSE(ready[0].timed_out);
  ForkRig slow = created(5);
  EXPECT_EQ(slow.timers.at({TimerKind::ready_wait, 0}), 30 * kS);
  const auto late = only<out::ReadyToSchedule>(slow.fire({TimerKind::ready_wait, 0}));
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_TRUE(late[0].timed_out);
  ForkRig empty(dynamic({}));  // initial 0: at once
  EXPECT_THAT(only<out::ReadyToSchedule>(empty.start()), SizeIs(1));
  ForkRig ratio = created(5, {}, {{"spark.scheduler.minRegisteredResourcesRatio", "0.4"}});
  ratio.register_executor(1);
  ratio.register_executor(2);
  EXPECT_THAT(only<out::ReadyToSchedule>(ratio.effects), SizeIs(1));
}

TEST(ForkQuirks, F_96_7_WithoutADriverPodNameItDoesNotStart) {
  ForkRig rig(StringMap{{"spark.kubernetes.driver.pod.name", ""}});
  const auto exits = only<out::Exited>(rig.start());
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_THAT(exits[0].why, HasSubstr("must specify the driver pod name"));
}

TEST(ForkQuirks, Q18_StaticAllocationGivesNoHintsAndWithTheCureItDoes) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(1, cured ? Fixes{Fix::q18} : Fixes{});
    rig.target(2, {{"n1", 3}, {"n2", 1}});
    rig.pass();
    const PodPtr pod = rig.pods.at("app-exec-2");
    EXPECT_EQ(pod->own_annotations.size(), cured ? 1U : 0U);
  }
}

// --- Q23, Q46; 9.6.14 ----------------------------------------------------------------------------------------------

TEST(ForkQuirks, F_96_14_Q23_TheFirstFailingDeleteOfAStopSkipsTheRestAndTheCureGoesOn) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(3, cured ? Fixes{Fix::q23} : Fixes{});
    rig.fault = [](const ApiRequest& request) -> std::optional<ApiReply> {
      if (request.verb == Verb::remove && request.name == "app-exec-1") return reply_error(500, "InternalError");
      return std::nullopt;
    };
    const auto effects = rig.step(in::Stopped{});
    if (cured) {
      EXPECT_THAT(requests(effects), SizeIs(3));
    }
    if (!cured) {
      EXPECT_THAT(requests(effects), ElementsAre("delete app-exec-1"));
    }
    EXPECT_THAT(only<out::WatchReleased>(effects), SizeIs(cured ? 1 : 0));
    EXPECT_THAT(only<out::ExecutorStopped>(effects), SizeIs(3));  // before anything is deleted
    EXPECT_THAT(only<out::Exited>(effects), SizeIs(1));
  }
}

TEST(ForkQuirks, F_96_14_AStopWaitsForTheBatchThatHoldsTheLockAndDeletesItToo) {
  ForkRig rig(instances(2));
  rig.start();
  rig.pass();
  rig.hold = [](const ApiRequest& request) { return request.verb == Verb::create; };
  rig.pass();
  EXPECT_THAT(only<out::Exited>(rig.step(in::Stopped{})), IsEmpty());
  rig.hold = nullptr;
  const auto effects = rig.release();
  EXPECT_THAT(requests(effects), ElementsAre("create app-exec-2", "delete app-exec-1", "delete app-exec-2"));
  EXPECT_THAT(only<out::Exited>(effects), SizeIs(1));
}

TEST(ForkQuirks, F_96_3_Q46_AFailedDeleteOfAKillLosesThePodAndTheCureTriesAgain) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(3, cured ? Fixes{Fix::q46} : Fixes{});
    refuse_once(rig, Verb::remove, 500);
    // The ids behind it are skipped.
    EXPECT_THAT(requests(rig.kill({1, 2}, true)), SizeIs(cured ? 2 : 1));
    // The count of pods is one lower for good, and the executor is never removed.
    rig.disconnect(1);
    rig.event(WatchEventType::deleted, ended_pod(1, 1));
    const auto effects = rig.passes(30);
    bool forgotten = true;
    for (const auto& gone : removed(effects)) forgotten = forgotten && gone.executor != 1;
    EXPECT_EQ(forgotten, !cured);
    if (!cured) {
      EXPECT_THAT(requests(rig.step(in::Stopped{})), ::testing::Not(::testing::Contains("delete app-exec-1")));
    }
  }
}

// --- Q12; 9.6.5 ----------------------------------------------------------------------------------------------------

TEST(ForkQuirks, F_96_5_Q12_AKillWaitsForTheWholeBatchAndWithTheCureItDoesNot) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(10, cured ? Fixes{Fix::q12} : Fixes{});
    rig.hold = [](const ApiRequest& request) { return request.verb == Verb::create; };
    rig.pass();
    ASSERT_THAT(rig.held, SizeIs(1));
    EXPECT_THAT(requests(rig.kill({1}, true)), SizeIs(cured ? 1 : 0));
    for (int i = 0; i < 4; ++i) EXPECT_THAT(requests(rig.release()), SizeIs(1));
    const auto last = requests(rig.release());
    if (cured) {
      EXPECT_THAT(last, IsEmpty());
    }
    if (!cured) {
      EXPECT_THAT(last, ElementsAre("delete app-exec-1"));
    }
  }
}

TEST(ForkQuirks, F_96_5_Q12_RegistrationsBehindADisconnectWaitForTheBatchToo) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(10, cured ? Fixes{Fix::q12} : Fixes{});
    rig.hold = [](const ApiRequest& request) { return request.verb == Verb::create; };
    rig.pass();
    rig.disconnect(1);
    EXPECT_THAT(only<out::RegistrationAccepted>(rig.register_executor(6)), SizeIs(cured ? 1 : 0));
    rig.hold = nullptr;
    EXPECT_THAT(only<out::RegistrationAccepted>(rig.release()), SizeIs(cured ? 0 : 1));
  }
}

TEST(ForkQuirks, F_96_5_Q12_TheWatchersEventsWaitForTheBatchToo) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(10, cured ? Fixes{Fix::q12} : Fixes{});
    rig.hold = [](const ApiRequest& request) { return request.verb == Verb::create; };
    rig.pass();
    rig.event(WatchEventType::deleted, ended_pod(2, 0));
    EXPECT_EQ(rig.driver.describe().find("exit reason") != std::string::npos, cured);
    rig.hold = nullptr;
    rig.release();
    EXPECT_THAT(rig.driver.describe(), HasSubstr("exit reason: pod app-exec-2 was deleted or lost"));
  }
}

// --- 9.6.15 --------------------------------------------------------------------------------------------------------

TEST(ForkQuirks, F_96_15_ANameThatExistsOrIsInvalidEndsTheAllocator) {
  ForkRig taken(instances(1));
  Pod other = fork_pod(1, PodPhase::running);
  other.own_labels["spark-app-selector"] = "another";  // two drivers with the default prefix
  taken.pods["app-exec-1"] = stored(other);
  taken.start();
  taken.passes(2);
  EXPECT_FALSE(taken.allocator_lives());
  // Nobody looks at the prefix before the server does.
  ForkRig invalid(instances(1), {}, "My_App");
  invalid.start();
  invalid.passes(2);
  EXPECT_EQ(requests(invalid.effects).back(), "create My_App-exec-1");
  EXPECT_FALSE(invalid.allocator_lives());
  EXPECT_THAT(only<out::RoundDone>(invalid.effects).back().aborted, HasSubstr("422 Invalid"));
}

}  // namespace
}  // namespace podramp::backend::fork_quirks_test
