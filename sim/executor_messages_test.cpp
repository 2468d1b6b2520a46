// What drivers and simulated executors say to each other: kills, decommissioning, heartbeats, ids for pods of sets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/kernel.h"
#include "sim/test_runs.h"
#include "sim/test_stream.h"

namespace podramp::sim::executor_messages_test {
namespace {

using testing::ElementsAre;

constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }

// Six executors on three nodes, asked for once more at 1 min, so that their number is a requested total; then `entry`.
std::vector<LoggedEvent> run_with(const std::string& entry, const std::vector<std::string>& sets = {},
                                  const std::string& end = "5m") {
  return run_and_read(text_scenario(tiny_text(6, "16",
                                              R"(,"end":")" + end + R"(","until_quiet":false,"timeline":[
      {"at":"1m","do":"set_target","application":"etl","executors":6},)" +
                                                  entry + "]"),
                                    sets));
}

// When the first removal of an executor was told, and why.
std::pair<TimeUs, std::string> removal(const std::vector<LoggedEvent>& events, ExecutorId id) {
  for (const auto& [t, removed] : all<out::ExecutorRemoved>(events)) {
    if (removed.executor == id) return {t, removed.reason};
  }
  return {-1, ""};
}

TEST(ExecutorMessages, KilledExecutorsEndByThemselvesAndAreNotReplaced) {
  const auto events = run_with(R"({"at":"2m","do":"kill_executors","application":"etl","executors":[2,3]})");
  EXPECT_EQ(removal(events, 2), std::pair(s(120), std::string("killed")));
  EXPECT_EQ(removal(events, 3), std::pair(s(120), std::string("killed")));
  EXPECT_EQ(all<out::TargetsRequested>(events).at(0).second.targets, (std::map<ProfileId, std::int64_t>{{0, 4}}));
  std::vector<ExecutorId> ended;
  for (const auto& [t, gone] : all<in::Disconnected>(events)) {
    ended.push_back(gone.executor);
    EXPECT_GT(t, s(120));
    EXPECT_LT(t, s(125)) << "within the grace period";
  }
  EXPECT_THAT(ended, testing::UnorderedElementsAre(2, 3));
  EXPECT_EQ(all<out::RegistrationAccepted>(events).size(), 6U) << "nobody comes for them";
}

TEST(ExecutorMessages, AReplacedExecutorIsReplaced) {
  const auto events =
      run_with(R"({"at":"2m","do":"kill_executors","application":"etl","executors":[2],"replace":true})");
  EXPECT_TRUE(all<out::TargetsRequested>(events).empty());
  const auto accepted = all<out::RegistrationAccepted>(events);
  ASSERT_EQ(accepted.size(), 7U);
  EXPECT_EQ(accepted.back().second.executor, 7);
}

TEST(ExecutorMessages, ADecommissionedExecutorEndsAfterASecondAndIsReplaced) {
  for (const std::string who : {"", R"(,"by_executor":true)"}) {
    const auto events =
        run_with(R"({"at":"2m","do":"decommission_executors","application":"etl","executors":[4])" + who + "}",
                 {"applications.0.conf.spark.decommission.enabled=true"});
    EXPECT_EQ(all<out::DecommissionSent>(events).size(), who.empty() ? 1U : 0U);
    const auto [t, reason] = removal(events, 4);
    EXPECT_EQ(reason, "decommissioned");
    EXPECT_GT(t, s(121));
    EXPECT_LT(t, s(125));
    EXPECT_EQ(all<out::RegistrationAccepted>(events).size(), 7U);
  }
}

TEST(ExecutorMessages, WithoutTheKeyAnExecutorTakesNoNoticeOfItsDecommissioning) {
  const auto events = run_with(R"({"at":"2m","do":"decommission_executors","application":"etl","executors":[4]})");
  EXPECT_EQ(all<out::DecommissionSent>(events).size(), 1U);
  EXPECT_TRUE(all<out::ExecutorRemoved>(events).empty());
}

TEST(ExecutorMessages, ExecutorsOnANodeThatFallsSilentExpireAndHearNothing) {
  const auto events = run_with(R"({"at":"2m","do":"nodes_down","kind":"partition","nodes":["worker-1"]})");
  const auto silent = all<in::HeartbeatsStopped>(events);
  ASSERT_FALSE(silent.empty());
  for (const auto& [t, silence] : silent) {
    EXPECT_EQ(t, s(120));
    EXPECT_GT(silence.last_us, s(110) - 1) << "a heartbeat every 10 s";
    EXPECT_LE(silence.last_us, s(120));
    const auto [when, reason] = removal(events, silence.executor);
    EXPECT_EQ(when, s(240)) << "checked every minute";
    EXPECT_EQ(reason, "killed");
  }
  EXPECT_TRUE(all<in::Disconnected>(events).empty()) << "nobody hears that it should stop";
}

TEST(ExecutorMessages, ANodeThatComesBackInTimeKeepsItsExecutors) {
  const auto events = run_with(R"({"at":"2m","do":"nodes_down","kind":"partition","nodes":["worker-1"]},
                                  {"at":"200s","do":"nodes_up","nodes":["worker-1"]})");
  EXPECT_EQ(all<in::HeartbeatsStopped>(events).size(), all<in::HeartbeatsResumed>(events).size());
  EXPECT_FALSE(all<in::HeartbeatsResumed>(events).empty());
  EXPECT_TRUE(all<out::ExecutorRemoved>(events).empty());
}

TEST(ExecutorMessages, ExecutorsThatLosePowerExpireToo) {
  const auto events = run_with(R"({"at":"2m","do":"nodes_down","nodes":["worker-1"]})");
  const auto silent = all<in::HeartbeatsStopped>(events);
  ASSERT_FALSE(silent.empty());
  for (const auto& [t, silence] : silent) EXPECT_EQ(removal(events, silence.executor).first, s(240));
}

TEST(ExecutorMessages, ALocalMasterRunsWithoutExecutors) {
  const auto events = run_and_read(text_scenario(tiny_text(6, "16", R"(,"end":"1m")"),
                                                 {R"(applications[0].conf.spark.kubernetes.driver.master=local[2])"}));
  EXPECT_EQ(all<out::ReadyToSchedule>(events).size(), 1U);
  EXPECT_TRUE(all<out::Called>(events).empty());
}

TEST(Executors, AProcessWithoutAnIdIsNamedByItsDriver) {
  Executors executors;
  executors.add_application(0, "app-1");
  Pod pod = *stream_pod(9);
  pod.name = "set-0";
  pod.own_labels = {{"spark-app-selector", "app-1"}, {"spark-role", "executor"}, {"spark-exec-id", "EXECID"}};
  pod.own_env = {{"SPARK_EXECUTOR_ID", "EXECID", "", "", ""}, {"SPARK_EXECUTOR_CORES", "4", "", "", ""}};
  ASSERT_NE(executors.started(11, pod), nullptr);
  EXPECT_THAT(executors.of(0), ElementsAre(11U));
  const Process* process = executors.ask(11);
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->executor, 0);
  EXPECT_EQ(process->cores, 4);
  EXPECT_EQ(executors.named(0, "set-1", 5), std::nullopt);
  EXPECT_EQ(executors.named(0, "set-0", 5), 11U);
  EXPECT_EQ(executors.named(0, "set-0", 6), std::nullopt) << "it has its id";
  EXPECT_EQ(executors.find(0, 5), 11U);
  ASSERT_NE(executors.ask(11), nullptr);
  EXPECT_EQ(executors.ask(11), nullptr) << "it has asked to register";
  EXPECT_EQ(executors.stopped(11)->executor, 5);
  pod.own_labels["spark-exec-id"] = "5";  // its container starts anew: the label is that of the process before
  EXPECT_EQ(executors.started(11, pod)->executor, 0);
}

}  // namespace
}  // namespace podramp::sim::executor_messages_test
