// The pool of processes: outcomes come back whole, whatever happens to a child; not more at a time than asked for.
#include "sim/study/run_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <map>

namespace podramp::sim::run_pool_test {
namespace {

using testing::HasSubstr;

std::vector<RunKey> keys_to(std::size_t n) {
  std::vector<RunKey> keys;
  for (std::size_t i = 0; i < n; ++i) keys.push_back({i, 0});
  return keys;
}

Outcome fine(const RunKey& key) {
  Outcome outcome;
  outcome.ended = "quiet";
  outcome.kpis["variant"] = static_cast<std::int64_t>(key.variant);
  return outcome;
}

TEST(RunPool, EveryOutcomeComesBackOnceAndNotMoreRunThanAsked) {
  std::map<RunKey, Outcome> ended;
  std::int64_t most = 0;
  RunPool pool(3, fine,
               [&](const RunKey& key, const Outcome& outcome) { EXPECT_TRUE(ended.emplace(key, outcome).second); });
  EXPECT_TRUE(pool.run(keys_to(40), [&] {
    most = std::max(most, pool.running());
    return false;
  }));
  ASSERT_EQ(ended.size(), 40U);
  for (const auto& [key, outcome] : ended) EXPECT_EQ(outcome, fine(key));
  EXPECT_LE(most, 3);
}

TEST(RunPool, WhatAChildSaysBeforeItDiesIsItsError) {
  std::map<std::size_t, Outcome> ended;
  const auto simulate = [](const RunKey& key) {
    if (key.variant == 0) ::kill(::getpid(), SIGKILL);
    if (key.variant == 1) std::_Exit(3);
    if (key.variant == 2) {
      std::fputs("CHECK failed: something\nand more\n", stderr);
      std::_Exit(kExitBug);
    }
    if (key.variant == 3) std::fputs("a warning that nobody reads\n", stderr);
    return fine(key);
  };
  RunPool pool(2, simulate, [&](const RunKey& key, const Outcome& outcome) { ended[key.variant] = outcome; });
  EXPECT_TRUE(pool.run(keys_to(5), [] { return false; }));
  EXPECT_EQ(ended[0].exit, 128 + SIGKILL);
  EXPECT_EQ(ended[0].error, "killed by signal 9");
  EXPECT_EQ(ended[1].exit, 3);
  EXPECT_EQ(ended[1].error, "ended with code 3 and said nothing");
  EXPECT_EQ(ended[2].exit, kExitBug);
  EXPECT_EQ(ended[2].error, "CHECK failed: something");
  EXPECT_EQ(ended[3], fine({3, 0}));
  EXPECT_EQ(ended[4], fine({4, 0}));
}

TEST(RunPool, AnInterruptEndsTheChildrenAndKeepsWhatHasEnded) {
  int ended = 0;
  const auto simulate = [](const RunKey& key) {
    if (key.variant > 0) ::sleep(60);
    return fine(key);
  };
  RunPool pool(2, simulate, [&](const RunKey&, const Outcome&) { ++ended; });
  EXPECT_FALSE(pool.run(keys_to(4), [&] { return ended > 0; }));
  EXPECT_EQ(ended, 1);
}

TEST(Outcomes, ALineReadsBackAsTheSameOutcome) {
  Outcome outcome = fine({2, 1});
  outcome.exit = 1;
  outcome.error = "a \"quoted\"\nreason";
  outcome.t_ms = 12;
  outcome.events = 34;
  outcome.fingerprint = "ff";
  const auto read = outcome_from_line(to_json_line({2, 1}, outcome));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->first, (RunKey{2, 1}));
  EXPECT_EQ(read->second, outcome);
  EXPECT_THAT(outcome_from_line("{}").error().message, HasSubstr("not the outcome of a run"));
  EXPECT_FALSE(outcome_from_line("{\"run\":[1"));
}

}  // namespace
}  // namespace podramp::sim::run_pool_test
