// Waits of executors that StatefulSets and Deployments make, cut into slices: exact streams, and whole runs in which
// nothing may be lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_sets.h"
#include "sim/wait_slices.h"

namespace podramp::sim::wait_slices_sets_test {
namespace {

using testing::ElementsAre;

constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }

class Sink : public EventSink {
 public:
  explicit Sink(std::int64_t initial) { slices.add_application("etl", "app-1", initial); }
  void append(const EventRef& event, PodMemory& /*memory*/) override { slices.append(event); }
  WaitSlices slices;
};

WaitSlice slice(WaitReason reason, TimeUs from, TimeUs to) { return {reason, from, to}; }

// The n-th pod is stored, bound and running at these seconds, and registers with this id.
void bring_up(Stream& stream, int n, std::array<std::int64_t, 4> at, ExecutorId id) {
  stream.at(s(at[0])).add(fact::PodCreated{set_pod(n)}, "apiserver");
  stream.at(s(at[1])).add(fact::PodBound{set_key(n), 1, "n1"}, "scheduler");
  stream.at(s(at[2])).add(fact::PodRunning{set_key(n), 2, "10.0.0.1"}, "kubelet");
  stream.at(s(at[3])).add(out::ExecutorIdGiven{set_key(n).substr(3), id}).add(out::RegistrationAccepted{id});
}

TEST(WaitSlicesOfSets, TheWayGoesFromTheDriversRequestOverTheControllerToTheRegistration) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 1));
  stream.at(s(2)).answer(1, 201);
  bring_up(stream, 0, {5, 6, 8, 10}, 1);
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].row.id, 1);
  EXPECT_EQ(waits[0].end, WaitEnd::registered);
  EXPECT_THAT(waits[0].slices,
              ElementsAre(slice(WaitReason::api, s(0), s(2)), slice(WaitReason::controller, s(2), s(5)),
                          slice(WaitReason::scheduler, s(5), s(6)), slice(WaitReason::kubelet, s(6), s(8)),
                          slice(WaitReason::registration, s(8), s(10))));
}

TEST(WaitSlicesOfSets, APodThatAQuotaKeptAwayWaitedForTheQuotaUntilItWasMade) {
  Sink sink(3);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 3)).answer(1, 201);
  bring_up(stream, 0, {1, 1, 1, 1}, 1);
  stream.at(s(2)).add(quota_refusal(1), "apiserver");
  bring_up(stream, 1, {9, 9, 9, 9}, 2);
  stream.at(s(10)).add(quota_refusal(2), "apiserver");
  stream.at(s(20)).add(note::Text{"the end"});
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 3U);
  EXPECT_THAT(waits[1].slices,
              ElementsAre(slice(WaitReason::controller, s(0), s(2)), slice(WaitReason::quota, s(2), s(9))));
  EXPECT_EQ(waits[2].end, WaitEnd::never_asked);
  EXPECT_TRUE(waits[2].row.of_set);
  EXPECT_THAT(waits[2].slices,
              ElementsAre(slice(WaitReason::controller, s(0), s(2)), slice(WaitReason::quota, s(2), s(9)),
                          slice(WaitReason::controller, s(9), s(10)), slice(WaitReason::quota, s(10), s(20))));
}

TEST(WaitSlicesOfSets, APodThatIsMissingAtTheStopWaitedUntilThen) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 1)).answer(1, 201);
  stream.at(s(9)).add(in::Stopped{});
  stream.at(s(20)).add(note::Text{"the end"});
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].end, WaitEnd::never_asked);
  EXPECT_THAT(waits[0].slices, ElementsAre(slice(WaitReason::controller, s(0), s(9))));
}

TEST(WaitSlicesOfSets, WhatDynamicAllocationNeedsWaitsForItsTimerAndThenForTheSet) {
  Sink sink(0);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 0)).answer(1, 201);
  stream.at(s(1)).add(out::TargetsRequested{{{0, 0}}, {{0, 1}}, "backlog"});
  stream.at(s(3)).add(out::TargetsRequested{{{0, 1}}, {{0, 1}}, "backlog"}).add(scale_set(2, 1));
  stream.at(s(4)).answer(2, 200);
  bring_up(stream, 0, {6, 6, 6, 6}, 1);
  EXPECT_THAT(sink.slices.finish()[0].slices,
              ElementsAre(slice(WaitReason::backlog_timer, s(1), s(3)), slice(WaitReason::api, s(3), s(4)),
                          slice(WaitReason::controller, s(4), s(6))));
}

TEST(WaitSlicesOfSets, AReplacementIsWantedFromWhenThePodBeganToGo) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 1)).answer(1, 201);
  bring_up(stream, 0, {1, 1, 1, 1}, 1);
  stream.at(s(10)).add(fact::PodTerminating{set_key(0), 3, s(10), 30, "eviction"}, "node-controller");
  stream.at(s(12)).add(fact::PodGone{set_key(0), 4, "kubelet"}, "kubelet");
  stream.add(out::ExecutorRemoved{1, 143, false, "evicted"});
  bring_up(stream, 0, {15, 15, 15, 16}, 2);
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[1].wanted_us, s(10));
  EXPECT_THAT(waits[1].slices,
              ElementsAre(slice(WaitReason::controller, s(10), s(15)), slice(WaitReason::registration, s(15), s(16))));
}

TEST(WaitSlicesOfSets, TheNextContainerOfAPodIsWantedFromWhenTheOneBeforeEnded) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 1)).answer(1, 201);
  bring_up(stream, 0, {1, 1, 1, 1}, 1);
  stream.at(s(10)).add(fact::ContainerExited{set_key(0), 3, 1, "Error"}, "kubelet");
  stream.at(s(11)).add(out::ExecutorRemoved{1, 1, true, "exited"});
  stream.at(s(20)).add(fact::PodRunning{set_key(0), 4, "10.0.0.1"}, "kubelet");
  stream.at(s(22)).add(out::ExecutorIdGiven{set_key(0).substr(3), 2}).add(out::RegistrationAccepted{2});
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[1].row.id, 2);
  EXPECT_THAT(waits[1].slices,
              ElementsAre(slice(WaitReason::kubelet, s(10), s(20)), slice(WaitReason::registration, s(20), s(22))));
}

TEST(WaitSlicesOfSets, WithoutFactsTheLogDoesNotSay) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-1"}).add(create_set(1, 1)).answer(1, 201);
  stream.at(s(9)).add(out::ExecutorIdGiven{set_key(0).substr(3), 1});
  stream.at(s(10)).add(out::RegistrationAccepted{1});
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_THAT(waits[0].slices, ElementsAre(slice(WaitReason::unknown, s(0), s(10))));
}

// --- whole runs ----------------------------------------------------------------------------------------------------

class WholeRunsOfSets : public testing::TestWithParam<std::tuple<std::string, SetWorld>> {};

TEST_P(WholeRunsOfSets, EverySecondFromWantedToRegisteredHasExactlyOneReason) {
  const auto& [allocator, world] = GetParam();
  Sink sink(world.executors);
  RunOptions options;
  options.more_sinks = {&sink};
  const RunResult result = run_tiny(set_text(allocator, world), options);
  const auto waits = sink.slices.finish();
  ASSERT_FALSE(waits.empty());
  std::int64_t registered = 0;
  for (const ExecutorWait& wait : waits) {
    registered += wait.end == WaitEnd::registered ? 1 : 0;
    TimeUs at = wait.wanted_us;
    for (const WaitSlice& one : wait.slices) {
      EXPECT_EQ(one.from_us, at) << wait.row.pod;
      EXPECT_GT(one.to_us, one.from_us) << wait.row.pod;
      EXPECT_NE(one.reason, WaitReason::unknown) << wait.row.pod;
      at = one.to_us;
    }
    EXPECT_EQ(at, std::max(wait.until_us, wait.wanted_us)) << wait.row.pod;
  }
  EXPECT_EQ(registered, result.summary.kpis.at("executors_registered"));
}

INSTANTIATE_TEST_SUITE_P(Runs, WholeRunsOfSets,
                         testing::Combine(testing::Values("statefulset", "deployment"),
                                          testing::Values(SetWorld{"Ramp", 60}, SetWorld{"TooFewNodes", 30, "2"},
                                                          SetWorld{"Quota", 20, "64", pods_quota(9), R"(,"timeline":[
              {"at":"3m","do":"set_quota","namespace":"default","name":"team","hard":{"pods":"99"}}])"},
                                                          SetWorld{"NodesLost", 20, "64", "", R"(,"timeline":[
              {"at":"20s","do":"nodes_down","nodes":["worker-2"]},
              {"at":"4m","do":"nodes_up","nodes":["worker-2"]}])"},
                                                          SetWorld{"ExitsKillsAndTargets", 8, "64", "", R"(,"timeline":[
              {"at":"1m","do":"executor_exit","application":"etl","executors":[1,2]},
              {"at":"2m","do":"set_target","application":"etl","executors":12},
              {"at":"3m","do":"kill_executors","application":"etl","executors":[3,4],"replace":true},
              {"at":"4m","do":"kill_executors","application":"etl","executors":[5,6]},
              {"at":"5m","do":"set_target","application":"etl","executors":3}])"})),
                         [](const auto& one) { return std::get<0>(one.param) + std::get<1>(one.param).name; });

}  // namespace
}  // namespace podramp::sim::wait_slices_sets_test
