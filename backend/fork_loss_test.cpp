// How the fork loses executors: quirks Q03, Q04, Q08, Q09, Q10 (01 11), each as it is and with its cure, 01 9.6 point
// 4, and silent executors (01 1.8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_fork.h"

namespace podramp::backend::fork_loss_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- Q03, Q04, Q08, Q09, Q10; 9.6.4 --------------------------------------------------------------------------------

TEST(ForkLoss, F_96_4_Q03_AfterAnAppCausedExitAllocationIsBlockedForElevenPasses) {
  ForkRig rig = running(2);
  rig.disconnect(1);
  rig.event(WatchEventType::error, ended_pod(1, 1));
  EXPECT_THAT(removed(rig.pass()), SizeIs(1));
  const auto ten = rig.passes(10);
  EXPECT_THAT(requests(ten), IsEmpty());
  EXPECT_THAT(removed(ten), IsEmpty());
  // The second removal is for an executor that is not known any more; then the pod goes after all.
  const auto last = rig.pass();
  EXPECT_THAT(removed(last), IsEmpty());
  EXPECT_THAT(requests(last), ElementsAre("delete app-exec-1", "create app-exec-3"));
  bool told = false;
  for (const auto& noted : only<out::Noted>(last)) told = told || noted.text.find("is not known") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST(ForkLoss, F_96_4_Q03_TheCureReplacesItAtOnce) {
  ForkRig rig = running(2, {Fix::q03});
  rig.disconnect(1);
  rig.event(WatchEventType::error, ended_pod(1, 1));
  EXPECT_THAT(requests(rig.pass()), ElementsAre("delete app-exec-1", "create app-exec-3"));
}

TEST(ForkLoss, F_96_3_Q04_APodThatShowsItHasFailedIsIgnoredAndTheCureReadsItsExitCode) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(1, cured ? Fixes{Fix::q04} : Fixes{});
    rig.event(WatchEventType::modified, ended_pod(1, 3));
    rig.disconnect(1);
    const auto gone = removed(rig.pass());
    ASSERT_THAT(gone, SizeIs(cured ? 1 : 0));
    if (cured) {
      EXPECT_EQ(gone[0].exit_code, 3);
    }
  }
}

std::string reason_of(int code, const Fixes& fixes) {
  ForkRig rig = running(1, fixes);
  rig.disconnect(1);
  rig.event(WatchEventType::error, ended_pod(1, code));
  return removed(rig.pass()).at(0).reason;
}

TEST(ForkLoss, Q08_MemoryKillsAreKnownByYarnsCodesAndTheCureKnows137) {
  EXPECT_THAT(reason_of(-103, {}), HasSubstr("memory limit"));
  EXPECT_THAT(reason_of(-104, {}), HasSubstr("memory limit"));
  EXPECT_THAT(reason_of(137, {}), HasSubstr("exited with status code 137"));
  EXPECT_THAT(reason_of(137, {Fix::q08}), HasSubstr("memory limit"));
}

TEST(ForkLoss, ExitCodesComeFromTheFirstContainerOnly) {
  Pod pod = fork_pod(1, PodPhase::failed);
  EXPECT_EQ(fork_exit_code(pod), -1);
  pod.containers = {running_container("executor"), ended_container("sidecar", 9)};
  EXPECT_EQ(fork_exit_code(pod), -111);
  pod.containers = {ended_container("executor", 7)};
  EXPECT_EQ(fork_exit_code(pod), 7);
}

TEST(ForkLoss, Q09_AnUnknownLossCountsTowardTaskFailuresAndWithTheCureItDoesNot) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(1, cured ? Fixes{Fix::q09} : Fixes{});
    rig.disconnect(1);
    const auto gone = removed(rig.passes(11));
    ASSERT_THAT(gone, SizeIs(1));
    EXPECT_EQ(gone[0].caused_by_app, !cured);
  }
}

TEST(ForkLoss, Q10_TenLooksAreOverBeforeTheGracePeriodAndTheCureWaitsForIt) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running(1, cured ? Fixes{Fix::q10} : Fixes{});
    rig.kill({1});
    const auto early = removed(rig.passes(30));  // the pod has 30 s to end
    ASSERT_THAT(early, SizeIs(cured ? 0 : 1));
    if (!cured) {
      EXPECT_THAT(early[0].reason, HasSubstr("unknown reasons"));
    }
    rig.event(WatchEventType::deleted, ended_pod(1, 143));
    const auto late = removed(rig.pass());
    ASSERT_THAT(late, SizeIs(cured ? 1 : 0));
    if (cured) {
      EXPECT_THAT(late[0].reason, HasSubstr("explicit termination"));
    }
  }
  // Without any event it gives up 40 s after the first look: grace period and margin.
  ForkRig silent = running(1, {Fix::q10});
  silent.disconnect(1);
  EXPECT_THAT(removed(silent.passes(40)), IsEmpty());
  EXPECT_THAT(removed(silent.pass()), SizeIs(1));
}

// --- heartbeats (01 1.8) -------------------------------------------------------------------------------------------

TEST(ForkLoss, ASilentExecutorIsKilledAndReplacedAfter120To180Seconds) {
  ForkRig rig = running(1);
  rig.now = 10 * kS;
  rig.step(in::HeartbeatsStopped{1, 5 * kS});
  EXPECT_EQ(rig.timers.at({TimerKind::heartbeat_check, 0}), 60 * kS);
  EXPECT_THAT(requests(rig.fire({TimerKind::heartbeat_check, 0})), IsEmpty());
  EXPECT_THAT(requests(rig.fire({TimerKind::heartbeat_check, 0})), IsEmpty());  // 120 s: 115 s silent
  const auto killed = rig.fire({TimerKind::heartbeat_check, 0});                // 180 s
  EXPECT_THAT(requests(killed), ElementsAre("delete app-exec-1"));
  EXPECT_THAT(rig.driver.describe(), HasSubstr("target: 1\n"));
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-2"));
}

}  // namespace
}  // namespace podramp::backend::fork_loss_test
