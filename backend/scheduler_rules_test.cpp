// Scheduler backend, 02 4.2: who is killed, what becomes of the requested totals, decommissioning, disconnects, and
// executors that fall silent (01 1.8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "backend/scheduler_backend.h"
#include "backend/test_pods.h"

namespace podramp::backend::scheduler_rules_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }
constexpr KillOptions kForced{.adjust_target = false, .count_failures = false, .force = true};

class Rules : public ::testing::Test, private ExecutorListener {
 protected:
  void launch(SchedulerSettings settings = {}) {
    backend_.emplace(
        std::move(settings),
        AllocatorLink{[this](TimeUs, const ExecutorTargets& targets, Outbox&) { sent_.push_back(targets); },
                      [this](ExecutorId id) { return id == deleted_; }},
        table_, maintenance_);
    table_.listen(*this);
    backend_->start(0, out_);
    backend_->launch(out_);
  }
  void register_some(std::int64_t n, ProfileId profile = 0) {
    for (std::int64_t i = 0; i < n; ++i) {
      const ExecutorId id = ++last_;
      backend_->register_executor(now_, {id, "n", profile, {}}, out_);
    }
    (void)out_.take();
  }
  template <class E>
  std::vector<E> got() {
    return only<E>(out_.take());
  }
  std::vector<std::string> heard() { return std::exchange(heard_, {}); }

  TimeUs now_ = 0;
  Outbox out_;
  ExecutorTable table_;
  ApiCalls calls_{RetryPolicy{}};
  Maintenance maintenance_{"default", "app-1", calls_};
  std::optional<SchedulerBackend> backend_;
  std::vector<ExecutorTargets> sent_;
  ExecutorId deleted_ = 0;
  ExecutorId last_ = 0;

 private:
  void executor_added(TimeUs, ExecutorId id, const RegisteredExecutor& executor, Outbox&) override {
    heard_.push_back("added " + std::to_string(id) + " on " + executor.host);
  }
  void executor_inactive(TimeUs, ExecutorId id, Inactive why, Outbox&) override {
    static constexpr std::array<const char*, 3> kWhy{"loss pending", "pending kill", "decommissioning"};
    heard_.push_back(std::to_string(id) + " " + kWhy.at(static_cast<std::size_t>(why)));
  }
  void executor_removed(TimeUs, const out::ExecutorRemoved& why, const RegisteredExecutor* was, Outbox&) override {
    heard_.push_back("removed " + std::to_string(why.executor) + (was != nullptr ? ": " : ", unknown: ") + why.reason);
  }
  std::vector<std::string> heard_;
};

// --- registration ------------------------------------------------------------------------------------------------

TEST_F(Rules, AnExecutorIsActiveUntilItIsLossPendingPendingKillOrDecommissioning) {
  launch();
  register_some(3);
  EXPECT_FALSE(table_.is_active(9)) << "unknown";
  EXPECT_TRUE(table_.is_active(1));
  backend_->disconnected(0, 1, out_);
  EXPECT_FALSE(table_.is_active(1));
  backend_->decommission(0, {2}, false, true, "bye", out_);
  EXPECT_FALSE(table_.is_active(2));
  table_.deactivate(0, 3, Inactive::pending_kill, out_);
  EXPECT_FALSE(table_.is_active(3));
  EXPECT_EQ(table_.size(), 3) << "all are still registered";
}

TEST_F(Rules, RefusesDuplicatesAndExecutorsThatTheAllocatorDeleted) {
  launch();
  register_some(1);
  deleted_ = 2;
  backend_->register_executor(0, {1, "other"}, out_);
  backend_->register_executor(0, {2, "n"}, out_);
  const auto refused = got<out::RegistrationRefused>();
  ASSERT_THAT(refused, SizeIs(2));
  EXPECT_EQ(refused[0].reason, "executor 1 has registered already");
  EXPECT_EQ(refused[1].reason, "executor 2 has been deleted as excess");
  EXPECT_EQ(table_.find(1)->host, "n");
}

TEST_F(Rules, AnExecutorsCoresAreItsOwnOrThoseOfItsProfile) {
  SchedulerSettings settings;
  settings.cores = {{0, 4}, {2, 8}};
  launch(settings);
  backend_->register_executor(0, {1, "n", 2, {}}, out_);
  backend_->register_executor(0, {2, "n", 3, {}}, out_);
  backend_->register_executor(0, {3, "n", 0, 5}, out_);
  EXPECT_EQ(table_.find(1)->cores, 8);
  EXPECT_EQ(table_.find(1)->profile, 2);
  EXPECT_EQ(table_.find(2)->cores, 4);
  EXPECT_EQ(table_.find(3)->cores, 5);
}

TEST_F(Rules, ListenersHearWhoComesAndGoes) {
  launch();
  register_some(3);
  EXPECT_THAT(heard(), ElementsAre("added 1 on n", "added 2 on n", "added 3 on n"));
  backend_->disconnected(0, 1, out_);
  backend_->disconnected(0, 1, out_);
  EXPECT_THAT(heard(), ElementsAre("1 loss pending"));
  backend_->kill(0, {2}, kForced, out_);
  EXPECT_THAT(heard(), ElementsAre("2 pending kill", "removed 2: killed"));
  table_.drop(0, {1, 137, true, "exited"}, out_);
  table_.drop(0, {7, 1, true, "never registered"}, out_);
  EXPECT_THAT(heard(), ElementsAre("removed 1: exited", "removed 7, unknown: never registered"));
}

// --- kill --------------------------------------------------------------------------------------------------------

TEST_F(Rules, AKillSkipsUnknownAndBusyExecutorsUnlessForced) {
  launch();
  register_some(3);
  table_.task_started(2);
  EXPECT_THAT(backend_->kill(0, {1, 2, 9}, {.adjust_target = false}, out_), ElementsAre(1));
  EXPECT_THAT(got<out::Noted>(), SizeIs(1)) << "about executor 9";
  EXPECT_THAT(backend_->kill(0, {2}, kForced, out_), ElementsAre(2));
  table_.task_ended(2);  // its last task's end comes too late
  EXPECT_THAT(backend_->kill(0, {1, 2}, kForced, out_), IsEmpty());
}

TEST_F(Rules, AKillSkipsExecutorsThatArePendingOne) {
  launch();
  register_some(1);
  table_.deactivate(0, 1, Inactive::pending_kill, out_);
  EXPECT_THAT(backend_->kill(0, {1}, kForced, out_), IsEmpty());
  EXPECT_THAT(got<out::ExecutorStopped>(), IsEmpty());
}

TEST_F(Rules, AKillMayHitDisconnectedAndDecommissioningExecutors) {
  launch();
  register_some(2);
  backend_->disconnected(0, 1, out_);
  backend_->decommission(0, {2}, false, false, "bye", out_);
  EXPECT_THAT(backend_->kill(0, {1, 2}, kForced, out_), ElementsAre(1, 2));
  const auto removed = got<out::ExecutorRemoved>();
  EXPECT_EQ(removed[1].reason, "killed") << "the kill outweighs the decommissioning";
}

TEST_F(Rules, AKillLowersTheRequestedTotalOfEachProfileByOneNotBelowZeroAndSendsAllTotals) {
  launch();
  register_some(2);     // 1, 2
  register_some(1, 3);  // 3
  backend_->request_total(0, {{0, 1}, {3, 5}, {4, 7}}, out_);
  sent_.clear();
  backend_->kill(0, {1, 2, 3}, {}, out_);
  EXPECT_THAT(sent_, ElementsAre(ExecutorTargets{{0, 0}, {3, 4}, {4, 7}}));
  const auto wanted = got<out::TargetsRequested>();
  ASSERT_THAT(wanted, SizeIs(1));
  EXPECT_EQ(wanted[0].targets, (ExecutorTargets{{0, 0}, {3, 4}, {4, 7}}));
}

TEST_F(Rules, AKillToReplaceLeavesTheTotals) {
  launch();
  register_some(1);
  backend_->request_total(0, {{0, 2}}, out_);
  sent_.clear();
  EXPECT_THAT(backend_->kill(0, {1}, kForced, out_), ElementsAre(1));
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(Rules, TheInitialNumberIsNoRequestedTotalSoTheFirstKillSetsItToZero) {
  SchedulerSettings settings;
  settings.initial_executors = 5;
  launch(settings);
  register_some(5);
  backend_->kill(0, {3}, {}, out_);
  EXPECT_THAT(sent_, ElementsAre(ExecutorTargets{{0, 0}}));
}

TEST_F(Rules, MoreExecutorsAreCountedFromWhatWasRequestedBefore) {
  SchedulerSettings settings;
  settings.initial_executors = 5;
  launch(settings);
  backend_->request_more(0, 2, out_);
  backend_->request_more(0, 3, out_);
  backend_->request_more(0, -1, out_);
  EXPECT_THAT(sent_, ElementsAre(ExecutorTargets{{0, 2}}, ExecutorTargets{{0, 5}}));
}

TEST_F(Rules, AKillThatHitsNobodyChangesNothing) {
  launch();
  EXPECT_THAT(backend_->kill(0, {1}, {}, out_), IsEmpty());
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_FALSE(backend_->kills_pending());
}

// --- decommission ------------------------------------------------------------------------------------------------

TEST_F(Rules, OnlyActiveExecutorsAreDecommissioned) {
  launch();
  register_some(3);
  backend_->disconnected(0, 2, out_);
  (void)out_.take();
  EXPECT_THAT(backend_->decommission(0, {1, 2, 9}, false, false, "bye", out_), ElementsAre(1));
  const auto sent = got<out::DecommissionSent>();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].executor, 1);
  EXPECT_THAT(sent_, IsEmpty()) << "the target stays";
  EXPECT_THAT(backend_->decommission(0, {1}, false, false, "bye", out_), IsEmpty());
}

TEST_F(Rules, ADecommissionMayLowerTheTotal) {
  launch();
  register_some(2);
  backend_->request_total(0, {{0, 4}}, out_);
  sent_.clear();
  backend_->decommission(0, {1, 2}, true, false, "bye", out_);
  EXPECT_THAT(sent_, ElementsAre(ExecutorTargets{{0, 2}}));
}

TEST_F(Rules, ADecommissionLabelsThePodsOfAllThatWereNamed) {
  SchedulerSettings settings;
  settings.decommission_label = "going";
  launch(settings);
  register_some(1);
  backend_->decommission(0, {1, 9}, false, false, "bye", out_);
  const auto calls = got<out::Called>();
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(to_string(calls[0].request.label_selector),
            "spark-app-selector=app-1,spark-role=executor,spark-exec-id in (1,9)");
}

TEST_F(Rules, AnExecutorThatDecommissionsItselfIsNeitherToldNorLabelled) {
  SchedulerSettings settings;
  settings.decommission_label = "going";
  launch(settings);
  register_some(1);
  EXPECT_THAT(backend_->decommission(0, {1}, false, true, "bye", out_), ElementsAre(1));
  EXPECT_THAT(out_.take(), IsEmpty());
}

TEST_F(Rules, StragglersAreKilledByForceAfterTheTimeout) {
  SchedulerSettings settings;
  settings.force_kill_us = s(10);
  launch(settings);
  register_some(2);
  table_.task_started(1);
  backend_->decommission(0, {1, 2}, false, false, "bye", out_);
  const auto timers = got<out::TimerSet>();
  ASSERT_THAT(timers, SizeIs(1));
  EXPECT_EQ(timers[0].timer, TimerKind::force_kill);
  EXPECT_EQ(timers[0].at_us, s(10));
  backend_->disconnected(s(5), 2, out_);
  (void)out_.take();
  backend_->timer_due(s(10), {TimerKind::force_kill, timers[0].arg}, out_);
  const auto removed = got<out::ExecutorRemoved>();
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].executor, 1);
  EXPECT_EQ(removed[0].reason, "killed");
}

// --- disconnect and silence --------------------------------------------------------------------------------------

TEST_F(Rules, ADisconnectOnlyDisablesAndOfAStrangerIsIgnored) {
  launch();
  register_some(1);
  backend_->disconnected(0, 1, out_);
  backend_->disconnected(0, 5, out_);
  EXPECT_THAT(out_.take(), IsEmpty());
  EXPECT_TRUE(table_.contains(1));
  EXPECT_TRUE(table_.find(1)->loss_pending);
}

TEST_F(Rules, ADecommissioningExecutorThatDisconnectsIsRemovedAsDecommissioned) {
  launch();
  register_some(1);
  backend_->decommission(0, {1}, false, false, "spark scale down", out_);
  (void)out_.take();
  backend_->disconnected(s(2), 1, out_);
  const auto removed = got<out::ExecutorRemoved>();
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].reason, "spark scale down");
  EXPECT_FALSE(removed[0].caused_by_app);
  EXPECT_FALSE(table_.contains(1));
}

TEST_F(Rules, APodsEndOfADecommissioningExecutorIsNotTheApplicationsFault) {
  launch();
  register_some(1);
  backend_->decommission(0, {1}, false, false, "bye", out_);
  (void)out_.take();
  table_.drop(0, {1, 137, true, "exited with code 137"}, out_);
  const auto removed = got<out::ExecutorRemoved>();
  EXPECT_EQ(removed.at(0).exit_code, 137);
  EXPECT_EQ(removed.at(0).reason, "bye");
  EXPECT_FALSE(removed.at(0).caused_by_app);
}

TEST_F(Rules, ASilentExecutorExpiresAtTheFirstCheckMoreThanTheTimeoutAfterItsLastHeartbeat) {
  launch();
  now_ = s(7);
  register_some(1);
  backend_->heartbeats_stopped(s(95), {1, s(60)}, out_);  // 60 + 120 is not more than 120 s ago at 180 s
  const auto timers = got<out::TimerSet>();
  ASSERT_THAT(timers, SizeIs(1));
  EXPECT_EQ(timers[0].timer, TimerKind::heartbeat_check);
  EXPECT_EQ(timers[0].at_us, s(240));
  backend_->timer_due(s(240), {TimerKind::heartbeat_check, 0}, out_);
  const std::vector<Effect> effects = out_.take();
  const auto removed = only<out::ExecutorRemoved>(effects);
  ASSERT_THAT(removed, SizeIs(2));
  EXPECT_EQ(removed[0].reason, "killed");
  EXPECT_EQ(removed[1].reason, "executor heartbeat timed out after 180000 ms");
  EXPECT_THAT(only<out::ExecutorStopped>(effects), SizeIs(1));
  EXPECT_TRUE(backend_->kills_pending()) << "its pod is deleted after the grace period";
  EXPECT_THAT(sent_, IsEmpty()) << "replaced: the target stays";
}

TEST_F(Rules, ASilentExecutorThatSpeaksAgainOrIsRemovedDoesNotExpire) {
  launch();
  register_some(2);
  backend_->heartbeats_stopped(s(10), {1, s(9)}, out_);
  backend_->heartbeats_stopped(s(10), {2, s(9)}, out_);
  (void)out_.take();
  backend_->heartbeats_resumed(1, out_);
  EXPECT_THAT(out_.take(), IsEmpty());
  backend_->remove(s(20), {2, 0, false, "gone"}, out_);
  const auto cancelled = got<out::TimerCancelled>();
  ASSERT_THAT(cancelled, SizeIs(1));
  EXPECT_EQ(cancelled[0].timer, TimerKind::heartbeat_check);
}

TEST_F(Rules, ARegistrationIsASignOfLifeToo) {
  launch();
  now_ = s(100);
  register_some(1);
  backend_->heartbeats_stopped(s(101), {1, s(3)}, out_);
  EXPECT_EQ(got<out::TimerSet>().at(0).at_us, s(240)) << "100 + 120 lies before the check at 240 s";
}

}  // namespace
}  // namespace podramp::backend::scheduler_rules_test
