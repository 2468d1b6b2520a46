#include "fakeapi/set_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::set_plan_test {
namespace {

constexpr TimeUs kNow = 1'000 * kSecondUs;

struct Made {
  PodId id = 0;
  std::string name;
  PodPhase phase = PodPhase::running;
  bool ready = true;
  std::string node = "n0";
  std::string cost{};
  TimeUs ready_us = 0;
  bool terminating = false;
  std::uint64_t tie = 0;
};

OwnedPod owned(const Made& made) {
  static const TemplatePtr kTemplate = share(small_template());
  auto pod = std::make_shared<Pod>();
  pod->name = made.name;
  pod->tmpl = kTemplate;
  pod->phase = made.phase;
  pod->node = made.node;
  if (made.phase == PodPhase::running) {
    pod->conditions.push_back({"Ready", made.ready ? Truth::yes : Truth::no, "", "", 0});
  }
  if (!made.cost.empty()) pod->own_annotations[std::string(kDeletionCost)] = made.cost;
  if (made.terminating) pod->deletion_us = kNow;
  return {made.id, pod, made.ready_us, 0, made.tie};
}

std::vector<OwnedPod> owned(const std::vector<Made>& all) {
  std::vector<OwnedPod> pods;
  for (const Made& made : all) pods.push_back(owned(made));
  return pods;
}

SetSpec spec(std::int64_t replicas, const std::string& management = "") {
  SetSpec set;
  set.replicas = replicas;
  set.pod_management = management;
  return set;
}

// "+3 -17 | -18": ordinals made and ids deleted, stage by stage.
std::string text(const std::vector<SetStage>& stages) {
  std::string out;
  for (const SetStage& stage : stages) {
    if (!out.empty()) out += " | ";
    for (const SetAction& action : stage.actions) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      out += action.create ? "+" + std::to_string(action.ordinal) : "-" + std::to_string(action.pod);
    }
  }
  return out;
}

// Who of these goes when one has to.
PodId first_to_go(const std::vector<Made>& all) {
  const auto stages = plan_replicas(spec(static_cast<std::int64_t>(all.size()) - 1), owned(all), kNow);
  return stages.at(0).actions.at(0).pod;
}

TEST(SetPlan, OrdinalsAreReadFromNames) {
  EXPECT_EQ(ordinal_of("web", "web-12"), 12);
  EXPECT_EQ(ordinal_of("web", "web-"), -1);
  EXPECT_EQ(ordinal_of("web", "web-1a"), -1);
  EXPECT_EQ(ordinal_of("web", "webs-1"), -1);
}

TEST(SetPlan, AParallelSetMakesWhateverIsMissingAndDeletesFromTheTop) {
  EXPECT_EQ(text(plan_stateful("w", spec(3, "Parallel"), {})), "+0 +1 +2");
  const auto pods = owned({{10, "w-0"}, {12, "w-2", PodPhase::pending}, {13, "w-3"}, {14, "w-4"}});
  EXPECT_EQ(text(plan_stateful("w", spec(3, "Parallel"), pods)), "+1 | -14 -13");
}

TEST(SetPlan, AParallelSetDeletesFinishedPodsAndWaitsUntilTheyAreGone) {
  Made failed{10, "w-0", PodPhase::failed};
  EXPECT_EQ(text(plan_stateful("w", spec(1, "Parallel"), owned(std::vector<Made>{failed}))), "-10");
  failed.terminating = true;
  EXPECT_EQ(text(plan_stateful("w", spec(1, "Parallel"), owned(std::vector<Made>{failed}))), "");
}

TEST(SetPlan, AnOrderedSetGoesOneStepAtATimeAndOnlyWhenAllBeforeAreReady) {
  EXPECT_EQ(text(plan_stateful("w", spec(3), {})), "+0");
  EXPECT_EQ(text(plan_stateful("w", spec(3), owned({{10, "w-0", PodPhase::pending}}))), "");
  EXPECT_EQ(text(plan_stateful("w", spec(3), owned({{10, "w-0"}}))), "+1");
  EXPECT_EQ(text(plan_stateful("w", spec(1), owned({{10, "w-0"}, {11, "w-1"}, {12, "w-2"}}))), "-12");
  Made going{12, "w-2"};
  going.terminating = true;
  EXPECT_EQ(text(plan_stateful("w", spec(1), owned({{10, "w-0"}, {11, "w-1"}, going}))), "");
}

TEST(SetPlan, AReplicaSetMakesAtMostFiveHundredPodsInOneGo) {
  const auto stages = plan_replicas(spec(700), {}, kNow);
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].actions.size(), 500U);
  EXPECT_TRUE(stages[0].slow_start);
}

TEST(SetPlan, FinishedAndTerminatingPodsDoNotCountAsReplicas) {
  Made going{2, "b"};
  going.terminating = true;
  EXPECT_EQ(text(plan_replicas(spec(2), owned({{1, "a"}, going, {3, "c", PodPhase::failed}}), kNow)), "+0");
}

TEST(SetPlan, DeletionsGoOutAllAtOnce) {
  const auto stages = plan_replicas(spec(0), owned({{1, "a"}, {2, "b"}}), kNow);
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].actions.size(), 2U);
  EXPECT_FALSE(stages[0].slow_start);
}

TEST(SetPlan, PodsWithoutANodeGoFirstThenPendingOnesThenUnreadyOnes) {
  const Made unplaced{1, "a", PodPhase::pending, false, ""};
  const Made pending{2, "b", PodPhase::pending, false};
  const Made unready{3, "c", PodPhase::running, false};
  const Made ready{4, "d"};
  EXPECT_EQ(first_to_go({ready, unready, pending, unplaced}), 1U);
  EXPECT_EQ(first_to_go({ready, unready, pending}), 2U);
  EXPECT_EQ(first_to_go({ready, unready}), 3U);
}

TEST(SetPlan, ALowerDeletionCostGoesFirstButOnlyAmongEquallyReadyPods) {
  Made cheap{1, "a"};
  cheap.cost = "-5";
  Made plain{2, "b"};
  Made dear{3, "c"};
  dear.cost = "10";
  Made unreadable{4, "d"};
  unreadable.cost = "x";
  EXPECT_EQ(first_to_go({dear, plain, cheap}), 1U);
  EXPECT_EQ(first_to_go({dear, plain}), 2U);
  plain.tie = 2;
  unreadable.tie = 1;
  EXPECT_EQ(first_to_go({plain, unreadable}), 4U);
  dear.ready = false;
  EXPECT_EQ(first_to_go({cheap, dear}), 3U);
}

TEST(SetPlan, PodsOnCrowdedNodesGoBeforeLonelyOnes) {
  EXPECT_EQ(first_to_go({{1, "a", PodPhase::running, true, "n1", "", 0, false, 1},
                         {2, "b", PodPhase::running, true, "n0", "", 0, false, 3},
                         {3, "c", PodPhase::running, true, "n0", "", 0, false, 2}}),
            3U);
}

TEST(SetPlan, AShorterReadinessGoesFirstInPowersOfTwo) {
  Made old{1, "a", PodPhase::running, true, "n0", "", 0, false, 1};
  Made young{2, "b", PodPhase::running, true, "n1", "", 900 * kSecondUs, false, 2};
  EXPECT_EQ(first_to_go({old, young}), 2U);
  // 1000 s and 900 s are in one bucket: the uid decides.
  young.ready_us = 100 * kSecondUs;
  EXPECT_EQ(first_to_go({old, young}), 1U);
}

}  // namespace
}  // namespace podramp::fakeapi::set_plan_test
