// Tests of kubelet_restarts.cpp: containers that start again in place (K63, K66). The rest: kubelet_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/kubelet.h"
#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::kubelet_restarts_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A pod that runs since kToRunningUs.
PodId run_pod(TestCluster& cluster, const std::string& policy) {
  cluster.lifecycle->start();
  PodTemplate tmpl = make_template(1000, 1);
  tmpl.restart_policy = policy;
  const PodId id = cluster.create("a", tmpl);
  cluster.run_until(kToRunningUs);
  return id;
}

TEST(KubeletRestarts, K63_AContainerOfPolicyAlwaysStartsAgainInPlaceTheFirstTimeAtOnce) {
  TestCluster cluster(make_config({make_node("n0", 4000, 16)}));
  const PodId id = run_pod(cluster, "Always");
  cluster.run_until(2 * kSecondUs);
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(10 * kSecondUs);
  EXPECT_THAT(cluster.times<fact::ContainerExited>(), ElementsAre(2 * kSecondUs + kStatusUs));
  EXPECT_EQ(cluster.facts<fact::ContainerExited>()[0].second.reason, "Error");
  EXPECT_THAT(cluster.times<fact::PodRunning>(),
              ElementsAre(kToRunningUs, 2 * kSecondUs + kStatusUs + kStartUs + kStatusUs));
  EXPECT_THAT(cluster.facts<fact::PodFinished>(), IsEmpty());
  EXPECT_EQ(cluster.pod("a")->phase, PodPhase::running);
  EXPECT_EQ(cluster.pod("a")->condition("Ready")->status, Truth::yes);
  EXPECT_EQ(cluster.messages<from::ProcessStarted>().size(), 2U);
}

TEST(KubeletRestarts, K63_TheBackOffIsTenSecondsDoubledUpToFiveMinutes) {
  TestCluster cluster(make_config({make_node("n0", 4000, 16)}));
  const PodId id = run_pod(cluster, "Always");
  std::vector<DurationUs> waits;
  for (int i = 0; i < 8; ++i) {
    cluster.kubelets->process_exited(id, 1, 0);
    const TimeUs died_us = cluster.now();
    const std::size_t before = cluster.facts<fact::PodRunning>().size();
    while (cluster.facts<fact::PodRunning>().size() == before) cluster.run_until(cluster.now() + kStatusUs);
    waits.push_back(cluster.times<fact::PodRunning>().back() - died_us - 2 * kStatusUs - kStartUs);
  }
  EXPECT_THAT(waits, ElementsAre(0, 10 * kSecondUs, 20 * kSecondUs, 40 * kSecondUs, 80 * kSecondUs, 160 * kSecondUs,
                                 300 * kSecondUs, 300 * kSecondUs));
}

TEST(KubeletRestarts, K66_WhileItWaitsThePodShowsCrashLoopBackOffAndIsNotReady) {
  TestCluster cluster(make_config({make_node("n0", 4000, 16)}));
  const PodId id = run_pod(cluster, "Always");
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(5 * kSecondUs);
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(6 * kSecondUs);
  const Pod& pod = *cluster.pod("a");
  EXPECT_EQ(pod.phase, PodPhase::running);
  EXPECT_EQ(cluster.waiting_reason("a"), "CrashLoopBackOff");
  EXPECT_EQ(pod.containers[0].message, "back-off 10s restarting failed container=executor pod=a_ns(" + pod.uid + ")");
  EXPECT_EQ(pod.condition("Ready")->status, Truth::no);
}

TEST(KubeletRestarts, K63_ALongRunIsForgiven) {
  TestCluster cluster(make_config({make_node("n0", 4000, 16)}));
  const PodId id = run_pod(cluster, "Always");
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(5 * kSecondUs);
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(kMinuteUs);
  cluster.run_until(30 * kMinuteUs);
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(31 * kMinuteUs);
  EXPECT_EQ(cluster.times<fact::PodRunning>().back(), 30 * kMinuteUs + 2 * kStatusUs + kStartUs);
}

TEST(KubeletRestarts, K63_OnFailureRestartsOnlyFailuresAndNeverNothing) {
  TestCluster cluster(make_config({make_node("n0", 4000, 16)}));
  const PodId id = run_pod(cluster, "OnFailure");
  cluster.kubelets->process_exited(id, 3, 0);
  cluster.run_until(5 * kSecondUs);
  EXPECT_EQ(cluster.pod("a")->phase, PodPhase::running);
  cluster.kubelets->process_exited(id, 0, 0);
  cluster.run_until(10 * kSecondUs);
  EXPECT_EQ(cluster.pod("a")->phase, PodPhase::succeeded);

  TestCluster other(make_config({make_node("n0", 4000, 16)}));
  const PodId never = run_pod(other, "Never");
  other.kubelets->process_exited(never, 3, 0);
  other.run_until(10 * kSecondUs);
  EXPECT_EQ(other.pod("a")->phase, PodPhase::failed);
}

TEST(KubeletRestarts, APodThatIsDeletedDoesNotStartAgain) {
  TestCluster cluster(make_config({make_node("n0", 4000, 16)}));
  const PodId id = run_pod(cluster, "Always");
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(5 * kSecondUs);
  cluster.kubelets->process_exited(id, 1, 0);
  cluster.run_until(6 * kSecondUs);  // in its back-off
  cluster.deletion->remove(id, std::nullopt, "api", "apiserver", 0);
  cluster.run_until(kMinuteUs);
  EXPECT_EQ(cluster.pod("a"), nullptr);
  EXPECT_EQ(cluster.messages<from::ProcessStarted>().size(), 2U);
}

}  // namespace
}  // namespace podramp::fakeapi::kubelet_restarts_test
