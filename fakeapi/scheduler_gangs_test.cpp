// Groups that are placed together or not at all, room that is held for members to come, and who serves whom.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/gangs.h"
#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::scheduler_gangs_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Nodes of 2 cpu each.
ClusterConfig gang_cluster(int nodes, std::int64_t min_member, bool held) {
  ClusterConfig config = steady_cluster(nodes);
  for (NodeSpec& spec : config.nodes) spec.node.allocatable = {2000, 64LL << 30, {}};
  config.schedulers = {{"gang", true}, {"second", false}};
  for (const char* name : {"a", "b"}) {
    PodGroupSpec group{"ns", name, min_member, std::nullopt, 5 * kMinuteUs};
    if (held) group.placeholder = Resources{1000, 1LL << 30, {}};
    config.pod_groups.push_back(group);
  }
  return config;
}

TemplatePtr member(const std::string& group, const std::string& scheduler = "gang") {
  PodTemplate tmpl = small_template(1000, 1LL << 30);
  tmpl.scheduler_name = scheduler;
  if (!group.empty()) tmpl.labels[std::string(kGroupName)] = group;
  return share(std::move(tmpl));
}

class Gangers : public testing::Test {
 protected:
  void create(const std::string& name, const TemplatePtr& tmpl) { world->ask(create_of(make_pod(name, tmpl))); }
  std::vector<std::string> placed() const {
    std::vector<std::string> names;
    for (const auto& [t, f] : world->facts<fact::PodBound>()) names.push_back(f.pod.substr(3));
    return names;
  }
  std::optional<World> world;
};

TEST_F(Gangers, a_group_waits_until_its_minimum_is_there_and_then_goes_together) {
  world.emplace(gang_cluster(2, 3, false));
  create("a-0", member("a"));
  create("a-1", member("a"));
  world->run_until(10 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre());
  EXPECT_EQ(world->pod("a-1")->condition("PodScheduled")->message,
            "pod group ns/a is not ready: 2 of at least 3 members are there");
  create("loner", member(""));
  create("a-2", member("a"));
  world->run_until(20 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("loner", "a-0", "a-1", "a-2"));
  EXPECT_TRUE(world->folds());
}

TEST_F(Gangers, a_group_that_does_not_fit_whole_takes_nothing) {
  world.emplace(gang_cluster(2, 3, false));
  for (const char* name : {"a-0", "a-1", "a-2"}) create(name, member("a"));
  world->run_until(10 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("a-0", "a-1", "a-2"));
  for (const char* name : {"b-0", "b-1", "b-2"}) create(name, member("b"));
  world->run_until(20 * kSecondUs);
  EXPECT_EQ(world->pod("b-2")->condition("PodScheduled")->message,
            "pod group ns/b is not ready: there is room for 1 of at least 3 members");
  create("loner", member(""));  // the last place is anybody's
  world->run_until(30 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("a-0", "a-1", "a-2", "loner"));
}

TEST_F(Gangers, room_is_held_for_members_to_come_and_no_longer_than_said) {
  world.emplace(gang_cluster(2, 3, true));
  create("a-driver", member("a"));
  world->run_until(10 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("a-driver"));
  create("b-driver", member("b"));
  create("l-0", member(""));
  create("l-1", member(""));
  world->run_until(20 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("a-driver", "l-0"));  // two of the four places are held
  EXPECT_EQ(world->pod("b-driver")->condition("PodScheduled")->message,
            "pod group ns/b is not ready: there is room for 1 of at least 3 members");
  create("a-exec-1", member("a"));
  world->run_until(30 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("a-driver", "l-0", "a-exec-1"));
  world->run_until(6 * kMinuteUs);  // the other executor has not come
  EXPECT_THAT(placed(), ElementsAre("a-driver", "l-0", "a-exec-1", "l-1"));
}

TEST_F(Gangers, another_scheduler_serves_its_own_pods_and_nobody_serves_strangers) {
  world.emplace(gang_cluster(1, 3, false));
  create("mine", member("", "second"));
  create("lost", member("", "nobody"));
  world->run_until(20 * kMinuteUs);
  EXPECT_THAT(placed(), ElementsAre("mine"));
  EXPECT_TRUE(world->pod("lost")->conditions.empty());  // K54
  EXPECT_THAT(world->cluster.waiting(),
              Contains("pod ns/lost waits for: its scheduler \"nobody\", which nobody runs here"));
}

}  // namespace
}  // namespace podramp::fakeapi::scheduler_gangs_test
