// Tests of kubelet_hooks.cpp: preStop hooks of pods that are deleted. Without one: kubelet_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "fakeapi/kubelet.h"
#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::kubelet_hooks_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kHeard = 10 * kSec + kKubeletUs;  // of a deletion at 10 s

class KubeletHooks : public ::testing::Test {
 protected:
  void SetUp() override {
    c.lifecycle->start();
    PodTemplate tmpl = make_template(1000, 1);
    tmpl.containers.front().pre_stop_exec = {"/opt/decom.sh"};
    id = c.create("p", tmpl);
    c.run_until(10 * kSec);
  }
  void remove(std::optional<std::int64_t> grace_s = std::nullopt) {
    c.deletion->remove(id, grace_s, "api", "apiserver", 0);
  }
  template <class M>
  std::vector<TimeUs> times() const {
    std::vector<TimeUs> found;
    for (const auto& [t, message] : c.messages<M>()) found.push_back(t);
    return found;
  }
  std::vector<TimeUs> hooks() const { return times<from::HookStarted>(); }
  std::vector<TimeUs> stops() const { return times<from::ProcessStopped>(); }

  TestCluster c{make_config({make_node("a", 4000, 16)})};
  PodId id = 0;
};

TEST_F(KubeletHooks, AProcessThatEndsDuringItsHookIsNeverToldToStop) {
  remove();
  c.run_until(20 * kSec);
  EXPECT_THAT(hooks(), ElementsAre(kHeard));
  EXPECT_THAT(stops(), IsEmpty());
  c.kubelets->process_exited(id, 0, 0);
  c.run_until(100 * kSec);
  EXPECT_THAT(stops(), IsEmpty());
  ASSERT_EQ(c.facts<fact::PodFinished>().size(), 1U);
  EXPECT_EQ(c.facts<fact::PodFinished>()[0].first, 20 * kSec + kStatusUs);
  EXPECT_EQ(c.facts<fact::PodFinished>()[0].second.phase, PodPhase::succeeded);
  EXPECT_EQ(c.pod("p"), nullptr);
}

TEST_F(KubeletHooks, AHookThatOutlastsTheGraceGivesTheProcessTwoSecondsMore) {
  remove();
  c.run_until(100 * kSec);
  EXPECT_THAT(stops(), ElementsAre(kHeard + 30 * kSec));
  ASSERT_EQ(c.facts<fact::PodFinished>().size(), 1U);
  const TimeUs dead = kHeard + 30 * kSec + std::min<TimeUs>(kStopUs, 2 * kSec);
  EXPECT_EQ(c.facts<fact::PodFinished>()[0].first, dead + kStatusUs);
}

TEST_F(KubeletHooks, AfterAHookThatEndsTheRestOfTheGraceIsLeft) {
  remove();
  c.run_until(15 * kSec);
  c.kubelets->hook_ended(id, 0);
  c.kubelets->hook_ended(id, 0);
  c.run_until(100 * kSec);
  EXPECT_THAT(stops(), ElementsAre(15 * kSec));
  ASSERT_EQ(c.facts<fact::PodFinished>().size(), 1U);
  EXPECT_EQ(c.facts<fact::PodFinished>()[0].second.exit_code, 143);
}

TEST_F(KubeletHooks, ASecondDeletionWithLessGraceShortensTheHook_K30) {
  remove();
  c.run_until(20 * kSec);
  remove(5);
  c.run_until(100 * kSec);
  EXPECT_THAT(hooks(), ElementsAre(kHeard));
  EXPECT_THAT(stops(), ElementsAre(20 * kSec + kKubeletUs + 5 * kSec));
}

TEST_F(KubeletHooks, NoHookRunsWithoutGrace) {
  remove(0);
  c.run_until(100 * kSec);
  EXPECT_THAT(hooks(), IsEmpty());
  EXPECT_EQ(stops().size(), 1U);
}

TEST_F(KubeletHooks, AHookGoesOnWhileTheNodeIsSilent) {
  remove();
  c.run_until(15 * kSec);
  c.lifecycle->nodes_down({{"a"}, true}, 0);
  c.run_until(60 * kSec);
  EXPECT_THAT(stops(), ElementsAre(kHeard + 30 * kSec));
  c.lifecycle->nodes_up({{"a"}}, 0);
  c.run_until(100 * kSec);
  EXPECT_THAT(hooks(), ElementsAre(kHeard));
  EXPECT_EQ(c.facts<fact::PodFinished>().size(), 1U);
  EXPECT_EQ(c.pod("p"), nullptr);
}

TEST_F(KubeletHooks, APodThatDoesNotRunYetHasNoHookToRun) {
  TestCluster own(make_config({make_node("a", 4000, 16)}));
  own.lifecycle->start();
  PodTemplate tmpl = make_template(1000, 1);
  tmpl.containers.front().pre_stop_exec = {"/opt/decom.sh"};
  const PodId pulling = own.create("p", tmpl);
  own.run_until(kScheduleUs + kBindUs + kKubeletUs);
  own.deletion->remove(pulling, std::nullopt, "api", "apiserver", 0);
  own.run_until(100 * kSec);
  EXPECT_THAT(own.messages<from::HookStarted>(), IsEmpty());
  EXPECT_EQ(own.pod("p"), nullptr);
}

}  // namespace
}  // namespace podramp::fakeapi::kubelet_hooks_test
