#include "backend/scheduler_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

constexpr int kUnknownExit = -1;

}  // namespace

SchedulerBackend::SchedulerBackend(SchedulerSettings settings, AllocatorLink allocator, ExecutorTable& table,
                                   Maintenance& maintenance)
    : settings_(std::move(settings)),
      allocator_(std::move(allocator)),
      table_(table),
      maintenance_(maintenance),
      heartbeats_(settings_.network_timeout_us, settings_.network_timeout_interval_us) {
  table_.listen(*this);
}

void SchedulerBackend::start(TimeUs now, Outbox& out) {
  heartbeats_.start(now);
  ready_wait_armed_ = true;
  out.add(out::TimerSet{TimerKind::ready_wait, 0, now + settings_.max_registered_wait_us});
}

void SchedulerBackend::launch(Outbox& out) {
  phase_ = Phase::running;
  check_ready(out);
}

void SchedulerBackend::stop(Outbox& out) {
  phase_ = Phase::stopped;
  if (std::exchange(ready_wait_armed_, false)) out.add(out::TimerCancelled{TimerKind::ready_wait, 0});
  heartbeats_.stop(out);
  for (const auto& [number, ids] : decommissions_) out.add(out::TimerCancelled{TimerKind::force_kill, number});
  decommissions_.clear();
}

// --- totals ------------------------------------------------------------------------------------------------------

void SchedulerBackend::request_total(TimeUs now, const ExecutorTargets& targets, Outbox& out) {
  for (const auto& [profile, target] : targets) requested_[profile] = target;
  allocator_.set_targets(now, targets, out);
}

void SchedulerBackend::request_more(TimeUs now, std::int64_t more, Outbox& out) {
  if (more < 0) {
    out.add(out::Noted{"error", fmt::format("{} executors were requested: a negative number is refused", more)});
    return;
  }
  requested_[kDefaultProfile] += more;
  send_requested(now, fmt::format("{} more executors were requested", more), out);
}

void SchedulerBackend::lower(TimeUs now, const std::vector<ExecutorId>& ids, const std::string& why, Outbox& out) {
  if (ids.empty()) return;
  for (const ExecutorId id : ids) {
    // A total that was never requested counts as that of one executor, whatever the initial number was.
    std::int64_t& total = requested_.try_emplace(table_.find(id)->profile, 1).first->second;
    total = std::max<std::int64_t>(total - 1, 0);
  }
  send_requested(now, why, out);
}

void SchedulerBackend::send_requested(TimeUs now, const std::string& why, Outbox& out) {
  out.add(out::TargetsRequested{requested_, {}, why});
  allocator_.set_targets(now, requested_, out);
}

// --- kill and decommission ---------------------------------------------------------------------------------------

std::vector<ExecutorId> SchedulerBackend::kill(TimeUs now, const std::vector<ExecutorId>& ids, KillOptions options,
                                               Outbox& out) {
  std::vector<ExecutorId> doomed;
  for (const ExecutorId id : ids) {
    RegisteredExecutor* executor = table_.find(id);
    if (executor == nullptr) {
      out.add(out::Noted{"warn", fmt::format("executor {} is to be killed, but does not exist", id)});
      continue;
    }
    if (executor->pending_kill || (!options.force && executor->running_tasks > 0)) continue;
    executor->killed_by_driver = !options.count_failures;
    table_.deactivate(now, id, Inactive::pending_kill, out);
    doomed.push_back(id);
  }
  if (options.adjust_target) lower(now, doomed, fmt::format("executors {} are killed", fmt::join(doomed, ", ")), out);
  if (!doomed.empty()) do_kill(now, doomed, out);
  return doomed;
}

void SchedulerBackend::do_kill(TimeUs now, const std::vector<ExecutorId>& ids, Outbox& out) {
  mark_pods(ids, out);
  for (const ExecutorId id : ids) remove(now, {id, kUnknownExit, false, "killed"}, out);
  kills_.emplace(++last_kill_, ids);
  out.add(out::TimerSet{TimerKind::kill_grace, last_kill_, now + settings_.kill_grace_us});
}

// Their pods are told apart, by what the conf asks for.
void SchedulerBackend::mark_pods(const std::vector<ExecutorId>& ids, Outbox& out) {
  if (settings_.deletion_cost) {
    maintenance_.annotate(ids, {{kDeletionCost, fmt::format("{}", *settings_.deletion_cost)}}, out);
  }
  if (settings_.decommission_label) {
    maintenance_.label(ids, {{*settings_.decommission_label, settings_.decommission_label_value}}, out);
  }
}

std::vector<ExecutorId> SchedulerBackend::decommission(TimeUs now, const std::vector<ExecutorId>& ids,
                                                       bool adjust_target, bool by_executor, const std::string& why,
                                                       Outbox& out) {
  if (!by_executor && !ids.empty()) mark_pods(ids, out);  // also those that are not active any more
  std::vector<ExecutorId> leaving;
  for (const ExecutorId id : ids) {
    if (!table_.is_active(id)) continue;
    table_.find(id)->decommission_reason = why;
    table_.deactivate(now, id, Inactive::decommissioning, out);
    leaving.push_back(id);
  }
  if (leaving.empty()) return leaving;
  if (adjust_target) lower(now, leaving, fmt::format("executors {} decommission", fmt::join(leaving, ", ")), out);
  if (!by_executor) {
    for (const ExecutorId id : leaving) out.add(out::DecommissionSent{id});
  }
  if (settings_.force_kill_us) {
    decommissions_.emplace(++last_decommission_, leaving);
    out.add(out::TimerSet{TimerKind::force_kill, last_decommission_, now + *settings_.force_kill_us});
  }
  return leaving;
}

void SchedulerBackend::remove(TimeUs now, const out::ExecutorRemoved& why, Outbox& out) {
  if (table_.contains(why.executor)) out.add(out::ExecutorStopped{why.executor});
  table_.drop(now, why, out);
}

void SchedulerBackend::forget_kills(Outbox& out) {
  for (const auto& [number, ids] : kills_) out.add(out::TimerCancelled{TimerKind::kill_grace, number});
  kills_.clear();
}

// --- what executors say, and when they say nothing ---------------------------------------------------------------

void SchedulerBackend::register_executor(TimeUs now, const in::Registered& executor, Outbox& out) {
  const ExecutorId id = executor.executor;
  if (phase_ == Phase::stopped) return;  // no answer at all (SPARK-34469)
  const auto refuse = [&](std::string why) { out.add(out::RegistrationRefused{id, std::move(why)}); };
  if (phase_ == Phase::fresh) return refuse("the application is not running");
  if (table_.contains(id)) return refuse(fmt::format("executor {} has registered already", id));
  if (allocator_.is_deleted(id)) return refuse(fmt::format("executor {} has been deleted as excess", id));
  out.add(out::RegistrationAccepted{id});
  RegisteredExecutor entry;
  entry.host = executor.host;
  entry.profile = static_cast<ProfileId>(executor.profile.value_or(kDefaultProfile));
  entry.cores = executor.cores.value_or(cores_of(entry.profile));
  table_.admit(now, id, std::move(entry), out);
}

void SchedulerBackend::disconnected(TimeUs now, ExecutorId id, Outbox& out) {
  const RegisteredExecutor* executor = table_.find(id);
  if (executor == nullptr) return;  // nobody knows whose address that was
  if (executor->decommissioning) return remove(now, {id, kUnknownExit, false, executor->decommission_reason}, out);
  if (executor->active()) table_.deactivate(now, id, Inactive::loss_pending, out);
}

void SchedulerBackend::give_id(const std::string& pod, Outbox& out) {
  const ExecutorId id = ++last_given_id_;
  out.add(out::ExecutorIdGiven{pod, id});
  maintenance_.label_pod(pod, {{kExecutorIdLabel, fmt::format("{}", id)}}, out);
}

void SchedulerBackend::heartbeats_stopped(TimeUs now, const in::HeartbeatsStopped& silence, Outbox& out) {
  const RegisteredExecutor* executor = table_.find(silence.executor);
  if (executor == nullptr || phase_ != Phase::running) return;
  // Its registration was a sign of life too.
  heartbeats_.silent(now, silence.executor, std::max(silence.last_us, executor->registered_us), out);
}

// 01 1.8: killed and replaced, so that there is one again (SPARK-8119); then removed once more as a process that was
// lost, for those that a kill passes over (SPARK-27348).
void SchedulerBackend::expire_silent(TimeUs now, Outbox& out) {
  for (const auto& [id, silent_us] : heartbeats_.check(now, out)) {
    const std::string why = fmt::format("executor heartbeat timed out after {} ms", silent_us / kMillisecondUs);
    out.add(out::Noted{"warn", fmt::format("executor {}: {}", id, why)});
    kill(now, {id}, {.adjust_target = false, .count_failures = true, .force = true}, out);
    remove(now, {id, kUnknownExit, true, why}, out);
  }
}

// --- timers ------------------------------------------------------------------------------------------------------

void SchedulerBackend::timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out) {
  switch (timer.timer) {
    case TimerKind::ready_wait:
      ready_wait_armed_ = false;
      waited_long_enough_ = true;
      return check_ready(out);
    case TimerKind::kill_grace:
      if (const auto kill = kills_.extract(timer.arg)) maintenance_.delete_running(kill.mapped(), out);
      return;
    case TimerKind::force_kill: {
      const auto started = decommissions_.extract(timer.arg);
      if (!started) return;
      std::vector<ExecutorId> stragglers;
      for (const ExecutorId id : started.mapped()) {
        const RegisteredExecutor* executor = table_.find(id);
        if (executor != nullptr && executor->decommissioning) stragglers.push_back(id);
      }
      if (stragglers.empty()) return;
      out.add(out::Noted{"info", fmt::format("executors {} have not decommissioned in {}: killed",
                                             fmt::join(stragglers, ", "), format_time(*settings_.force_kill_us))});
      kill(now, stragglers, {.adjust_target = false, .count_failures = false, .force = true}, out);
      return;
    }
    case TimerKind::heartbeat_check: return expire_silent(now, out);
    default: return;
  }
}

// 02 4.2: a real-number comparison, as in Spark.
void SchedulerBackend::check_ready(Outbox& out) {
  if (ready_ || phase_ != Phase::running) return;
  const std::int64_t expected = settings_.initial_executors;
  const bool enough =
      static_cast<double>(table_.size()) >= static_cast<double>(expected) * settings_.min_registered_ratio;
  if (!enough && !waited_long_enough_) return;
  ready_ = true;
  if (std::exchange(ready_wait_armed_, false)) out.add(out::TimerCancelled{TimerKind::ready_wait, 0});
  out.add(out::ReadyToSchedule{table_.size(), expected, !enough});
}

std::int64_t SchedulerBackend::cores_of(ProfileId profile) const {
  if (const auto own = settings_.cores.find(profile); own != settings_.cores.end()) return own->second;
  const auto common = settings_.cores.find(kDefaultProfile);
  return common == settings_.cores.end() ? 1 : common->second;
}

}  // namespace podramp::backend
