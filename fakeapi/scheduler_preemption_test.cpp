// Who goes first, who has to go, and who is never asked: priority, preemption, gates, back-off of recent versions.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::scheduler_preemption_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;

PodTemplate ranked(std::int64_t priority, std::int64_t cpu_milli = 1000) {
  PodTemplate tmpl = make_template(cpu_milli, 1);
  if (priority != 0) tmpl.priority = priority;
  return tmpl;
}

std::vector<std::string> bound(const TestCluster& c) {
  std::vector<std::string> names;
  for (const auto& [t, f] : c.facts<fact::PodBound>()) names.push_back(f.pod.substr(3));
  return names;
}

std::vector<std::string> evicted(const TestCluster& c) {
  std::vector<std::string> names;
  for (const auto& [t, f] : c.facts<fact::PodTerminating>()) {
    if (f.why == "preemption") names.push_back(f.pod.substr(3));
  }
  return names;
}

TEST(SchedulerPriority, the_higher_priority_goes_first_then_the_older_K44) {
  TestCluster c(make_config({make_node("a", 8000, 64)}));
  c.lifecycle->start();
  c.create("first", ranked(0));  // its cycle has begun when the others come
  c.create("low", ranked(-5));
  c.create("high", ranked(10));
  c.create("plain", ranked(0));
  c.create("high-too", ranked(10));
  c.run_until(kSec);
  EXPECT_THAT(bound(c), ElementsAre("first", "high", "high-too", "plain", "low"));
}

TEST(SchedulerPriority, a_gated_pod_is_not_tried_until_its_last_gate_is_gone) {
  TestCluster c(make_config({make_node("a", 8000, 64)}));
  c.lifecycle->start();
  auto pod = std::make_shared<Pod>();
  pod->ns = "ns";
  pod->name = "p";
  pod->uid = uid_text(900);
  pod->tmpl = share(ranked(0));
  pod->gates = {"a", "b"};
  c.emit("apiserver", 0, fact::PodCreated{pod});
  EXPECT_TRUE(c.run_until_quiet(kHourUs));
  EXPECT_EQ(waits_for(*c.pod("p"), true), "its scheduling gates: a, b");
  c.emit("queue", 0, fact::PodUngated{"ns/p", c.next_rv(), {"b"}});
  c.run_until(kHourUs + kSec);
  EXPECT_THAT(bound(c), IsEmpty());
  c.emit("queue", 0, fact::PodUngated{"ns/p", c.next_rv(), {}});
  c.run_until(kHourUs + 2 * kSec);
  EXPECT_THAT(c.times<fact::PodBound>(), ElementsAre(kHourUs + kSec + kScheduleUs + kBindUs));
}

// K46: 1.33 takes a pod out of its back-off when nobody else is waiting.
TEST(SchedulerPriority, recent_versions_do_not_wait_for_a_back_off_when_idle) {
  for (const bool early : {false, true}) {
    ClusterConfig config = make_config({make_node("a", 1000, 64)});
    config.profile.early_pops = early;
    TestCluster c(config);
    c.lifecycle->start();
    const PodId first = c.create("first", ranked(0));
    c.create("second", ranked(0));
    c.run_until(kSec / 2);
    c.deletion->remove(first, 0, "api", "apiserver", 0);
    c.run_until(5 * kSec);
    const TimeUs tried = early ? kSec / 2 : 2 * kSec;  // it failed at 6 ms: 1.006 s, at the next whole second
    EXPECT_EQ(c.times<fact::PodBound>().at(1), tried + kScheduleUs + kBindUs) << early;
  }
}

TEST(SchedulerPreemption, the_youngest_of_the_lowest_goes_gracefully_and_its_place_is_kept_K55) {
  TestCluster c(make_config({make_node("a", 3000, 64)}));
  c.lifecycle->start();
  for (const char* name : {"old", "middle", "young"}) {
    c.create(name, ranked(0));
    c.run_until(c.now() + 2 * kSec);
  }
  const TimeUs start = c.now();
  c.create("urgent", ranked(100));
  c.run_until(start + 100 * kMillisecondUs);
  EXPECT_THAT(evicted(c), ElementsAre("young"));
  const auto told = c.facts<fact::PodConditionSet>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].first, start + kScheduleUs + kBindUs);
  EXPECT_EQ(told[0].second.condition.type, "DisruptionTarget");
  EXPECT_EQ(told[0].second.condition.reason, "PreemptionByScheduler");
  EXPECT_EQ(told[0].second.condition.message, "default-scheduler: preempting to accommodate a higher priority pod");
  EXPECT_EQ(c.facts<fact::PodTerminating>()[0].second.grace_s, 30);
  const auto refused = c.facts<fact::PodUnschedulable>();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].first, start + kScheduleUs + 2 * kBindUs);
  EXPECT_EQ(refused[0].second.message, "0/1 nodes are available: 1 Insufficient cpu.");
  EXPECT_EQ(refused[0].second.nominated_node, "a");
  EXPECT_EQ(c.pod("urgent")->nominated_node, "a");
  c.create("late", ranked(0));  // must not slip into the room that is being made
  c.run_until(start + 10 * kSec);
  EXPECT_EQ(c.pod("urgent")->node, "a");
  EXPECT_EQ(c.pod("late")->node, "");
  EXPECT_EQ(c.pod("late")->condition("PodScheduled")->message,
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.");
}

TEST(SchedulerPreemption, a_pod_that_waits_for_its_victims_asks_for_no_others) {
  ClusterConfig config = make_config({make_node("a", 3000, 64)});
  config.latency.stop = LatencyModel::constant(60 * kSec);  // they do not stop before they are killed
  TestCluster slow(config);
  slow.lifecycle->start();
  PodTemplate stubborn = ranked(0, 1500);
  slow.create("one", stubborn);
  const PodId two = slow.create("two", ranked(-5, 1000));
  slow.run_until(5 * kSec);
  slow.create("urgent", ranked(100, 3000));
  slow.run_until(10 * kSec);
  EXPECT_THAT(evicted(slow), ElementsAre("one", "two"));
  // The first of the two is forced away: that wakes the pod, but its other victim is still going.
  slow.deletion->remove(two, 0, "api", "apiserver", 0);
  slow.run_until(20 * kSec);
  EXPECT_EQ(slow.pod("urgent")->condition("PodScheduled")->message,
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: not eligible due to a terminating pod on the nominated node.");
  EXPECT_EQ(slow.pod("urgent")->nominated_node, "a");
  slow.run_until(60 * kSec);
  EXPECT_EQ(slow.pod("urgent")->node, "a");
}

TEST(SchedulerPreemption, a_policy_of_never_only_goes_first) {
  TestCluster c(make_config({make_node("a", 1000, 64)}));
  c.lifecycle->start();
  c.create("low", ranked(0));
  c.run_until(kSec);
  PodTemplate polite = ranked(100);
  polite.preemption_policy = "Never";
  c.create("polite", polite);
  c.run_until(2 * kSec);
  EXPECT_EQ(c.pod("polite")->condition("PodScheduled")->message,
            "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.");
  EXPECT_THAT(evicted(c), IsEmpty());
}

TEST(SchedulerPreemption, the_node_with_the_least_important_victims_is_chosen) {
  TestCluster c(make_config({make_node("a", 2000, 64), make_node("b", 2000, 64), make_node("c", 2000, 64)}));
  c.lifecycle->start();
  c.create("a-high", share(ranked(50, 2000)), "a", PodPhase::running);
  c.create("b-low", share(ranked(10, 1000)), "b", PodPhase::running);
  c.create("b-low-too", share(ranked(10, 1000)), "b", PodPhase::running);
  c.create("c-low", share(ranked(10, 2000)), "c", PodPhase::running);
  c.create("urgent", ranked(100, 2000));
  c.run_until(kSec);
  EXPECT_THAT(evicted(c), ElementsAre("c-low"));  // one of 10 rather than two, or one of 50
  c.create("small", ranked(20, 1000));
  c.run_until(2 * kSec);
  EXPECT_THAT(evicted(c), ElementsAre("c-low", "b-low-too"));
}

TEST(SchedulerPreemption, who_would_not_fit_anyway_evicts_nobody_and_says_what_is_lacking_K53) {
  TestCluster c(make_config({make_node("a", 2000, 64), make_node("b", 8000, 64)}));
  c.lifecycle->start();
  c.create("low", share(ranked(0, 2000)), "a", PodPhase::running);
  c.create("peer", share(ranked(100, 8000)), "b", PodPhase::running);
  c.create("large", ranked(100, 4000));
  c.run_until(kSec);
  EXPECT_EQ(c.pod("large")->condition("PodScheduled")->message,
            "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 1 Insufficient cpu, "
            "1 No preemption victims found for incoming pod.");
  EXPECT_THAT(evicted(c), IsEmpty());
}

TEST(SchedulerPreemption, who_repels_a_pod_of_higher_priority_has_to_go) {
  NodeSpec node = make_node("a", 8000, 64);
  node.node.labels["kubernetes.io/hostname"] = "a";
  TestCluster c(make_config({node}));
  c.lifecycle->start();
  PodTemplate guarded = ranked(0);
  guarded.labels = {{"app", "db"}};
  guarded.placement.forbidden_pods = {
      {LabelSelector{{{"app", SelectorOp::equals, {"web"}}}}, "kubernetes.io/hostname", {}}};
  c.create("db", guarded);
  c.create("other", ranked(0));
  c.run_until(kSec);
  PodTemplate web = ranked(100);
  web.labels = {{"app", "web"}};
  c.create("web", web);
  c.run_until(10 * kSec);
  EXPECT_THAT(evicted(c), ElementsAre("db"));
  EXPECT_EQ(c.pod("web")->node, "a");
}

}  // namespace
}  // namespace podramp::fakeapi::scheduler_preemption_test
