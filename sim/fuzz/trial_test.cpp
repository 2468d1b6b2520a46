#include "sim/fuzz/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace podramp::sim::trial_test {
namespace {

using testing::HasSubstr;

TEST(Trial, ACheckThatDoesNotHoldIsAFailureOfThatRunAlone) {
  TrialPool pool;
  pool.start(1, [] {
    PODRAMP_CHECK(false, "on purpose");
    return SwarmRun{};
  });
  pool.start(2, [] { return swarm_run(1); });
  std::map<std::uint64_t, Trial> trials;
  while (pool.running() > 0) {
    TrialPool::Done done = pool.wait();
    trials.emplace(done.id, std::move(done.trial));
  }
  EXPECT_EQ(trials.at(1).property, kNoCrash);
  EXPECT_THAT(trials.at(1).detail, HasSubstr("trial_test.cpp"));
  EXPECT_THAT(trials.at(1).detail, HasSubstr("on purpose"));
  EXPECT_EQ(trials.at(2).property, "");
}

TEST(Trial, ASignalIsAFailure) {
  TrialPool pool;
  pool.start(1, [] {
    std::raise(SIGKILL);
    return SwarmRun{};
  });
  EXPECT_THAT(pool.wait().trial.detail, HasSubstr("signal 9"));
}

TEST(Trial, ABadScenarioIsSaidToBeBad) { EXPECT_EQ(isolated({R"({"schema": "podramp/v1"})"}).property, kReadable); }

TEST(Trial, WhatARunHasReachedComesBackFromItsProcess) {
  const SwarmRun run = swarm_run(1);
  const Trial here = run_trial(run);
  const Trial there = isolated(run);
  EXPECT_EQ(here.property, "") << here.detail;
  EXPECT_GT(here.coverage.events.at("fact.pod_created"), 0U);
  EXPECT_EQ(here.coverage.events, there.coverage.events);
  EXPECT_EQ(here.coverage.points, there.coverage.points);
}

}  // namespace
}  // namespace podramp::sim::trial_test
