#include "sim/scenario_node_actions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_node_actions_test {
namespace {

namespace to = fakeapi::to;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeUs kSec = kSecondUs;

std::string text_with(const std::string& timeline, const std::string& kubernetes = "{}") {
  return fmt::format(R"({{"schema": "podramp/v1", "kubernetes": {},
    "cluster": {{"nodes": [{{"group": "w", "count": 2, "cpu": "8", "memory": "32Gi"}}]}},
    "applications": [{{"name": "etl", "conf": {{"spark.kubernetes.container.image": "spark:4"}}}}],
    "timeline": [{}]}})",
                     kubernetes, timeline);
}

std::vector<TimelineEntry> timeline_of(const std::string& timeline, const std::string& kubernetes = "{}") {
  const auto loaded = load_scenario({"x.json", text_with(timeline, kubernetes)}, {}, {});
  if (!loaded) {
    ADD_FAILURE() << loaded.error().front().message;
    return {};
  }
  const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
  EXPECT_TRUE(again && again->scenario.timeline == loaded->scenario.timeline) << to_json(loaded->scenario);
  return loaded->scenario.timeline;
}

TimelineEntry entry(TimeUs at, WorldAction action) { return {at, std::move(action)}; }

constexpr std::string_view kNotice = R"("at": "100s", "do": "spot_notice", "nodes": ["w-1"])";
constexpr std::string_view kGraceful =
    R"({"shutdown_grace_period": "30s", "shutdown_grace_period_critical_pods": "10s"})";

TEST(ScenarioNodeActions, nothing_reacts_to_a_spot_notice_by_itself_and_the_machine_is_gone_after_it_K77) {
  EXPECT_THAT(timeline_of(fmt::format("{{{}}}", kNotice)),
              ElementsAre(entry(220 * kSec, to::NodesDown{{"w-1"}, false})));
  EXPECT_THAT(timeline_of(fmt::format(R"({{{}, "notice": "30s"}})", kNotice)),
              ElementsAre(entry(130 * kSec, to::NodesDown{{"w-1"}, false})));
}

TEST(ScenarioNodeActions, a_termination_handler_drains_the_node_with_the_notice_K77_K78) {
  EXPECT_THAT(timeline_of(fmt::format(R"({{{}, "handler": true}})", kNotice)),
              ElementsAre(entry(100 * kSec, to::DrainNodes{{"w-1"}, std::nullopt}),
                          entry(220 * kSec, to::NodesDown{{"w-1"}, false})));
}

TEST(ScenarioNodeActions, a_graceful_shutdown_begins_after_the_notice_or_with_it_K76_K77) {
  EXPECT_THAT(
      timeline_of(fmt::format("{{{}}}", kNotice), std::string(kGraceful)),
      ElementsAre(entry(220 * kSec, to::ShutdownNodes{{"w-1"}}), entry(250 * kSec, to::NodesDown{{"w-1"}, false})));
  EXPECT_THAT(
      timeline_of(fmt::format(R"({{{}, "notice": "30s", "shutdown": "with_notice"}})", kNotice),
                  std::string(kGraceful)),
      ElementsAre(entry(100 * kSec, to::ShutdownNodes{{"w-1"}}), entry(130 * kSec, to::NodesDown{{"w-1"}, false})));
}

TEST(ScenarioNodeActions, every_action_is_read_and_written) {
  EXPECT_THAT(
      timeline_of(R"({"at": "1s", "do": "taint_nodes", "group": "w", "key": "k", "value": "v", "effect": "NoExecute"},
                     {"at": "2s", "do": "untaint_nodes", "nodes": ["w-1"], "key": "k"},
                     {"at": "3s", "do": "cordon_nodes", "nodes": ["w-1"]},
                     {"at": "4s", "do": "uncordon_nodes", "nodes": ["w-1"]},
                     {"at": "5s", "do": "drain_nodes", "nodes": ["w-1"], "grace": "9s"},
                     {"at": "6s", "do": "shutdown_nodes", "nodes": ["w-1"], "power_off_after": "30s"},
                     {"at": "7s", "do": "node_pressure", "nodes": ["w-2"], "resource": "disk", "for": "1m"},
                     {"at": "8s", "do": "oom_kill", "pods": ["ns/p"]},
                     {"at": "9s", "do": "oom_kill", "application": "etl", "executors": [1, 2]})"),
      ElementsAre(entry(1 * kSec, to::TaintNodes{{"w-1", "w-2"}, {"k", "v", "NoExecute"}, false}),
                  entry(2 * kSec, to::TaintNodes{{"w-1"}, {"k", "", ""}, true}),
                  entry(3 * kSec, to::CordonNodes{{"w-1"}, true}), entry(4 * kSec, to::CordonNodes{{"w-1"}, false}),
                  entry(5 * kSec, to::DrainNodes{{"w-1"}, 9}), entry(6 * kSec, to::ShutdownNodes{{"w-1"}}),
                  entry(7 * kSec, to::NodePressure{{"w-2"}, true, kMinuteUs}), entry(8 * kSec, to::OomKill{{"ns/p"}}),
                  TimelineEntry{9 * kSec, ExecutorExit{"etl", {1, 2}, 137, true}},
                  entry(36 * kSec, to::NodesDown{{"w-1"}, false})));
}

TEST(ScenarioNodeActions, mistakes_are_named) {
  const auto first_error = [](const std::string& timeline, const std::string& kubernetes = "{}") {
    const auto loaded = load_scenario({"x.json", text_with(timeline, kubernetes)}, {}, {});
    return loaded ? "" : loaded.error().front().path + ": " + loaded.error().front().message;
  };
  EXPECT_THAT(first_error(R"({"at": "1s", "do": "taint_nodes", "group": "w", "key": "k", "effect": "Never"})"),
              HasSubstr("timeline[0].effect: must be NoSchedule, PreferNoSchedule or NoExecute"));
  EXPECT_THAT(first_error(R"({"at": "1s", "do": "node_pressure", "group": "w", "resource": "cpu"})"),
              HasSubstr("timeline[0].resource"));
  EXPECT_THAT(first_error(R"({"at": "1s", "do": "oom_kill", "pods": ["ns/p"], "executors": [1]})"),
              HasSubstr("timeline[0].executors: goes without pods"));
  EXPECT_THAT(first_error("", R"({"shutdown_grace_period_critical_pods": "10s"})"),
              HasSubstr("kubernetes.shutdown_grace_period_critical_pods: is a part of shutdown_grace_period"));
}

}  // namespace
}  // namespace podramp::sim::scenario_node_actions_test
