// Delay scheduling of one task set, step by step (Spark's TaskSetManager).
#include "backend/task_set.h"

#include <gtest/gtest.h>

namespace podramp::backend::task_set_test {
namespace {

class SetWorld {
 public:
  void add(ExecutorId id, const std::string& host) { hosts_.add(id, host); }
  TaskSet set(std::vector<std::vector<TaskPlace>> places) {
    TaskSetPlan plan;
    for (std::size_t i = 0; i < places.size(); ++i) plan.partitions.push_back(static_cast<int>(i));
    plan.places = std::move(places);
    return {plan, 0, {settings, hosts_, shuffles_, events_, next_task_, nullptr}};
  }
  TaskSettings settings;

 private:
  PlainHostNames names_;
  ExecutorHosts hosts_{names_};
  ShuffleRegistry shuffles_;
  TaskEvents events_;
  TaskId next_task_ = 0;
};

using Levels = std::vector<Locality>;
constexpr DurationUs kS = kSecondUs;

TEST(TaskSet, OnlyLevelsThatCanBeHadAreValid) {
  SetWorld world;
  world.add(1, "a");
  EXPECT_EQ(world.set({{{"a", 1}}, {}}).levels(),
            (Levels{Locality::process_local, Locality::node_local, Locality::no_pref, Locality::any}));
  EXPECT_EQ(world.set({{{"b", 2}}}).levels(), (Levels{Locality::any}));
}

TEST(TaskSet, ALevelIsGivenUpWhenItsWaitIsOver) {
  SetWorld world;
  world.add(1, "a");
  world.add(2, "b");
  TaskSet set = world.set({{{"a", 0}}, {{"a", 0}}});
  const auto early = set.offer(3 * kS - 1, 2, "b", Locality::any);
  EXPECT_EQ(early.launched, nullptr);
  EXPECT_TRUE(early.delay_rejected);
  const auto late = set.offer(3 * kS, 2, "b", Locality::any);
  ASSERT_NE(late.launched, nullptr);
  EXPECT_EQ(late.launched->locality, Locality::any);
}

TEST(TaskSet, TheWaitsOfTheLevelsAddUp) {
  SetWorld world;
  world.add(1, "a");
  world.add(2, "b");
  TaskSet set = world.set({{{"a", 1}}});
  EXPECT_EQ(set.offer(6 * kS - 1, 2, "b", Locality::any).launched, nullptr);
  EXPECT_NE(set.offer(6 * kS, 2, "b", Locality::any).launched, nullptr);
}

TEST(TaskSet, ALevelWithoutTasksIsNotWaitedFor) {
  SetWorld world;
  world.add(1, "a");
  world.add(2, "b");
  TaskSet set = world.set({{{"a", 0}}, {{"c", 0}}});
  ASSERT_NE(set.offer(0, 1, "a", Locality::node_local).launched, nullptr);
  const auto rest = set.offer(0, 2, "b", Locality::any);  // what is left prefers a host that nobody is on
  EXPECT_EQ(rest.launched, nullptr) << "but it stands in a list of hosts, so it is waited for all the same";
  EXPECT_NE(set.offer(3 * kS, 2, "b", Locality::any).launched, nullptr);
}

TEST(TaskSet, ALaunchResetsTheWaitWhenTheSchedulerSaysSo) {
  SetWorld world;
  world.add(1, "a");
  world.add(2, "b");
  TaskSet set = world.set({{{"a", 0}}, {{"a", 0}}});
  ASSERT_NE(set.offer(2 * kS, 1, "a", Locality::node_local).launched, nullptr);
  set.reset_wait(2 * kS, Locality::node_local);
  EXPECT_EQ(set.offer(5 * kS - 1, 2, "b", Locality::any).launched, nullptr);
  EXPECT_NE(set.offer(5 * kS, 2, "b", Locality::any).launched, nullptr);
}

TEST(TaskSet, WithTheLegacyKeyEveryLaunchResetsTheWait) {
  SetWorld world;
  world.settings.wait_resets_on_launch = true;
  world.add(1, "a");
  world.add(2, "b");
  TaskSet set = world.set({{{"a", 0}}, {{"a", 0}}});
  ASSERT_NE(set.offer(2 * kS, 1, "a", Locality::node_local).launched, nullptr);
  EXPECT_EQ(set.offer(5 * kS - 1, 2, "b", Locality::any).launched, nullptr);
}

TEST(TaskSet, TasksWithoutAPreferenceCountAsProcessLocal) {
  SetWorld world;
  world.add(1, "a");
  TaskSet set = world.set({{}});
  EXPECT_EQ(set.levels(), (Levels{Locality::no_pref, Locality::any}));
  const auto answer = set.offer(0, 1, "a", Locality::no_pref);
  ASSERT_NE(answer.launched, nullptr);
  EXPECT_EQ(answer.launched->locality, Locality::process_local);
}

TEST(TaskSet, ANearerLevelThatComesIsTakenUp) {
  SetWorld world;
  world.add(2, "b");
  TaskSet set = world.set({{{"a", 0}}});
  EXPECT_EQ(set.levels(), (Levels{Locality::any}));
  world.add(1, "a");
  set.recompute_levels();
  EXPECT_EQ(set.levels(), (Levels{Locality::node_local, Locality::any}));
  EXPECT_EQ(set.offer(kS, 2, "b", Locality::any).launched, nullptr) << "now there is something to wait for";
}

}  // namespace
}  // namespace podramp::backend::task_set_test
