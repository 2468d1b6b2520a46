#include "fakeapi/scheduler.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::scheduler_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;

constexpr TimeUs kSec = kSecondUs;

TEST(Scheduler, binds_after_one_cycle_and_one_binding) {
  TestCluster c(make_config({make_node("a", 4000, 16)}));
  c.lifecycle->start();
  c.create("p", make_template(1000, 4));
  c.run_until(kSec);
  const auto bound = c.facts<fact::PodBound>();
  ASSERT_EQ(bound.size(), 1U);
  EXPECT_EQ(bound[0].first, kScheduleUs + kBindUs);
  EXPECT_EQ(bound[0].second.pod, "ns/p");
  EXPECT_EQ(bound[0].second.node, "a");
}

TEST(Scheduler, cycles_are_serial_and_bindings_overlap) {
  TestCluster c(make_config({make_node("a", 4000, 16)}));
  c.lifecycle->start();
  for (int i = 0; i < 3; ++i) c.create(fmt::format("p{}", i), make_template(1000, 4));
  c.run_until(kSec);
  EXPECT_THAT(c.times<fact::PodBound>(), ElementsAre(23'000, 26'000, 29'000));
}

TEST(Scheduler, pods_go_in_the_order_of_their_arrival_K44) {
  TestCluster c(make_config({make_node("a", 4000, 16)}));
  c.lifecycle->start();
  for (const char* name : {"z", "m", "a"}) c.create(name, make_template(1000, 4));
  c.run_until(kSec);
  const auto bound = c.facts<fact::PodBound>();
  EXPECT_THAT((std::vector{bound[0].second.pod, bound[1].second.pod, bound[2].second.pod}),
              ElementsAre("ns/z", "ns/m", "ns/a"));
}

TEST(Scheduler, counts_pods_that_it_has_placed_but_not_yet_bound) {
  TestCluster c(make_config({make_node("a", 1500, 16)}));
  c.lifecycle->start();
  c.create("p0", make_template(1000, 4));
  c.create("p1", make_template(1000, 4));
  c.run_until(kSec);
  ASSERT_EQ(c.facts<fact::PodBound>().size(), 1U);
  const auto refused = c.facts<fact::PodUnschedulable>();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].first, 2 * kScheduleUs + kBindUs);
  EXPECT_EQ(refused[0].second.pod, "ns/p1");
  EXPECT_EQ(refused[0].second.message,
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.");
}

TEST(Scheduler, bindings_go_at_the_clients_rate_K56) {
  ClusterConfig config = make_config({make_node("a", 400'000, 1600)});
  config.nodes[0].node.pods_max = 1000;
  config.profile.scheduler_qps = 10;
  config.profile.scheduler_burst = 5;
  TestCluster c(config);
  c.lifecycle->start();
  const TemplatePtr tmpl = share(make_template(1000, 4));
  for (int i = 0; i < 20; ++i) c.create(fmt::format("p{}", i), tmpl);
  c.run_until(10 * kSec);
  const auto times = c.times<fact::PodBound>();
  ASSERT_EQ(times.size(), 20U);
  // The first cycle ends at 3 ms and takes a token; from then on one every 100 ms, after a burst of 5.
  for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(times[static_cast<std::size_t>(i)], (i + 1) * kScheduleUs + kBindUs);
  for (std::int64_t i = 5; i < 20; ++i) {
    EXPECT_EQ(times[static_cast<std::size_t>(i)], kScheduleUs + (i - 4) * 100'000 + kBindUs) << i;
  }
}

TEST(Scheduler, the_next_cycle_waits_for_a_status_patch_and_none_is_sent_twice) {
  TestCluster c(make_config({make_node("a", 500, 16)}));
  c.lifecycle->start();
  const TemplatePtr tmpl = share(make_template(1000, 4));
  for (int i = 0; i < 3; ++i) c.create(fmt::format("p{}", i), tmpl);
  c.run_until(20 * kMinuteUs);  // several flushes: the message never changes
  EXPECT_THAT(c.times<fact::PodUnschedulable>(), ElementsAre(23'000, 46'000, 69'000));
}

TEST(Scheduler, an_unschedulable_pod_is_tried_again_only_after_more_than_five_minutes_at_a_flush_K45) {
  TestCluster c(make_config({make_node("a", 500, 16)}));
  c.lifecycle->start();
  c.create("p", make_template(1000, 4));
  c.run_until(kSec);
  c.emit("test", 0, fact::NodeGone{"a", c.next_rv()});  // wakes nobody, but the next message will be another
  // It failed at 3 ms: the flush at 300 s finds a wait of 299.997 s, the one at 330 s tries it again.
  c.run_until(331 * kSec);
  const auto all = c.facts<fact::PodUnschedulable>();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].first, 330 * kSec + kScheduleUs + kBindUs);
  EXPECT_EQ(all[1].second.message, "no nodes available to schedule pods");
}

TEST(Scheduler, back_off_is_1_2_4_8_10_seconds_and_ends_at_whole_seconds_K46) {
  TestCluster c(make_config({make_node("a", 1000, 16), make_node("b", 1000, 16)}));
  c.lifecycle->start();
  c.create("big", make_template(4000, 4));  // never fits; every wake-up is one attempt
  c.run_until(100'000);
  TimeUs failed_at = kScheduleUs;
  int round = 0;
  for (const DurationUs wait : {1, 2, 4, 8, 10, 10}) {
    // A bound pod that goes away wakes it; another taint on b makes the next message a new one, so the try shows.
    const PodId bound = c.create(fmt::format("w{}", ++round), share(make_template(10, 1)), "a");
    c.deletion->finish(bound, "test", "test", 0);
    c.emit("test", 0, fact::NodeTainted{"b", c.next_rv(), {{fmt::format("t{}", round), "", "NoSchedule"}}});
    const TimeUs flush = (failed_at + wait * kSec + kSec - 1) / kSec * kSec;
    failed_at = flush + kScheduleUs;
    c.run_until(failed_at + kBindUs);
  }
  // Failed at 0.003 + 1 is flushed at 2 s, 2.003 + 2 at 5, 5.003 + 4 at 10, 10.003 + 8 at 19, + 10 at 30, + 10 at 41.
  EXPECT_THAT(c.times<fact::PodUnschedulable>(),
              ElementsAre(23'000, 2'023'000, 5'023'000, 10'023'000, 19'023'000, 30'023'000, 41'023'000));
}

// Fuzzing found it: from 1.33 on back-offs are kept by whole seconds, so the one woken here "ended" a millisecond ago.
TEST(Scheduler, a_pod_woken_in_the_last_second_of_its_back_off_while_another_is_tried_goes_next_K46) {
  ClusterConfig config = make_config({make_node("a", 1000, 16)});
  config.profile.early_pops = true;
  TestCluster c(config);
  c.lifecycle->start();
  const PodId bound = c.create("bound", share(make_template(900, 1)), "a");
  c.create("big", make_template(950, 1));
  const TimeUs busy = kSec + kScheduleUs / 3;
  c.run_until(busy);
  c.create("other", make_template(10, 1));
  c.deletion->finish(bound, "test", "test", 0);
  c.run_until(3 * kSec);
  EXPECT_THAT(c.times<fact::PodBound>(),
              ElementsAre(busy + kScheduleUs + kBindUs, busy + 2 * kScheduleUs + kBindUs));
}

class Wake : public ::testing::Test {
 protected:
  void SetUp() override {
    c.lifecycle->start();
    c.create("filler", make_template(4000, 4));
    c.create("p", make_template(3000, 4));
    c.run_until(10 * kSec);
    ASSERT_EQ(c.pod("filler")->node, "a");
    ASSERT_EQ(c.pod("p")->node, "");
  }
  static ClusterConfig two_nodes() {
    ClusterConfig config = make_config({make_node("a", 4000, 16), make_node("b", 4000, 16), make_node("s", 2000, 16)});
    config.nodes[1].joins_later = config.nodes[2].joins_later = true;
    return config;
  }
  TestCluster c{two_nodes()};
};

TEST_F(Wake, a_new_node_that_could_take_it_K47) {
  c.lifecycle->add_nodes({1}, 0);
  c.run_until(11 * kSec);
  EXPECT_EQ(c.pod("p")->node, "b");
  EXPECT_EQ(c.times<fact::PodBound>().back(), 10 * kSec + kScheduleUs + kBindUs);
}

TEST_F(Wake, not_a_new_node_that_is_too_small) {
  c.lifecycle->add_nodes({2}, 0);
  c.run_until(60 * kSec);
  EXPECT_EQ(c.facts<fact::PodUnschedulable>().size(), 1U);  // still the message about one node
}

TEST_F(Wake, a_bound_pod_that_is_deleted) {
  c.deletion->finish(c.state().find_pod("ns/filler")->id, "test", "test", 0);
  c.run_until(11 * kSec);
  EXPECT_EQ(c.times<fact::PodBound>().back(), 10 * kSec + kScheduleUs + kBindUs);
  EXPECT_EQ(c.pod("p")->node, "a");
}

TEST_F(Wake, a_bound_pod_that_finishes) {
  c.kubelets->process_exited(c.state().find_pod("ns/filler")->id, 0, 0);
  c.run_until(11 * kSec);
  EXPECT_EQ(c.times<fact::PodBound>().back(), 10 * kSec + kStatusUs + kScheduleUs + kBindUs);
}

TEST_F(Wake, not_a_new_pod) {
  c.create("other", make_template(100, 1));
  c.run_until(60 * kSec);
  EXPECT_EQ(c.pod("p")->node, "");
  EXPECT_EQ(c.facts<fact::PodUnschedulable>().size(), 2U);  // one each
}

TEST(Scheduler, a_lifted_taint_wakes_those_whom_it_kept_out) {
  ClusterConfig config = make_config({make_node("a", 4000, 16)});
  config.nodes[0].node.taints = {{"t", "", "NoSchedule"}};
  TestCluster c(config);
  c.lifecycle->start();
  c.create("p", make_template(1000, 4));
  c.run_until(10 * kSec);
  EXPECT_EQ(c.pod("p")->condition("PodScheduled")->message,
            "0/1 nodes are available: 1 node(s) had untolerated taint {t: }. "
            "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
  c.emit("test", 0, fact::NodeTainted{"a", c.next_rv(), {}});
  c.run_until(11 * kSec);
  EXPECT_EQ(c.times<fact::PodBound>(), std::vector<TimeUs>{10 * kSec + kScheduleUs + kBindUs});
}

TEST(Scheduler, a_pod_deleted_while_its_binding_is_under_way_gives_its_room_back) {
  TestCluster c(make_config({make_node("a", 1000, 16)}));
  c.lifecycle->start();
  const PodId p = c.create("p", make_template(1000, 4));
  c.run_until(kScheduleUs);
  c.deletion->remove(p, std::nullopt, "api", "apiserver", 0);
  c.create("q", make_template(1000, 4));
  c.run_until(kSec);
  const auto bound = c.facts<fact::PodBound>();
  ASSERT_EQ(bound.size(), 1U);
  EXPECT_EQ(bound[0].second.pod, "ns/q");
  EXPECT_EQ(bound[0].first, 2 * kScheduleUs + kBindUs);
}

TEST(Scheduler, pods_of_other_schedulers_are_left_alone_and_reported) {
  TestCluster c(make_config({make_node("a", 4000, 16)}));
  c.lifecycle->start();
  PodTemplate other = make_template(1000, 4);
  other.scheduler_name = "volcano";
  c.create("v", other);
  other.scheduler_name = "default-scheduler";
  c.create("d", other);
  EXPECT_TRUE(c.run_until_quiet(kHourUs));
  EXPECT_EQ(c.facts<fact::PodBound>().size(), 1U);
  EXPECT_FALSE(c.scheduler->serves(*c.pod("v")));
  EXPECT_EQ(waits_for(*c.pod("v"), false), "its scheduler \"volcano\", which nobody runs here");
  EXPECT_TRUE(c.pod("v")->conditions.empty());
}

TEST(Scheduler, says_who_waits_for_what) {
  TestCluster c(make_config({}));
  c.create("a", make_template(1000, 4));
  EXPECT_EQ(waits_for(*c.pod("a"), true), "the scheduler, which has not tried it yet");
  c.run_until(kSec);
  EXPECT_EQ(waits_for(*c.pod("a"), true), "no nodes available to schedule pods");
}

TEST(Scheduler, a_cluster_where_all_is_placed_sets_no_more_timers) {
  TestCluster c(make_config({make_node("a", 4000, 16)}));
  c.lifecycle->start();
  c.create("p", make_template(1000, 4));
  EXPECT_TRUE(c.run_until_quiet(kToRunningUs));
}

TEST(Scheduler, existing_pods_take_their_room) {
  TestCluster c(make_config({make_node("a", 4000, 16)}));
  c.lifecycle->start();
  c.create("system", share(make_template(3500, 1)), "a", PodPhase::running);
  c.create("p", make_template(1000, 4));
  c.run_until(kSec);
  EXPECT_EQ(c.pod("p")->node, "");
}

// Random clusters, pods that come and go: never more requested than allocatable, on any node, after any fact.
TEST(Scheduler, never_over_commits_a_node) {
  std::int64_t all_bound = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Draw draw(seed, "test", "over-commit");
    std::vector<NodeSpec> nodes;
    const std::int64_t count = draw.uniform(1, 12);
    for (std::int64_t n = 0; n < count; ++n) {
      nodes.push_back(make_node(fmt::format("n{}", n), draw.uniform(1, 8) * 1000, draw.uniform(2, 32)));
      nodes.back().node.pods_max = draw.uniform(1, 12);
    }
    TestCluster c(make_config(nodes), seed);
    std::int64_t bound = 0;
    c.on_fact = [&](const Fact& fact) {
      const auto* f = std::get_if<fact::PodBound>(&fact);
      if (f == nullptr) return;
      ++bound;
      const NodeRecord& node = *c.state().find_node(f->node);
      EXPECT_LE(node.requested.cpu_milli, node.node.allocatable.cpu_milli) << seed;
      EXPECT_LE(node.requested.memory_bytes, node.node.allocatable.memory_bytes) << seed;
      EXPECT_LE(node.pods_active, node.node.pods_max) << seed;
    };
    c.lifecycle->start();
    for (int i = 0; i < 150; ++i) {
      const auto tmpl = share(make_template(draw.uniform(0, 30) * 100, draw.uniform(0, 6)));
      const PodId id = c.create(fmt::format("p{}", i), tmpl);
      c.run_until(c.now() + draw.uniform(0, 400) * kMillisecondUs);
      if (draw.chance(1, 2)) c.deletion->remove(id - static_cast<PodId>(draw.uniform(0, 3)), 0, "api", "apiserver", 0);
      if (draw.chance(1, 3)) c.kubelets->process_exited(id - static_cast<PodId>(draw.uniform(0, 9)), 0, 0);
    }
    c.run_until(c.now() + 60 * kSec);
    all_bound += bound;
    EXPECT_TRUE(c.facts<fact::PodFinished>().empty() ||
                c.facts<fact::PodFinished>().front().second.reason.empty());  // no kubelet had to reject one
  }
  EXPECT_GT(all_bound, 600);
}

}  // namespace
}  // namespace podramp::fakeapi::scheduler_test
