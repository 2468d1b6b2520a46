#include "backend/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "backend/pod_source.h"
#include "backend/test_pods.h"

namespace podramp::backend::snapshots_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kSpark = "spark-kubernetes-executor";

ExecutorState state_of(const Pod& pod, bool check_all = true) { return classify(pod, {check_all, kSpark}); }

Pod with_deletion(Pod pod) {
  pod.deletion_us = 40 * kSecondUs;
  return pod;
}
Pod with_containers(Pod pod, std::vector<ContainerStatus> containers) {
  pod.containers = std::move(containers);
  return pod;
}

// --- 02 2.4 ------------------------------------------------------------------------------------------------------

TEST(Classify, FollowsEveryRowOfTheStateMatrix) {
  const Pod pending = executor_pod(1, PodPhase::pending);
  const Pod running = executor_pod(1, PodPhase::running);
  EXPECT_EQ(state_of(with_deletion(pending)), ExecutorState::deleted);
  EXPECT_EQ(state_of(with_deletion(with_containers(running, {running_container(kSpark)}))), ExecutorState::running);
  EXPECT_EQ(state_of(with_deletion(with_containers(running, {ended_container(kSpark, 143)}))), ExecutorState::failed);
  EXPECT_EQ(state_of(with_deletion(with_containers(running, {ended_container(kSpark, 0)}))), ExecutorState::succeeded);
  EXPECT_EQ(state_of(with_deletion(executor_pod(1, PodPhase::failed))), ExecutorState::deleted);
  EXPECT_EQ(state_of(with_deletion(executor_pod(1, PodPhase::succeeded))), ExecutorState::deleted);
  EXPECT_EQ(state_of(with_deletion(executor_pod(1, PodPhase::unknown))), ExecutorState::deleted);
  const Pod sidecar_failed = with_containers(running, {ended_container("sidecar", 1), running_container(kSpark)});
  EXPECT_EQ(state_of(sidecar_failed, true), ExecutorState::failed);
  EXPECT_EQ(state_of(sidecar_failed, false), ExecutorState::running);
  EXPECT_EQ(state_of(with_containers(running, {running_container("sidecar"), ended_container(kSpark, 0)})),
            ExecutorState::succeeded);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::unknown)), ExecutorState::unknown);
}

TEST(Classify, LooksAtSidecarsOnlyWhenContainersAreNeverRestarted) {
  Pod pod = with_containers(executor_pod(1, PodPhase::running), {ended_container("sidecar", 1)});
  PodTemplate tmpl = *pod.tmpl;
  tmpl.restart_policy = "Always";
  pod.tmpl = share(tmpl);
  EXPECT_EQ(state_of(pod), ExecutorState::running);
}

TEST(Classify, TakesTheConfiguredContainerName) {
  const Pod pod = with_containers(executor_pod(1, PodPhase::running), {ended_container("mine", 3)});
  EXPECT_EQ(classify(pod, {false, "mine"}), ExecutorState::failed);
  EXPECT_EQ(classify(pod, {false, kSpark}), ExecutorState::running);
}

TEST(SparkAcceptance, S_C1_StatesWithoutCheckingAllContainers) {
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::pending), false), ExecutorState::pending);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::running), false), ExecutorState::running);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::succeeded), false), ExecutorState::succeeded);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::failed), false), ExecutorState::failed);
  EXPECT_EQ(state_of(with_deletion(executor_pod(1, PodPhase::pending)), false), ExecutorState::deleted);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::unknown), false), ExecutorState::unknown);
  const Pod one_failed =
      with_containers(executor_pod(1, PodPhase::running), {running_container(kSpark), ended_container("sidecar", 1)});
  EXPECT_EQ(state_of(one_failed, false), ExecutorState::running);
}

TEST(SparkAcceptance, S_C2_StatesCheckingAllContainers) {
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::pending), true), ExecutorState::pending);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::running), true), ExecutorState::running);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::succeeded), true), ExecutorState::succeeded);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::failed), true), ExecutorState::failed);
  EXPECT_EQ(state_of(with_deletion(executor_pod(1, PodPhase::pending)), true), ExecutorState::deleted);
  EXPECT_EQ(state_of(executor_pod(1, PodPhase::unknown), true), ExecutorState::unknown);
  const Pod running = executor_pod(1, PodPhase::running);
  EXPECT_EQ(state_of(with_containers(running, {running_container(kSpark), ended_container("sidecar", 1)}), true),
            ExecutorState::failed);
  EXPECT_EQ(state_of(with_containers(running, {running_container(kSpark), ended_container("sidecar", 0)}), true),
            ExecutorState::running);
}

TEST(SparkAcceptance, S_C3_AFinishedSparkContainerBesideARunningSidecar) {
  const Pod running = executor_pod(1, PodPhase::running);
  for (const bool check_all : {false, true}) {
    EXPECT_EQ(state_of(with_containers(running, {running_container("sidecar"), ended_container(kSpark, 0)}), check_all),
              ExecutorState::succeeded);
    EXPECT_EQ(state_of(with_containers(running, {running_container("sidecar"), ended_container(kSpark, 1)}), check_all),
              ExecutorState::failed);
  }
}

TEST(ExecutorIdOf, IsTheLabelAsAWholeNumber) {
  Pod pod = executor_pod(17, PodPhase::pending);
  EXPECT_EQ(executor_id(pod), 17);
  EXPECT_EQ(profile_id(pod), 0);
  pod.own_labels["spark-exec-id"] = "EXECID";
  EXPECT_EQ(executor_id(pod), std::nullopt);
  pod.own_labels["spark-exec-id"] = "17a";
  EXPECT_EQ(executor_id(pod), std::nullopt);
  pod.own_labels.erase("spark-exec-id");
  EXPECT_EQ(executor_id(pod), std::nullopt);
  pod.own_labels["spark-exec-resourceprofile-id"] = "gpu";
  EXPECT_EQ(profile_id(pod), std::nullopt);
}

// --- the view ----------------------------------------------------------------------------------------------------

SnapshotChange update(const Pod& pod) { return update_pod(stored(pod), {}); }

SnapshotChange replace(const std::vector<Pod>& pods, TimeUs at) {
  std::vector<PodPtr> items;
  for (const Pod& pod : pods) items.push_back(stored(pod));
  return replace_snapshot(items, at, {});
}

TEST(SparkAcceptance, S_C4_UpdatesAddOrReplaceEntries) {
  SnapshotView view;
  view.apply(replace({executor_pod(0, PodPhase::pending), executor_pod(1, PodPhase::running)}, 0));
  view.apply(update(executor_pod(1, PodPhase::pending)));
  ASSERT_EQ(view.pods().size(), 2U);
  EXPECT_EQ(view.find(0)->state, ExecutorState::pending);
  EXPECT_EQ(view.find(1)->state, ExecutorState::pending);
  view.apply(update(executor_pod(2, PodPhase::failed)));
  ASSERT_EQ(view.pods().size(), 3U);
  EXPECT_EQ(view.find(2)->state, ExecutorState::failed);
  EXPECT_EQ(view.find(3), nullptr);
}

TEST(SparkAcceptance, S_C6_ReplaceCarriesItsTimestamp) {
  SnapshotView view;
  EXPECT_EQ(view.full_snapshot_us(), 0);
  view.apply(replace({executor_pod(1, PodPhase::running)}, 30 * kSecondUs));
  EXPECT_EQ(view.full_snapshot_us(), 30 * kSecondUs);
  view.apply(update(executor_pod(2, PodPhase::running)));
  EXPECT_EQ(view.full_snapshot_us(), 30 * kSecondUs);
  view.apply(replace({}, 60 * kSecondUs));
  EXPECT_EQ(view.full_snapshot_us(), 60 * kSecondUs);
  EXPECT_THAT(view.pods(), IsEmpty());
}

TEST(SnapshotView, CountsWhatTheAllocatorAndTheLifecycleManagerAskFor) {
  SnapshotView view;
  Pod unlabelled = executor_pod(9, PodPhase::running);
  unlabelled.own_labels["spark-exec-resourceprofile-id"] = "x";
  view.apply(replace({executor_pod(1, PodPhase::running), executor_pod(2, PodPhase::pending),
                      executor_pod(3, PodPhase::failed), executor_pod(4, PodPhase::running, 7), unlabelled},
                     kSecondUs));
  EXPECT_EQ(view.running(), 3);
  EXPECT_THAT(view.running_by_profile(), ElementsAre(Pair(0, 1), Pair(7, 1)));
  EXPECT_EQ(view.without_profile(), 1);
  EXPECT_THAT(view.pending(), ElementsAre(2));
  EXPECT_THAT(view.finished(), ElementsAre(3));

  view.apply(update(executor_pod(2, PodPhase::running)));
  view.apply(update(executor_pod(1, PodPhase::succeeded)));
  view.apply(update(with_deletion(executor_pod(3, PodPhase::failed))));
  EXPECT_EQ(view.running(), 3);
  EXPECT_THAT(view.pending(), IsEmpty());
  EXPECT_THAT(view.finished(), ElementsAre(1, 3));

  view.apply(replace({executor_pod(2, PodPhase::running)}, 2 * kSecondUs));
  EXPECT_EQ(view.running(), 1);
  EXPECT_THAT(view.running_by_profile(), ElementsAre(Pair(0, 1)));
  EXPECT_EQ(view.without_profile(), 0);
  EXPECT_THAT(view.finished(), IsEmpty());
}

TEST(SnapshotView, KeepsItsContentsWhenAPodHasNoExecutorId) {
  SnapshotView view;
  view.apply(update(executor_pod(1, PodPhase::running)));
  Pod stranger = executor_pod(2, PodPhase::running);
  stranger.own_labels.clear();
  const SnapshotChange change = update(stranger);
  EXPECT_EQ(change.executor, std::nullopt);
  view.apply(change);
  EXPECT_EQ(view.pods().size(), 1U);
  view.apply(replace({stranger, executor_pod(3, PodPhase::running)}, kSecondUs));
  ASSERT_EQ(view.pods().size(), 1U);
  EXPECT_NE(view.find(3), nullptr);
}

// --- subscribers, 02 2.1 -----------------------------------------------------------------------------------------

std::vector<TimeUs> armed(Outbox& out) {
  std::vector<TimeUs> times;
  for (const auto& timer : only<out::TimerSet>(out.take())) times.push_back(timer.at_us);
  return times;
}

class SubscriberTest : public ::testing::Test {
 protected:
  Subscriber subscriber_{TimerKind::allocator_tick, kSecondUs};
  Outbox out_;
};

TEST_F(SubscriberTest, RearmsItsTimerFromTheEndOfATimerDrivenRun) {
  EXPECT_TRUE(subscriber_.request(0, RoundTrigger::timer, out_));
  EXPECT_THAT(armed(out_), IsEmpty());
  EXPECT_FALSE(subscriber_.finished(300, out_));
  EXPECT_THAT(armed(out_), ElementsAre(kSecondUs + 300));
}

TEST_F(SubscriberTest, LeavesTheTimerAloneAfterANotifiedRun) {
  EXPECT_TRUE(subscriber_.request(5, RoundTrigger::notified, out_));
  EXPECT_EQ(subscriber_.trigger(), RoundTrigger::notified);
  EXPECT_FALSE(subscriber_.finished(10, out_));
  EXPECT_THAT(armed(out_), IsEmpty());
}

TEST_F(SubscriberTest, RunsOncePerRequestHoweverManyComeWhileItIsBusy) {
  EXPECT_TRUE(subscriber_.request(0, RoundTrigger::timer, out_));
  EXPECT_FALSE(subscriber_.request(10, RoundTrigger::notified, out_));
  EXPECT_FALSE(subscriber_.request(20, RoundTrigger::notified, out_));
  EXPECT_TRUE(subscriber_.finished(100, out_));
  EXPECT_THAT(armed(out_), ElementsAre(kSecondUs + 100));
  EXPECT_EQ(subscriber_.trigger(), RoundTrigger::notified);
  EXPECT_TRUE(subscriber_.finished(200, out_));
  EXPECT_FALSE(subscriber_.finished(300, out_));
  EXPECT_THAT(armed(out_), IsEmpty());
  EXPECT_FALSE(subscriber_.busy());
}

TEST_F(SubscriberTest, ATimerThatFindsItBusyIsRearmedAtOnceAndItsRunComesLater) {
  EXPECT_TRUE(subscriber_.request(0, RoundTrigger::notified, out_));
  EXPECT_FALSE(subscriber_.request(400, RoundTrigger::timer, out_));
  EXPECT_THAT(armed(out_), ElementsAre(kSecondUs + 400));
  EXPECT_TRUE(subscriber_.finished(900, out_));
  EXPECT_FALSE(subscriber_.finished(950, out_));
  EXPECT_THAT(armed(out_), IsEmpty());
}

TEST_F(SubscriberTest, ArmsNoTimerOnceStopped) {
  EXPECT_TRUE(subscriber_.request(0, RoundTrigger::timer, out_));
  EXPECT_FALSE(subscriber_.finished(0, out_));
  out_.take();
  subscriber_.stop(out_);
  const auto cancelled = only<out::TimerCancelled>(out_.take());
  ASSERT_EQ(cancelled.size(), 1U);
  EXPECT_EQ(cancelled[0].timer, TimerKind::allocator_tick);
  EXPECT_FALSE(subscriber_.request(1, RoundTrigger::notified, out_));
}

TEST_F(SubscriberTest, EndsTheRunInProgressWithoutAnotherOneOnceStopped) {
  EXPECT_TRUE(subscriber_.request(0, RoundTrigger::timer, out_));
  EXPECT_FALSE(subscriber_.request(1, RoundTrigger::notified, out_));
  subscriber_.stop(out_);
  EXPECT_FALSE(subscriber_.finished(2, out_));
  EXPECT_THAT(out_.take(), IsEmpty());
}

TEST(SparkAcceptance, S_C5_SubscribersGetEachSnapshotOncePerPeriodInOrder) {
  Outbox out;
  Subscriber first{TimerKind::allocator_tick, kSecondUs};
  Subscriber second{TimerKind::lifecycle_tick, 2 * kSecondUs};
  const auto run = [&](Subscriber& subscriber, TimeUs now) {
    EXPECT_TRUE(subscriber.request(now, RoundTrigger::timer, out));
    SnapshotBatch batch = subscriber.take();
    EXPECT_FALSE(subscriber.finished(now, out));
    return batch;
  };
  for (Subscriber* subscriber : {&first, &second}) subscriber->push(SnapshotChange{});
  const SnapshotBatch initial = run(first, 0);
  ASSERT_EQ(initial.size(), 1U);
  EXPECT_EQ(initial[0].executor, std::nullopt);
  EXPECT_EQ(initial[0].all, nullptr);
  EXPECT_EQ(run(second, 0).size(), 1U);

  for (const ExecutorId id : {1, 2}) {
    for (Subscriber* subscriber : {&first, &second}) subscriber->push(update(executor_pod(id, PodPhase::running)));
  }
  const SnapshotBatch batch = run(first, kSecondUs);
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch[0].executor, 1);
  EXPECT_EQ(batch[1].executor, 2);
  EXPECT_THAT(run(first, 2 * kSecondUs), IsEmpty());
  const SnapshotBatch slower = run(second, 2 * kSecondUs);
  ASSERT_EQ(slower.size(), 2U);
  EXPECT_EQ(slower[1].executor, 2);
  EXPECT_THAT(armed(out), ElementsAre(kSecondUs, 2 * kSecondUs, 2 * kSecondUs, 3 * kSecondUs, 4 * kSecondUs));
}

}  // namespace
}  // namespace podramp::backend::snapshots_test
