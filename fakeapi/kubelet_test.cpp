#include "fakeapi/kubelet.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::kubelet_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kStarted = kToRunningUs - kStatusUs;  // of the first pod's process

class Kubelet : public ::testing::Test {
 protected:
  void SetUp() override { c.lifecycle->start(); }
  // A pod that has been running for a while at 10 s.
  PodId running(const PodTemplate& tmpl = make_template(1000, 1)) {
    const PodId id = c.create("p", tmpl);
    c.run_until(10 * kSec);
    EXPECT_EQ(c.pod("p")->phase, PodPhase::running);
    return id;
  }
  void remove(PodId id, std::optional<std::int64_t> grace_s = std::nullopt) {
    c.deletion->remove(id, grace_s, "api", "apiserver", 0);
  }
  // "time type detail" of everything that happened to pods from a time on.
  std::vector<std::string> history(TimeUs from) const {
    std::vector<std::string> lines;
    for (const auto& l : c.log) {
      if (l.t < from) continue;
      if (const auto* f = std::get_if<fact::PodFinished>(&l.fact)) {
        lines.push_back(fmt::format("{} {} {} {} {}", l.t, to_text(f->phase), f->exit_code, f->container_reason, l.by));
      } else if (std::holds_alternative<fact::PodGone>(l.fact)) {
        lines.push_back(fmt::format("{} gone {}", l.t, l.by));
      } else if (std::holds_alternative<fact::PodRunning>(l.fact)) {
        lines.push_back(fmt::format("{} running", l.t));
      } else if (std::holds_alternative<fact::PodTerminating>(l.fact)) {
        lines.push_back(fmt::format("{} terminating", l.t));
      }
    }
    return lines;
  }
  std::vector<TimeUs> stops() const {
    std::vector<TimeUs> found;
    for (const auto& [t, m] : c.messages<from::ProcessStopped>()) found.push_back(t);
    return found;
  }
  std::vector<TimeUs> starts() const {
    std::vector<TimeUs> found;
    for (const auto& [t, m] : c.messages<from::ProcessStarted>()) found.push_back(t);
    return found;
  }
  TestCluster c{make_config({make_node("a", 4000, 16), make_node("b", 1, 1)})};
};

TEST_F(Kubelet, the_start_path_K58) {
  c.create("p", make_template(1000, 1));
  c.run_until(10 * kSec);
  EXPECT_THAT(c.times<fact::PodBound>(), ElementsAre(kScheduleUs + kBindUs));
  const auto waiting = c.facts<fact::PodWaiting>();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].first, kScheduleUs + kBindUs + kKubeletUs);
  EXPECT_EQ(waiting[0].second.reason, "ContainerCreating");
  const auto started = c.messages<from::ProcessStarted>();
  ASSERT_EQ(started.size(), 1U);
  EXPECT_EQ(started[0].first, kStarted);
  EXPECT_EQ(started[0].second.object->name, "p");
  const auto run = c.facts<fact::PodRunning>();
  ASSERT_EQ(run.size(), 1U);
  EXPECT_EQ(run[0].first, kToRunningUs);
  EXPECT_EQ(run[0].second.pod_ip, "10.0.0.1");
  EXPECT_EQ(c.pod("p")->condition("Ready")->status, Truth::yes);
}

TEST_F(Kubelet, an_exit_becomes_the_phase_K63_K64) {
  struct Case {
    int code;
    bool oom;
    const char* line;
  };
  const std::vector<Case> cases{{0, false, "Succeeded 0 Completed"},
                                {1, false, "Failed 1 Error"},
                                {137, false, "Failed 137 Error"},
                                {137, true, "Failed 137 OOMKilled"},
                                {143, false, "Failed 143 Error"}};
  for (const Case& one : cases) {
    TestCluster own(make_config({make_node("a", 4000, 16)}));
    own.lifecycle->start();
    const PodId id = own.create("p", make_template(1000, 1));
    own.run_until(10 * kSec);
    own.kubelets->process_exited(id, one.code, 0, one.oom);
    own.run_until(20 * kSec);
    const auto ended = own.facts<fact::PodFinished>();
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].first, 10 * kSec + kStatusUs);
    const auto& f = ended[0].second;
    EXPECT_EQ(fmt::format("{} {} {}", to_text(f.phase), f.exit_code, f.container_reason), one.line);
    EXPECT_EQ(own.pod("p")->containers[0].exit_code, one.code);
  }
}

TEST_F(Kubelet, a_process_that_ends_before_it_was_shown_is_never_shown_running) {
  const PodId id = c.create("p", make_template(1000, 1));
  c.run_until(kStarted);
  c.kubelets->process_exited(id, 1, 0);
  c.run_until(10 * kSec);
  EXPECT_THAT(history(0), ElementsAre(fmt::format("{} Failed 1 Error kubelet", kStarted + kStatusUs)));
}

TEST_F(Kubelet, an_exit_is_counted_once) {
  const PodId id = running();
  c.kubelets->process_exited(id, 1, 0);
  c.kubelets->process_exited(id, 0, 0);
  c.run_until(20 * kSec);
  c.kubelets->process_exited(id, 0, 0);
  c.run_until(30 * kSec);
  EXPECT_EQ(c.facts<fact::PodFinished>().size(), 1U);
}

TEST_F(Kubelet, a_graceful_delete_sends_SIGTERM_and_confirms_when_the_process_is_dead_K29) {
  const PodId id = running();
  remove(id);
  c.run_until(60 * kSec);
  const TimeUs told = 10 * kSec + kKubeletUs;
  EXPECT_THAT(stops(), ElementsAre(told));
  const TimeUs reported = told + kStopUs + kStatusUs;
  EXPECT_THAT(history(10 * kSec),
              ElementsAre("10000000 terminating", fmt::format("{} Failed 143 Error kubelet", reported),
                          fmt::format("{} gone kubelet", reported)));
}

TEST_F(Kubelet, a_process_that_outlives_its_grace_is_killed) {
  PodTemplate tmpl = make_template(1000, 1);
  ClusterConfig config = make_config({make_node("a", 4000, 16)});
  config.latency.stop = LatencyModel::constant(45 * kSec);
  TestCluster own(config);
  own.lifecycle->start();
  const PodId id = own.create("p", tmpl);
  own.run_until(10 * kSec);
  own.deletion->remove(id, std::nullopt, "api", "apiserver", 0);
  own.run_until(20 * kSec);
  // A second DELETE shortens the grace: 5 s from when the kubelet hears of it (K30).
  own.deletion->remove(id, 5, "api", "apiserver", 0);
  own.run_until(100 * kSec);
  const auto ended = own.facts<fact::PodFinished>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].first, 20 * kSec + kKubeletUs + 5 * kSec + kStatusUs);
  EXPECT_EQ(ended[0].second.exit_code, 137);
  EXPECT_EQ(own.messages<from::ProcessStopped>().size(), 1U);
  EXPECT_EQ(own.pod("p"), nullptr);
}

TEST_F(Kubelet, the_grace_of_the_pod_bounds_the_stop) {
  ClusterConfig config = make_config({make_node("a", 4000, 16)});
  config.latency.stop = LatencyModel::constant(45 * kSec);
  TestCluster own(config);
  own.lifecycle->start();
  const PodId id = own.create("p", make_template(1000, 1));
  own.run_until(10 * kSec);
  own.deletion->remove(id, std::nullopt, "api", "apiserver", 0);
  own.run_until(100 * kSec);
  const auto ended = own.facts<fact::PodFinished>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].first, 10 * kSec + kKubeletUs + 30 * kSec + kStatusUs);
  EXPECT_EQ(ended[0].second.exit_code, 137);
}

TEST_F(Kubelet, a_process_that_ends_by_itself_while_terminating_keeps_its_own_code) {
  const PodId id = running();
  remove(id);
  c.run_until(10 * kSec + kKubeletUs + 100'000);
  c.kubelets->process_exited(id, 0, 0);
  c.run_until(60 * kSec);
  const TimeUs reported = 10 * kSec + kKubeletUs + 100'000 + kStatusUs;
  EXPECT_THAT(history(10 * kSec),
              ElementsAre("10000000 terminating", fmt::format("{} Succeeded 0 Completed kubelet", reported),
                          fmt::format("{} gone kubelet", reported)));
}

TEST_F(Kubelet, a_pod_that_never_started_is_confirmed_quickly) {
  // Deleted when bound, and while it is being created.
  for (const TimeUs at : {kScheduleUs + kBindUs, kScheduleUs + kBindUs + kKubeletUs + 500'000}) {
    TestCluster own(make_config({make_node("a", 4000, 16)}));
    own.lifecycle->start();
    const PodId id = own.create("p", make_template(1000, 1));
    own.run_until(at);
    own.deletion->remove(id, std::nullopt, "api", "apiserver", 0);
    EXPECT_TRUE(own.run_until_quiet(60 * kSec));
    EXPECT_THAT(own.times<fact::PodGone>(), ElementsAre(at + kKubeletUs + kStatusUs));
    EXPECT_THAT(own.messages<from::ProcessStarted>(), IsEmpty());
    EXPECT_THAT(own.facts<fact::PodFinished>(), IsEmpty());
  }
}

TEST_F(Kubelet, a_forced_delete_stops_the_process_afterwards_K30) {
  const PodId id = running();
  remove(id, 0);
  EXPECT_EQ(c.pod("p"), nullptr);
  c.run_until(60 * kSec);
  EXPECT_THAT(stops(), ElementsAre(10 * kSec + kKubeletUs));
  EXPECT_THAT(history(10 * kSec), ElementsAre("10000000 gone apiserver"));
}

TEST_F(Kubelet, a_pod_that_does_not_fit_when_it_arrives_is_rejected_K59) {
  const auto place = [&](const std::string& name, const PodTemplate& tmpl) {
    c.create(name, share(tmpl), "b");  // somebody binds it past the scheduler
    c.run_until(c.now() + kSec);
    return c.pod(name);
  };
  const Pod* cpu = place("cpu", make_template(1000, 0));
  EXPECT_EQ(cpu->phase, PodPhase::failed);
  EXPECT_EQ(cpu->reason, "OutOfcpu");
  EXPECT_EQ(cpu->message,
            "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 0, capacity: 1");
  EXPECT_THAT(cpu->containers, IsEmpty());
  EXPECT_EQ(place("memory", make_template(1, 2))->reason, "OutOfmemory");
  EXPECT_EQ(place("fits", make_template(1, 1))->reason, "");
  EXPECT_EQ(place("second", make_template(1, 0))->reason, "OutOfcpu");
  PodTemplate gpu = make_template(0, 0);
  gpu.containers[0].requests.other["nvidia.com/gpu"] = 1;
  EXPECT_EQ(place("gpu", gpu)->reason, "OutOfnvidia.com/gpu");
}

TEST_F(Kubelet, a_node_full_of_pods_rejects_the_next) {
  ClusterConfig config = make_config({make_node("a", 4000, 16)});
  config.nodes[0].node.pods_max = 2;
  TestCluster own(config);
  own.lifecycle->start();
  for (int i = 0; i < 3; ++i) own.create(fmt::format("p{}", i), share(make_template(1, 0)), "a");
  own.run_until(5 * kSec);
  EXPECT_EQ(own.pod("p1")->phase, PodPhase::running);
  EXPECT_EQ(own.pod("p2")->reason, "OutOfpods");
}

TEST_F(Kubelet, an_existing_pod_can_end) {
  const PodId id = c.create("system", share(make_template(1000, 1)), "a", PodPhase::running);
  c.run_until(10 * kSec);
  c.kubelets->process_exited(id, 0, 0);
  c.run_until(20 * kSec);
  EXPECT_EQ(c.pod("system")->phase, PodPhase::succeeded);
}

// --- silent nodes ----------------------------------------------------------------------------------------------

TEST_F(Kubelet, a_loss_of_power_kills_at_once_and_is_reported_on_return_K75) {
  running();
  c.lifecycle->nodes_down({{"a"}, false}, 0);
  c.run_until(20 * kSec);
  EXPECT_THAT(stops(), ElementsAre(10 * kSec));
  EXPECT_EQ(c.pod("p")->phase, PodPhase::running);
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(30 * kSec);
  EXPECT_THAT(history(10 * kSec),
              ElementsAre(fmt::format("{} Failed 137 ContainerStatusUnknown kubelet", 20 * kSec + kKubeletUs)));
}

TEST_F(Kubelet, a_pod_that_is_restarted_always_comes_back_after_a_loss_of_power) {
  PodTemplate tmpl = make_template(1000, 1);
  tmpl.restart_policy = "Always";
  running(tmpl);
  c.lifecycle->nodes_down({{"a"}, false}, 0);
  c.run_until(20 * kSec);
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(30 * kSec);
  EXPECT_THAT(starts(), ElementsAre(kStarted, 20 * kSec + kKubeletUs + kStartUs));
  const auto exited = c.facts<fact::ContainerExited>();
  ASSERT_EQ(exited.size(), 1U);
  EXPECT_EQ(exited[0].first, 20 * kSec + kKubeletUs);
  EXPECT_EQ(exited[0].second.exit_code, 137);
  EXPECT_EQ(c.facts<fact::PodRunning>().size(), 2U);
  EXPECT_EQ(c.pod("p")->phase, PodPhase::running);
}

TEST_F(Kubelet, in_a_partition_processes_go_on_and_nothing_is_reported_until_the_return) {
  const PodId id = running();
  c.create("q", make_template(1000, 1));
  c.run_until(30 * kSec);
  c.lifecycle->nodes_down({{"a"}, true}, 0);
  c.run_until(35 * kSec);
  c.kubelets->process_exited(id, 7, 0);
  c.run_until(40 * kSec);
  EXPECT_THAT(history(30 * kSec), IsEmpty());
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(60 * kSec);
  EXPECT_THAT(stops(), IsEmpty());
  EXPECT_THAT(history(30 * kSec), ElementsAre(fmt::format("{} Failed 7 Error kubelet", 40 * kSec + kKubeletUs)));
  EXPECT_EQ(c.pod("q")->phase, PodPhase::running);
}

TEST_F(Kubelet, a_delete_waits_for_the_return_of_the_node_K72_K75) {
  for (const bool containers_run : {false, true}) {
    TestCluster own(make_config({make_node("a", 4000, 16)}));
    own.lifecycle->start();
    const PodId id = own.create("p", make_template(1000, 1));
    own.run_until(10 * kSec);
    own.lifecycle->nodes_down({{"a"}, containers_run}, 0);
    own.deletion->remove(id, std::nullopt, "api", "apiserver", 0);
    own.run_until(1000 * kSec);
    ASSERT_NE(own.pod("p"), nullptr);
    EXPECT_TRUE(own.pod("p")->deletion_us.has_value());
    own.lifecycle->nodes_up({{"a"}}, 0);
    own.run_until(1100 * kSec);
    const TimeUs seen = 1000 * kSec + kKubeletUs;
    EXPECT_THAT(own.times<fact::PodGone>(), ElementsAre(containers_run ? seen + kStopUs + kStatusUs : seen));
    const auto ended = own.facts<fact::PodFinished>();
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].second.exit_code, containers_run ? 143 : 137);
    EXPECT_EQ(ended[0].second.container_reason, containers_run ? "Error" : "ContainerStatusUnknown");
  }
}

TEST_F(Kubelet, a_stop_that_was_under_way_completes_in_a_partition_and_is_reported_on_return) {
  const PodId id = running();
  remove(id);
  c.run_until(10 * kSec + kKubeletUs + 100'000);
  c.lifecycle->nodes_down({{"a"}, true}, 0);
  c.run_until(20 * kSec);
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(30 * kSec);
  const TimeUs reported = 20 * kSec + kKubeletUs;
  EXPECT_THAT(history(10 * kSec),
              ElementsAre("10000000 terminating", fmt::format("{} Failed 143 Error kubelet", reported),
                          fmt::format("{} gone kubelet", reported)));
}

TEST_F(Kubelet, pods_bound_to_a_silent_node_start_when_it_is_back) {
  for (const bool containers_run : {false, true}) {
    TestCluster own(make_config({make_node("a", 4000, 16)}));
    own.lifecycle->start();
    own.create("early", make_template(1000, 1));
    own.run_until(kScheduleUs + kBindUs + kKubeletUs + 100'000);  // creating
    own.create("late", make_template(1000, 1));
    own.lifecycle->nodes_down({{"a"}, containers_run}, 0);
    own.run_until(10 * kSec);
    EXPECT_EQ(own.pod("late")->node, "a");
    EXPECT_THAT(own.messages<from::ProcessStarted>(), IsEmpty());
    own.lifecycle->nodes_up({{"a"}}, 0);
    own.run_until(20 * kSec);
    const TimeUs shown = 10 * kSec + kKubeletUs + kStartUs + kStatusUs;
    EXPECT_THAT(own.times<fact::PodRunning>(), ElementsAre(shown, shown));
    EXPECT_EQ(own.messages<from::ProcessStarted>().size(), 2U);
  }
}

TEST_F(Kubelet, what_was_started_but_not_shown_before_a_partition_is_shown_after_it) {
  c.create("p", make_template(1000, 1));
  c.run_until(kStarted);
  c.lifecycle->nodes_down({{"a"}, true}, 0);
  c.run_until(10 * kSec);
  EXPECT_EQ(c.pod("p")->phase, PodPhase::pending);
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(20 * kSec);
  EXPECT_THAT(c.times<fact::PodRunning>(), ElementsAre(10 * kSec + kKubeletUs));
}

TEST_F(Kubelet, a_process_whose_pod_was_force_deleted_in_a_partition_is_stopped_on_return) {
  const PodId id = running();
  c.lifecycle->nodes_down({{"a"}, true}, 0);
  remove(id, 0);
  c.run_until(20 * kSec);
  EXPECT_THAT(stops(), IsEmpty());
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(30 * kSec);
  EXPECT_THAT(stops(), ElementsAre(20 * kSec + kKubeletUs));
}

TEST_F(Kubelet, a_partition_can_become_a_loss_of_power) {
  running();
  c.lifecycle->nodes_down({{"a"}, true}, 0);
  c.run_until(15 * kSec);
  EXPECT_THAT(stops(), IsEmpty());
  c.lifecycle->nodes_down({{"a"}, false}, 0);
  c.run_until(16 * kSec);
  EXPECT_THAT(stops(), ElementsAre(15 * kSec));
}

TEST_F(Kubelet, says_who_waits_for_what) {
  const PodId id = running();
  c.lifecycle->nodes_down({{"a"}, false}, 0);
  remove(id);
  std::vector<std::string> lines;
  c.kubelets->waiting(lines);
  EXPECT_THAT(lines,
              ElementsAre("pod ns/p waits for: node a to confirm its deletion, but that node is gone or silent"));
}

}  // namespace
}  // namespace podramp::fakeapi::kubelet_test
