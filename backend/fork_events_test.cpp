// The quirks of the fork's pod watch and of its shuffle manager (01 11), each as it is and with its cure; and 01 9.6
// points 3 and 8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_fork.h"

namespace podramp::backend::fork_events_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A dynamic application (only that heeds hints) with one registered executor; a shuffle service runs on n1.
StringMap starting_with(int initial) {
  return dynamic({{"spark.dynamicAllocation.maxExecutors", "100"},
                  {"spark.dynamicAllocation.initialExecutors", std::to_string(initial)}});
}
ForkRig with_hints(const Fixes& fixes) {
  ForkRig rig(starting_with(1), fixes);
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  return rig;
}
// The hosts that the next executor's affinity names.
std::string next_affinity(ForkRig& rig) {
  rig.target(2, {{"n1", 3}, {"n2", 2}, {"driver-node", 2}});
  rig.pass();
  const PodPtr pod = rig.pods.at("app-exec-2");
  return pod->own_annotations.at("scheduler.alpha.kubernetes.io/affinity");
}
Pod on(ExecutorId id, const std::string& node, const std::string& ip) {
  return fork_pod(id, PodPhase::running, node, ip);
}
Pod driver_on(const std::string& node) {
  Pod pod = driver_pod();
  pod.node = node;
  pod.pod_ip = "10.0.0.200";
  return pod;
}
Pod shuffle_pod(const std::string& node, const std::string& ip, bool ready, const std::string& uid) {
  Pod pod;
  PodTemplate tmpl;
  tmpl.labels = {{"app", "shuffle"}};
  pod.tmpl = share(std::move(tmpl));
  pod.name = "shuffle-" + node + "-" + uid;
  pod.ns = "default";
  pod.uid = uid;
  pod.node = node;
  pod.pod_ip = ip;
  pod.phase = PodPhase::running;
  pod.conditions = {{"Ready", ready ? Truth::yes : Truth::no, "", "", 0}};
  return pod;
}

// --- 9.6.3: which events enter pods_by_ip ----------------------------------------------------------------------------

TEST(ForkEvents, F_96_3_AModifiedRunningPodExcludesItsNodeUntilItTerminates) {
  ForkRig rig = with_hints({});
  rig.event(WatchEventType::modified, on(1, "n1", "10.0.0.1"));
  EXPECT_THAT(next_affinity(rig), Not(HasSubstr("\"n1\"")));
  ForkRig again = with_hints({});
  again.event(WatchEventType::modified, on(1, "n1", "10.0.0.1"));
  Pod terminating = on(1, "n1", "10.0.0.1");
  terminating.deletion_us = 60 * kS;
  again.event(WatchEventType::modified, terminating);
  EXPECT_THAT(next_affinity(again), HasSubstr("\"n1\""));
}

TEST(ForkEvents, F_96_3_Q14_AnAddedPodIsIgnoredAndWithTheCureItIsNot) {
  for (const bool cured : {false, true}) {
    ForkRig rig = with_hints(cured ? Fixes{Fix::q14} : Fixes{});
    rig.event(WatchEventType::added, on(1, "n1", "10.0.0.1"));
    const std::string affinity = next_affinity(rig);
    EXPECT_EQ(affinity.find("\"n1\"") == std::string::npos, cured);
  }
}

TEST(ForkEvents, F_96_3_Q15_TheDriverPodIsWatchedTooAndTheCureAsksForExecutorsOnly) {
  ForkRig faithful = with_hints({});
  EXPECT_EQ(to_string(faithful.called()[1].request.label_selector), "spark-app-selector=app-1");
  faithful.event(WatchEventType::modified, driver_on("driver-node"));
  EXPECT_THAT(next_affinity(faithful), Not(HasSubstr("driver-node")));
  // Its deletion leaves an exit record that nobody will ever want.
  faithful.event(WatchEventType::deleted, driver_on("driver-node"));
  EXPECT_THAT(faithful.driver.describe(), HasSubstr("exit reason: pod driver-pod"));
  ForkRig cured = with_hints({Fix::q15});
  EXPECT_EQ(to_string(cured.called()[1].request.label_selector), "spark-app-selector=app-1,spark-role=executor");
}

TEST(ForkEvents, Q47_ALateEventOfAnOldPodDropsTheNewOneWithItsIpAndTheCureComparesUids) {
  for (const bool cured : {false, true}) {
    ForkRig rig = with_hints(cured ? Fixes{Fix::q47} : Fixes{});
    Pod old = on(9, "n2", "10.0.0.1");
    rig.event(WatchEventType::modified, on(1, "n1", "10.0.0.1"));
    rig.event(WatchEventType::deleted, old);
    EXPECT_EQ(next_affinity(rig).find("\"n1\"") == std::string::npos, cured);
  }
}

TEST(ForkEvents, Q11_ReasonsThatNobodyLooksForStayAndTheCureKeepsOnlyThoseOfExecutors) {
  for (const bool cured : {false, true}) {
    ForkRig rig = with_hints(cured ? Fixes{Fix::q11} : Fixes{});
    rig.event(WatchEventType::deleted, on(77, "n1", "10.0.0.77"));
    const bool kept = rig.driver.describe().find("exit reason") != std::string::npos;
    EXPECT_EQ(kept, !cured);
    // One that is looked for is used up.
    rig.disconnect(1);
    rig.event(WatchEventType::deleted, on(1, "n1", "10.0.0.1"));
    EXPECT_THAT(only<out::ExecutorRemoved>(rig.pass()), SizeIs(1));
    if (cured) {
      EXPECT_THAT(rig.driver.describe(), Not(HasSubstr("exit reason")));
    }
  }
}

// --- 9.6.3: the watch's end ------------------------------------------------------------------------------------------

StringMap one_second() { return instances(1); }

TEST(ForkEvents, F_96_3_ACutWatchIsOpenedAgainFromTheLastVersion) {
  ForkRig rig(one_second());
  rig.start();
  Pod pod = on(1, "n1", "10.0.0.1");
  pod.resource_version = 4711;
  rig.event(WatchEventType::modified, pod);
  rig.step(in::WatchClosed{*rig.watch, 0, "end of stream"});
  EXPECT_EQ(rig.timers.at({TimerKind::watch_reconnect, 0}), 1 * kS);
  const auto again = only<out::Called>(rig.fire({TimerKind::watch_reconnect, 0}));
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].request.resource_version, "4711");
}

TEST(ForkEvents, F_96_3_Q07_AfterA410TheWatchIsNeverOpenedAgain) {
  ForkRig rig(one_second());
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  rig.step(in::WatchClosed{*rig.watch, 410, "too old resource version"});
  EXPECT_FALSE(rig.timers.contains({TimerKind::watch_reconnect, 0}));
  EXPECT_FALSE(rig.timers.contains({TimerKind::poll, 0}));
  // The driver is blind: a pod that is gone is found out by eleven looks in vain.
  rig.disconnect(1);
  const auto removed = only<out::ExecutorRemoved>(rig.passes(11));
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_THAT(removed[0].reason, HasSubstr("unknown reasons"));
}

TEST(ForkEvents, F_96_3_Q07_TheCureListsAndWatchesAgainAndListsNowAndThen) {
  ForkRig rig(one_second(), {Fix::q07});
  rig.start();
  rig.passes(2);
  rig.register_executor(1);
  rig.now = 5 * kS;
  rig.pods.erase("app-exec-1");  // unseen
  rig.disconnect(1);
  const auto effects = rig.step(in::WatchClosed{*rig.watch, 410, "too old resource version"});
  EXPECT_THAT(requests(effects), ElementsAre("list", "watch"));
  EXPECT_EQ(only<out::Called>(effects)[1].request.resource_version, "7");  // where the list ended
  const auto removed = only<out::ExecutorRemoved>(rig.pass());
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_THAT(removed[0].reason, HasSubstr("deleted or lost"));
  EXPECT_THAT(requests(rig.fire({TimerKind::poll, 0})), ElementsAre("list"));
}

// --- 9.6.8: the shuffle manager --------------------------------------------------------------------------------------

ForkRig with_shuffle(const std::vector<Pod>& pods, const Fixes& fixes = {}) {
  ForkRig rig(starting_with(1), fixes);
  for (const Pod& pod : pods) rig.pods[pod.name] = stored(pod);
  rig.start();
  rig.passes(2);
  return rig;
}
out::ConfigGiven config_of(ForkRig& rig, const std::string& node) {
  if (rig.pods.contains("app-exec-1")) {
    Pod pod = *rig.pods.at("app-exec-1");
    pod.node = node;
    rig.pods["app-exec-1"] = stored(pod);
  }
  const auto given = only<out::ConfigGiven>(rig.step(in::ConfigAsked{1}));
  EXPECT_THAT(given, SizeIs(1));
  return given.at(0);
}

TEST(ForkShuffle, F_96_8_AnExecutorIsToldTheShufflePodOfItsNode) {
  ForkRig rig = with_shuffle({shuffle_pod("n1", "10.1.0.1", true, "a"), shuffle_pod("n2", "10.1.0.2", true, "b")});
  EXPECT_EQ(config_of(rig, "n2").shuffle_host, "10.1.0.2");
  EXPECT_EQ(config_of(rig, "n1").shuffle_host, "10.1.0.1");
  EXPECT_EQ(config_of(rig, "n1").error, "");
}

TEST(ForkShuffle, F_96_8_WithoutOneTheExecutorGetsAnErrorAndDies) {
  ForkRig rig = with_shuffle({shuffle_pod("n1", "10.1.0.1", false, "a")});  // unready: a warning
  EXPECT_THAT(config_of(rig, "n1").error, HasSubstr("unable to find shuffle pod on node n1"));
  rig.pods.erase("app-exec-1");
  EXPECT_THAT(config_of(rig, "n1").error, HasSubstr("cannot be looked up"));
  const auto unknown = only<out::ConfigGiven>(rig.step(in::ConfigAsked{99}));
  EXPECT_THAT(unknown.at(0).error, HasSubstr("has no pod"));
}

TEST(ForkShuffle, F_96_8_WithoutAShuffleManagerTheAnswerIsPlain) {
  ForkRig rig(one_second());
  rig.start();
  const auto given = only<out::ConfigGiven>(rig.step(in::ConfigAsked{1}));
  ASSERT_THAT(given, SizeIs(1));
  EXPECT_EQ(given[0].error, "");
  EXPECT_EQ(given[0].shuffle_host, "");
}

TEST(ForkShuffle, F_96_8_OnlyPodsOfTheShuffleNamespaceCount) {
  StringMap settings = starting_with(1);
  settings["spark.kubernetes.shuffle.namespace"] = "shuffle-ns";
  ForkRig rig(settings);
  const Pod here = shuffle_pod("n1", "10.1.0.1", true, "a");
  rig.pods[here.name] = stored(here);
  rig.start();
  rig.passes(2);
  EXPECT_EQ(rig.called()[2].request.ns, "shuffle-ns");
  EXPECT_THAT(config_of(rig, "n1").error, HasSubstr("unable to find"));
}

TEST(ForkShuffle, F_96_8_TwoReadyPodsOfOneNodeEndTheStart) {
  ForkRig rig = with_shuffle({shuffle_pod("n1", "10.1.0.1", true, "a"), shuffle_pod("n1", "10.1.0.2", true, "b")});
  const auto exits = only<out::Exited>(rig.effects);
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].code, 1);
  EXPECT_THAT(exits[0].why, HasSubstr("ambiguous"));
}

WatchEvent shuffle_event(WatchEventType type, const Pod& pod) { return {type, stored(pod)}; }

TEST(ForkShuffle, F_96_8_Q26_EverySecondEventOfAReadyPodIsAmbiguousAndTheCureTakesIt) {
  const Pod pod = shuffle_pod("n1", "10.1.0.1", true, "a");
  ShuffleCache faithful({});
  EXPECT_EQ(faithful.on_listed({stored(pod)}), "");
  EXPECT_THAT(faithful.on_event(shuffle_event(WatchEventType::added, pod)), HasSubstr("ambiguous"));
  EXPECT_THAT(faithful.on_event(shuffle_event(WatchEventType::modified, pod)), HasSubstr("ambiguous"));
  ShuffleCache cured({Fix::q26});
  EXPECT_EQ(cured.on_listed({stored(pod)}), "");
  EXPECT_EQ(cured.on_event(shuffle_event(WatchEventType::added, pod)), "");
  const Pod moved = shuffle_pod("n1", "10.1.0.9", true, "b");
  EXPECT_EQ(cured.on_event(shuffle_event(WatchEventType::modified, moved)), "");
  EXPECT_EQ(cured.find("n1").value(), "10.1.0.9");
}

TEST(ForkShuffle, F_96_8_Q27_AnUnreadyPodHasNoCaseAndStaysAndTheCureRemovesIt) {
  const Pod pod = shuffle_pod("n1", "10.1.0.1", true, "a");
  const Pod unready = shuffle_pod("n1", "10.1.0.1", false, "a");
  for (const bool cured : {false, true}) {
    ShuffleCache cache(cured ? Fixes{Fix::q27} : Fixes{});
    cache.on_listed({stored(pod)});
    EXPECT_EQ(cache.on_event(shuffle_event(WatchEventType::modified, unready)).empty(), cured);
    EXPECT_EQ(cache.find("n1").has_value(), !cured);
  }
}

TEST(ForkShuffle, F_96_8_Q28_AReplacementThatIsReadyFirstIsRefusedAndThenNothingIsLeft) {
  const Pod old = shuffle_pod("n1", "10.1.0.1", true, "a");
  const Pod fresh = shuffle_pod("n1", "10.1.0.2", true, "b");
  for (const bool cured : {false, true}) {
    ShuffleCache cache(cured ? Fixes{Fix::q28} : Fixes{});
    cache.on_listed({stored(old)});
    EXPECT_EQ(cache.on_event(shuffle_event(WatchEventType::modified, fresh)).empty(), cured);
    EXPECT_EQ(cache.on_event(shuffle_event(WatchEventType::deleted, old)), "");
    ASSERT_EQ(cache.find("n1").has_value(), cured);
    if (cured) {
      EXPECT_EQ(cache.find("n1").value(), "10.1.0.2");
    }
  }
}

Pod driver_of(const std::string& ns, PodPhase phase) {
  Pod pod = driver_pod();
  pod.ns = ns;
  pod.phase = phase;
  return pod;
}

TEST(ForkShuffle, F_96_8_FilesGoWhenTheDriverPodIsDeleted) {
  ShuffleCleaner cleaner("default", {});
  EXPECT_TRUE(cleaner.add("app-1"));
  EXPECT_FALSE(cleaner.add("app-1"));
  EXPECT_FALSE(cleaner.on_event(shuffle_event(WatchEventType::modified, driver_of("default", PodPhase::running))));
  EXPECT_EQ(cleaner.on_event(shuffle_event(WatchEventType::deleted, driver_of("default", PodPhase::running))), "app-1");
  EXPECT_THAT(cleaner.apps(), IsEmpty());
}

TEST(ForkShuffle, F_96_8_Q29_ADriverThatIsFinishedButStillThereKeepsItsFilesAndTheCureLetsThemGo) {
  for (const bool cured : {false, true}) {
    ShuffleCleaner cleaner("default", cured ? Fixes{Fix::q29} : Fixes{});
    cleaner.add("app-1");
    const auto gone =
        cleaner.on_event(shuffle_event(WatchEventType::modified, driver_of("default", PodPhase::succeeded)));
    EXPECT_EQ(gone.has_value(), cured);
  }
}

TEST(ForkShuffle, F_96_8_Q30_DriversOfOtherNamespacesAreNeverNoticedAndWithTheCureTheyAre) {
  for (const bool cured : {false, true}) {
    ShuffleCleaner cleaner("shuffle-ns", cured ? Fixes{Fix::q30} : Fixes{});
    cleaner.add("app-1");
    const auto gone = cleaner.on_event(shuffle_event(WatchEventType::deleted, driver_of("default", PodPhase::running)));
    EXPECT_EQ(gone.has_value(), cured);
  }
}

}  // namespace
}  // namespace podramp::backend::fork_events_test
