#include "backend/spark_driver.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "backend/changed_conf.h"
#include "backend/controller_allocators.h"
#include "backend/direct_pods.h"
#include "backend/driver_start.h"
#include "backend/executor_config_map.h"
#include "backend/failure_tracker.h"
#include "backend/lifecycle.h"
#include "backend/pod_source.h"
#include "backend/port/overloaded.h"
#include "backend/scaling_link.h"
#include "backend/scheduler_backend.h"
#include "backend/stop_sequence.h"
#include "backend/task_link.h"
#include "backend/wiring.h"

namespace podramp::backend {
namespace {

// ThreadUtils.shutdown: how long a stop waits for the maintenance thread (02 4.2).
constexpr DurationUs kMaintenanceGraceUs = 30 * kSecondUs;

std::unique_ptr<ExecutorAllocator> make_allocator(const Application& application, const ExecutorTable& table,
                                                  ApiCalls& calls) {
  if (application.conf.pods_allocator == PodsAllocator::direct) {
    return std::make_unique<DirectPods>(application, table, calls);
  }
  return std::make_unique<ControllerAllocator>(application, calls);
}

}  // namespace

// Joins the parts: each does one thing of Spark's driver, and is told what comes in by this class.
class SparkDriver final : public Driver {
 public:
  explicit SparkDriver(Application application)
      : app_(std::move(application)),
        source_settings_(pod_source_settings(app_)),
        calls_(retry_policy(app_)),
        start_(app_.conf.driver_pod_name, app_.conf.ns, app_.conf.driver_readiness_timeout_us, calls_),
        lifecycle_(lifecycle_settings(app_), failure_tracker(app_), table_, calls_),
        allocator_(make_allocator(app_, table_, calls_)),
        lifecycle_runs_(TimerKind::lifecycle_tick, app_.conf.event_processing_interval_us),
        maintenance_(app_.conf.ns, app_.app_id, calls_),
        scheduler_(scheduler_settings(app_),
                   {[this](TimeUs now, const ExecutorTargets& targets, Outbox& out) { set_targets(now, targets, out); },
                    [this](ExecutorId id) { return allocator_->is_deleted(id); }},
                   table_, maintenance_),
        tasks_(app_, table_, scheduler_),
        scaling_(app_, table_, scheduler_, tasks_.side()) {}

  void step(TimeUs now, const Input& input, Outbox& out) override {
    if (phase_ == Phase::exited) return;
    std::visit(
        Overloaded{
            [&](const in::Started&) { start(now, out); },
            [&](const in::TimerDue& timer) { timer_due(now, timer, out); },
            [&](const in::TargetSet& set) { targets_wanted(now, set.targets, out); },
            [&](const in::ExecutorsRequested& more) {
              when_running([&] { scheduler_.request_more(now, more.more, out); });
            },
            [&](const in::KillRequested& kill) { when_running([&] { kill_requested(now, kill, out); }); },
            [&](const in::DecommissionRequested& d) { when_running([&] { decommission_requested(now, d, out); }); },
            [&](const in::Registered& executor) { scheduler_.register_executor(now, executor, out); },
            [&](const in::Disconnected& executor) { scheduler_.disconnected(now, executor.executor, out); },
            [&](const in::ExecutorIdAsked& asked) { when_running([&] { scheduler_.give_id(asked.pod, out); }); },
            [&](const in::HeartbeatsStopped& silence) { scheduler_.heartbeats_stopped(now, silence, out); },
            [&](const in::HeartbeatsResumed& again) { scheduler_.heartbeats_resumed(again.executor, out); },
            [&](const in::Replied& replied) { answered(now, replied, out); },
            [&](const in::Watched& watched) { watched_events(now, watched, out); },
            [&](const in::WatchClosed& closed) { watch_.on_closed(now, closed, out); },
            [&](const in::Stopped&) { stop(now, 0, "stopped", Runs::may_end, out); },
            [&](const in::ConfigAsked&) {},
            [&](const in::ConfChanged& changed) { conf_changed(changed.conf, out); },
            [&](const in::JobSubmitted& job) { tasks_.side().job_submitted(now, job.job, out); },
            [&](const in::TaskEnded& ended) { tasks_.side().task_ended(now, ended, out); },
            [&](const in::BlockUpdated& block) {
              tasks_.side().block_updated(block);
              scaling_.block_updated(block);
            },
        },
        input);
    if (phase_ == Phase::running) tasks_.after_step(now, out);
    if (phase_ == Phase::running) scaling_.after_step(now, out);
    if (phase_ == Phase::closing) close(out);
  }

  Books books() const override;
  std::string describe() const override;

 private:
  enum class Phase : std::uint8_t {
    fresh,     // before in::Started
    starting,  // waiting for the driver pod
    running,
    draining,  // stopping: runs in progress may end (02 2.1)
    deleting,  // stopping: the executors' pods and other objects are being deleted
    closing,   // stopping: the maintenance thread may end
    exited,
  };
  // Whether a stop waits for the subscribers' runs in progress.
  enum class Runs : std::uint8_t { may_end, are_cut };

  void start(TimeUs now, Outbox& out);
  void started(TimeUs now, DriverStart::Outcome outcome, Outbox& out);
  void launch(TimeUs now, Outbox& out);

  // What comes in.
  template <class Action>
  void when_running(const Action& action) {
    if (phase_ == Phase::running) action();
  }
  void timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out);
  void targets_wanted(TimeUs now, const ExecutorTargets& targets, Outbox& out);
  void conf_changed(const StringMap& changes, Outbox& out);
  void kill_requested(TimeUs now, const in::KillRequested& kill, Outbox& out);
  void decommission_requested(TimeUs now, const in::DecommissionRequested& leaving, Outbox& out);
  void answered(TimeUs now, const in::Replied& replied, Outbox& out);
  void watched_events(TimeUs now, const in::Watched& watched, Outbox& out);
  void push(const SnapshotChange& change);

  // The allocator and the lifecycle manager.
  void set_targets(TimeUs now, const ExecutorTargets& targets, Outbox& out);
  void notify_all(TimeUs now, Outbox& out);
  void request_allocator(TimeUs now, RoundTrigger trigger, Outbox& out);
  void request_lifecycle(TimeUs now, RoundTrigger trigger, Outbox& out);
  void allocator_acted(TimeUs now, Outbox& out);
  void lifecycle_ran(TimeUs now, Progress progress, Outbox& out);

  // Stop (02 4.2).
  enum StopWait : std::uint64_t { kForRuns = 0, kForMaintenance = 1 };  // what a stop_grace timer's arg says
  void stop(TimeUs now, int code, const std::string& why, Runs runs, Outbox& out);
  void drained(TimeUs now, Outbox& out);
  void tear_down(TimeUs now, Outbox& out);
  void deleted(TimeUs now, Outbox& out);
  void close(Outbox& out);
  void cut_maintenance(Outbox& out);
  void exit(Outbox& out);
  void wait_for_stop(TimeUs until, StopWait what, Outbox& out);
  void end_stop_wait(Outbox& out);

  Application app_;
  PodSourceSettings source_settings_;
  ExecutorTable table_;
  ApiCalls calls_;
  DriverStart start_;
  PodWatch watch_{source_settings_, calls_};
  PodPoll poll_{source_settings_, calls_};
  Lifecycle lifecycle_;
  std::unique_ptr<ExecutorAllocator> allocator_;
  Subscriber lifecycle_runs_;
  Maintenance maintenance_;
  SchedulerBackend scheduler_;
  TaskLink tasks_;
  ScalingLink scaling_;
  StopSequence stop_sequence_{calls_};

  Phase phase_ = Phase::fresh;
  ExecutorTargets early_targets_;  // set before the allocator has started
  std::optional<StopWait> stop_wait_;
  out::Exited exit_;
};

// --- start -------------------------------------------------------------------------------------------------------

void SparkDriver::start(TimeUs now, Outbox& out) {
  if (phase_ != Phase::fresh) return;
  phase_ = Phase::starting;
  scheduler_.start(now, out);
  tasks_.start(now);
  scaling_.start(now, out);
  started(now, start_.begin(out), out);
}

void SparkDriver::started(TimeUs now, DriverStart::Outcome outcome, Outbox& out) {
  if (outcome == DriverStart::Outcome::waiting || phase_ != Phase::starting) return;
  if (outcome == DriverStart::Outcome::done) return launch(now, out);
  exit_ = {1, start_.failure()};
  exit(out);
}

// 02 4.2, start order.
void SparkDriver::launch(TimeUs now, Outbox& out) {
  phase_ = Phase::running;
  allocator_->start(now, start_.driver_pod(), out);
  allocator_acted(now, out);
  // Only the allocator is a subscriber yet.
  if (allocator_->set_targets(now, {{kDefaultProfile, app_.conf.initial_executors}}, out)) {
    allocator_->request(now, RoundTrigger::notified, out);
  }
  allocator_acted(now, out);
  lifecycle_runs_.push(SnapshotChange{});
  request_lifecycle(now, RoundTrigger::timer, out);
  if (phase_ != Phase::running) return;
  watch_.start(out);
  poll_.start(now, out);
  if (app_.conf.config_map && app_.revision >= kOwnObjectsRevision) {
    calls_.start(CallOwner::config_map, create_config_map(app_, start_.driver_pod()), out);
  }
  if (!early_targets_.empty()) targets_wanted(now, std::exchange(early_targets_, {}), out);
  if (phase_ != Phase::running) return;
  scheduler_.launch(out);
  scaling_.launch(now, out);
}

// --- what comes in -----------------------------------------------------------------------------------------------

void SparkDriver::timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out) {
  switch (timer.timer) {
    case TimerKind::allocator_tick: return request_allocator(now, RoundTrigger::timer, out);
    case TimerKind::lifecycle_tick: return request_lifecycle(now, RoundTrigger::timer, out);
    case TimerKind::poll: return poll_.on_due(out);
    case TimerKind::call_retry: return calls_.on_retry_due(timer.arg, out);
    case TimerKind::watch_reconnect: return watch_.on_reconnect_due(out);
    case TimerKind::driver_ready: return started(now, start_.on_timeout(out), out);
    case TimerKind::stop_grace: {
      const auto waited_for = std::exchange(stop_wait_, std::nullopt);
      if (phase_ == Phase::draining && waited_for == kForRuns) tear_down(now, out);
      if (phase_ == Phase::closing && waited_for == kForMaintenance) cut_maintenance(out);
      return;
    }
    case TimerKind::revive: tasks_.side().timer_due(now, timer, out); return;
    case TimerKind::dynamic_tick:
    case TimerKind::roll: scaling_.timer_due(now, timer, phase_ == Phase::running, out); return;
    default: return scheduler_.timer_due(now, timer, out);
  }
}

void SparkDriver::targets_wanted(TimeUs now, const ExecutorTargets& targets, Outbox& out) {
  if (phase_ == Phase::fresh || phase_ == Phase::starting) {
    for (const auto& [profile, target] : targets) early_targets_[profile] = target;
  } else if (phase_ == Phase::running) {
    scheduler_.request_total(now, targets, out);
  }
}

// Timers that are set already stay as they are.
void SparkDriver::conf_changed(const StringMap& changes, Outbox& out) {
  ConfOutcome changed = changed_conf(app_.conf, changes);
  if (!changed.conf) return out.add(out::Noted{"error", to_string(changed.errors.front())});
  app_.conf = std::move(*changed.conf);
  source_settings_ = pod_source_settings(app_);
  lifecycle_.set_settings(lifecycle_settings(app_));
  lifecycle_runs_.set_period(app_.conf.event_processing_interval_us);
  allocator_->conf_changed();
  scaling_.conf_changed(app_);
}

// SparkContext.killExecutors and killAndReplaceExecutor: only a replaced executor's task failures count.
void SparkDriver::kill_requested(TimeUs now, const in::KillRequested& kill, Outbox& out) {
  scheduler_.kill(now, kill.executors,
                  {.adjust_target = !kill.replace, .count_failures = kill.replace, .force = kill.force}, out);
}

void SparkDriver::decommission_requested(TimeUs now, const in::DecommissionRequested& leaving, Outbox& out) {
  scheduler_.decommission(now, leaving.executors, leaving.adjust_target, leaving.by_executor, "decommissioned", out);
}

void SparkDriver::answered(TimeUs now, const in::Replied& replied, Outbox& out) {
  const auto completed = calls_.on_reply(now, replied, out);
  if (!completed) return;
  switch (completed->owner) {
    case CallOwner::allocator: allocator_->resume(now, *completed, out); return allocator_acted(now, out);
    case CallOwner::lifecycle: return lifecycle_ran(now, lifecycle_.resume(now, *completed, out), out);
    case CallOwner::watch: return watch_.on_open_reply(now, *completed, out);
    case CallOwner::driver: return started(now, start_.on_reply(now, *completed, out), out);
    case CallOwner::maintenance: return maintenance_.resume(*completed, out);
    case CallOwner::poll:
      if (const auto change = poll_.on_reply(now, completed->reply, out)) push(*change);
      return;
    case CallOwner::config_map:  // Spark's start throws: the context stops, and the driver with it
      if (completed->reply.ok() || phase_ != Phase::running) return;
      return stop(now, 1, fmt::format("creating the executors' config map: {}", describe_failure(completed->reply)),
                  Runs::may_end, out);
    case CallOwner::stop:
      if (stop_sequence_.on_reply(completed->reply, out)) deleted(now, out);
      return;
  }
}

void SparkDriver::watched_events(TimeUs now, const in::Watched& watched, Outbox& out) {
  if (phase_ == Phase::starting) return started(now, start_.on_events(watched, out), out);
  for (const SnapshotChange& change : watch_.on_events(watched)) push(change);
}

void SparkDriver::push(const SnapshotChange& change) {
  allocator_->push(change);
  lifecycle_runs_.push(change);
}

// --- the allocator and the lifecycle manager ---------------------------------------------------------------------

void SparkDriver::set_targets(TimeUs now, const ExecutorTargets& targets, Outbox& out) {
  if (phase_ != Phase::running) return;
  if (allocator_->set_targets(now, targets, out)) notify_all(now, out);
  allocator_acted(now, out);
}

void SparkDriver::notify_all(TimeUs now, Outbox& out) {
  request_allocator(now, RoundTrigger::notified, out);
  request_lifecycle(now, RoundTrigger::notified, out);
}

void SparkDriver::request_allocator(TimeUs now, RoundTrigger trigger, Outbox& out) {
  allocator_->request(now, trigger, out);
  allocator_acted(now, out);
}

void SparkDriver::request_lifecycle(TimeUs now, RoundTrigger trigger, Outbox& out) {
  if (!lifecycle_runs_.request(now, trigger, out)) return;
  lifecycle_ran(now, lifecycle_.begin(now, lifecycle_runs_.take(), out), out);
}

// After each call of the allocator: it may have ended the driver, or been the last run that a stop waits for.
void SparkDriver::allocator_acted(TimeUs now, Outbox& out) {
  lifecycle_.add_failed_creates(now, allocator_->take_failed_creates());
  const bool may_stop = phase_ == Phase::running || phase_ == Phase::draining;
  if (may_stop && allocator_->fatal()) {
    return stop(now, allocator_->fatal()->code, allocator_->fatal()->why, Runs::are_cut, out);
  }
  drained(now, out);
}

void SparkDriver::lifecycle_ran(TimeUs now, Progress progress, Outbox& out) {
  if (lifecycle_.has_seen_oom()) allocator_->on_oom();
  while (progress == Progress::done) {
    if (lifecycle_.fatal()) return stop(now, kTooManyFailuresExitCode, *lifecycle_.fatal(), Runs::are_cut, out);
    if (!lifecycle_runs_.finished(now, out)) return drained(now, out);
    progress = lifecycle_.begin(now, lifecycle_runs_.take(), out);
  }
}

// --- stop --------------------------------------------------------------------------------------------------------

void SparkDriver::stop(TimeUs now, int code, const std::string& why, Runs runs, Outbox& out) {
  if (phase_ == Phase::deleting || phase_ == Phase::closing) return;
  const bool first = phase_ != Phase::draining;
  if (first || code != 0) exit_ = {code, why};
  if (first) {
    phase_ = Phase::draining;
    scheduler_.stop(out);
    tasks_.side().stop(out);
    scaling_.stop(out);
    start_.cancel(out);
    allocator_->stop(out);
    lifecycle_runs_.stop(out);
  }
  if (runs == Runs::are_cut || !(allocator_->busy() || lifecycle_runs_.busy())) return tear_down(now, out);
  if (first) wait_for_stop(now + app_.conf.subscribers_grace_us, kForRuns, out);
}

// A run has ended and no other follows.
void SparkDriver::drained(TimeUs now, Outbox& out) {
  if (phase_ == Phase::draining && !allocator_->busy() && !lifecycle_runs_.busy()) tear_down(now, out);
}

void SparkDriver::tear_down(TimeUs now, Outbox& out) {
  end_stop_wait(out);
  allocator_->drop_run();
  calls_.abandon(CallOwner::allocator, out);
  calls_.abandon(CallOwner::lifecycle, out);
  watch_.stop(out);
  poll_.stop(out);
  phase_ = Phase::deleting;
  if (stop_sequence_.begin(stop_steps(app_, allocator_->clean_up()), out)) deleted(now, out);
}

// The maintenance pool is shut down: what it has to do, delayed kills included, may end.
void SparkDriver::deleted(TimeUs now, Outbox& out) {
  phase_ = Phase::closing;
  if (maintenance_.idle() && !scheduler_.kills_pending()) return;
  wait_for_stop(now + kMaintenanceGraceUs, kForMaintenance, out);
}

void SparkDriver::close(Outbox& out) {
  if (maintenance_.idle() && !scheduler_.kills_pending()) exit(out);
}

void SparkDriver::cut_maintenance(Outbox& out) {
  maintenance_.drop();
  calls_.abandon(CallOwner::maintenance, out);
  scheduler_.forget_kills(out);
}

void SparkDriver::exit(Outbox& out) {
  end_stop_wait(out);
  if (phase_ == Phase::starting) scheduler_.stop(out);
  phase_ = Phase::exited;
  out.add(exit_);
}

void SparkDriver::wait_for_stop(TimeUs until, StopWait what, Outbox& out) {
  stop_wait_ = what;
  out.add(out::TimerSet{TimerKind::stop_grace, what, until});
}

void SparkDriver::end_stop_wait(Outbox& out) {
  if (stop_wait_) out.add(out::TimerCancelled{TimerKind::stop_grace, *stop_wait_});
  stop_wait_.reset();
}

// --- for people --------------------------------------------------------------------------------------------------

Books SparkDriver::books() const {
  Books books;
  books.registered = table_.size();
  allocator_->fill(books);
  return books;
}

std::string SparkDriver::describe() const {
  static constexpr std::array<std::string_view, 7> kPhases{"fresh",
                                                           "waiting for the driver pod",
                                                           "running",
                                                           "stopping: runs in progress may end",
                                                           "stopping: deleting executors",
                                                           "stopping: executor maintenance may end",
                                                           "exited"};
  std::string text = fmt::format("application {}: {}\n", app_.app_id, kPhases.at(static_cast<std::size_t>(phase_)));
  text += allocator_->describe();
  text += fmt::format("lifecycle manager: {}\n", lifecycle_runs_.busy() ? "in a run" : "idle");
  text += fmt::format("watch: {}\n", watch_.is_open() ? "open" : watch_.is_dead() ? "ended for good" : "not open");
  for (const auto& [profile, target] : scheduler_.requested())
    text += fmt::format("requested of profile {}: {}\n", profile, target);
  for (const auto& [id, executor] : table_.all()) {
    text +=
        fmt::format("executor {}: registered at {} on {}{}{}\n", id, format_time(executor.registered_us), executor.host,
                    executor.loss_pending ? ", disconnected" : "", executor.decommissioning ? ", decommissioning" : "");
  }
  for (const std::string& line : tasks_.side().describe()) text += line + "\n";
  for (const std::string& line : scaling_.describe()) text += line + "\n";
  return text;
}

std::unique_ptr<Driver> make_spark_driver(Application application) {
  return std::make_unique<SparkDriver>(std::move(application));
}

}  // namespace podramp::backend
