#include "backend/lifecycle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/pod_source.h"
#include "backend/test_pods.h"

namespace podramp::backend::lifecycle_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kSpark = "spark-kubernetes-executor";
constexpr TimeUs ms(std::int64_t n) { return n * kMillisecondUs; }

Pod failed_pod(ExecutorId id, int exit_code = 1) {
  Pod pod = executor_pod(id, PodPhase::failed);
  pod.containers = {ended_container(kSpark, exit_code)};
  return pod;
}

SnapshotChange update(const Pod& pod) { return update_pod(stored(pod), {}); }
SnapshotChange listing(const std::vector<Pod>& pods, TimeUs at) {
  std::vector<PodPtr> items;
  for (const Pod& pod : pods) items.push_back(stored(pod));
  return replace_snapshot(items, at, {});
}

// A lifecycle manager whose calls are answered at once from `cluster`.
struct Rig {
  explicit Rig(LifecycleSettings settings = {}, FailureTracker failures = {std::nullopt, 1'000})
      : lifecycle(std::move(settings), std::move(failures), table, calls) {}

  // One run to its end. Fills asked and removed.
  void run(TimeUs now, SnapshotBatch batch) {
    asked.clear();
    removed.clear();
    Progress progress = lifecycle.begin(now, std::move(batch), out);
    while (true) {
      const auto effects = out.take();
      for (const auto& one : only<out::ExecutorRemoved>(effects)) removed.push_back(one);
      const auto called = only<out::Called>(effects);
      if (progress == Progress::done) {
        EXPECT_THAT(called, IsEmpty());
        return;
      }
      ASSERT_THAT(called, SizeIs(1));
      last_request = called[0].request;
      EXPECT_EQ(last_request.ns, "default");
      asked.push_back(fmt::format("{} {}", to_text(last_request.verb), last_request.name));
      const auto completed = calls.on_reply(now, {called[0].call, answer(last_request)}, out);
      ASSERT_TRUE(completed);
      EXPECT_EQ(completed->owner, CallOwner::lifecycle);
      progress = lifecycle.resume(now, *completed, out);
    }
  }
  ApiReply answer(const ApiRequest& request) {
    const auto it = cluster.find(request.name);
    if (it == cluster.end()) return reply_error(404, "NotFound");
    const PodPtr pod = it->second;
    if (request.verb == Verb::remove && deletes_work) cluster.erase(it);
    return reply_with(pod);
  }
  void store(const Pod& pod) { cluster[pod.name] = stored(pod); }

  ExecutorTable table;
  ApiCalls calls{RetryPolicy{}};
  Outbox out;
  Lifecycle lifecycle;
  std::map<std::string, PodPtr> cluster;
  bool deletes_work = true;
  std::vector<std::string> asked;  // "get app-exec-1"
  std::vector<out::ExecutorRemoved> removed;
  ApiRequest last_request;
};

LifecycleSettings settings_with(const std::function<void(LifecycleSettings&)>& change) {
  LifecycleSettings settings;
  settings.ns = "default";
  change(settings);
  return settings;
}
const LifecycleSettings kPlain = settings_with([](LifecycleSettings&) {});
const LifecycleSettings kOncePerBatch = settings_with([](LifecycleSettings& s) { s.once_per_batch = true; });
const LifecycleSettings kKeepPods = settings_with([](LifecycleSettings& s) { s.delete_on_termination = false; });

// --- 02 7.2 ------------------------------------------------------------------------------------------------------

TEST(SparkAcceptance, S_B1_TooManyFailuresInsideTheWindowEndTheDriver) {
  Rig rig(kPlain, FailureTracker(2 * kSecondUs, 2));
  rig.run(ms(0), {update(failed_pod(1))});
  rig.run(ms(100), {update(failed_pod(2))});
  EXPECT_EQ(rig.lifecycle.failures(ms(100)), 2);
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt);
  rig.run(ms(2'101), {});
  EXPECT_EQ(rig.lifecycle.failures(ms(2'101)), 0);
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt);
  rig.run(ms(2'200), {update(failed_pod(3)), update(failed_pod(4))});
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt);
  rig.run(ms(2'300), {update(failed_pod(5))});
  EXPECT_EQ(rig.lifecycle.failures(ms(2'300)), 3);
  ASSERT_TRUE(rig.lifecycle.fatal());
  EXPECT_THAT(*rig.lifecycle.fatal(), HasSubstr("spark.executor.maxNumFailures"));
  EXPECT_EQ(kTooManyFailuresExitCode, 11);
}

TEST(SparkAcceptance, S_A28_FailedCreatesReachTheFailureTrackerAndEndTheDriverAtTheNextRun) {
  Rig rig(kPlain, FailureTracker(std::nullopt, 2));
  rig.run(ms(0), {update(failed_pod(1))});
  rig.lifecycle.add_failed_creates(ms(10), 1);
  rig.run(ms(1'000), {});
  EXPECT_EQ(rig.lifecycle.failures(ms(1'000)), 2);
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt);
  rig.lifecycle.add_failed_creates(ms(1'010), 1);
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt) << "looked at after a run only";
  rig.run(ms(2'000), {});
  EXPECT_EQ(rig.lifecycle.fatal(),
            "3 executors have failed, more than the 2 that spark.executor.maxNumFailures allows");
}

TEST(Lifecycle, In35ItNeitherCountsFailuresNorEndsTheDriver) {
  Rig rig(settings_with([](LifecycleSettings& s) { s.counts_failed = false; }), FailureTracker(std::nullopt, 0));
  rig.store(failed_pod(1));
  rig.run(ms(0), {update(failed_pod(1))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1", "get app-exec-1", "delete app-exec-1"));
  EXPECT_EQ(rig.lifecycle.failures(ms(0)), 0);
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt);
}

TEST(Lifecycle, ExitCodes52And137AndTheKubeletsOwnWordSpeakOfAnOom) {
  const auto sees_oom = [](const Pod& pod) {
    Rig rig(kPlain);
    rig.run(ms(0), {update(pod)});
    return rig.lifecycle.has_seen_oom();
  };
  EXPECT_TRUE(sees_oom(failed_pod(1, 52)));
  EXPECT_TRUE(sees_oom(failed_pod(1, 137)));
  for (const int code : {1, 42, 50, 53, 126, 139, 143, 255}) EXPECT_FALSE(sees_oom(failed_pod(1, code))) << code;
  Pod killed = failed_pod(1, 1);
  killed.containers[0].reason = "OOMKilled";
  EXPECT_TRUE(sees_oom(killed));
}

TEST(SparkAcceptance, S_B2_AFailedPodIsRemovedFromSparkOnceAndDeleted) {
  Rig rig(kPlain);
  rig.table.add(1, 0, "h");
  rig.store(failed_pod(1));
  rig.run(ms(50), {update(failed_pod(1))});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].executor, 1);
  EXPECT_EQ(rig.removed[0].exit_code, 1);
  EXPECT_TRUE(rig.removed[0].caused_by_app);
  EXPECT_FALSE(rig.table.contains(1));
  EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1", "get app-exec-1", "delete app-exec-1"));
}

TEST(SparkAcceptance, S_B3_TheSamePodInLaterBatchesIsOnlyDeletedAgain) {
  Rig rig(kPlain);
  rig.store(failed_pod(1));
  rig.deletes_work = false;
  rig.run(ms(0), {update(failed_pod(1))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  for (const TimeUs now : {ms(1'000), ms(2'000)}) {
    rig.run(now, {update(failed_pod(1))});
    EXPECT_THAT(rig.removed, IsEmpty());
    EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1", "get app-exec-1", "delete app-exec-1"));
  }
  EXPECT_EQ(rig.lifecycle.failures(ms(2'000)), 1);
}

TEST(SparkAcceptance, S_B4_NothingIsDeletedWhenTheGetFindsNothing) {
  Rig rig(kPlain);
  rig.run(ms(0), {update(failed_pod(1))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1"));
}

TEST(SparkAcceptance, S_B5_AMissingPodIsNoticedOnlyMoreThanTheDeltaAfterItsRegistration) {
  Rig rig(kPlain);
  rig.table.add(1, ms(7), "h");
  rig.run(ms(30'007), {listing({}, ms(30'007))});
  EXPECT_THAT(rig.removed, IsEmpty());
  EXPECT_TRUE(rig.table.contains(1));
  rig.run(ms(30'008), {listing({}, ms(30'008))});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].executor, 1);
  EXPECT_EQ(rig.removed[0].exit_code, -1);
  EXPECT_FALSE(rig.removed[0].caused_by_app);
  EXPECT_THAT(rig.removed[0].reason, HasSubstr("registered at 7 ms"));
  EXPECT_THAT(rig.removed[0].reason, HasSubstr("listing at 30008 ms"));
  EXPECT_THAT(rig.removed[0].reason, HasSubstr("30000 ms of spark.kubernetes.executor.missingPodDetectDelta"));
  EXPECT_FALSE(rig.table.contains(1));
  EXPECT_THAT(rig.asked, IsEmpty());
  EXPECT_EQ(rig.lifecycle.failures(ms(30'008)), 0);
}

TEST(SparkAcceptance, S_B6_KeptPodsAreLabelledInactiveAndNotDeleted) {
  Rig rig(kKeepPods);
  rig.store(failed_pod(1));
  rig.run(ms(0), {update(failed_pod(1))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  EXPECT_THAT(rig.asked, ElementsAre("patch app-exec-1"));
  EXPECT_EQ(rig.last_request.set_labels, (StringMap{{"spark-exec-inactive", "true"}}));
  rig.run(ms(1'000), {update(failed_pod(1))});
  EXPECT_THAT(rig.asked, IsEmpty());  // done already
}

TEST(SparkAcceptance, S_B7_TheExitCodeIsThatOfTheNamedSparkContainer) {
  Pod pod = executor_pod(1, PodPhase::failed);
  pod.containers = {ended_container("sidecar", 2), ended_container(kSpark, 1)};
  Rig rig(kPlain);
  rig.run(ms(0), {update(pod)});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].exit_code, 1);

  Rig before_4_0(settings_with([](LifecycleSettings& s) { s.exit_code_by_name = false; }));
  before_4_0.run(ms(0), {update(pod)});
  ASSERT_THAT(before_4_0.removed, SizeIs(1));
  EXPECT_EQ(before_4_0.removed[0].exit_code, 2);
}

TEST(SparkAcceptance, S_B8_APodUnderDeletionIsReportedAsDeletedAndLeftAlone) {
  Pod pod = failed_pod(1, 137);
  pod.deletion_us = ms(40'000);
  Rig rig(kPlain);
  rig.store(pod);
  rig.run(ms(0), {update(pod)});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].exit_code, 137);
  EXPECT_FALSE(rig.removed[0].caused_by_app);
  EXPECT_THAT(rig.removed[0].reason, HasSubstr("deleted by a user or the framework"));
  EXPECT_THAT(rig.asked, IsEmpty());
}

TEST(SparkAcceptance, S_B9_SeveralSnapshotsOfOneFailedPodGiveOneDeleteFrom_4_1) {
  Rig rig(kOncePerBatch);
  rig.store(failed_pod(1));
  rig.deletes_work = false;
  rig.run(ms(0), {update(failed_pod(1)), update(failed_pod(1)), update(failed_pod(1))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1", "get app-exec-1", "delete app-exec-1"));
}

TEST(SparkAcceptance, S_B9_SeveralSnapshotsOfOneFailedPodGiveSeveralAttemptsIn_4_0) {
  Rig rig(kPlain);
  rig.store(failed_pod(1));
  rig.run(ms(0), {update(failed_pod(1)), update(failed_pod(1)), update(executor_pod(2, PodPhase::running))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  EXPECT_THAT(rig.asked,
              ElementsAre("get app-exec-1", "get app-exec-1", "delete app-exec-1", "get app-exec-1", "get app-exec-1"));
  EXPECT_EQ(rig.lifecycle.failures(0), 1);
}

// --- the rest of 02 3 --------------------------------------------------------------------------------------------

TEST(Lifecycle, RemovesASucceededExecutorWithoutCountingAFailure) {
  Pod pod = executor_pod(1, PodPhase::succeeded);
  pod.containers = {ended_container(kSpark, 0)};
  Rig rig(kPlain);
  rig.store(pod);
  rig.run(ms(0), {update(pod)});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].exit_code, 0);
  EXPECT_TRUE(rig.removed[0].caused_by_app);
  EXPECT_THAT(rig.asked, SizeIs(3));
  EXPECT_EQ(rig.lifecycle.failures(0), 0);
}

TEST(Lifecycle, SaysWhyAPodEndedInTheWordsOfTheCluster) {
  Pod pod = failed_pod(3, 137);
  pod.reason = "Evicted";
  pod.message = "the node was low on memory";
  pod.containers[0].reason = "OOMKilled";
  Rig rig(kPlain);
  rig.run(ms(0), {update(pod)});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(
      rig.removed[0].reason,
      "executor 3 exited with code 137 (SIGKILL, possibly a container OOM); API reason: Evicted; API message: the "
      "node was low on memory; containers: spark-kubernetes-executor terminated with exit code 137 (OOMKilled)");
}

TEST(Lifecycle, HasNoExitCodeForAPodWithoutAnEndedContainer) {
  Rig rig(kPlain);
  rig.run(ms(0), {update(executor_pod(1, PodPhase::failed))});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].exit_code, -1);
  EXPECT_TRUE(rig.removed[0].caused_by_app);
}

TEST(Lifecycle, KnowsTheExitCodesThatSparkExplains) {
  for (const int code : {10, 50}) EXPECT_EQ(exit_code_text(code), "uncaught exception");
  for (const int code : {52, 137}) EXPECT_THAT(std::string(exit_code_text(code)), HasSubstr("OOM"));
  for (const int code : {0, 1, 42, 53, 126, 139, 255}) EXPECT_NE(exit_code_text(code), "unexpected") << code;
  for (const int code : {-1, 2, 143}) EXPECT_EQ(exit_code_text(code), "unexpected") << code;
}

TEST(Lifecycle, ForgetsThatItRemovedAnExecutorWhenTheCacheExpires) {
  Rig rig(kPlain);
  rig.run(ms(0), {update(failed_pod(1))});
  rig.run(ms(179'999), {update(failed_pod(1))});
  EXPECT_THAT(rig.removed, IsEmpty());
  rig.run(ms(180'000), {update(failed_pod(1))});
  EXPECT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.lifecycle.failures(ms(180'000)), 1);
}

TEST(Lifecycle, RemovesAgainWhenTheCacheExpiresInTheMiddleOfABatch) {
  Rig rig(kOncePerBatch);
  rig.run(ms(0), {update(failed_pod(1))});
  ASSERT_THAT(rig.removed, SizeIs(1));
  const SnapshotBatch batch{update(failed_pod(2)), update(executor_pod(3, PodPhase::running))};
  Progress progress = rig.lifecycle.begin(ms(179'900), batch, rig.out);
  std::vector<ExecutorId> removed;
  for (TimeUs now = ms(180'100); progress == Progress::waiting; now += ms(200)) {
    const auto effects = rig.out.take();
    for (const auto& one : only<out::ExecutorRemoved>(effects)) removed.push_back(one.executor);
    const CallId call = only<out::Called>(effects).at(0).call;
    const auto completed = rig.calls.on_reply(now, {call, reply_error(404, "NotFound")}, rig.out);
    progress = rig.lifecycle.resume(now, *completed, rig.out);
  }
  for (const auto& one : only<out::ExecutorRemoved>(rig.out.take())) removed.push_back(one.executor);
  EXPECT_THAT(removed, ElementsAre(2, 1));
}

TEST(Lifecycle, RemovesForEverySnapshotWhenTheCacheIsOff) {
  Rig rig(settings_with([](LifecycleSettings& s) {
    s.removed_cache_us = 0;
    s.once_per_batch = true;
  }));
  rig.run(ms(0), {update(failed_pod(1)), update(executor_pod(2, PodPhase::running))});
  EXPECT_THAT(rig.removed, SizeIs(2));
}

TEST(Lifecycle, Spark3_5DeletesWithoutLookingForEverySnapshotThatShowsTheEnd) {
  Rig rig(settings_with([](LifecycleSettings& s) { s.looks = Looks::never; }));
  rig.store(failed_pod(1));
  rig.run(ms(0), {update(failed_pod(1)), update(executor_pod(2, PodPhase::running))});
  EXPECT_THAT(rig.asked, ElementsAre("delete app-exec-1", "delete app-exec-1"));
}

TEST(Lifecycle, Spark4_0LooksOnceAndDeletesWhatIsThere) {
  Rig rig(settings_with([](LifecycleSettings& s) { s.looks = Looks::once; }));
  Pod dying = failed_pod(1);
  dying.deletion_us = ms(40'000);
  rig.store(dying);
  rig.run(ms(0), {update(failed_pod(1)), update(executor_pod(2, PodPhase::running))});
  EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1", "delete app-exec-1", "get app-exec-1"));
}

TEST(Lifecycle, DeletesNothingThatIsUnderDeletionByNow) {
  Pod dying = failed_pod(1);
  dying.deletion_us = ms(40'000);
  Rig rig(kPlain);
  rig.store(dying);
  rig.run(ms(0), {update(failed_pod(1))});
  EXPECT_THAT(rig.asked, ElementsAre("get app-exec-1", "get app-exec-1"));
}

TEST(Lifecycle, LeavesAFailedPodAloneThatWasUnderDeletionWhenItWasSeen) {
  Pod pod = executor_pod(1, PodPhase::running);
  pod.containers = {ended_container(kSpark, 143)};
  pod.deletion_us = ms(40'000);
  Rig rig(kPlain);
  rig.store(pod);
  rig.run(ms(0), {update(pod)});
  ASSERT_THAT(rig.removed, SizeIs(1));
  EXPECT_EQ(rig.removed[0].exit_code, 143);
  EXPECT_TRUE(rig.removed[0].caused_by_app);
  EXPECT_THAT(rig.asked, IsEmpty());
  EXPECT_EQ(rig.lifecycle.failures(0), 1);
}

TEST(Lifecycle, NotesAFailedRequestAndGoesOnWithTheNextPod) {
  Rig rig(kPlain);
  EXPECT_EQ(rig.lifecycle.begin(0, {listing({failed_pod(1), failed_pod(2)}, ms(1))}, rig.out), Progress::waiting);
  auto called = only<out::Called>(rig.out.take());
  auto completed = rig.calls.on_reply(0, {called.at(0).call, reply_error(403, "Forbidden")}, rig.out);
  EXPECT_EQ(rig.lifecycle.resume(0, *completed, rig.out), Progress::waiting);
  const auto effects = rig.out.take();
  EXPECT_EQ(only<out::Noted>(effects).at(0).text, "removing pod app-exec-1: 403 Forbidden: as the server says");
  EXPECT_EQ(only<out::Called>(effects).at(0).request.name, "app-exec-2");
}

TEST(Lifecycle, ASecondGetThatFindsNothingDeletesNothing) {
  Rig rig(kPlain);
  (void)rig.lifecycle.begin(0, {update(failed_pod(1))}, rig.out);
  auto completed =
      rig.calls.on_reply(0, {only<out::Called>(rig.out.take()).at(0).call, reply_with(stored(failed_pod(1)))}, rig.out);
  EXPECT_EQ(rig.lifecycle.resume(0, *completed, rig.out), Progress::waiting);
  completed =
      rig.calls.on_reply(0, {only<out::Called>(rig.out.take()).at(0).call, reply_error(404, "NotFound")}, rig.out);
  EXPECT_EQ(rig.lifecycle.resume(0, *completed, rig.out), Progress::done);
  EXPECT_THAT(rig.out.take(), IsEmpty());
}

TEST(Lifecycle, PassesOverPodsThatCarryTheInactiveLabel) {
  Pod pod = failed_pod(1);
  pod.own_labels["spark-exec-inactive"] = "true";
  Rig rig(kKeepPods);
  rig.run(ms(0), {update(pod)});
  EXPECT_THAT(rig.removed, IsEmpty());
  EXPECT_THAT(rig.asked, IsEmpty());
  EXPECT_EQ(rig.lifecycle.failures(0), 1);  // step 1 does not look at labels
}

TEST(Lifecycle, LabelsAKeptPodAgainOnlyWhenASnapshotHasLostIt) {
  Rig rig(kKeepPods);
  rig.store(failed_pod(1));
  rig.run(ms(0), {update(failed_pod(1))});
  EXPECT_THAT(rig.asked, SizeIs(1));
  rig.run(ms(1'000), {listing({}, ms(1'000))});
  rig.run(ms(2'000), {update(failed_pod(1))});
  EXPECT_THAT(rig.asked, ElementsAre("patch app-exec-1"));
}

TEST(Lifecycle, NeverMissesAPodThatItHandledInTheSameBatchOrRemembersAsRemoved) {
  Rig rig(kPlain);
  rig.table.add(1, 0, "h");
  rig.table.add(2, 0, "h");
  rig.run(ms(40'000), {update(failed_pod(1)), listing({}, ms(40'000))});
  ASSERT_THAT(rig.removed, SizeIs(2));
  EXPECT_EQ(rig.removed[0].executor, 1);
  EXPECT_EQ(rig.removed[0].exit_code, 1);
  EXPECT_EQ(rig.removed[1].executor, 2);
  EXPECT_EQ(rig.removed[1].exit_code, -1);
  rig.table.add(1, 0, "h");  // registers although it was removed
  rig.run(ms(80'000), {listing({}, ms(80'000))});
  EXPECT_THAT(rig.removed, IsEmpty());
}

TEST(Lifecycle, LooksForMissingPodsOncePerFullListing) {
  Rig rig(kPlain);
  rig.run(ms(30'000), {listing({}, ms(30'000))});
  rig.table.add(1, -ms(60'000), "h");
  rig.run(ms(31'000), {update(executor_pod(2, PodPhase::running))});
  rig.run(ms(32'000), {});
  EXPECT_THAT(rig.removed, IsEmpty());
  rig.run(ms(60'000), {listing({}, ms(60'000))});
  EXPECT_THAT(rig.removed, SizeIs(1));
}

TEST(Lifecycle, ComparesWholeMillisecondsWhenItLooksForMissingPods) {
  Rig rig(kPlain);
  rig.table.add(1, ms(7) + 1, "h");
  rig.run(ms(30'008), {listing({}, ms(30'007) + 999)});
  EXPECT_THAT(rig.removed, IsEmpty());
}

TEST(Lifecycle, ChecksTheFailureLimitAfterEmptyBatchesToo) {
  Rig rig(kPlain, FailureTracker(std::nullopt, 0));
  rig.run(ms(0), {});
  EXPECT_EQ(rig.lifecycle.fatal(), std::nullopt);
  rig.run(ms(1), {update(failed_pod(1))});
  EXPECT_TRUE(rig.lifecycle.fatal());
}

}  // namespace
}  // namespace podramp::backend::lifecycle_test
