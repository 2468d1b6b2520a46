// What both engines promise (engine.h), one at a time. A process holds one SimGrid engine: run cases through ctest.
#include "sim/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "sim/engine_test_support.h"

namespace podramp::sim::engine_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kMB = 1'000'000;

class EngineTest : public testing::TestWithParam<EngineKind> {
 protected:
  // The engine is built by the first call.
  Engine& engine(const EnginePlatform& platform) {
    engine_ = make_engine(GetParam(), platform);
    return *engine_;
  }
  Script script_;

 private:
  std::unique_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest, testing::Values(EngineKind::fluid, EngineKind::simgrid),
                         [](const auto& kind) { return engine_name(kind.param); });

TEST_P(EngineTest, WithoutTransfersTheBodyGetsExactlyTheDatesItAskedFor) {
  Engine& e = engine({{1000 * kMB}, {100 * kMB}});
  for (const TimeUs t : {0L, 1L, 17L, 1'000'000L, 5'000'000'000'000L}) script_.at(t, [] {});
  e.run(script_);
  EXPECT_THAT(script_.turns, ElementsAre(0, 1, 17, 1'000'000, 5'000'000'000'000));
}

TEST_P(EngineTest, APullAloneTakesItsBytesAtTheSlowerOfTheTwoLinks) {
  Engine& e = engine({{1000 * kMB}, {100 * kMB, 4000 * kMB}});
  script_.at(0, [&] { e.start({1, 0, 0, 2000 * kMB}); });
  script_.at(30 * kSecondUs, [&] { e.start({2, 0, 1, 2000 * kMB}); });
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 20 * kSecondUs, true}, TransferEnd{2, 32 * kSecondUs, true}));
}

TEST_P(EngineTest, PullsShareTheRegistryAndLeaveToOthersWhatTheirNodeLinkCannotTake) {
  // 100 MB/s for three: the slow node takes 10, the others 45 each.
  Engine& e = engine({{100 * kMB}, {10 * kMB, 100 * kMB, 100 * kMB}});
  script_.at(0, [&] {
    e.start({1, 0, 0, 100 * kMB});
    e.start({2, 0, 1, 450 * kMB});
    e.start({3, 0, 2, 450 * kMB});
  });
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 10 * kSecondUs, true}, TransferEnd{2, 10 * kSecondUs, true},
                                        TransferEnd{3, 10 * kSecondUs, true}));
  EXPECT_THAT(script_.turns, ElementsAre(0, 10 * kSecondUs));  // all three in one turn
}

TEST_P(EngineTest, FiftySerialPullsOnOneNodeFollowEachOtherToTheMicrosecond) {
  Engine& e = engine({{1000 * kMB}, {100 * kMB}});
  const TimeUs begin = 3 * kSecondUs;
  std::vector<TimeUs> starts;
  const auto pull = [&](TransferId id) {
    starts.push_back(script_.now());
    e.start({id, 0, 0, 100 * static_cast<std::int64_t>(1'000'003 + 7 * id)});  // a round number of microseconds
  };
  script_.at(begin, [&] { pull(1); });
  script_.on_end = [&](const TransferEnd& end) {
    if (end.id < 50) pull(end.id + 1);
  };
  // Wake-ups in between, some at the very date of an end, must not disturb.
  for (TimeUs t = begin; t < begin + 60 * kSecondUs; t += 777'777) script_.at(t, [] {});
  script_.at(begin + 1'000'010, [] {});
  e.run(script_);
  ASSERT_EQ(script_.ends.size(), 50u);
  TimeUs expected = begin;
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(starts[i], expected) << "pull " << i + 1;
    expected += 1'000'003 + 7 * static_cast<TimeUs>(i + 1);
    EXPECT_EQ(script_.ends[i], (TransferEnd{i + 1, expected, true}));
  }
}

TEST_P(EngineTest, WakeUpsBetweenEndsAreExactAndInOrder) {
  Engine& e = engine({{100 * kMB}, {50 * kMB, 50 * kMB, 50 * kMB}});
  std::vector<TimeUs> wanted;
  for (TimeUs t = 1; t < 20 * kSecondUs; t = t * 3 + 1) wanted.push_back(t);
  for (const TimeUs t : wanted) script_.at(t, [&, t] { EXPECT_EQ(script_.now(), t); });
  script_.at(0, [&] {
    for (TransferId id = 1; id <= 3; ++id) e.start({id, 0, static_cast<int>(id) - 1, 200 * kMB});
  });
  e.run(script_);
  std::vector<TimeUs> expected = wanted;
  expected.insert(expected.begin(), 0);
  expected.insert(std::upper_bound(expected.begin(), expected.end(), 6 * kSecondUs), 6 * kSecondUs);
  EXPECT_EQ(script_.turns, expected);
  EXPECT_EQ(script_.ends.size(), 3u);
}

TEST_P(EngineTest, AnEndAtAWantedDateIsDeliveredInThatTurn) {
  Engine& e = engine({{1000 * kMB}, {100 * kMB, 100 * kMB}});
  std::vector<std::size_t> seen;
  for (const TimeUs t : {9 * kSecondUs, 10 * kSecondUs, 10'000'001L}) {
    script_.at(t, [&] { seen.push_back(script_.ends.size()); });
  }
  script_.at(0, [&] {
    e.start({1, 0, 0, 1000 * kMB});       // ends at 10 s exactly
    e.start({2, 0, 1, 1000 * kMB + 50});  // 0.5 us later: counts as 10.000001 s
  });
  e.run(script_);
  EXPECT_THAT(seen, ElementsAre(0u, 1u, 2u));
  EXPECT_THAT(script_.turns, ElementsAre(0, 9 * kSecondUs, 10 * kSecondUs, 10'000'001));
}

TEST_P(EngineTest, EndsOfOneTurnComeInTheOrderOfTheirStarts) {
  std::vector<std::int64_t> nodes(20, 10 * kMB);
  Engine& e = engine({{1000 * kMB}, nodes});
  script_.at(0, [&] {
    for (int i = 0; i < 20; ++i) e.start({static_cast<TransferId>((i * 7) % 20), 0, (i * 3) % 20, 10 * kMB});
  });
  e.run(script_);
  ASSERT_EQ(script_.ends.size(), 20u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(script_.ends[static_cast<std::size_t>(i)],
              (TransferEnd{static_cast<TransferId>((i * 7) % 20), kSecondUs, true}));
  }
}

TEST_P(EngineTest, NothingAndOneByteAreTransfersToo) {
  Engine& e = engine({{1000 * kMB}, {100 * kMB, 200'000}});
  script_.at(5, [&] { e.start({1, 0, 0, 0}); });
  script_.at(100, [&] { e.start({2, 0, 0, 1}); });    // 10 ns: the same microsecond
  script_.at(200, [&] { e.start({3, 0, 1, 1}); });    // 5 us
  script_.at(300, [&] { e.start({4, 0, 0, 101}); });  // 1.01 us: still one microsecond
  script_.at(400, [&] { e.start({5, 0, 0, 150}); });  // 1.5 us: two
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 5, true}, TransferEnd{2, 100, true}, TransferEnd{3, 205, true},
                                        TransferEnd{4, 301, true}, TransferEnd{5, 402, true}));
}

TEST_P(EngineTest, AfterFiftyEightDaysChainedPullsAreStillRightToTheMicrosecond) {
  Engine& e = engine({{1000 * kMB}, {100 * kMB}});
  const TimeUs begin = 58L * 24 * kHourUs + 123'457;
  script_.at(0, [&] { e.start({1000, 0, 0, 100 * kMB}); });
  for (TimeUs t = kHourUs; t < begin; t += kHourUs) script_.at(t, [] {});
  script_.at(begin, [&] { e.start({1, 0, 0, 7 * kMB}); });
  script_.on_end = [&](const TransferEnd& end) {
    if (end.id < 200) e.start({end.id + 1, 0, 0, 7 * kMB});
  };
  e.run(script_);
  ASSERT_EQ(script_.ends.size(), 201u);
  TimeUs previous = begin;
  for (std::size_t i = 1; i <= 200; ++i) {
    EXPECT_NEAR(static_cast<double>(script_.ends[i].at - previous), 70'000, 1) << "pull " << i;
    EXPECT_LE(std::abs(script_.ends[i].at - (begin + 70'000 * static_cast<TimeUs>(i))), 2) << "pull " << i;
    previous = script_.ends[i].at;
  }
}

TEST_P(EngineTest, APullOfTwentyDaysEndsOnTime) {
  Engine& e = engine({{1000}, {1000, 1000}});
  const std::int64_t day = 86'400;
  script_.at(0, [&] { e.start({1, 0, 0, 15 * day * 1000}); });
  script_.at(10 * day * kSecondUs, [&] { e.start({2, 0, 1, 5 * day * 1000}); });  // shares from day 10 to 20
  for (TimeUs t = 0; t < 20 * day * kSecondUs; t += 13 * kMinuteUs + 1) script_.at(t, [] {});
  e.run(script_);
  EXPECT_THAT(script_.ends,
              ElementsAre(TransferEnd{1, 20 * day * kSecondUs, true}, TransferEnd{2, 20 * day * kSecondUs, true}));
}

TEST_P(EngineTest, ACancelledPullHasNoEndAndGivesItsShareBack) {
  Engine& e = engine({{100 * kMB}, {100 * kMB, 100 * kMB}});
  script_.at(0, [&] {
    e.start({1, 0, 0, 1000 * kMB});
    e.start({2, 0, 1, 1000 * kMB});
  });
  script_.at(10 * kSecondUs, [&] {
    EXPECT_TRUE(e.cancel(1));
    EXPECT_FALSE(e.cancel(1));
    EXPECT_FALSE(e.cancel(99));
  });
  script_.at(11 * kSecondUs, [&] { e.start({1, 0, 0, 100 * kMB}); });  // the id is free again
  e.run(script_);
  // The second: 500 MB by 10 s, 600 by 11 s, half the link until 13 s: 700, the rest alone.
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 13 * kSecondUs, true}, TransferEnd{2, 16 * kSecondUs, true}));
}

TEST_P(EngineTest, CancelAndStartAgainInOneTurnIsANewPull) {
  Engine& e = engine({{100 * kMB}, {100 * kMB}});
  script_.at(0, [&] { e.start({1, 0, 0, 100 * kMB}); });
  script_.at(500'000, [&] {
    EXPECT_TRUE(e.cancel(1));
    e.start({1, 0, 0, 100 * kMB});
  });
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 1'500'000, true}));
}

TEST_P(EngineTest, CancellingTheLastPullLeavesAnIdleEngineThatStillWorks) {
  Engine& e = engine({{100 * kMB}, {100 * kMB}});
  script_.at(0, [&] { e.start({1, 0, 0, 100 * kMB}); });
  script_.at(10, [&] { EXPECT_TRUE(e.cancel(1)); });
  script_.at(24 * kHourUs, [&] { e.start({2, 0, 0, 100 * kMB}); });
  script_.at(24 * kHourUs + 10, [&] {
    e.cancel(2);
    e.start({3, 0, 0, 50 * kMB});
  });
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{3, 24 * kHourUs + 500'010, true}));
  EXPECT_THAT(script_.turns, ElementsAre(0, 10, 24 * kHourUs, 24 * kHourUs + 10, 24 * kHourUs + 500'010));
}

TEST_P(EngineTest, ANodeThatGoesDownFailsItsPullsAtThatInstantAndOthersGetTheirShare) {
  Engine& e = engine({{100 * kMB}, {100 * kMB, 100 * kMB}});
  script_.at(0, [&] {
    e.start({1, 0, 0, 600 * kMB});
    e.start({2, 0, 1, 300 * kMB});
  });
  script_.at(2 * kSecondUs, [&] { e.set_node(0, false); });     // each has 100 MB by now
  script_.at(3 * kSecondUs, [&] { e.start({3, 0, 0, kMB}); });  // down: fails at once
  script_.at(5 * kSecondUs, [&] { e.set_node(0, true); });
  script_.at(6 * kSecondUs, [&] { e.start({4, 0, 0, 100 * kMB}); });
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 2 * kSecondUs, false}, TransferEnd{3, 3 * kSecondUs, false},
                                        TransferEnd{2, 4 * kSecondUs, true}, TransferEnd{4, 7 * kSecondUs, true}));
  EXPECT_THAT(script_.turns, ElementsAre(0, 2 * kSecondUs, 2 * kSecondUs, 3 * kSecondUs, 3 * kSecondUs, 4 * kSecondUs,
                                         5 * kSecondUs, 6 * kSecondUs, 7 * kSecondUs));
}

TEST_P(EngineTest, OffAndOnInOneTurnFailsThePullsAndTakesNewOnes) {
  Engine& e = engine({{100 * kMB}, {100 * kMB}});
  script_.at(0, [&] { e.start({1, 0, 0, 100 * kMB}); });
  script_.at(100, [&] {
    e.set_node(0, false);
    e.set_node(0, true);
    e.start({2, 0, 0, 100 * kMB});
  });
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 100, false}, TransferEnd{2, kSecondUs + 100, true}));
}

TEST_P(EngineTest, AFailureNotYetDeliveredCanBeCancelled) {
  Engine& e = engine({{100 * kMB}, {100 * kMB}});
  script_.at(0, [&] {
    e.set_node(0, false);
    e.start({1, 0, 0, kMB});
    EXPECT_TRUE(e.cancel(1));
    EXPECT_FALSE(e.cancel(1));
  });
  e.run(script_);
  EXPECT_THAT(script_.ends, IsEmpty());
  EXPECT_THAT(script_.turns, ElementsAre(0));
}

TEST_P(EngineTest, TwoPullsToOneNodeShareItsLinkAndOneAloneGetsItBack) {
  Engine& e = engine({{1000 * kMB, 1000 * kMB}, {100 * kMB, 100 * kMB}});
  script_.at(0, [&] { e.start({1, 0, 0, 300 * kMB}); });
  script_.at(kSecondUs, [&] { e.start({2, 1, 0, 50 * kMB}); });   // another registry, the same node link
  script_.at(kSecondUs, [&] { e.start({3, 1, 1, 100 * kMB}); });  // not disturbed
  e.run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{2, 2 * kSecondUs, true}, TransferEnd{3, 2 * kSecondUs, true},
                                        TransferEnd{1, 3'500'000, true}));
}

TEST_P(EngineTest, StoppingDropsWhatIsAlive) {
  Engine& e = engine({{100 * kMB}, {100 * kMB, 100 * kMB}});
  script_.at(0, [&] {
    e.start({1, 0, 0, 100 * kMB});
    e.start({2, 0, 1, 100 * kMB});
  });
  script_.stop_at(kSecondUs);
  script_.at(3 * kSecondUs, [] { ADD_FAILURE() << "a turn after the stop"; });
  e.run(script_);
  EXPECT_THAT(script_.ends, IsEmpty());
  EXPECT_THAT(script_.turns, ElementsAre(0, kSecondUs));
}

TEST_P(EngineTest, IdleMonthsCostNothingButTheirTurns) {
  Engine& e = engine({{100 * kMB}, {100 * kMB}});
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 1'000'000) script_.at(script_.now() + 2 * kSecondUs, again);
  };
  script_.at(0, again);
  script_.at(2'000'000 * kSecondUs, [&] { e.start({1, 0, 0, 100 * kMB}); });
  e.run(script_);
  EXPECT_EQ(turns, 1'000'000);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 2'000'001 * kSecondUs, true}));
}

TEST_P(EngineTest, MistakesOfTheCallerEndTheProcess) {
  EXPECT_EXIT(
      {
        Engine& e = engine({{100 * kMB}, {100 * kMB}});
        script_.at(0, [&] {
          e.start({1, 0, 0, kMB});
          e.start({1, 0, 0, kMB});
        });
        e.run(script_);
      },
      testing::ExitedWithCode(kExitBug), "");
  EXPECT_EXIT(
      {
        Engine& e = engine({{100 * kMB}, {100 * kMB}});
        script_.at(0, [&] { e.start({1, 0, 1, kMB}); });
        e.run(script_);
      },
      testing::ExitedWithCode(kExitBug), "");
}

TEST(SimGridEngine, IsOnePerProcess) {
  const auto first = make_engine(EngineKind::simgrid, {{kMB}, {kMB}});
  EXPECT_EXIT(make_engine(EngineKind::simgrid, {{kMB}, {kMB}}), testing::ExitedWithCode(kExitBug),
              "one engine per process");
}

TEST(SimGridEngine, LeavesTheSignalHandlersOfTheProcessAlone) {
  struct sigaction mine {};
  mine.sa_handler = [](int) {};
  sigaction(SIGINT, &mine, nullptr);
  struct sigaction before {};
  sigaction(SIGSEGV, nullptr, &before);
  const auto engine = make_engine(EngineKind::simgrid, {{kMB}, {kMB}});
  struct sigaction after {};
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(after.sa_handler, mine.sa_handler);
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

TEST(SimGridEngine, SaysNothingOnItsOwn) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  {
    const auto engine = make_engine(EngineKind::simgrid, {{100 * kMB}, {100 * kMB}});
    Script script;
    script.at(0, [&] { engine->start({1, 0, 0, 100 * kMB}); });
    script.at(10, [&] { engine->set_node(0, false); });
    script.at(20, [&] {
      engine->set_node(0, true);
      engine->start({2, 0, 0, 100 * kMB});
    });
    script.stop_at(30);
    engine->run(script);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace podramp::sim::engine_test
