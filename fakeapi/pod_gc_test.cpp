#include "fakeapi/pod_gc.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::pod_gc_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;

constexpr TimeUs kSec = kSecondUs;

class PodGarbage : public ::testing::Test {
 protected:
  void SetUp() override {
    c.lifecycle->start();
    c.create("p", share(make_template(1000, 1)), "a", PodPhase::running);
  }
  // "time type" of what pod GC did.
  std::vector<std::string> done() const {
    std::vector<std::string> lines;
    for (const auto& l : c.log) {
      if (l.by != "pod-gc") continue;
      const std::string_view type = std::visit([](const auto& f) { return std::decay_t<decltype(f)>::kType; }, l.fact);
      lines.push_back(fmt::format("{} {}", l.t, type));
    }
    return lines;
  }
  TestCluster c{make_config({make_node("a", 4000, 16), make_node("b", 4000, 16)})};
};

TEST_F(PodGarbage, pods_of_a_deleted_node_are_failed_and_removed_after_the_quarantine_K73) {
  c.run_until(33 * kSec);
  c.lifecycle->nodes_down({{"a"}, false}, 0);
  c.lifecycle->delete_nodes({{"a"}}, 0);
  EXPECT_TRUE(c.run_until_quiet(kHourUs));
  // Noticed at 40 s, quarantined for 40 s, collected at 80 s.
  EXPECT_THAT(done(), ElementsAre("80000000 fact.pod_condition_set", "80000000 fact.pod_finished",
                                  "80000000 fact.pod_grace_over", "80000000 fact.pod_gone"));
  const Condition condition = c.facts<fact::PodConditionSet>().back().second.condition;
  EXPECT_EQ(condition.type, "DisruptionTarget");
  EXPECT_EQ(condition.reason, "DeletionByPodGC");
  EXPECT_EQ(c.facts<fact::PodFinished>().back().second.phase, PodPhase::failed);
  EXPECT_EQ(c.facts<fact::PodGone>().back().second.why, "gc");
}

TEST_F(PodGarbage, it_takes_between_forty_and_sixty_seconds) {
  for (const TimeUs at : {20 * kSec, 20 * kSec + 1, 39'999'999L}) {
    TestCluster own(make_config({make_node("a", 4000, 16)}));
    own.lifecycle->start();
    own.create("p", share(make_template(1000, 1)), "a", PodPhase::running);
    own.run_until(at);
    own.lifecycle->delete_nodes({{"a"}}, 0);
    own.run_until(kHourUs);
    EXPECT_THAT(own.times<fact::PodGone>(), ElementsAre((at == 20 * kSec ? 60 : 80) * kSec)) << at;
  }
}

TEST_F(PodGarbage, a_terminating_pod_goes_the_same_way) {
  c.run_until(100 * kSec);
  c.lifecycle->nodes_down({{"a"}, false}, 0);
  c.run_until(800 * kSec);
  EXPECT_TRUE(c.pod("p")->deletion_us.has_value());
  c.lifecycle->delete_nodes({{"a"}}, 0);
  c.run_until(kHourUs);
  EXPECT_THAT(c.times<fact::PodGone>(), ElementsAre(840 * kSec));
}

TEST_F(PodGarbage, a_finished_pod_is_only_removed) {
  c.run_until(10 * kSec);
  c.kubelets->process_exited(1, 0, 0);
  c.run_until(20 * kSec);
  c.lifecycle->delete_nodes({{"a"}}, 0);
  c.run_until(kHourUs);
  EXPECT_THAT(done(), ElementsAre("60000000 fact.pod_grace_over", "60000000 fact.pod_gone"));
}

TEST_F(PodGarbage, a_living_machine_stops_the_processes_of_collected_pods) {
  c.run_until(20 * kSec);
  c.lifecycle->delete_nodes({{"a"}}, 0);
  c.run_until(kHourUs);
  const auto stopped = c.messages<from::ProcessStopped>();
  ASSERT_EQ(stopped.size(), 1U);
  EXPECT_EQ(stopped[0].first, 60 * kSec + kKubeletUs);
}

TEST_F(PodGarbage, a_binding_to_a_node_that_has_just_gone_is_collected_too) {
  c.create("q", make_template(1000, 1));
  c.run_until(kScheduleUs);  // placed, not yet bound
  c.lifecycle->delete_nodes({{"a", "b"}}, 0);
  c.run_until(kHourUs);
  EXPECT_EQ(c.pod("q"), nullptr);
  EXPECT_THAT(c.times<fact::PodBound>(), ElementsAre(kScheduleUs + kBindUs));
  EXPECT_THAT(c.times<fact::PodGone>(), ElementsAre(60 * kSec, 60 * kSec));
}

TEST_F(PodGarbage, an_unscheduled_pod_that_is_being_deleted_is_removed_at_the_next_look) {
  c.create("big", make_template(99'000, 1));
  c.run_until(5 * kSec);
  c.emit("test", 0, fact::PodTerminating{"ns/big", c.next_rv(), 35 * kSec, 30, "api"});
  c.run_until(kHourUs);
  EXPECT_THAT(done(), ElementsAre("20000000 fact.pod_grace_over", "20000000 fact.pod_gone"));
}

TEST_F(PodGarbage, finished_pods_above_the_threshold_are_removed_evicted_ones_first_then_the_oldest_K35) {
  ClusterConfig config = make_config({make_node("a", 4000, 16)});
  EXPECT_EQ(config.profile.terminated_pods_max, 12'500);
  config.profile.terminated_pods_max = 2;
  TestCluster own(config);
  own.lifecycle->start();
  for (const char* name : {"first", "second", "third", "evicted"}) {
    own.run_until(own.now() + kSec);
    own.create(name, share(make_template(100, 1)), "a", PodPhase::running);
  }
  for (PodId id = 1; id <= 3; ++id) own.kubelets->process_exited(id, 0, 0);
  own.kubelets->terminate(4, {1, "Evicted", ""}, 0);
  own.run_until(kMinuteUs);
  std::vector<std::string> gone;
  for (const auto& [t, f] : own.facts<fact::PodGone>()) gone.push_back(fmt::format("{} {}", t, f.pod));
  EXPECT_THAT(gone, ElementsAre("20000000 ns/evicted", "20000000 ns/first"));
}

TEST_F(PodGarbage, without_garbage_it_does_not_look) {
  c.run_until(5 * kSec);
  EXPECT_TRUE(c.quiet());
}

}  // namespace
}  // namespace podramp::fakeapi::pod_gc_test
