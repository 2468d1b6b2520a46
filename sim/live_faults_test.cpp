// Live runs against a served cluster that is in trouble: each reaches its target or says why not, and leaves no pod.
// The small server's own faults stand in backend/live/live_run_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sim/test_served_process.h"

namespace podramp::sim::live_faults_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string three_executors(const std::string& conf = "") {
  return live::live_scenario(3, R"("spark.kubernetes.executor.apiPollingInterval":"2s",)" + conf);
}

// The server's time goes ten times as fast as the wall's. seen: what the run must have been answered, "create pods
// 429".
void expect_overcome(const std::string& faults, const std::string& seen = "", std::int64_t times = 1,
                     DurationUs hold_us = kSecondUs) {
  const http::TestFolder folder;
  const ServedProcess served(folder, served_scenario(faults), {"--speed", "10"});
  ServedLiveRun run(folder, served.config(), three_executors());
  run.settings.loop.hold_us = hold_us;
  const live::RunOutcome outcome = run.run();
  EXPECT_THAT(outcome.missing, IsEmpty());
  EXPECT_EQ(outcome.loop.ended, "quiet");
  ASSERT_EQ(outcome.loop.applications.size(), 1U);
  EXPECT_EQ(outcome.loop.applications.front().registered, 3);
  if (!seen.empty()) {
    const auto& answers = outcome.loop.applications.front().answers;
    ASSERT_TRUE(answers.contains(seen)) << testing::PrintToString(answers);
    EXPECT_GE(answers.at(seen), times);
  }
  EXPECT_THAT(outcome.sweep.left, IsEmpty());
  EXPECT_THAT(outcome.sweep.errors, IsEmpty());
  EXPECT_EQ(served.pods_left(), "");
}

// Half of what it is about is hit, for as long as the run takes.
std::string half(const std::string& point, const std::string& more) {
  return fmt::format(R"({{"point":"{}","client":"podramp","ratio":"1/2"{}}})", point, more);
}

TEST(LiveFaults, CreatesAndDeletesThatAreThrottled) {
  expect_overcome(half("api.throttle", R"(,"verb":"create")") + "," + half("api.throttle", R"(,"verb":"delete")"),
                  "create pods 429");
}

TEST(LiveFaults, ErrorsOfTheServer) {
  expect_overcome(half("api.error", R"(,"verb":"create")") + "," + half("api.unavailable", R"(,"verb":"delete")") +
                      "," + half("api.error", R"(,"verb":"deletecollection")"),
                  "create pods 500");
}

TEST(LiveFaults, AnswersThatBreakOffInTheMiddle) {
  expect_overcome(half("api.reset", R"(,"verb":"create")") + "," + half("api.reset", R"(,"verb":"delete")"),
                  "create pods maybe_committed");
}

// K10: each waits for its time-out, so the run may give up before it has all; then it says what the server did.
TEST(LiveFaults, CreatesThatAreDoneAndNeverAnsweredLeaveNoPod) {
  const http::TestFolder folder;
  const ServedProcess served(folder, served_scenario(half("api.commit_then_timeout", R"(,"verb":"create")")),
                             {"--speed", "10"});
  ServedLiveRun run(folder, served.config(), three_executors());
  const live::RunOutcome outcome = run.run();
  const live::LiveTally& etl = outcome.loop.applications.at(0);
  EXPECT_TRUE(etl.answers.contains("create pods timed_out")) << testing::PrintToString(etl.answers);
  EXPECT_TRUE(outcome.loop.ended == "quiet" ? etl.registered == 3 : !etl.last_refusal.empty()) << outcome.loop.ended;
  EXPECT_THAT(outcome.sweep.left, IsEmpty());
  EXPECT_EQ(served.pods_left(), "");
}

TEST(LiveFaults, WatchesThatAreCutAndEndWith410) {
  std::string faults = R"({"point":"api.outage","from":"12s","until":"20s"})";
  for (int at = 25; at < 60; at += 5) {
    faults += fmt::format(R"(,{{"point":"watch.expire","from":"{}s","until":"{}s"}})", at, at + 1);
  }
  expect_overcome(faults, "watch pods 200", 2, 8 * kSecondUs);  // 02 2.2: after a 410 there are polls only
}

TEST(LiveFaults, WatchEventsThatAreLost) { expect_overcome(half("watch.drop", "")); }

TEST(LiveFaults, AServerThatAnswersFromOldState) {  // K14, K17: half a minute of the server's, three seconds of ours
  expect_overcome(R"({"point":"api.stale","delay":"30s"},{"point":"watch.delay","delay":"30s"})");
}

// Kills the server once three pods are there, and starts it again so much later; or never.
live::RunOutcome run_with_restart(const http::TestFolder& folder, ServedProcess& served, ServedLiveRun& run,
                                  std::optional<std::chrono::milliseconds> down) {
  std::atomic<bool> killed = false;
  std::thread killer([&] {
    live::wait_until([&] {
      const std::string log = live::read_text_file(folder.path() + "/events.jsonl").value_or("");
      std::size_t registered = 0;
      for (std::size_t at = 0; (at = log.find("in.registered", at + 1)) != std::string::npos;) ++registered;
      return registered >= 3;
    });
    served.kill();
    killed = true;
    if (!down) return;
    std::this_thread::sleep_for(*down);
    served.restart();
  });
  live::RunOutcome outcome = run.run();
  killer.join();
  EXPECT_TRUE(killed);
  return outcome;
}

// It has forgotten everything: watches, and the pods as well.
TEST(LiveFaults, AServerThatComesBackWithNothingIsFilledAgain) {
  for (const int down_ms : {0, 4'000}) {
    const http::TestFolder folder;
    ServedProcess served(folder, served_scenario(), {"--speed", "10"});
    ServedLiveRun run(folder, served.config(), three_executors());
    run.settings.loop.hold_us = 12 * kSecondUs;
    run.settings.loop.stuck_us = 40 * kSecondUs;
    const live::RunOutcome outcome = run_with_restart(folder, served, run, std::chrono::milliseconds(down_ms));
    EXPECT_EQ(outcome.loop.ended, "quiet");
    EXPECT_EQ(outcome.loop.applications.front().registered, 3);
    EXPECT_GT(outcome.loop.applications.front().answers.at("create pods 201"), 3);
    EXPECT_THAT(outcome.sweep.left, IsEmpty());
    EXPECT_EQ(served.pods_left(), "");
  }
}

TEST(LiveFaults, AServerThatDoesNotComeBackIsSaidSo) {
  const http::TestFolder folder;
  ServedProcess served(folder, served_scenario(), {"--speed", "10"});
  ServedLiveRun run(folder, served.config(), live::live_scenario(3, "", R"(,"end":"8s")"));
  run.settings.loop.hold_us = kMinuteUs;
  run.settings.loop.stop_us = 2 * kSecondUs;
  run.settings.patience_us = 2 * kSecondUs;
  const live::RunOutcome outcome = run_with_restart(folder, served, run, std::nullopt);
  EXPECT_EQ(outcome.loop.ended, "end");
  ASSERT_FALSE(outcome.sweep.errors.empty());
  EXPECT_THAT(outcome.sweep.errors.front(), HasSubstr("cannot be listed: Failed to connect"));
}

}  // namespace
}  // namespace podramp::sim::live_faults_test
