// 01 9.1, KubernetesClusterSchedulerBackendSuite, with its own numbers: batch delay 60 s, pod1 on node1 at
// 192.168.99.100, pod2 on node2 at 192.168.99.101. Here RemoveExecutor is processed too, at once after the pass.
#include "backend/fork_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_fork.h"

namespace podramp::backend::fork_driver_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

StringMap fixture(int instances, int batch) {
  return {{"spark.kubernetes.allocation.batch.delay", "60"},
          {"spark.executor.instances", std::to_string(instances)},
          {"spark.kubernetes.allocation.batch.size", std::to_string(batch)}};
}

Pod pod_of(ExecutorId id, PodPhase phase = PodPhase::running) {
  return fork_pod(id, phase, "node" + std::to_string(id), "192.168.99." + std::to_string(99 + id));
}

Pod ended(Pod pod, int exit_code) {
  pod.containers = {ended_container("executor", exit_code)};
  return pod;
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_179_StartOpensWatchAndAllocatorAndStopClosesThem) {
  StringMap settings = fixture(1, 1);
  settings["spark.shuffle.service.enabled"] = "true";
  settings["spark.kubernetes.shuffle.labels"] = "app=shuffle";
  settings["spark.local.dir"] = "/tmp/spark";
  ForkRig rig(settings);
  const auto started = rig.start();
  // The watch of the application's pods, then the shuffle manager's listing and watch.
  ASSERT_THAT(requests(started), ElementsAre("get driver-pod", "watch", "list", "watch"));
  const auto calls = only<out::Called>(started);
  EXPECT_EQ(to_string(calls[1].request.label_selector), "spark-app-selector=app-1");
  EXPECT_EQ(to_string(calls[2].request.label_selector), "app=shuffle");
  EXPECT_EQ(to_string(calls[3].request.label_selector), "app=shuffle");
  // Initial delay 0, then 60 s after the end of each pass.
  EXPECT_EQ(rig.timers.at({TimerKind::fork_pass, 0}), 0);
  EXPECT_THAT(requests(rig.pass()), IsEmpty());
  EXPECT_EQ(rig.timers.at({TimerKind::fork_pass, 0}), 60 * kS);

  const auto stopped = rig.step(in::Stopped{});
  const auto released = only<out::WatchReleased>(stopped);
  ASSERT_THAT(released, SizeIs(2));
  EXPECT_EQ(released[0].watch, calls[3].call);
  EXPECT_EQ(released[1].watch, calls[1].call);
  EXPECT_FALSE(rig.allocator_lives());
  ASSERT_THAT(only<out::Exited>(stopped), SizeIs(1));
  EXPECT_EQ(only<out::Exited>(stopped)[0].code, 0);
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_190_StaticAllocationCreatesInOneBatch) {
  ForkRig rig(fixture(2, 2));
  rig.start();
  rig.pass();  // the first one sees a target of 0
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-1", "create app-exec-2"));
  const auto calls = rig.called();
  EXPECT_EQ(*calls[calls.size() - 2].request.body->label("spark-exec-id"), "1");
  EXPECT_EQ(*calls[calls.size() - 1].request.body->label("spark-exec-id"), "2");
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_205_AKillDeletesThatPodOnly) {
  ForkRig rig(fixture(2, 2));
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  rig.register_executor(2);
  EXPECT_THAT(requests(rig.kill({2})), ElementsAre("delete app-exec-2"));
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_223_TheNextBatchWaitsForTheRegistration) {
  ForkRig rig(fixture(2, 1));
  rig.start();
  rig.pass();
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-1"));
  EXPECT_THAT(requests(rig.pass()), IsEmpty());
  rig.register_executor(1);
  EXPECT_THAT(requests(rig.pass()), ElementsAre("create app-exec-2"));
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_246_AKilledExecutorLeavesAsExplicitTermination) {
  ForkRig rig(fixture(1, 1));
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  rig.event(WatchEventType::modified, pod_of(1));
  rig.target(0);
  EXPECT_THAT(requests(rig.kill({1})), ElementsAre("delete app-exec-1"));
  rig.disconnect(1);
  rig.event(WatchEventType::deleted, ended(pod_of(1), 0));
  const auto effects = rig.pass();
  EXPECT_THAT(requests(effects), IsEmpty());  // exactly one delete in all
  const auto removed = only<out::ExecutorRemoved>(effects);
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].executor, 1);
  EXPECT_EQ(removed[0].exit_code, 0);
  EXPECT_FALSE(removed[0].caused_by_app);
  EXPECT_THAT(removed[0].reason, AllOf(HasSubstr("app-exec-1"), HasSubstr("explicit termination")));
  EXPECT_THAT(only<out::ExecutorRemoved>(rig.passes(12)), IsEmpty());
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_284_AFailedExecutorIsNotDeletedInThatPass) {
  ForkRig rig(fixture(1, 1));
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  rig.disconnect(1);
  rig.event(WatchEventType::error, ended(pod_of(1, PodPhase::failed), 1));
  rig.target(1);
  const auto effects = rig.pass();
  EXPECT_THAT(requests(effects), IsEmpty());
  const auto removed = only<out::ExecutorRemoved>(effects);
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].executor, 1);
  EXPECT_EQ(removed[0].exit_code, 1);
  EXPECT_TRUE(removed[0].caused_by_app);
  EXPECT_THAT(removed[0].reason, AllOf(HasSubstr("app-exec-1"), HasSubstr("exited with status code 1")));
}

TEST(ForkDriver, F_KubernetesClusterSchedulerBackendSuite_318_TheEleventhLookGivesUp) {
  ForkRig rig(fixture(1, 1));
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  rig.disconnect(1);
  const auto ten = rig.passes(10);
  EXPECT_THAT(requests(ten), IsEmpty());
  EXPECT_THAT(only<out::ExecutorRemoved>(ten), IsEmpty());
  const auto eleventh = rig.pass();
  const auto removed = only<out::ExecutorRemoved>(eleventh);
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].executor, 1);
  EXPECT_THAT(removed[0].reason, HasSubstr("unknown reasons"));
  // The same pass creates the replacement.
  EXPECT_THAT(requests(eleventh), ElementsAre("delete app-exec-1", "create app-exec-2"));
}

// --- 01 1.6 --------------------------------------------------------------------------------------------------------

// All executors of a batch register `latency` after its creation. The times of the batches.
std::vector<TimeUs> batch_times(int target, int batch, TimeUs delay_s, DurationUs latency_us) {
  StringMap settings = instances(target);
  settings["spark.kubernetes.allocation.batch.delay"] = std::to_string(delay_s);
  settings["spark.kubernetes.allocation.batch.size"] = std::to_string(batch);
  ForkRig rig(settings);
  rig.start();
  std::vector<TimeUs> times;
  std::multimap<TimeUs, ExecutorId> due;
  for (int i = 0; i < 200; ++i) {
    const TimeUs next = rig.timers.at({TimerKind::fork_pass, 0});
    while (!due.empty() && due.begin()->first <= next) {
      rig.now = due.begin()->first;
      rig.register_executor(due.begin()->second);
      due.erase(due.begin());
    }
    const auto created = only<out::Called>(rig.pass());
    if (!created.empty()) times.push_back(rig.now);
    for (const auto& call : created) {
      due.emplace(rig.now + latency_us, std::stoi(*call.request.body->label("spark-exec-id")));
    }
  }
  return times;
}

TEST(ForkDriver, F_16_BatchesFollowTheTimingModelExactly) {
  // t_1 = D, t_j = t_(j-1) + D * ceil(L / D), ceil(target / size) batches.
  EXPECT_THAT(batch_times(12, 5, 1, 2500 * kMillisecondUs), ElementsAre(1 * kS, 4 * kS, 7 * kS));
  EXPECT_THAT(batch_times(15, 5, 1, 400 * kMillisecondUs), ElementsAre(1 * kS, 2 * kS, 3 * kS));
  EXPECT_THAT(batch_times(7, 2, 3, 10 * kS), ElementsAre(3 * kS, 15 * kS, 27 * kS, 39 * kS));
  EXPECT_THAT(batch_times(10, 10, 2, 4 * kS), ElementsAre(2 * kS));
}

TEST(ForkDriver, F_16_AStragglerBlocksTheWholeApplication) {
  ForkRig rig(instances(20));
  rig.start();
  rig.passes(2);
  for (const ExecutorId id : {1, 2, 3, 4}) rig.register_executor(id);
  EXPECT_THAT(requests(rig.passes(30)), IsEmpty());
  rig.register_executor(5);
  EXPECT_THAT(requests(rig.pass()), SizeIs(5));
}

TEST(ForkDriver, AnUnchangedPassIsNotReportedAgain) {
  ForkRig rig(instances(20));
  rig.start();
  rig.pass();
  const auto first = only<out::RoundDone>(rig.pass());
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].profiles[0].created, 5);
  EXPECT_EQ(first[0].profiles[0].target, 20);
  EXPECT_EQ(first[0].profiles[0].limited_by, Limit::batch_size);
  const auto blocked = only<out::RoundDone>(rig.passes(10));
  ASSERT_THAT(blocked, SizeIs(1));
  EXPECT_EQ(blocked[0].profiles[0].limited_by, Limit::unacknowledged);
}

TEST(ForkDriver, BooksAreTheAllocatorsOwn) {
  ForkRig rig(instances(7));
  rig.start();
  rig.passes(2);
  for (const ExecutorId id : {1, 2, 3, 4, 5}) rig.register_executor(id);
  rig.hold = [](const ApiRequest& request) { return request.verb == Verb::create; };
  rig.pass();
  const Books books = rig.driver.books();
  EXPECT_TRUE(books.round_in_flight);
  EXPECT_EQ(books.next_executor_id, 7);
  EXPECT_EQ(books.registered, 5);
  ASSERT_THAT(books.profiles, SizeIs(1));
  EXPECT_EQ(books.profiles[0].have, 5);
  EXPECT_EQ(books.profiles[0].target, 7);
  EXPECT_EQ(books.profiles[0].asked, 2);
}

}  // namespace
}  // namespace podramp::backend::fork_driver_test
