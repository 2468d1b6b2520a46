// The fork's driver with a program: jobs run on its executors, lost executors fail tasks (01 1.8), names of hosts
// decide where tasks run (01 2), and dynamic allocation follows the load (01 2.3, 2.4, 4.1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/snapshots.h"
#include "backend/test_fork.h"
#include "backend/test_task_world.h"

namespace podramp::backend::fork_tasks_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string ip(ExecutorId id) { return "10.0.0." + std::to_string(id); }

void submit(ForkRig& rig, JobId job, std::vector<StagePlan> stages) {
  rig.step(in::JobSubmitted{{job, std::move(stages)}});
}
StagePlan preferring(std::vector<std::vector<std::string>> preferred) {
  StagePlan plan = result_stage(0, static_cast<std::int64_t>(preferred.size()));
  plan.preferred = std::move(preferred);
  return plan;
}
std::vector<Effect> succeed(ForkRig& rig, TaskId task) { return rig.step(in::TaskEnded{task, {}}); }
std::vector<out::TaskLaunched> launched(const std::vector<Effect>& effects) { return only<out::TaskLaunched>(effects); }
std::vector<out::JobEnded> jobs_ended(const std::vector<Effect>& effects) { return only<out::JobEnded>(effects); }

// Time goes on to `until`, timers fire on the way; pods that are created register, where asked for.
void run(ForkRig& rig, TimeUs until, bool register_pods = false) {
  while (true) {
    const auto next = std::ranges::min_element(rig.timers, {}, [](const auto& timer) { return timer.second; });
    if (next == rig.timers.end() || next->second > until) break;
    for (const out::Called& call : only<out::Called>(rig.fire(next->first))) {
      if (!register_pods || call.request.verb != Verb::create) continue;
      const auto id = executor_id(*call.request.body);
      rig.register_executor(*id, ip(*id));
    }
  }
  rig.now = until;
}

// A static application whose n executors have registered, each on a host of its own.
ForkRig running_apart(int n, const Fixes& fixes = {}, const StringMap& more = {}) {
  ForkRig rig = created(n, fixes, more);
  for (ExecutorId id = 1; id <= n; ++id) rig.register_executor(id, ip(id));
  return rig;
}
StringMap up_to_100(StringMap more = {}) {
  more.emplace("spark.dynamicAllocation.maxExecutors", "100");
  return dynamic(std::move(more));
}
// What the manager has asked for, in order.
std::vector<std::int64_t> totals(const ForkRig& rig) {
  std::vector<std::int64_t> found;
  for (const auto& wanted : only<out::TargetsRequested>(rig.effects)) {
    found.push_back(wanted.targets.at(kDefaultProfile));
  }
  return found;
}

// --- jobs ----------------------------------------------------------------------------------------------------------

TEST(ForkTasks, AJobRunsToItsEndOnceEnoughExecutorsHaveRegistered) {
  ForkRig rig(instances(2));
  rig.start();
  submit(rig, 7, {map_stage(0, 3), result_stage(1, 1, {0})});
  rig.passes(2);
  EXPECT_THAT(launched(rig.register_executor(1, ip(1))), IsEmpty());
  const auto first = launched(rig.register_executor(2, ip(2)));
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_THAT((std::vector<ExecutorId>{first[0].executor, first[1].executor}), UnorderedElementsAre(1, 2));
  EXPECT_THAT(launched(succeed(rig, first[0].task)), SizeIs(1));
  succeed(rig, first[1].task);
  const auto last = launched(succeed(rig, 2));
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].stage, 1);
  const auto ended = jobs_ended(succeed(rig, last[0].task));
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].job, 7);
  EXPECT_EQ(ended[0].error, "");
}

TEST(ForkTasks, AnUnknownLossFailsTasksOnlyAfterElevenLooksAndThenCounts) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running_apart(2, cured ? Fixes{Fix::q09} : Fixes{}, {{"spark.task.maxFailures", "1"}});
    submit(rig, 0, {result_stage(0, 2)});
    rig.disconnect(1);
    const auto ten = rig.passes(10);
    EXPECT_THAT(only<out::ExecutorRemoved>(ten), IsEmpty());
    EXPECT_THAT(jobs_ended(ten), IsEmpty());
    const auto eleventh = rig.pass();
    ASSERT_THAT(only<out::ExecutorRemoved>(eleventh), SizeIs(1));
    ASSERT_THAT(jobs_ended(eleventh), SizeIs(cured ? 0 : 1)) << "maxFailures is 1";
    if (cured) {
      EXPECT_THAT(launched(rig.register_executor(3, ip(3))), SizeIs(1)) << "the task runs again";
    } else {
      EXPECT_THAT(jobs_ended(eleventh)[0].error, HasSubstr("unknown reasons"));
    }
  }
}

TEST(ForkTasks, ADeletedPodsTasksRunAgainWithoutBeingCounted) {
  ForkRig rig = running_apart(2, {}, {{"spark.task.maxFailures", "1"}});
  submit(rig, 0, {result_stage(0, 2)});
  rig.event(WatchEventType::deleted, fork_pod(1, PodPhase::running, "n1", ip(1)));
  EXPECT_THAT(launched(rig.disconnect(1)), IsEmpty());
  const auto effects = rig.pass();
  EXPECT_THAT(only<out::ExecutorRemoved>(effects), SizeIs(1));
  EXPECT_THAT(jobs_ended(effects), IsEmpty());
  EXPECT_THAT(launched(rig.register_executor(3, ip(3))), SizeIs(1));
}

TEST(ForkTasks, ADisconnectedExecutorGetsNoMoreTasks) {
  ForkRig rig = running_apart(2);
  rig.disconnect(1);
  submit(rig, 0, {result_stage(0, 2)});
  const auto first = launched(rig.effects);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].executor, 2);
}

TEST(ForkTasks, ASilentExecutorsTasksFailAtOnceWhenItsHeartbeatsExpireAndCount) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running_apart(2, cured ? Fixes{Fix::q09} : Fixes{}, {{"spark.task.maxFailures", "1"}});
    submit(rig, 0, {result_stage(0, 2)});
    rig.now = 10 * kS;
    rig.step(in::HeartbeatsStopped{1, 5 * kS});
    EXPECT_THAT(jobs_ended(rig.fire({TimerKind::heartbeat_check, 0})), IsEmpty());
    EXPECT_THAT(jobs_ended(rig.fire({TimerKind::heartbeat_check, 0})), IsEmpty());
    const auto expired = rig.fire({TimerKind::heartbeat_check, 0});  // 180 s
    EXPECT_THAT(requests(expired), ElementsAre("delete app-exec-1"));
    EXPECT_THAT(jobs_ended(expired), SizeIs(cured ? 0 : 1));
    EXPECT_THAT(only<out::ExecutorRemoved>(expired), IsEmpty()) << "its loss reason is looked for";
    if (cured) {
      EXPECT_THAT(launched(rig.register_executor(3, ip(3))), SizeIs(1));
    }
  }
}

TEST(ForkTasks, OnlyAForcedKillTakesABusyExecutor) {
  ForkRig rig = running_apart(2);
  submit(rig, 0, {result_stage(0, 1)});
  const ExecutorId busy = launched(rig.effects).at(0).executor;
  EXPECT_THAT(requests(rig.step(in::KillRequested{{1, 2}, true, false})),
              ElementsAre("delete app-exec-" + std::to_string(3 - busy)));
  EXPECT_THAT(requests(rig.step(in::KillRequested{{busy}, true, true})),
              ElementsAre("delete app-exec-" + std::to_string(busy)));
}

TEST(ForkTasks, AfterTheStopNothingIsLaunchedAndNoTimerOfTasksIsLeft) {
  ForkRig rig = running_apart(1);
  submit(rig, 0, {result_stage(0, 2)});
  ASSERT_TRUE(rig.timers.contains({TimerKind::revive, kReviveTimer}));
  rig.hold = [](const ApiRequest& request) { return request.verb == Verb::remove; };
  rig.step(in::Stopped{});
  EXPECT_FALSE(rig.timers.contains({TimerKind::revive, kReviveTimer}));
  EXPECT_THAT(launched(succeed(rig, 0)), IsEmpty());
}

// --- names of hosts (01 2) -----------------------------------------------------------------------------------------

// Executors on n1 and n2, and two tasks that prefer n2.
TEST(ForkTasks, Q16_NobodyWaitsForTheNodeOfABlockAndWithTheCureTheyDo) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running_apart(2, cured ? Fixes{Fix::q16} : Fixes{});
    for (ExecutorId id : {1, 2}) {
      rig.event(WatchEventType::modified, fork_pod(id, PodPhase::running, "n" + std::to_string(id), ip(id)));
    }
    submit(rig, 0, {preferring({{"n2"}, {"n2"}})});
    std::map<ExecutorId, Locality> at_once;
    for (const out::TaskLaunched& task : launched(rig.effects)) at_once[task.executor] = task.locality;
    if (cured) {
      EXPECT_THAT(at_once, ElementsAre(Pair(2, Locality::node_local)));
      run(rig, rig.now + 5 * kS);
      ASSERT_THAT(launched(rig.effects), SizeIs(2)) << "after spark.locality.wait";
      EXPECT_EQ(launched(rig.effects)[1].executor, 1);
      EXPECT_EQ(launched(rig.effects)[1].locality, Locality::any);
    } else {
      EXPECT_THAT(at_once, ElementsAre(Pair(1, Locality::any), Pair(2, Locality::node_local)));
    }
  }
}

TEST(ForkTasks, Q14_APodThatWasFirstSeenRunningHasNoNodeForItsTasksAndWithTheCureItHas) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running_apart(1, cured ? Fixes{Fix::q14} : Fixes{});
    rig.event(WatchEventType::added, fork_pod(1, PodPhase::running, "n1", ip(1)));
    submit(rig, 0, {preferring({{"n1"}})});
    ASSERT_THAT(launched(rig.effects), SizeIs(1));
    EXPECT_EQ(launched(rig.effects)[0].locality, cured ? Locality::node_local : Locality::any);
  }
}

TEST(ForkTasks, ANodesIpAndItsNameInDnsAreTriedAfterTheNodesName) {
  for (const std::string dns : {"false", "true"}) {
    ForkRig rig =
        running_apart(1, {}, {{"spark.kubernetes.driver.hdfslocality.clusterNodeNameDNSLookup.enabled", dns}});
    rig.driver.set_nodes({{{"n1", "196.0.0.1"}}, {{"196.0.0.1", "n1.domain"}}, {}});
    rig.event(WatchEventType::modified, fork_pod(1, PodPhase::running, "n1", ip(1)));
    submit(rig, 0, {preferring({{"196.0.0.1"}, {"n1.domain"}})});
    succeed(rig, 0);
    ASSERT_THAT(launched(rig.effects), SizeIs(2));
    EXPECT_EQ(launched(rig.effects)[0].locality, Locality::node_local);
    EXPECT_EQ(launched(rig.effects)[1].locality, dns == "true" ? Locality::node_local : Locality::any);
  }
}

TEST(ForkTasks, ARackIsThatOfThePodsNodeAndOnlyWhereTheConfNamesATopology) {
  for (const bool named : {false, true}) {
    StringMap more;
    if (named) {
      more = {{"spark.hadoop.net.topology.node.switch.mapping.impl", "org.apache.hadoop.net.TableMapping"},
              {"spark.hadoop.net.topology.table.file.name", "/etc/topology"}};
    }
    ForkRig rig = running_apart(1, {}, more);
    rig.driver.set_nodes({{}, {}, {{"n1", "/r1"}, {"n2", "/r1"}}});
    rig.event(WatchEventType::modified, fork_pod(1, PodPhase::running, "n1", ip(1)));
    submit(rig, 0, {preferring({{"n2"}})});
    ASSERT_THAT(launched(rig.effects), SizeIs(1));
    EXPECT_EQ(launched(rig.effects)[0].locality, named ? Locality::rack_local : Locality::any);
  }
}

// --- dynamic allocation (01 4.1) -----------------------------------------------------------------------------------

TEST(ForkTasks, DynamicAllocationAsksForOneTwoFourMoreInWholeSeconds) {
  ForkRig rig(up_to_100());
  rig.start();
  submit(rig, 0, {result_stage(0, 100)});
  run(rig, 5 * kS - 1);
  EXPECT_THAT(totals(rig), ElementsAre(0, 1, 3, 7, 15));
  EXPECT_THAT(rig.driver.describe(), HasSubstr("target: 15\n"));
  EXPECT_THAT(rig.driver.describe(), HasSubstr("requested total: 15\n"));
  EXPECT_THAT(requests(rig.effects), Not(IsEmpty()));
}

TEST(ForkTasks, TheSustainedTimeoutIsTheConfs) {
  ForkRig rig(up_to_100({{"spark.dynamicAllocation.schedulerBacklogTimeout", "2s"},
                         {"spark.dynamicAllocation.sustainedSchedulerBacklogTimeout", "3s"}}));
  rig.start();
  submit(rig, 0, {result_stage(0, 100)});
  run(rig, 2 * kS - 1);
  EXPECT_THAT(totals(rig), ElementsAre(0));
  run(rig, 5 * kS - 1);
  EXPECT_THAT(totals(rig), ElementsAre(0, 1));
  run(rig, 5 * kS);
  EXPECT_THAT(totals(rig), ElementsAre(0, 1, 3));
}

TEST(ForkTasks, IdleExecutorsGoAndEachKillLowersTheTargetBelowWhatIsNeeded) {
  ForkRig rig(up_to_100());
  rig.start();
  submit(rig, 0, {result_stage(0, 3)});
  run(rig, 5 * kS, true);
  const auto tasks = launched(rig.effects);
  ASSERT_THAT(tasks, SizeIs(3));
  EXPECT_THAT(totals(rig), ElementsAre(0, 1, 3));
  succeed(rig, tasks[0].task);
  succeed(rig, tasks[1].task);
  run(rig, 6 * kS);
  EXPECT_THAT(totals(rig), ElementsAre(0, 1, 3, 1));
  EXPECT_THAT(rig.driver.describe(), HasSubstr("target: 1\n"));
  const auto requests_so_far = [&rig] { return requests(rig.effects); };
  const std::vector<std::string> before = requests_so_far();
  run(rig, 64 * kS);
  EXPECT_EQ(requests_so_far(), before);
  run(rig, 66 * kS);
  std::vector<std::string> deleted = requests_so_far();
  deleted.erase(deleted.begin(), deleted.begin() + static_cast<std::ptrdiff_t>(before.size()));
  EXPECT_THAT(deleted, UnorderedElementsAre("delete app-exec-" + std::to_string(tasks[0].executor),
                                            "delete app-exec-" + std::to_string(tasks[1].executor)));
  EXPECT_THAT(rig.driver.describe(), HasSubstr("target: 0\n")) << "one executor is needed, and it is there";
  EXPECT_THAT(totals(rig), SizeIs(4)) << "the kills lower it, not a request";
}

TEST(ForkTasks, AnIdleExecutorThatCachesABlockStays) {
  for (const bool cached : {false, true}) {
    ForkRig rig(up_to_100());
    rig.start();
    submit(rig, 0, {result_stage(0, 1)});
    run(rig, 3 * kS, true);
    ASSERT_THAT(launched(rig.effects), SizeIs(1));
    if (cached) rig.step(in::BlockUpdated{1, 5, 0, 100, 0});
    succeed(rig, 0);
    run(rig, kHourUs);
    EXPECT_EQ(rig.pods.contains("app-exec-1"), cached);
  }
}

TEST(ForkTasks, HintsOfStagesReachTheNextPodsAffinity) {
  ForkRig rig(up_to_100());
  rig.start();
  submit(rig, 0, {preferring({{"a"}, {"a"}, {"a"}, {"b"}})});
  run(rig, 2 * kS);
  const std::string affinity = rig.pods.at("app-exec-1")->own_annotations.at("scheduler.alpha.kubernetes.io/affinity");
  EXPECT_THAT(affinity, HasSubstr(R"("weight":67)"));
  EXPECT_THAT(affinity, HasSubstr(R"("values":["a"])"));
  EXPECT_THAT(affinity, HasSubstr(R"("weight":1)"));
  EXPECT_THAT(affinity, HasSubstr(R"("values":["b"])"));
}

TEST(ForkTasks, Q17_OneTaskAloneGivesAWeightThatNoServerTakes) {
  ForkRig rig(up_to_100());
  rig.start();
  submit(rig, 0, {preferring({{"a"}})});
  run(rig, 2 * kS);
  EXPECT_THAT(rig.pods.at("app-exec-1")->own_annotations.at("scheduler.alpha.kubernetes.io/affinity"),
              HasSubstr(R"("weight":0)"));
}

TEST(ForkTasks, Q18_StaticAllocationGivesNoHintsAndWithTheCureTheRunningStagesDo) {
  for (const bool cured : {false, true}) {
    ForkRig rig = running_apart(1, cured ? Fixes{Fix::q18} : Fixes{});
    submit(rig, 0, {preferring({{"a"}, {"a"}})});
    rig.step(in::KillRequested{{1}, true, true});
    rig.pass();
    EXPECT_EQ(rig.pods.at("app-exec-2")->own_annotations.contains("scheduler.alpha.kubernetes.io/affinity"), cured);
  }
}

// --- blacklist (core Spark 2.2)
// ---------------------------------------------------------------------------------------

// One failed task in a task set that succeeds elsewhere puts its executor's host on the application's blacklist.
StringMap strict_blacklist(StringMap more = {}) {
  more.emplace("spark.blacklist.enabled", "true");
  more.emplace("spark.blacklist.application.maxFailedTasksPerExecutor", "1");
  more.emplace("spark.blacklist.application.maxFailedExecutorsPerNode", "1");
  return more;
}
std::vector<Effect> fail(ForkRig& rig, TaskId task) {
  TaskResult result;
  result.end = TaskEnd::failed;
  return rig.step(in::TaskEnded{task, result});
}
// Fails the task of a job once and lets it succeed on the other executor; returns where it failed.
ExecutorId fail_once(ForkRig& rig) {
  rig.step(in::JobSubmitted{{0, {result_stage(0, 1)}}});
  const auto first = launched(rig.effects).back();
  const auto second = launched(fail(rig, first.task));
  EXPECT_THAT(second, SizeIs(1));
  EXPECT_NE(second[0].executor, first.executor);
  EXPECT_THAT(jobs_ended(succeed(rig, second[0].task)), SizeIs(1));
  return first.executor;
}

TEST(ForkTasks, Q32_ABlacklistedHostLeavesThePodUnregisteredAndTheCureReplacesIt) {
  for (const bool cured : {false, true}) {
    ForkRig rig = created(3, cured ? Fixes{Fix::q32} : Fixes{},
                          strict_blacklist({{"spark.scheduler.minRegisteredResourcesRatio", "0.5"}}));
    rig.register_executor(1, ip(1));
    rig.register_executor(2, ip(2));
    const std::string host = ip(fail_once(rig));
    const auto refused = only<out::RegistrationRefused>(rig.register_executor(3, host));
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_THAT(refused[0].reason, HasSubstr(host));
    const auto later = requests(rig.passes(50));
    if (cured) {
      EXPECT_THAT(later, ElementsAre("delete app-exec-3", "create app-exec-4"));
    } else {
      EXPECT_THAT(later, IsEmpty());
    }
  }
}

TEST(ForkTasks, ABlacklistedExecutorIsKilledAndReplacedWhereThatIsAskedFor) {
  ForkRig rig = running_apart(2, {}, strict_blacklist({{"spark.blacklist.killBlacklistedExecutors", "true"}}));
  const ExecutorId failed = fail_once(rig);
  EXPECT_THAT(requests(rig.passes(3)), Contains("create app-exec-3"));
  EXPECT_FALSE(rig.pods.contains("app-exec-" + std::to_string(failed)));
}

TEST(ForkTasks, ATaskThatTheBlacklistLeavesNoExecutorEndsItsJobAtOnce) {
  ForkRig rig = running_apart(1, {}, strict_blacklist());
  submit(rig, 0, {result_stage(0, 1)});
  const auto ended = jobs_ended(fail(rig, launched(rig.effects).back().task));
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_THAT(ended[0].error, HasSubstr("cannot run anywhere"));
}

TEST(ForkTasks, WithoutABlacklistAFailedTaskMayRunOnItsExecutorAgain) {
  ForkRig rig = running_apart(1);
  submit(rig, 0, {result_stage(0, 1)});
  EXPECT_THAT(launched(fail(rig, launched(rig.effects).back().task)), SizeIs(1));
}

TEST(ForkTasks, WhatTheManagerRefusesEndsTheDriver) {
  ForkRig rig(up_to_100({{"spark.task.cpus", "2"}}));
  rig.start();
  const auto exits = only<out::Exited>(rig.effects);
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].code, 1);
  EXPECT_THAT(exits[0].why, HasSubstr("spark.task.cpus"));
}

TEST(ForkTasks, AnApplicationWithoutAProgramFollowsItsTargetsAlone) {
  Application application = fork_application(fork_settings(up_to_100()));
  application.runs_jobs = false;
  ForkDriver driver(application);
  Outbox out;
  driver.step(0, in::Started{"app-1"}, out);
  EXPECT_THAT(only<out::TargetsRequested>(out.take()), IsEmpty());
}

}  // namespace
}  // namespace podramp::backend::fork_tasks_test
