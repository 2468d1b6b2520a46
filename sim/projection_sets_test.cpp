// Executors that a StatefulSet or Deployment makes, in the projection: hand-made event streams with exact answers, and
// small runs with known numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/kpis.h"
#include "sim/leftovers.h"
#include "sim/test_sets.h"

namespace podramp::sim::projection_sets_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimeUs kS = kSecondUs;
using Waits = std::map<std::string, std::int64_t>;

class ProjectionSetsTest : public testing::Test {
 protected:
  // The driver wants `target` executors from second 1 on, and creates its set at once; the answer comes at second 2.
  void start(std::int64_t target) {
    projection.add_application("etl", "app-1", target);
    stream.at(1 * kS).add(in::Started{"app-1"}).add(create_set(1, target));
    stream.at(2 * kS).answer(1, 201);
  }
  // The n-th pod is stored, bound and running at these seconds.
  void make(int n, std::array<std::int64_t, 3> s, const std::string& node = "n1") {
    stream.at(s[0] * kS).add(fact::PodCreated{set_pod(n)}, "apiserver");
    stream.at(s[1] * kS).add(fact::PodBound{set_key(n), 1, node}, "scheduler");
    stream.at(s[2] * kS).add(fact::PodRunning{set_key(n), 2, "10.0.0.1"}, "kubelet");
  }
  void join(int n, ExecutorId id, std::int64_t s) {
    stream.at(s * kS).add(in::ExecutorIdAsked{set_key(n).substr(3)});
    stream.add(out::ExecutorIdGiven{set_key(n).substr(3), id}).add(out::RegistrationAccepted{id});
  }
  const ApplicationView& app() const { return projection.applications()[0]; }
  const ExecutorRow& row(std::size_t i) const { return app().executors.at(i); }
  Kpis kpis(TimeUs end) {
    projection.finish(end);
    return application_kpis(app(), end);
  }
  static Waits waits(const Kpis& all) {
    Waits waits;
    for (const auto& [name, value] : all) {
      if (name.starts_with("wait_") && value != 0) waits[name] = value;
    }
    return waits;
  }

  Projection projection;
  Stream stream{projection};
};

TEST_F(ProjectionSetsTest, APodThatTheSetMadeIsARowAndGetsItsIdWhenItAsks) {
  start(2);
  make(1, {5, 6, 8});
  make(0, {9, 9, 9});
  ASSERT_EQ(app().executors.size(), 2U);
  EXPECT_EQ(row(0).id, 0);
  EXPECT_EQ(row(0).pod, "ns/spark-s-app-1-0-1");
  EXPECT_EQ(row(0).asked_us, 1 * kS) << "when the driver asked its set for two";
  EXPECT_EQ(row(0).stored_us, 5 * kS);
  EXPECT_EQ(row(0).stage, Stage::running);
  join(0, 1, 10);
  join(1, 2, 11);
  EXPECT_EQ(row(0).id, 2);
  EXPECT_EQ(row(1).id, 1);
  EXPECT_EQ(row(1).registered_us, 10 * kS);
  EXPECT_EQ(app().serving, 2);
  stream.at(20 * kS).add(out::ExecutorRemoved{2, 0, false, "idle"});
  EXPECT_EQ(row(0).removed_us, 20 * kS);
  EXPECT_EQ(app().registered, 1);
}

TEST_F(ProjectionSetsTest, EveryWaitHasItsReasonAndPodSecondsAreExact) {
  start(1);            // 1..2 api
  make(0, {5, 6, 8});  // 2..5 controller, 5..6 scheduler, 6..8 kubelet
  join(0, 1, 10);      // 8..10 registration
  const Kpis k = kpis(20 * kS);
  EXPECT_EQ(waits(k), (Waits{{"wait_api_ms", 1000},
                             {"wait_controller_ms", 3000},
                             {"wait_scheduler_ms", 1000},
                             {"wait_kubelet_ms", 2000},
                             {"wait_registration_ms", 2000}}));
  EXPECT_EQ(k.at("time_to_100_ms"), 9000);
  EXPECT_EQ(k.at("pending_max"), 1);
  EXPECT_EQ(k.at("executors_registered"), 1);
  EXPECT_EQ(k.at("executor_seconds_requested"), 15);
  EXPECT_EQ(k.at("executor_seconds_pending"), 3);
  EXPECT_EQ(k.at("executor_seconds_idle"), 2);
  EXPECT_EQ(k.at("core_seconds_requested"), 15);
  EXPECT_EQ(k.at("requests"), 1);
  EXPECT_EQ(k.at("creates"), 1) << "by the set's controller";
  EXPECT_EQ(k.at("creates_wasted"), 0);
}

TEST_F(ProjectionSetsTest, AQuotaThatRefusesTheControllerIsWhatTheApplicationWaitsForUntilAPodIsMade) {
  start(2);
  make(0, {3, 3, 3});
  join(0, 1, 3);
  stream.at(4 * kS).add(quota_refusal(1), "apiserver");
  make(1, {14, 14, 14});
  join(1, 2, 14);
  const Kpis k = kpis(20 * kS);
  EXPECT_EQ(k.at("creates"), 2);
  EXPECT_EQ(k.at("creates_refused"), 1);
  EXPECT_EQ(waits(k), (Waits{{"wait_api_ms", 1000}, {"wait_controller_ms", 2000}, {"wait_refused_ms", 10000}}));
  EXPECT_EQ(projection.refusals(), (std::map<std::string, std::int64_t>{{"exceeded quota: team", 1}}));
}

TEST_F(ProjectionSetsTest, AContainerThatIsStartedAnewIsAnotherExecutorInTheSamePod) {
  start(1);
  make(0, {3, 3, 3});
  join(0, 1, 5);
  stream.at(10 * kS).add(fact::ContainerExited{set_key(0), 3, 1, "Error"}, "kubelet");
  stream.at(11 * kS).add(out::ExecutorRemoved{1, 1, true, "exited"});
  stream.at(14 * kS).add(fact::PodRunning{set_key(0), 4, "10.0.0.1"}, "kubelet");
  join(0, 2, 16);
  stream.at(30 * kS).add(fact::PodGone{set_key(0), 5, "api"}, "kubelet");
  ASSERT_EQ(app().executors.size(), 2U);
  EXPECT_EQ(row(0).id, 1);
  EXPECT_EQ(row(0).finished_us, 10 * kS);
  EXPECT_EQ(row(0).exit_code, 1);
  EXPECT_EQ(row(1).id, 2);
  EXPECT_EQ(row(1).pod, row(0).pod);
  EXPECT_EQ(row(1).gone_us, 30 * kS);
  EXPECT_TRUE(app().sets.at(0).lacking.size() == 1U) << "the pod is gone";
  const Kpis k = kpis(40 * kS);
  EXPECT_EQ(k.at("executor_seconds_requested"), 27) << "the pod's, once";
  EXPECT_EQ(k.at("executor_seconds_pending"), 4);
  EXPECT_EQ(k.at("executor_seconds_idle"), 4);
  EXPECT_EQ(k.at("executors_registered"), 2);
  EXPECT_EQ(k.at("creates"), 1);
  EXPECT_EQ(k.at("creates_wasted"), 0);
  EXPECT_EQ(app().samples.back().created, 1) << "pods";
}

TEST_F(ProjectionSetsTest, APodWhoseContainersNeverRegisterIsWastedOnce) {
  start(1);
  make(0, {3, 3, 3});
  for (const std::int64_t s : {4, 6, 20}) {
    stream.at(s * kS).add(fact::ContainerExited{set_key(0), 3, 1, "Error"}, "kubelet");
    stream.at((s + 1) * kS).add(fact::PodRunning{set_key(0), 4, "10.0.0.1"}, "kubelet");
  }
  EXPECT_EQ(kpis(25 * kS).at("creates_wasted"), 0) << "it is still there";
  stream.at(30 * kS).add(fact::PodGone{set_key(0), 5, "api"}, "kubelet");
  const Kpis k = kpis(40 * kS);
  EXPECT_EQ(k.at("creates_wasted"), 1);
  EXPECT_EQ(k.at("executor_seconds_requested"), 27);
}

TEST_F(ProjectionSetsTest, AReplacedPodOfTheSameNameIsANewRowThatWasAskedForWhenTheOldOneBeganToGo) {
  start(1);
  make(0, {3, 3, 3});
  join(0, 1, 5);
  stream.at(10 * kS).add(fact::PodTerminating{set_key(0), 3, 10 * kS, 30, "eviction"}, "node-controller");
  stream.at(12 * kS).add(fact::PodFinished{set_key(0), 4, PodPhase::failed, 143, "Error", "", ""}, "kubelet");
  stream.add(fact::PodGone{set_key(0), 5, "kubelet"}, "kubelet").add(out::ExecutorRemoved{1, 143, false, "evicted"});
  make(0, {13, 14, 15});
  join(0, 2, 16);
  ASSERT_EQ(app().executors.size(), 2U);
  EXPECT_EQ(row(1).asked_us, 10 * kS);
  EXPECT_EQ(row(1).stored_us, 13 * kS);
  EXPECT_EQ(row(1).id, 2);
  EXPECT_EQ(app().serving, 1);
  EXPECT_THAT(app().sets.at(0).lacking, IsEmpty());
}

TEST_F(ProjectionSetsTest, ALowerNumberOfReplicasLacksNothingWhenItsPodsGo) {
  start(2);
  make(0, {3, 3, 3});
  make(1, {3, 3, 3});
  stream.at(8 * kS).add(in::TargetSet{{{0, 1}}}).add(scale_set(2, 1));
  stream.at(9 * kS).answer(2, 200).add(fact::PodTerminating{set_key(1), 3, 9 * kS, 30, "api"}, "apiserver");
  EXPECT_THAT(app().sets.at(0).lacking, IsEmpty());
  EXPECT_EQ(app().sets.at(0).pods, 1);
  EXPECT_EQ(app().sets.at(0).replicas, 1);
}

TEST_F(ProjectionSetsTest, ADeploymentsPodsAreItsReplicaSets) {
  projection.add_application("etl", "app-1", 1);
  stream.at(1 * kS).add(in::Started{"app-1"}).add(create_set(1, 1, "spark-d-app-1-0")).answer(1, 201);
  stream.at(3 * kS).add(fact::PodCreated{set_pod(0, "spark-d-app-1-0-68f548d9df-dhppz")}, "apiserver");
  stream.at(4 * kS).add(fact::PodCreated{set_pod(0, "other-pod-0")}, "apiserver");
  ASSERT_EQ(app().executors.size(), 1U);
  EXPECT_EQ(row(0).pod, "ns/spark-d-app-1-0-68f548d9df-dhppz");
  fact::RequestRefused refused = quota_refusal(0);
  refused.name = "ns/spark-d-app-1-0-68f548d9df-";  // its name is generated by the server
  stream.at(5 * kS).add(refused, "apiserver");
  EXPECT_EQ(app().sets.at(0).holds.back().wait, Wait::refused);
  EXPECT_TRUE(app().sets.at(0).holds.back().by_quota);
}

TEST_F(ProjectionSetsTest, AFailedRequestOfTheDriverIsWhatItsSetWaitsFor) {
  start(1);
  stream.at(10 * kS).add(in::TargetSet{{{0, 3}}}).add(scale_set(2, 3));
  stream.at(11 * kS).answer(2, 500);
  EXPECT_EQ(app().wait, Wait::api_error);
  stream.at(12 * kS).add(scale_set(2, 3)).answer(2, 403);
  EXPECT_EQ(app().wait, Wait::refused);
}

TEST_F(ProjectionSetsTest, WithoutFactsARowComesWithItsId) {
  start(1);
  join(0, 1, 10);
  ASSERT_EQ(app().executors.size(), 1U);
  EXPECT_EQ(row(0).id, 1);
  EXPECT_EQ(row(0).pod, set_key(0));
  EXPECT_EQ(row(0).registered_us, 10 * kS);
  EXPECT_FALSE(row(0).stored_us.has_value());
  EXPECT_EQ(app().serving, 1);
}

TEST_F(ProjectionSetsTest, WhenTheDriverStopsARowEndsWithItsPod) {
  start(1);
  make(0, {3, 3, 3});
  join(0, 1, 5);
  stream.at(20 * kS).add(in::Stopped{});
  stream.at(21 * kS).add(fact::ContainerExited{set_key(0), 3, 0, "Completed"}, "kubelet");
  stream.at(22 * kS).add(fact::PodGone{set_key(0), 4, "gc"}, "kubelet");
  EXPECT_EQ(app().executors.size(), 1U);
  EXPECT_EQ(kpis(30 * kS).at("executor_seconds_requested"), 19);
}

TEST_F(ProjectionSetsTest, APodLeftBehindIsExplainedByTheSetsCleanUp) {
  start(1);
  make(0, {3, 3, 3});
  stream.at(4 * kS).add(fact::ContainerExited{set_key(0), 3, 1, "Error"}, "kubelet");
  stream.at(20 * kS).add(in::Stopped{}).add(out::Exited{0, ""});
  fakeapi::ClusterState cluster;
  Pod stored = *set_pod(0);
  stored.uid = "00000000-0000-4000-8000-000000000001";
  cluster.apply(fact::PodCreated{std::make_shared<const Pod>(stored)});
  ApplicationView view = app();
  auto left = leftovers(view, {}, cluster, 30 * kS);
  ASSERT_EQ(left.size(), 1U) << "two executors, one pod";
  EXPECT_EQ(left[0].why, "");
  view.requests = {{"delete configmaps 500", 1}, {"delete statefulsets 503", 1}};
  left = leftovers(view, {}, cluster, 30 * kS);
  EXPECT_EQ(left[0].why, "the clean-up request was answered statefulsets 503");
}

// --- runs ----------------------------------------------------------------------------------------------------------

class SetRuns : public testing::TestWithParam<std::string> {};

TEST_P(SetRuns, ARampHasARowForEveryExecutorAndItsWaitsSumToItsTime) {
  const RunResult result = run_tiny(set_text(GetParam(), {}));
  const ApplicationView& app = result.projection.applications()[0];
  ASSERT_EQ(app.executors.size(), 6U);
  std::set<ExecutorId> ids;
  for (const ExecutorRow& row : app.executors) {
    EXPECT_TRUE(row.of_set);
    EXPECT_TRUE(row.registered_us.has_value());
    EXPECT_FALSE(row.node.empty());
    EXPECT_TRUE(row.gone_us.has_value()) << "the garbage collector follows the set";
    ids.insert(row.id);
  }
  EXPECT_THAT(ids, ElementsAre(1, 2, 3, 4, 5, 6));
  const Kpis& k = result.summary.kpis;
  EXPECT_EQ(k.at("executors_registered"), 6);
  EXPECT_EQ(k.at("pending_max"), 6);
  EXPECT_EQ(k.at("creates"), 6);
  EXPECT_EQ(k.at("creates_per_1000_registered"), 1000);
  EXPECT_EQ(k.at("creates_wasted"), 0);
  EXPECT_EQ(k.at("leaked_pods"), 0);
  EXPECT_EQ(k.at("wait_allocator_ms"), 3) << "the driver looks up its own pod first";
  std::int64_t waited = 0;
  for (std::size_t i = 1; i < kWaits; ++i) waited += app.waited_us[i];
  EXPECT_EQ(waited / kMillisecondUs, k.at("time_to_100_ms"));
  EXPECT_NEAR(static_cast<double>(k.at("executor_seconds_requested")), 6 * 480, 6 * 3);
}

TEST_P(SetRuns, AQuotaOfFivePodsHoldsTwoExecutorsUpToTheEnd) {
  const RunResult result = run_tiny(set_text(GetParam(), {.name = "", .cluster = pods_quota(5)}));
  const ApplicationView& app = result.projection.applications()[0];
  EXPECT_EQ(app.executors.size(), 4U) << "the driver is one of the five";
  const Kpis& k = result.summary.kpis;
  EXPECT_EQ(k.at("time_to_100_ms"), -1);
  EXPECT_EQ(k.at("executors_registered"), 4);
  EXPECT_GT(k.at("wait_refused_ms"), 470'000);
  EXPECT_GT(result.summary.refusals.at("exceeded quota: team"), 5);
}

// The kubelet starts the container anew, but the driver deletes a pod in which a container has failed, and the set
// makes another one.
TEST_P(SetRuns, AnExecutorThatFailsCostsItsPodBeforeTheNextContainerHasAnId) {
  const std::string exit = R"(,"timeline":[{"at":"1m","do":"executor_exit","application":"etl","executors":[1]}])";
  const RunResult result = run_tiny(set_text(GetParam(), {.name = "", .executors = 2, .more = exit}));
  const ApplicationView& app = result.projection.applications()[0];
  ASSERT_EQ(app.executors.size(), 4U);
  EXPECT_EQ(app.executors[2].id, 0);
  EXPECT_TRUE(app.executors[2].pod_has_served);
  EXPECT_TRUE(app.executors[2].gone_us.has_value());
  EXPECT_EQ(app.executors[3].id, 3);
  const Kpis& k = result.summary.kpis;
  EXPECT_EQ(k.at("executors_registered"), 3);
  EXPECT_EQ(k.at("creates"), 3);
  EXPECT_EQ(k.at("creates_wasted"), 0);
  EXPECT_EQ(k.at("leaked_pods"), 0);
  EXPECT_NEAR(static_cast<double>(k.at("executor_seconds_requested")), 2 * 480, 2 * 3);
}

// A StatefulSet waits for the old pod to be gone, and nobody confirms that on a node that is down.
TEST_P(SetRuns, OnlyADeploymentReplacesPodsThatAreStuckOnALostNode) {
  const std::string down = R"(,"timeline":[{"at":"1m","do":"nodes_down","nodes":["worker-2"]}])";
  const RunResult result = run_tiny(set_text(GetParam(), {.name = "", .more = down}));
  const ApplicationView& app = result.projection.applications()[0];
  const Kpis& k = result.summary.kpis;
  EXPECT_EQ(k.at("lost"), 2);
  EXPECT_EQ(k.at("lost_noticed"), 2);
  EXPECT_EQ(k.at("wait_not_noticed_ms"), 120'000) << "the heartbeats' time-out";
  EXPECT_EQ(k.at("leaked_pods"), 0) << "they are Terminating";
  if (GetParam() == "statefulset") {
    EXPECT_EQ(app.executors.size(), 6U);
    EXPECT_GT(k.at("wait_controller_ms"), 299'000) << "from 180 s to the stop";
    return;
  }
  ASSERT_EQ(app.executors.size(), 8U);
  for (const std::size_t i : {6U, 7U}) {
    EXPECT_TRUE(app.executors[i].registered_us.has_value());
    EXPECT_NEAR(static_cast<double>(app.executors[i].asked_us), 185e6, 1e6)
        << "the driver's kill, 5 s after its notice";
  }
}

INSTANTIATE_TEST_SUITE_P(Allocators, SetRuns, testing::Values("statefulset", "deployment"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace podramp::sim::projection_sets_test
