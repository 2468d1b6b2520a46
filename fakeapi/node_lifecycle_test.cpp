#include "fakeapi/node_lifecycle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::node_lifecycle_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;

std::string node_name(int i) { return fmt::format("n{:02}", i); }

// `count` nodes per zone, each with one running pod "p<node>"; leases are renewed every microsecond unless said.
ClusterConfig zones_config(const std::vector<std::pair<std::string, int>>& zones, DurationUs lease_us = 1) {
  ClusterConfig config;
  int i = 0;
  for (const auto& [zone, count] : zones) {
    for (int n = 0; n < count; ++n) config.nodes.push_back(make_node(node_name(i++), 4000, 16, zone));
  }
  config.latency = constant_latencies();
  config.profile.lease_renew_us = lease_us;
  return config;
}

class World {
 public:
  explicit World(ClusterConfig config) : c(std::move(config)) {
    c.lifecycle->start();
    const TemplatePtr tmpl = share(make_template(1000, 1));
    for (std::size_t i = 0; i < c.config().nodes.size(); ++i) {
      const std::string& node = c.config().nodes[i].node.name;
      c.create("p" + node, tmpl, node, PodPhase::running);
    }
    c.run_until(100 * kSec);
  }
  void down(int from, int until, bool containers_run = false) {
    c.lifecycle->nodes_down({names(from, until), containers_run}, 0);
  }
  void up(int from, int until) { c.lifecycle->nodes_up({names(from, until)}, 0); }
  static std::vector<std::string> names(int from, int until) {
    std::vector<std::string> found;
    for (int i = from; i < until; ++i) found.push_back(node_name(i));
    return found;
  }
  // When nodes got (or lost) the unreachable taint with an effect, in order.
  std::vector<std::pair<TimeUs, std::string>> tainted(const std::string& effect, bool gained = true) const {
    std::vector<std::pair<TimeUs, std::string>> found;
    std::set<std::string> has;
    for (const auto& [t, f] : c.facts<fact::NodeTainted>()) {
      const bool now_has = std::ranges::any_of(
          f.taints, [&](const Taint& x) { return x.key == kUnreachableTaint && x.effect == effect; });
      if (now_has == has.contains(f.node)) continue;
      if (now_has == gained) found.emplace_back(t, f.node);
      if (now_has) {
        has.insert(f.node);
      } else {
        has.erase(f.node);
      }
    }
    return found;
  }
  std::vector<TimeUs> taint_times(bool gained = true) const {
    std::vector<TimeUs> found;
    for (const auto& [t, node] : tainted("NoExecute", gained)) found.push_back(t);
    return found;
  }
  std::vector<TimeUs> unknown_times() const {
    std::vector<TimeUs> found;
    for (const auto& [t, f] : c.facts<fact::NodeReadyChanged>()) {
      if (f.ready == Truth::unknown) found.push_back(t);
    }
    return found;
  }
  TestCluster c;
};

// --- leases ----------------------------------------------------------------------------------------------------

TEST(Leases, are_renewed_at_the_nodes_own_phase_and_never_after_its_death_K67) {
  World w(zones_config({{"z", 20}}, 10 * kSec));
  std::set<TimeUs> phases;
  w.c.run_until(123'456'789);
  for (int i = 0; i < 20; ++i) {
    const TimeUs last = w.c.lifecycle->last_renewal(node_name(i));
    EXPECT_LE(last, 123'456'789);
    EXPECT_GT(last, 113'456'789);
    phases.insert(last % (10 * kSec));
  }
  EXPECT_EQ(phases.size(), 20U);
  const TimeUs before = w.c.lifecycle->last_renewal("n00");
  w.down(0, 1);
  w.c.run_until(170 * kSec);
  EXPECT_EQ(w.c.lifecycle->last_renewal("n00"), before);
  w.up(0, 1);
  EXPECT_EQ(w.c.lifecycle->last_renewal("n00"), 170 * kSec);
}

TEST(Leases, unknown_comes_at_the_first_check_after_more_than_the_grace_K68) {
  World w(zones_config({{"z", 20}}, 10 * kSec));
  std::vector<TimeUs> expected;
  for (int i = 0; i < 8; ++i) {
    const TimeUs last = w.c.lifecycle->last_renewal(node_name(i));
    expected.push_back((last + 50 * kSec + 5 * kSec) / (5 * kSec) * (5 * kSec));  // the next multiple, strictly later
  }
  w.down(0, 8);
  w.c.run_until(200 * kSec);
  std::ranges::sort(expected);
  EXPECT_EQ(w.unknown_times(), expected);
  EXPECT_GE(expected.front(), 140 * kSec);
  EXPECT_LE(expected.back(), 155 * kSec);
}

TEST(Leases, exactly_the_grace_is_not_enough) {
  World w(zones_config({{"z", 3}}));  // the last renewal is the death itself: 100 s
  w.down(0, 1);
  w.c.run_until(200 * kSec);
  EXPECT_THAT(w.unknown_times(), ElementsAre(155 * kSec));
}

TEST(Leases, the_grace_of_an_older_cluster_is_shorter_K68) {
  ClusterConfig config = zones_config({{"z", 3}});
  config.profile.monitor_grace_us = 40 * kSec;
  World w(config);
  w.down(0, 1);
  w.c.run_until(200 * kSec);
  EXPECT_THAT(w.unknown_times(), ElementsAre(145 * kSec));
}

TEST(Leases, a_short_silence_leaves_no_trace) {
  World w(zones_config({{"z", 3}}));
  w.down(0, 1, true);
  w.c.run_until(149 * kSec);
  w.up(0, 1);
  EXPECT_TRUE(w.c.run_until_quiet(kHourUs));
  EXPECT_THAT(w.c.facts<fact::NodeReadyChanged>(), IsEmpty());
  EXPECT_THAT(w.c.facts<fact::NodeTainted>(), IsEmpty());
  EXPECT_THAT(w.c.facts<fact::PodConditionSet>(), IsEmpty());
}

// --- the canonical timeline (03 B7) ----------------------------------------------------------------------------

TEST(NodeLoss, one_node_lost_for_ever_K69_K72) {
  World w(zones_config({{"z", 10}}));
  w.down(0, 1);
  w.c.run_until(2 * kHourUs);
  EXPECT_THAT(w.unknown_times(), ElementsAre(155 * kSec));
  EXPECT_THAT(w.tainted("NoSchedule"), ElementsAre(std::pair{155 * kSec, std::string("n00")}));
  EXPECT_THAT(w.tainted("NoExecute"), ElementsAre(std::pair{155 * kSec, std::string("n00")}));
  const auto conditions = w.c.facts<fact::PodConditionSet>();
  ASSERT_EQ(conditions.size(), 2U);
  EXPECT_EQ(conditions[0].first, 155 * kSec);
  EXPECT_EQ(conditions[0].second.pod, "ns/pn00");
  EXPECT_EQ(conditions[0].second.condition.type, "Ready");
  EXPECT_EQ(conditions[0].second.condition.status, Truth::no);
  EXPECT_EQ(conditions[1].first, 455 * kSec);
  EXPECT_EQ(conditions[1].second.condition.type, "DisruptionTarget");
  EXPECT_EQ(conditions[1].second.condition.reason, "DeletionByTaintManager");
  const auto terminating = w.c.facts<fact::PodTerminating>();
  ASSERT_EQ(terminating.size(), 1U);
  EXPECT_EQ(terminating[0].first, 455 * kSec);
  EXPECT_EQ(terminating[0].second.grace_s, 30);
  EXPECT_EQ(terminating[0].second.why, "eviction");
  // The kubelet cannot confirm: the pod stays, Running and Terminating (K72).
  EXPECT_EQ(w.c.pod("pn00")->phase, PodPhase::running);
  EXPECT_TRUE(w.c.pod("pn00")->deletion_us.has_value());
  EXPECT_THAT(w.c.facts<fact::PodGone>(), IsEmpty());
  EXPECT_TRUE(w.c.quiet());
}

TEST(NodeLoss, causes_lead_back_to_the_silence) {
  World w(zones_config({{"z", 10}}));
  w.down(0, 1);
  w.c.run_until(kHourUs);
  // Facts are numbered from 1 in the order of the log.
  const auto type_of = [&](Seq seq) { return w.c.log.at(seq - 1).fact.index(); };
  std::vector<std::size_t> chain;
  for (Seq seq = w.c.log.size(); seq != 0; seq = w.c.log.at(seq - 1).cause) chain.push_back(type_of(seq));
  const auto index = [](const Fact& f) { return f.index(); };
  EXPECT_THAT(chain,
              ElementsAre(index(fact::PodTerminating{}), index(fact::PodConditionSet{}), index(fact::NodeTainted{}),
                          index(fact::NodeReadyChanged{}), index(fact::NodeSilent{})));
}

TEST(NodeLoss, twenty_of_fifty_nodes_are_tainted_one_every_ten_seconds_K70) {
  World w(zones_config({{"z", 50}}));
  w.down(0, 20);
  w.c.run_until(2 * kHourUs);
  EXPECT_EQ(w.unknown_times(), std::vector<TimeUs>(20, 155 * kSec));
  std::vector<std::pair<TimeUs, std::string>> expected;
  std::vector<TimeUs> deletes;
  for (int i = 0; i < 20; ++i) {
    expected.emplace_back((155 + 10 * i) * kSec, node_name(i));
    deletes.push_back((455 + 10 * i) * kSec);
  }
  EXPECT_EQ(w.tainted("NoExecute"), expected);
  EXPECT_EQ(w.c.times<fact::PodTerminating>(), deletes);
}

TEST(NodeLoss, a_node_that_returns_before_its_evictions_is_as_before_K75) {
  World w(zones_config({{"z", 10}}));
  w.down(0, 2, true);
  w.c.run_until(220 * kSec);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 165 * kSec}));
  w.up(0, 2);
  EXPECT_TRUE(w.c.run_until_quiet(kHourUs));
  std::vector<TimeUs> ready;
  for (const auto& [t, f] : w.c.facts<fact::NodeReadyChanged>()) {
    if (f.ready == Truth::yes) ready.push_back(t);
  }
  EXPECT_THAT(ready, ElementsAre(220 * kSec + kStatusUs, 220 * kSec + kStatusUs));
  EXPECT_EQ(w.taint_times(false), (std::vector<TimeUs>{225 * kSec, 225 * kSec}));
  EXPECT_THAT(w.c.facts<fact::PodTerminating>(), IsEmpty());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(w.c.state().find_node(node_name(i))->node.taints.empty());
    EXPECT_EQ(w.c.pod("p" + node_name(i))->condition("Ready")->status, Truth::yes);
    EXPECT_EQ(w.c.pod("p" + node_name(i))->condition("Ready")->since_us, 220 * kSec + kKubeletUs);
  }
}

TEST(NodeLoss, a_node_that_returns_while_in_line_is_not_tainted) {
  World w(zones_config({{"z", 20}}));
  w.down(0, 5);
  w.c.run_until(160 * kSec);
  w.up(1, 3);
  w.c.run_until(kHourUs);
  // n01's turn at 165 s finds it Ready and is wasted; then the check at 165 s takes n02 out of the line.
  EXPECT_THAT(w.tainted("NoExecute"),
              ElementsAre(std::pair{155 * kSec, std::string("n00")}, std::pair{175 * kSec, std::string("n03")},
                          std::pair{185 * kSec, std::string("n04")}));
}

TEST(NodeLoss, a_node_that_returns_after_its_evictions_finishes_the_deletes_K75) {
  World w(zones_config({{"z", 10}}));
  w.down(0, 1);
  w.c.run_until(700 * kSec);
  w.up(0, 1);
  EXPECT_TRUE(w.c.run_until_quiet(kHourUs));
  EXPECT_THAT(w.c.times<fact::PodTerminating>(), ElementsAre(455 * kSec));
  EXPECT_THAT(w.c.times<fact::PodGone>(), ElementsAre(700 * kSec + kKubeletUs));
  EXPECT_EQ(w.taint_times(false), std::vector<TimeUs>{705 * kSec});
}

TEST(NodeLoss, a_second_loss_starts_its_own_three_hundred_seconds) {
  World w(zones_config({{"z", 10}}));
  w.down(0, 1, true);
  w.c.run_until(300 * kSec);
  w.up(0, 1);
  w.c.run_until(310 * kSec);
  w.down(0, 1, true);
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 365 * kSec}));
  EXPECT_THAT(w.c.times<fact::PodTerminating>(), ElementsAre(665 * kSec));
}

TEST(NodeLoss, tolerations_decide_when_a_pod_goes_K71) {
  World w(zones_config({{"z", 3}}));
  const auto add = [&](const std::string& name, std::vector<Toleration> tolerations) {
    PodTemplate tmpl = make_template(100, 1);
    tmpl.tolerations = std::move(tolerations);
    w.c.create(name, share(tmpl), "n00", PodPhase::running);
  };
  const std::string key(kUnreachableTaint);
  add("short", {{key, "Exists", "", "NoExecute", 20}});
  add("zero", {{key, "Exists", "", "NoExecute", 0}});
  add("forever", {{"", "Exists", "", "", std::nullopt}});
  add("least",
      {{key, "Exists", "", "NoExecute", 90}, {"", "Exists", "", "", 60}, {"", "Exists", "", "", std::nullopt}});
  add("other", {{"gpu", "Exists", "", "", 5}});
  w.down(0, 1);
  w.c.run_until(kHourUs);
  std::map<std::string, TimeUs> gone;
  for (const auto& [t, f] : w.c.facts<fact::PodTerminating>()) gone[f.pod] = t;
  EXPECT_EQ(gone, (std::map<std::string, TimeUs>{{"ns/zero", 155 * kSec},
                                                 {"ns/short", 175 * kSec},
                                                 {"ns/least", 215 * kSec},
                                                 {"ns/other", 455 * kSec},
                                                 {"ns/pn00", 455 * kSec}}));
}

TEST(NodeLoss, a_pod_bound_to_a_tainted_node_is_evicted_in_its_turn) {
  World w(zones_config({{"z", 3}}));
  w.c.create("late", make_template(100, 1));
  w.c.run_until(101 * kSec);
  w.down(0, 3 - 1);
  w.c.run_until(200 * kSec);
  PodTemplate tolerant = make_template(100, 1);
  tolerant.node_selector = {{"kubernetes.io/hostname", "none"}};
  w.c.create("forced", tolerant);
  w.c.emit("test", 0, fact::PodBound{"ns/forced", w.c.next_rv(), "n00"});
  w.c.run_until(kHourUs);
  std::map<std::string, TimeUs> gone;
  for (const auto& [t, f] : w.c.facts<fact::PodTerminating>()) gone[f.pod] = t;
  EXPECT_EQ(gone.at("ns/forced"), 500 * kSec);
}

// --- zones (K70) -----------------------------------------------------------------------------------------------

TEST(Zones, a_small_zone_that_is_mostly_down_is_left_alone_K70) {
  World w(zones_config({{"a", 20}, {"b", 20}}));
  w.down(0, 11);  // exactly 55 %
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.unknown_times().size(), 11U);
  EXPECT_THAT(w.taint_times(), IsEmpty());
  EXPECT_THAT(w.c.facts<fact::PodTerminating>(), IsEmpty());
}

TEST(Zones, just_below_the_threshold_it_is_not) {
  World w(zones_config({{"a", 20}, {"b", 20}}));
  w.down(0, 10);
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.taint_times().size(), 10U);
}

TEST(Zones, two_unhealthy_nodes_are_never_a_disruption) {
  World w(zones_config({{"a", 3}, {"b", 3}}));
  w.down(0, 2);
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 165 * kSec}));
}

TEST(Zones, a_large_zone_that_is_mostly_down_is_tainted_slowly) {
  World w(zones_config({{"a", 51}, {"b", 5}}));
  w.down(0, 30);
  w.c.run_until(600 * kSec);
  // The old limiter had its token, so the new one has: the first at once, then one every 100 s.
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 255 * kSec, 355 * kSec, 455 * kSec, 555 * kSec}));
}

TEST(Zones, a_zone_that_is_down_as_a_whole_while_others_are_not_is_treated_as_usual) {
  World w(zones_config({{"a", 5}, {"b", 5}}));
  w.down(0, 5);
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 165 * kSec, 175 * kSec, 185 * kSec, 195 * kSec}));
}

TEST(Zones, each_zone_has_its_own_limiter) {
  World w(zones_config({{"a", 10}, {"b", 10}}));
  w.down(0, 2);
  w.down(10, 12);
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 155 * kSec, 165 * kSec, 165 * kSec}));
}

TEST(Zones, when_all_zones_are_down_nothing_is_evicted) {
  World w(zones_config({{"a", 5}, {"b", 5}}));
  w.down(0, 10);
  EXPECT_TRUE(w.c.run_until_quiet(kHourUs));
  EXPECT_EQ(w.unknown_times().size(), 10U);
  EXPECT_THAT(w.taint_times(), IsEmpty());
  EXPECT_EQ(w.tainted("NoSchedule").size(), 10U);
}

TEST(Zones, when_the_last_zone_follows_later_the_evictions_under_way_are_taken_back) {
  World w(zones_config({{"a", 2}, {"b", 2}}));
  w.down(0, 2);  // tainted at 155 s and 165 s
  w.c.run_until(200 * kSec);
  w.down(2, 4);  // Unknown at 255 s: all is down
  w.c.run_until(kHourUs);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{155 * kSec, 165 * kSec}));
  EXPECT_EQ(w.taint_times(false), (std::vector<TimeUs>{255 * kSec, 255 * kSec}));
  EXPECT_THAT(w.c.facts<fact::PodTerminating>(), IsEmpty());
  // One node back: the zones wake up with empty limiters, and the others are tainted in line.
  w.up(3, 4);
  w.c.run_until(2 * kHourUs);
  const TimeUs check = kHourUs + 5 * kSec;
  EXPECT_EQ(w.taint_times(),
            (std::vector<TimeUs>{155 * kSec, 165 * kSec, check + 10 * kSec, check + 10 * kSec, check + 20 * kSec}));
}

TEST(Zones, a_zone_that_recovers_goes_on_with_the_usual_rate) {
  World w(zones_config({{"a", 10}, {"b", 10}}));
  w.down(0, 6);
  w.c.run_until(300 * kSec);
  EXPECT_THAT(w.taint_times(), IsEmpty());
  w.up(0, 1);  // 50 % from the check at 305 s on; the limiter comes from "never" and starts empty
  w.c.run_until(400 * kSec);
  EXPECT_EQ(w.taint_times(), (std::vector<TimeUs>{315 * kSec, 325 * kSec, 335 * kSec, 345 * kSec, 355 * kSec}));
}

// --- nodes coming and going ------------------------------------------------------------------------------------

TEST(Nodes, join_at_the_start_at_their_time_or_when_asked) {
  ClusterConfig config = zones_config({{"", 3}});
  config.nodes[1].node.created_us = 30 * kSec;
  config.nodes[2].joins_later = true;
  TestCluster c(config);
  c.lifecycle->start();
  c.run_until(60 * kSec);
  c.lifecycle->add_nodes({2, 0}, 0);  // n00 is there already
  std::vector<std::string> joined;
  for (const auto& [t, f] : c.facts<fact::NodeAdded>()) {
    EXPECT_EQ(f.node.created_us, t);
    joined.push_back(fmt::format("{} {}", t, f.node.name));
  }
  EXPECT_THAT(joined, ElementsAre("0 n00", "30000000 n01", "60000000 n02"));
}

TEST(Nodes, going_off_and_on_is_told_to_the_world) {
  World w(zones_config({{"z", 3}}));
  w.down(1, 2);
  w.down(1, 2);                                       // it is down already
  w.c.lifecycle->nodes_down({{"nobody"}, false}, 0);  // unknown
  w.c.run_until(110 * kSec);
  w.up(1, 2);
  w.up(1, 2);
  w.c.run_until(120 * kSec);
  std::vector<std::string> told;
  for (const auto& [t, m] : w.c.messages<from::NodePower>()) told.push_back(fmt::format("{} {} {}", t, m.node, m.on));
  EXPECT_THAT(told, ElementsAre("100000000 1 false", "110000000 1 true"));
  EXPECT_EQ(w.c.facts<fact::NodeSilent>().size(), 1U);
  EXPECT_EQ(w.c.facts<fact::NodeReturned>().size(), 1U);
}

TEST(Nodes, a_deleted_node_that_comes_up_registers_again) {
  World w(zones_config({{"z", 3}}));
  w.down(0, 1, true);
  w.c.run_until(110 * kSec);
  w.c.lifecycle->delete_nodes({{"n00", "n00", "nobody"}}, 0);
  EXPECT_EQ(w.c.facts<fact::NodeGone>().size(), 1U);
  w.c.run_until(115 * kSec);
  w.up(0, 1);
  EXPECT_TRUE(w.c.run_until_quiet(kHourUs));
  EXPECT_EQ(w.c.facts<fact::NodeAdded>().back().first, 115 * kSec);
  // Back within the quarantine: its pod lives on.
  EXPECT_EQ(w.c.pod("pn00")->phase, PodPhase::running);
  EXPECT_THAT(w.unknown_times(), IsEmpty());
}

TEST(Nodes, a_quiet_cluster_has_no_timers) {
  World w(zones_config({{"z", 50}}));
  EXPECT_TRUE(w.c.quiet());
}

TEST(Nodes, say_what_they_wait_for) {
  World w(zones_config({{"a", 3}, {"b", 3}}));
  w.down(0, 2);
  w.c.run_until(120 * kSec);
  std::vector<std::string> lines;
  w.c.lifecycle->waiting(lines);
  w.c.run_until(160 * kSec);
  w.c.lifecycle->waiting(lines);
  EXPECT_THAT(lines, ElementsAre("node n00 is silent and waits for: its grace period to pass",
                                 "node n01 is silent and waits for: its grace period to pass",
                                 "node n00 is silent and waits for: its pods' tolerations to run out, or its return",
                                 "node n01 is silent and waits for: its turn to be tainted"));
}

}  // namespace
}  // namespace podramp::fakeapi::node_lifecycle_test
