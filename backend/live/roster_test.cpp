#include "backend/live/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::live::roster_test {
namespace {

using testing::IsEmpty;

// An executor's pod as a server shows it.
struct Seen {
  Pod pod;
  explicit Seen(const std::string& executor, const std::string& exec_env = "") {
    PodTemplate tmpl;
    tmpl.labels = {{"spark-app-selector", "app"}, {"spark-role", "executor"}, {"spark-exec-id", executor}};
    tmpl.containers.emplace_back();
    tmpl.containers.front().name = "spark-kubernetes-executor";
    tmpl.containers.front().env = {{"SPARK_EXECUTOR_CORES", "1", "", "", ""}};
    if (!exec_env.empty()) tmpl.containers.front().env.push_back({"SPARK_EXECUTOR_ID", exec_env, "", "", ""});
    pod.tmpl = share(std::move(tmpl));
    pod.name = "etl-exec-" + executor;
    pod.uid = "uid-" + executor;
    pod.node = "node-1";
    pod.pod_ip = "10.0.0.7";
    pod.resource_version = 1;
  }
  Seen& runs(Truth ready, TimeUs since = 0) {
    pod.phase = PodPhase::running;
    pod.conditions = {{"Ready", ready, "", "", since}};
    pod.containers = {{"spark-kubernetes-executor", ContainerStateKind::running, "", "", 0}};
    ++pod.resource_version;
    return *this;
  }
  Seen& ended() {
    pod.phase = PodPhase::failed;
    pod.containers = {{"spark-kubernetes-executor", ContainerStateKind::terminated, "Error", "", 137}};
    ++pod.resource_version;
    return *this;
  }
  WatchEvent event(WatchEventType type = WatchEventType::modified) const {
    return {type, std::make_shared<const Pod>(pod)};
  }
};

template <class T>
const T& only(const std::vector<Input>& inputs) {
  EXPECT_EQ(inputs.size(), 1U);
  static const Input kNone = T{};
  EXPECT_TRUE(!inputs.empty() && std::holds_alternative<T>(inputs.front()));
  return inputs.size() == 1 && std::holds_alternative<T>(inputs.front()) ? std::get<T>(inputs.front())
                                                                         : std::get<T>(kNone);
}

Roster spark() { return Roster({"app", false, {{kDefaultProfile, 1}}}); }

TEST(Roster, AnExecutorRegistersOnceWhenItsPodIsReady) {
  Roster roster = spark();
  Seen seen("3");
  EXPECT_THAT(roster.seen(seen.event(WatchEventType::added)), IsEmpty());
  EXPECT_THAT(roster.seen(seen.runs(Truth::no).event()), IsEmpty());
  const in::Registered registered = only<in::Registered>(roster.seen(seen.runs(Truth::yes).event()));
  EXPECT_EQ(registered.executor, 3);
  EXPECT_EQ(registered.host, "node-1");
  EXPECT_FALSE(registered.profile.has_value() || registered.cores.has_value());
  EXPECT_THAT(roster.seen(seen.runs(Truth::yes).event()), IsEmpty());
}

TEST(Roster, TheEndOfItsContainerOrPodDisconnectsIt) {
  Roster roster = spark();
  Seen seen("3");
  roster.seen(seen.runs(Truth::yes).event());
  EXPECT_EQ(only<in::Disconnected>(roster.seen(seen.ended().event())).executor, 3);
  EXPECT_THAT(roster.seen(seen.event(WatchEventType::deleted)), IsEmpty());
  Seen other("4");
  roster.seen(other.runs(Truth::yes).event());
  EXPECT_EQ(only<in::Disconnected>(roster.seen(other.event(WatchEventType::deleted))).executor, 4);
}

TEST(Roster, OneThatIsToldToEndIsNotSilent) {
  Roster roster = spark();
  Seen seen("3");
  roster.seen(seen.runs(Truth::yes).event());
  seen.pod.deletion_us = 9;
  EXPECT_THAT(roster.seen(seen.runs(Truth::no).event()), IsEmpty());
  EXPECT_EQ(only<in::Disconnected>(roster.seen(seen.ended().event())).executor, 3);
}

TEST(Roster, ANodeThatCannotBeReachedTakesTheHeartbeatsWithIt) {  // K69: Ready becomes false, containers stay
  Roster roster = spark();
  Seen seen("3");
  roster.seen(seen.runs(Truth::yes).event());
  const in::HeartbeatsStopped stopped = only<in::HeartbeatsStopped>(roster.seen(seen.runs(Truth::no, 40).event()));
  EXPECT_EQ(stopped.executor, 3);
  EXPECT_EQ(stopped.last_us, 40);
  EXPECT_THAT(roster.seen(seen.runs(Truth::no, 40).event()), IsEmpty());
  EXPECT_EQ(only<in::HeartbeatsResumed>(roster.seen(seen.runs(Truth::yes).event())).executor, 3);
}

TEST(Roster, AListShowsWhatIsGoneButNotWhatIsYoungerThanItself) {
  Roster roster = spark();
  Seen old_one("3");
  Seen young("4");
  roster.seen(old_one.runs(Truth::yes).event());
  young.pod.resource_version = 50;
  roster.seen(young.runs(Truth::yes).event());
  ApiReply list;
  list.code = 200;
  list.resource_version = 20;
  list.list.emplace();
  EXPECT_THAT(roster.listed(list, false), IsEmpty());
  EXPECT_EQ(only<in::Disconnected>(roster.listed(list, true)).executor, 3);
  EXPECT_THAT(roster.listed(list, true), IsEmpty());
}

TEST(Roster, ThePastIsNotBelieved) {
  Roster roster = spark();
  Seen seen("3");
  const WatchEvent old = seen.ended().event();
  roster.seen(seen.runs(Truth::yes).event());
  EXPECT_THAT(roster.seen(old), IsEmpty());
}

TEST(Roster, AContainerThatIsStartedAgainAsksAnew) {
  Roster roster = spark();
  Seen seen("3");
  roster.seen(seen.runs(Truth::yes).event());
  seen.pod.containers = {{"spark-kubernetes-executor", ContainerStateKind::waiting, "CrashLoopBackOff", "", 0}};
  ++seen.pod.resource_version;
  only<in::Disconnected>(roster.seen(seen.event()));
  EXPECT_EQ(only<in::Registered>(roster.seen(seen.runs(Truth::yes).event())).executor, 3);
}

TEST(Roster, APodOfASetAsksForItsIdFirst) {  // 02 4.2, GenerateExecID
  Roster roster = spark();
  Seen seen("EXECID", "EXECID");
  EXPECT_EQ(only<in::ExecutorIdAsked>(roster.seen(seen.runs(Truth::yes).event())).pod, "etl-exec-EXECID");
  EXPECT_THAT(roster.named("other", 1), IsEmpty());
  EXPECT_EQ(only<in::Registered>(roster.named("etl-exec-EXECID", 12)).executor, 12);
  EXPECT_THAT(roster.named("etl-exec-EXECID", 12), IsEmpty());
  EXPECT_EQ(only<in::Disconnected>(roster.seen(seen.ended().event())).executor, 12);
}

TEST(Roster, AnExecutorOfTheForkAsksForItsConfAndRegistersByIp) {  // 01 1.11, 2.1
  Roster roster({"app", true, {{kDefaultProfile, 1}}});
  Seen seen("3");
  EXPECT_EQ(only<in::ConfigAsked>(roster.seen(seen.runs(Truth::yes).event())).executor, 3);
  EXPECT_EQ(only<in::Registered>(roster.configured(3)).host, "10.0.0.7");
}

TEST(Roster, OtherPodsSayNothing) {
  Roster roster({"another", false, {}});
  EXPECT_THAT(roster.seen(Seen("3").runs(Truth::yes).event()), IsEmpty());
  Seen bookmark("3");
  EXPECT_THAT(spark().seen(bookmark.runs(Truth::yes).event(WatchEventType::bookmark)), IsEmpty());
}

}  // namespace
}  // namespace podramp::live::roster_test
