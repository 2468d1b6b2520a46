// Waits cut into slices: hand-made event streams with exact answers, and whole runs in which nothing may be lost.
#include "sim/wait_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_stream.h"

namespace podramp::sim::wait_slices_test {
namespace {

using testing::ElementsAre;

constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }

// Stands in a sink's place, so that Stream and run_experiment can feed it.
class Sink : public EventSink {
 public:
  explicit Sink(std::int64_t initial) { slices.add_application("etl", "app-etl", initial); }
  void append(const EventRef& event, PodMemory& /*memory*/) override { slices.append(event); }
  WaitSlices slices;
};

out::RoundDone round(TimeUs started, std::int64_t target, std::int64_t have, std::int64_t created, Limit limit,
                     const std::string& aborted = "") {
  out::RoundDone done;
  done.started_us = started;
  done.aborted = aborted;
  ProfileReport profile;
  profile.target = target;
  profile.have = have;
  profile.created = created;
  profile.limited_by = limit;
  done.profiles = {profile};
  return done;
}

WaitSlice slice(WaitReason reason, TimeUs from, TimeUs to) { return {reason, from, to}; }

TEST(WaitSlices, AnExecutorsWayIsCutAtEveryInstantThatTheLogKnows) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).create(1);
  stream.at(s(1)).add(fact::PodCreated{stream_pod(1)}, "apiserver").answer(1, 201);
  stream.at(s(2)).add(fact::PodUnschedulable{stream_key(1), 2, "0/1 nodes are available"}, "scheduler");
  stream.at(s(5)).add(fact::PodBound{stream_key(1), 3, "node-1"}, "scheduler");
  stream.at(s(6)).add(fact::PullStarted{"node-1", "spark:4", stream_key(1), 100, 1}, "kubelet");
  stream.at(s(9)).add(fact::PullFinished{"node-1", "spark:4"}, "kubelet");
  stream.at(s(10)).add(fact::PodRunning{stream_key(1), 4, "10.0.0.1"}, "kubelet");
  stream.at(s(14)).add(out::RegistrationAccepted{1});
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_THAT(waits[0].slices,
              ElementsAre(slice(WaitReason::api, s(0), s(1)), slice(WaitReason::scheduler, s(1), s(2)),
                          slice(WaitReason::unschedulable, s(2), s(5)), slice(WaitReason::kubelet, s(5), s(6)),
                          slice(WaitReason::image_pull, s(6), s(9)), slice(WaitReason::start, s(9), s(10)),
                          slice(WaitReason::registration, s(10), s(14))));
}

TEST(WaitSlices, APodOnANodeThatCameForItWaitedForTheAutoscalerAndThenForTheScheduler) {
  Sink sink(2);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).create(1).answer(1, 201).create(2).answer(2, 201);
  stream.add(fact::PodCreated{stream_pod(1)}, "apiserver").add(fact::PodCreated{stream_pod(2)}, "apiserver");
  stream.at(s(2)).add(fact::PodUnschedulable{stream_key(1), 2, "0/1"}, "scheduler");
  stream.add(fact::PodUnschedulable{stream_key(2), 3, "0/1"}, "scheduler");
  stream.at(s(10)).add(fact::ScaleUp{"w", 0, 1, 1}, "autoscaler");
  stream.at(s(70)).add(fact::MachineReady{"w", "w-1"}, "autoscaler");
  stream.at(s(73)).add(fact::PodBound{stream_key(1), 4, "w-1"}, "scheduler");
  stream.at(s(75)).add(out::RegistrationAccepted{1});
  stream.at(s(80)).add(fact::ScaleUpFailed{"w", 1, "stock-out", s(380)}, "autoscaler");
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_THAT(waits[0].slices,
              ElementsAre(slice(WaitReason::scheduler, s(0), s(2)), slice(WaitReason::autoscaler, s(2), s(70)),
                          slice(WaitReason::scheduler, s(70), s(73)), slice(WaitReason::kubelet, s(73), s(75))));
  EXPECT_THAT(waits[1].slices,
              ElementsAre(slice(WaitReason::scheduler, s(0), s(2)), slice(WaitReason::autoscaler, s(2), s(80))));
}

TEST(WaitSlices, APodThatFoundRoomOnAnOldNodeDidNotWaitForTheAutoscaler) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).create(1).answer(1, 201);
  stream.add(fact::PodCreated{stream_pod(1)}, "apiserver");
  stream.add(fact::MachineReady{"w", "w-1"}, "autoscaler");
  stream.at(s(2)).add(fact::PodUnschedulable{stream_key(1), 2, "0/1"}, "scheduler");
  stream.at(s(3)).add(fact::ScaleUp{"w", 1, 2, 1}, "autoscaler");
  stream.at(s(5)).add(fact::PodBound{stream_key(1), 4, "w-1"}, "scheduler");
  stream.at(s(6)).add(out::RegistrationAccepted{1});
  EXPECT_THAT(sink.slices.finish().at(0).slices,
              ElementsAre(slice(WaitReason::scheduler, s(0), s(2)), slice(WaitReason::unschedulable, s(2), s(5)),
                          slice(WaitReason::kubelet, s(5), s(6))));
}

TEST(WaitSlices, WhoIsNotInTheFirstBatchWaitsForTheBatchAndThenForTheOthersOfItsRound) {
  Sink sink(3);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).create(1);
  stream.at(s(1)).answer(1, 201).add(round(0, 3, 0, 1, Limit::batch_size));
  stream.at(s(4)).create(2);
  stream.at(s(6)).answer(2, 201).create(3);
  stream.at(s(7)).answer(3, 201).add(round(s(4), 3, 1, 2, Limit::none));
  stream.at(s(8)).add(out::RegistrationAccepted{3});
  const auto waits = sink.slices.finish();
  EXPECT_THAT(waits[2].slices,
              ElementsAre(slice(WaitReason::creating, s(0), s(1)), slice(WaitReason::batch, s(1), s(4)),
                          slice(WaitReason::creating, s(4), s(6)), slice(WaitReason::unknown, s(6), s(8))));
}

TEST(WaitSlices, ARefusedCreateLeavesItsWantAndTheNextOneWaitedForTheQuota) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).create(1);
  stream.at(s(1)).answer(1, 403).add(
      round(0, 1, 0, 0, Limit::refused, "creating executor 1: 403 Forbidden: exceeded quota: team"));
  stream.at(s(5)).create(2);
  stream.at(s(6)).answer(2, 201).add(fact::PodCreated{stream_pod(2)}, "apiserver");
  stream.at(s(6)).add(round(s(5), 1, 0, 1, Limit::none));
  stream.at(s(7)).add(out::RegistrationAccepted{2});
  const auto waits = sink.slices.finish();
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[0].end, WaitEnd::refused);
  EXPECT_EQ(waits[0].until_us, s(1));
  EXPECT_EQ(waits[1].end, WaitEnd::registered);
  EXPECT_EQ(waits[1].wanted_us, 0);
  EXPECT_THAT(waits[1].slices,
              ElementsAre(slice(WaitReason::creating, s(0), s(1)), slice(WaitReason::quota, s(1), s(5)),
                          slice(WaitReason::api, s(5), s(6)), slice(WaitReason::scheduler, s(6), s(7))));
}

TEST(WaitSlices, WhatIsNeverAskedForWaitsToTheEndOfTheLogUnlessTheApplicationStops) {
  for (const bool stops : {false, true}) {
    Sink sink(2);
    Stream stream(sink);
    stream.at(s(0)).add(in::Started{"app-etl"}).create(1);
    stream.at(s(1)).answer(1, 403).add(
        round(0, 2, 0, 0, Limit::refused, "creating executor 1: 403 Forbidden: exceeded quota: team"));
    stream.at(s(9));
    if (stops) stream.add(in::Stopped{});
    stream.add(note::Text{"the end"});
    const auto waits = sink.slices.finish();
    ASSERT_EQ(waits.size(), stops ? 1U : 3U);
    if (stops) continue;
    EXPECT_EQ(waits[2].end, WaitEnd::never_asked);
    EXPECT_THAT(waits[2].slices,
                ElementsAre(slice(WaitReason::creating, s(0), s(1)), slice(WaitReason::quota, s(1), s(9))));
  }
}

TEST(WaitSlices, AReplacementIsWantedFromWhenTheDriverForgotTheLostOne) {
  Sink sink(1);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).create(1).answer(1, 201).add(out::RegistrationAccepted{1});
  stream.at(s(20)).add(out::ExecutorRemoved{1, 137, true, "killed"});
  stream.at(s(21)).create(2);
  const auto waits = sink.slices.finish();
  EXPECT_EQ(waits[1].wanted_us, s(20));
  EXPECT_THAT(waits[1].slices, ElementsAre(slice(WaitReason::round, s(20), s(21))));
}

TEST(WaitSlices, WhatDynamicAllocationNeedsButDoesNotAskForYetWaitsForTheBacklogTimer) {
  Sink sink(0);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"}).add(out::TargetsRequested{{{0, 1}}, {{0, 3}}, "backlog"}).create(1);
  stream.at(s(1)).add(out::TargetsRequested{{{0, 3}}, {{0, 3}}, "backlog"}).create(2);
  const auto waits = sink.slices.finish();
  EXPECT_EQ(waits[1].wanted_us, 0);
  EXPECT_THAT(waits[1].slices, ElementsAre(slice(WaitReason::backlog_timer, s(0), s(1))));
}

TEST(WaitSlices, ALoweredTargetTakesTheNewestWantsAway) {
  Sink sink(2);
  Stream stream(sink);
  stream.at(s(0)).add(in::Started{"app-etl"});
  stream.at(s(1)).add(in::TargetSet{{{0, 0}}});
  stream.at(s(5)).add(in::TargetSet{{{0, 1}}});
  stream.at(s(6)).create(1);
  EXPECT_EQ(sink.slices.finish()[0].wanted_us, s(5));
}

TEST(WaitSlices, InWholeRunsEverySecondFromWantedToRegisteredHasExactlyOneReason) {
  const std::vector<std::string> scenarios{
      tiny_text(30, "64"),
      tiny_text(30, "2"),
      tiny_text(20, "64", R"(,"timeline":[{"at":"20s","do":"nodes_down","nodes":["worker-1"]}],"end":"10m")"),
  };
  for (const std::string& text : scenarios) {
    Sink sink(text == scenarios[2] ? 20 : 30);
    RunOptions options;
    options.more_sinks = {&sink};
    run_tiny(text, options);
    const auto waits = sink.slices.finish();
    ASSERT_FALSE(waits.empty());
    for (const ExecutorWait& wait : waits) {
      TimeUs at = wait.wanted_us;
      for (const WaitSlice& one : wait.slices) {
        EXPECT_EQ(one.from_us, at) << wait.row.id;
        EXPECT_GT(one.to_us, one.from_us) << wait.row.id;
        EXPECT_NE(one.reason, WaitReason::unknown) << wait.row.id;
        at = one.to_us;
      }
      EXPECT_EQ(at, std::max(wait.until_us, wait.wanted_us)) << wait.row.id;
    }
  }
}

}  // namespace
}  // namespace podramp::sim::wait_slices_test
