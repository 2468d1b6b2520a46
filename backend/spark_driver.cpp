#include "backend/spark_driver.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "backend/api_calls.h"
#include "backend/executor_table.h"
#include "backend/failure_tracker.h"
#include "backend/lifecycle.h"
#include "backend/pod_source.h"
#include "backend/recovery_mode.h"
#include "backend/snapshot_allocator.h"
#include "backend/snapshots.h"
#include "backend/wiring.h"

namespace podramp::backend {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 14 does not deduce it

bool is_ready(const Pod& pod) {
  const Condition* ready = pod.condition("Ready");
  return ready != nullptr && ready->status == Truth::yes;
}

}  // namespace

class SparkDriver final : public Driver {
 public:
  explicit SparkDriver(Application application)
      : app_(std::move(application)),
        source_settings_(pod_source_settings(app_)),
        calls_(retry_policy(app_)),
        lifecycle_(lifecycle_settings(app_), failure_tracker(app_), table_, calls_),
        allocator_(
            allocator_settings(app_), [this](ExecutorId id, ProfileId profile) { return build(id, profile); }, table_,
            calls_),
        allocator_runs_(TimerKind::allocator_tick, app_.conf.batch_delay_us),
        lifecycle_runs_(TimerKind::lifecycle_tick, app_.conf.event_processing_interval_us) {}

  void step(TimeUs now, const Input& input, Outbox& out) override {
    if (phase_ == Phase::exited) return;
    std::visit(Overloaded{
                   [&](const in::Started&) { start(now, out); },
                   [&](const in::TimerDue& timer) { timer_due(now, timer, out); },
                   [&](const in::TargetSet& set) { set_targets(now, set.targets, out); },
                   [&](const in::Registered& executor) { register_executor(now, executor, out); },
                   [&](const in::Disconnected& executor) { table_.disable(executor.executor); },
                   [&](const in::Replied& replied) { answered(now, replied, out); },
                   [&](const in::Watched& watched) { watched_events(now, watched, out); },
                   [&](const in::WatchClosed& closed) { watch_.on_closed(now, closed, out); },
                   [&](const in::Stopped&) { stop(now, 0, "stopped", Runs::may_end, out); },
                   [&](const in::ExecutorsRequested&) {},
                   [&](const in::KillRequested&) {},
                   [&](const in::DecommissionRequested&) {},
                   [&](const in::ExecutorIdAsked&) {},
                   [&](const in::ConfigAsked&) {},
                   [&](const in::HeartbeatsStopped&) {},
                   [&](const in::JobSubmitted&) {},
                   [&](const in::TaskEnded&) {},
                   [&](const in::BlockUpdated&) {},
               },
               input);
  }

  Books books() const override;
  std::string describe() const override;

 private:
  enum class Phase : std::uint8_t {
    fresh,     // before in::Started
    starting,  // waiting for the driver pod
    running,
    draining,  // stopping: runs in progress may end (02 2.1)
    deleting,  // stopping: the executors' pods are being deleted
    exited,
  };
  // Whether a stop waits for the subscribers' runs in progress.
  enum class Runs : std::uint8_t { may_end, are_cut };

  // Start (02 1.2, 4.2).
  void start(TimeUs now, Outbox& out);
  void driver_answered(TimeUs now, const Completed& completed, Outbox& out);
  void driver_wait_over(TimeUs now, Outbox& out);
  void launch(TimeUs now, Outbox& out);

  // What comes in.
  void timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out);
  void set_targets(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out);
  void register_executor(TimeUs now, const in::Registered& executor, Outbox& out);
  void answered(TimeUs now, const in::Replied& replied, Outbox& out);
  void watched_events(TimeUs now, const in::Watched& watched, Outbox& out);
  void push(const SnapshotChange& change);
  void check_ready(Outbox& out);

  // The two subscribers' runs.
  void notify_all(TimeUs now, Outbox& out);
  void request_allocator(TimeUs now, RoundTrigger trigger, Outbox& out);
  void request_lifecycle(TimeUs now, RoundTrigger trigger, Outbox& out);
  void allocator_ran(TimeUs now, Progress progress, Outbox& out);
  void lifecycle_ran(TimeUs now, Progress progress, Outbox& out);
  Result<PodWithClaims> build(ExecutorId id, ProfileId profile);

  // Stop (02 4.2).
  void stop(TimeUs now, int code, const std::string& why, Runs runs, Outbox& out);
  void drained(Outbox& out);
  void tear_down(Outbox& out);
  void exit(Outbox& out);
  void cancel(TimerKind timer, bool& armed, Outbox& out);

  Application app_;
  PodSourceSettings source_settings_;
  ExecutorTable table_;
  ApiCalls calls_;
  PodWatch watch_{source_settings_, calls_};
  PodPoll poll_{source_settings_, calls_};
  Lifecycle lifecycle_;
  std::optional<PodBuilder> builder_;  // once the driver pod is known
  ClaimBuilder claims_{claim_builder(app_)};
  RecoveryMode recovery_{app_.conf};
  SnapshotAllocator allocator_;
  Subscriber allocator_runs_;
  Subscriber lifecycle_runs_;

  Phase phase_ = Phase::fresh;
  PodPtr driver_pod_;
  std::optional<CallId> driver_watch_;               // open, until the driver pod is Ready
  std::map<ProfileId, std::int64_t> early_targets_;  // set before the allocator has started
  bool driver_ready_armed_ = false;
  bool ready_wait_armed_ = false;
  bool stop_grace_armed_ = false;
  bool waited_long_enough_ = false;
  bool ready_to_schedule_ = false;
  out::Exited exit_;
};

// --- start -------------------------------------------------------------------------------------------------------

void SparkDriver::start(TimeUs now, Outbox& out) {
  if (phase_ != Phase::fresh) return;
  phase_ = Phase::starting;
  ready_wait_armed_ = true;
  out.add(out::TimerSet{TimerKind::ready_wait, 0, now + app_.conf.max_registered_wait_us});
  if (app_.conf.driver_pod_name.empty()) return launch(now, out);
  ApiRequest request;
  request.verb = Verb::get;
  request.ns = app_.conf.ns;
  request.name = app_.conf.driver_pod_name;
  calls_.start(CallOwner::driver, std::move(request), out);
}

void SparkDriver::driver_answered(TimeUs now, const Completed& completed, Outbox& out) {
  const ApiReply& reply = completed.reply;
  if (phase_ != Phase::starting) return;
  if (driver_pod_ != nullptr) {  // the watch for its readiness
    if (reply.ok()) {
      driver_watch_ = completed.call;
      return;
    }
    out.add(out::Noted{"warn", fmt::format("waiting for the driver pod to be ready: {}", describe_failure(reply))});
    return driver_wait_over(now, out);
  }
  if (!reply.ok() || reply.object == nullptr) {
    const std::string& name = app_.conf.driver_pod_name;
    exit_ = {1, reply.code == 404 ? driver_pod_missing(name, app_.conf.ns)
                                  : fmt::format("driver pod {} in namespace {} cannot be looked up: {}", name,
                                                app_.conf.ns, describe_failure(reply))};
    return exit(out);
  }
  driver_pod_ = reply.object;
  if (is_ready(*driver_pod_)) return launch(now, out);
  ApiRequest request;
  request.verb = Verb::watch;
  request.ns = app_.conf.ns;
  request.field_selector.all = {{"metadata.name", app_.conf.driver_pod_name, true}};
  calls_.start(CallOwner::driver, std::move(request), out);
  driver_ready_armed_ = true;
  out.add(out::TimerSet{TimerKind::driver_ready, 0, now + app_.conf.driver_readiness_timeout_us});
}

void SparkDriver::driver_wait_over(TimeUs now, Outbox& out) {
  cancel(TimerKind::driver_ready, driver_ready_armed_, out);
  if (driver_watch_) out.add(out::WatchReleased{*driver_watch_});
  driver_watch_.reset();
  calls_.abandon(CallOwner::driver, out);
  launch(now, out);
}

void SparkDriver::launch(TimeUs now, Outbox& out) {
  phase_ = Phase::running;
  builder_.emplace(pod_builder(app_, driver_pod_));
  allocator_.set_driver(owner_of(driver_pod_));
  // A subscriber's first run shows it the current snapshot, which is empty (02 2.1).
  allocator_runs_.push(SnapshotChange{});
  request_allocator(now, RoundTrigger::timer, out);
  if (allocator_.set_targets({{kDefaultProfile, app_.conf.initial_executors}})) {
    request_allocator(now, RoundTrigger::notified, out);
  }
  lifecycle_runs_.push(SnapshotChange{});
  request_lifecycle(now, RoundTrigger::timer, out);
  if (phase_ != Phase::running) return;
  watch_.start(out);
  poll_.start(now, out);
  if (!early_targets_.empty()) set_targets(now, std::exchange(early_targets_, {}), out);
  check_ready(out);
}

// --- what comes in -----------------------------------------------------------------------------------------------

void SparkDriver::timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out) {
  switch (timer.timer) {
    case TimerKind::allocator_tick: return request_allocator(now, RoundTrigger::timer, out);
    case TimerKind::lifecycle_tick: return request_lifecycle(now, RoundTrigger::timer, out);
    case TimerKind::poll: return poll_.on_due(out);
    case TimerKind::call_retry: return calls_.on_retry_due(timer.arg, out);
    case TimerKind::watch_reconnect: return watch_.on_reconnect_due(out);
    case TimerKind::driver_ready:
      driver_ready_armed_ = false;
      if (phase_ != Phase::starting) return;
      out.add(out::Noted{"warn", "the driver pod is not ready yet; going on without waiting any longer"});
      return driver_wait_over(now, out);
    case TimerKind::ready_wait:
      ready_wait_armed_ = false;
      waited_long_enough_ = true;
      return check_ready(out);
    case TimerKind::stop_grace:
      stop_grace_armed_ = false;
      if (phase_ == Phase::draining) tear_down(out);
      return;
    default: return;
  }
}

void SparkDriver::set_targets(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) {
  if (phase_ == Phase::fresh || phase_ == Phase::starting) {
    for (const auto& [profile, target] : targets) early_targets_[profile] = target;
  } else if (phase_ == Phase::running && allocator_.set_targets(targets)) {
    notify_all(now, out);
  }
}

void SparkDriver::register_executor(TimeUs now, const in::Registered& executor, Outbox& out) {
  const ExecutorId id = executor.executor;
  const auto refuse = [&](std::string why) { out.add(out::RegistrationRefused{id, std::move(why)}); };
  if (phase_ != Phase::running) return refuse("the application is not running");
  if (table_.contains(id)) return refuse(fmt::format("executor {} has registered already", id));
  if (allocator_.is_deleted(id)) return refuse(fmt::format("executor {} has been deleted as excess", id));
  table_.add(id, now, executor.host);
  out.add(out::RegistrationAccepted{id});
  check_ready(out);
}

void SparkDriver::check_ready(Outbox& out) {
  if (ready_to_schedule_ || phase_ != Phase::running) return;
  const std::int64_t expected = app_.conf.initial_executors;
  const bool enough =
      static_cast<double>(table_.size()) >= static_cast<double>(expected) * app_.conf.min_registered_ratio;
  if (!enough && !waited_long_enough_) return;
  ready_to_schedule_ = true;
  cancel(TimerKind::ready_wait, ready_wait_armed_, out);
  out.add(out::ReadyToSchedule{table_.size(), expected, !enough});
}

void SparkDriver::answered(TimeUs now, const in::Replied& replied, Outbox& out) {
  const auto completed = calls_.on_reply(now, replied, out);
  if (!completed) return;
  switch (completed->owner) {
    case CallOwner::allocator: return allocator_ran(now, allocator_.resume(now, *completed, out), out);
    case CallOwner::lifecycle: return lifecycle_ran(now, lifecycle_.resume(now, *completed, out), out);
    case CallOwner::watch: return watch_.on_open_reply(now, *completed, out);
    case CallOwner::driver: return driver_answered(now, *completed, out);
    case CallOwner::poll:
      if (const auto change = poll_.on_reply(now, completed->reply, out)) push(*change);
      return;
    case CallOwner::stop:
      if (!completed->reply.ok()) {
        out.add(out::Noted{"error", fmt::format("deleting the executors: {}", describe_failure(completed->reply))});
      }
      return exit(out);
  }
}

void SparkDriver::watched_events(TimeUs now, const in::Watched& watched, Outbox& out) {
  if (driver_watch_ && watched.watch == *driver_watch_) {
    for (const WatchEvent& event : watched.events) {
      if (event.type == WatchEventType::deleted || !is_ready(*event.object)) continue;
      return driver_wait_over(now, out);
    }
    return;
  }
  for (const SnapshotChange& change : watch_.on_events(watched)) push(change);
}

void SparkDriver::push(const SnapshotChange& change) {
  allocator_runs_.push(change);
  lifecycle_runs_.push(change);
}

// --- the two subscribers' runs -----------------------------------------------------------------------------------

void SparkDriver::notify_all(TimeUs now, Outbox& out) {
  request_allocator(now, RoundTrigger::notified, out);
  request_lifecycle(now, RoundTrigger::notified, out);
}

void SparkDriver::request_allocator(TimeUs now, RoundTrigger trigger, Outbox& out) {
  if (!allocator_runs_.request(now, trigger, out)) return;
  allocator_ran(now, allocator_.begin_round(now, trigger, allocator_runs_.take(), out), out);
}

void SparkDriver::request_lifecycle(TimeUs now, RoundTrigger trigger, Outbox& out) {
  if (!lifecycle_runs_.request(now, trigger, out)) return;
  lifecycle_ran(now, lifecycle_.begin(now, lifecycle_runs_.take(), out), out);
}

Result<PodWithClaims> SparkDriver::build(ExecutorId id, ProfileId profile) {
  auto pod = builder_->build(id, profile);
  if (!pod) return tl::unexpected(pod.error());
  auto claims = claims_.build(id);
  if (!claims) return tl::unexpected(claims.error());
  if (lifecycle_.has_seen_oom()) recovery_.on_oom();
  PodPtr complete = recovery_.applied(*pod);
  if (!claims->volumes.empty()) {
    Pod with_claims = *complete;
    with_claims.own_volumes = std::move(claims->volumes);
    complete = std::make_shared<const Pod>(std::move(with_claims));
  }
  return PodWithClaims{std::move(complete), std::move(claims->claims)};
}

void SparkDriver::allocator_ran(TimeUs now, Progress progress, Outbox& out) {
  lifecycle_.add_failed_creates(now, allocator_.take_failed_creates());
  while (progress == Progress::done) {
    if (allocator_.exited()) {
      // The exit runs Spark's shutdown hook, which stops the application first.
      std::vector<Effect> effects = out.take();
      CHECK(!effects.empty() && std::holds_alternative<out::Exited>(effects.back()));
      const out::Exited wanted = std::get<out::Exited>(effects.back());
      effects.pop_back();
      for (Effect& effect : effects) out.add(std::move(effect));
      return stop(now, wanted.code, wanted.why, Runs::are_cut, out);
    }
    if (!allocator_runs_.finished(now, out)) return drained(out);
    progress = allocator_.begin_round(now, allocator_runs_.trigger(), allocator_runs_.take(), out);
    lifecycle_.add_failed_creates(now, allocator_.take_failed_creates());
  }
}

void SparkDriver::lifecycle_ran(TimeUs now, Progress progress, Outbox& out) {
  while (progress == Progress::done) {
    if (lifecycle_.fatal()) return stop(now, kTooManyFailuresExitCode, *lifecycle_.fatal(), Runs::are_cut, out);
    if (!lifecycle_runs_.finished(now, out)) return drained(out);
    progress = lifecycle_.begin(now, lifecycle_runs_.take(), out);
  }
}

// --- stop --------------------------------------------------------------------------------------------------------

void SparkDriver::stop(TimeUs now, int code, const std::string& why, Runs runs, Outbox& out) {
  if (phase_ == Phase::deleting) return;
  const bool first = phase_ != Phase::draining;
  if (first || code != 0) exit_ = {code, why};
  if (first) {
    phase_ = Phase::draining;
    cancel(TimerKind::ready_wait, ready_wait_armed_, out);
    cancel(TimerKind::driver_ready, driver_ready_armed_, out);
    if (driver_watch_) out.add(out::WatchReleased{*driver_watch_});
    driver_watch_.reset();
    calls_.abandon(CallOwner::driver, out);
    allocator_runs_.stop(out);
    lifecycle_runs_.stop(out);
  }
  if (runs == Runs::are_cut || !(allocator_runs_.busy() || lifecycle_runs_.busy())) return tear_down(out);
  if (!first) return;
  stop_grace_armed_ = true;
  out.add(out::TimerSet{TimerKind::stop_grace, 0, now + kRunsGraceUs});
}

// A run has ended and no other follows.
void SparkDriver::drained(Outbox& out) {
  if (phase_ == Phase::draining && !allocator_runs_.busy() && !lifecycle_runs_.busy()) tear_down(out);
}

void SparkDriver::tear_down(Outbox& out) {
  cancel(TimerKind::stop_grace, stop_grace_armed_, out);
  allocator_.drop_round();
  calls_.abandon(CallOwner::allocator, out);
  calls_.abandon(CallOwner::lifecycle, out);
  watch_.stop(out);
  poll_.stop(out);
  phase_ = Phase::deleting;
  if (!app_.conf.delete_on_termination) return exit(out);
  calls_.start(CallOwner::stop, delete_executors(app_.conf.ns, app_.app_id), out);
}

void SparkDriver::exit(Outbox& out) {
  cancel(TimerKind::ready_wait, ready_wait_armed_, out);
  phase_ = Phase::exited;
  out.add(exit_);
}

void SparkDriver::cancel(TimerKind timer, bool& armed, Outbox& out) {
  if (armed) out.add(out::TimerCancelled{timer, 0});
  armed = false;
}

// --- for people --------------------------------------------------------------------------------------------------

Books SparkDriver::books() const {
  Books books;
  books.next_executor_id = allocator_.last_id() + 1;
  books.outstanding = allocator_.outstanding();
  books.registered = table_.size();
  books.round_in_flight = allocator_.round_in_flight();
  books.profiles = allocator_.profiles();
  return books;
}

std::string SparkDriver::describe() const {
  static constexpr std::array<std::string_view, 6> kPhases{"fresh",
                                                           "waiting for the driver pod",
                                                           "running",
                                                           "stopping: runs in progress may end",
                                                           "stopping: deleting executors",
                                                           "exited"};
  std::string text = fmt::format("application {}: {}\n", app_.app_id, kPhases.at(static_cast<std::size_t>(phase_)));
  const auto fact = [&text](std::string_view name, const auto& value) { text += fmt::format("{}: {}\n", name, value); };
  fact("executor ids used", allocator_.last_id());
  fact("outstanding", allocator_.outstanding());
  fact("allocator", allocator_.round_in_flight() ? "in a round" : "idle");
  fact("lifecycle manager", lifecycle_runs_.busy() ? "in a run" : "idle");
  fact("watch", watch_.is_open() ? "open" : watch_.is_dead() ? "ended for good" : "not open");
  for (const auto& [profile, target] : allocator_.targets())
    text += fmt::format("target of profile {}: {}\n", profile, target);
  for (const auto& [id, entry] : allocator_.newly_created()) {
    text += fmt::format("executor {}: created at {}, not seen yet\n", id, format_time(entry.created_us));
  }
  for (const auto& [id, profile] : allocator_.known_newly_created()) {
    text += fmt::format("executor {}: registered, its pod not seen yet, profile {}\n", id, profile);
  }
  for (const ExecutorId id : allocator_.deleted_ids()) text += fmt::format("executor {}: deleted as excess\n", id);
  for (const auto& [id, executor] : table_.all()) {
    text += fmt::format("executor {}: registered at {} on {}{}\n", id, format_time(executor.registered_us),
                        executor.host, executor.disabled ? ", disconnected" : "");
  }
  return text;
}

std::unique_ptr<Driver> make_spark_driver(Application application) {
  return std::make_unique<SparkDriver>(std::move(application));
}

}  // namespace podramp::backend
