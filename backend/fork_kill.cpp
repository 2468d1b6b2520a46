// The fork's request pool, which deletes executors' pods (01 1.10), and the heartbeats that make it do so (01 1.8)
// (part of ForkDriver, fork_driver.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "backend/fork_driver.h"

namespace podramp::backend {
namespace {

constexpr DurationUs kHeartbeatCheckUs = 60 * kSecondUs;

}  // namespace

std::vector<ExecutorId> ForkDriver::kill_requested(const in::KillRequested& kill_request) {
  if (phase_ != Phase::running) return {};
  std::set<ExecutorId> also;
  if (fixed(Fix::q06)) {
    for (const auto& [id, requested] : requested_) also.insert(id);
  }
  std::vector<ExecutorId> chosen;
  for (const ExecutorId id : kill_request.executors) {
    if (kill_request.force || !jobs_->busy(id)) chosen.push_back(id);
  }
  const ForkExecutors::KillPlan plan = executors_.kill(chosen, kill_request.replace, also);
  for (const ExecutorId id : plan.dropped) {
    note("warn", fmt::format("executor {} is not killed: it is unknown, or on its way out already", id));
  }
  if (plan.lowered_target) {
    target_ = *plan.lowered_target;
    tell_total(fmt::format("executors {} are killed", fmt::join(plan.executors, ", ")));
  }
  for (const ExecutorId id : plan.executors) {
    if (!executors_.contains(id)) cancelled_.insert(id);
  }
  if (!plan.executors.empty()) kill(plan.executors);
  if (fixed(Fix::q06)) cancel_excess();
  return plan.executors;
}

void ForkDriver::kill(std::vector<ExecutorId> executors) {
  killing_.insert(executors.begin(), executors.end());
  enter(KillWork{std::move(executors)});
}

void ForkDriver::begin(const KillWork& work) { kill_next(work.executors); }

void ForkDriver::kill_next(std::vector<ExecutorId> rest) {
  while (!rest.empty()) {
    const ExecutorId id = rest.front();
    rest.erase(rest.begin());
    const auto requested = requested_.find(id);
    if (requested == requested_.end()) {
      killing_.erase(id);
      note("warn", fmt::format("executor {} has no pod to delete", id));
      continue;
    }
    const PodPtr pod = requested->second.pod;
    if (!fixed(Fix::q46)) requested_.erase(requested);
    return ask(about(Verb::remove, pod->name), {Ask::kill, id, pod, std::move(rest), 0});
  }
  leave();
}

void ForkDriver::killed(const Waiting& waiting, const ApiReply& reply) {
  const ExecutorId id = waiting.executor;
  killing_.erase(id);
  if (reply.ok() || reply.code == 404) {
    requested_.erase(id);
    pod_to_exec_.erase(waiting.pod->name);
    const bool nobody_asks = !executors_.contains(id) && (cancelled_.contains(id) || fixed(Fix::q46));
    if (!nobody_asks) pending_removal_[id] = waiting.pod;
    return kill_next(waiting.rest);
  }
  // The pod has left requested_pods and is in nobody's books; the ids behind it are skipped (Q46).
  note("error", fmt::format("deleting pod {}: {}", waiting.pod->name, describe_failure(reply)));
  if (!fixed(Fix::q46)) return leave();
  retry_deletes_.insert(id);
  kill_next(waiting.rest);
}

// Fix Q06: what is beyond the target and has not registered is let go, the youngest first.
void ForkDriver::cancel_excess() {
  std::int64_t excess = -target_;
  for (const auto& [id, requested] : requested_) excess += killing_.contains(id) ? 0 : 1;
  std::vector<ExecutorId> chosen;
  for (auto it = requested_.rbegin(); it != requested_.rend() && excess > 0; ++it) {
    if (it->second.registered || killing_.contains(it->first)) continue;
    chosen.push_back(it->first);
    cancelled_.insert(it->first);
    --excess;
  }
  if (!chosen.empty()) kill(std::move(chosen));
}

// --- heartbeats ----------------------------------------------------------------------------------------------------

void ForkDriver::heartbeats_stopped(const in::HeartbeatsStopped& silent) {
  if (!executors_.contains(silent.executor)) return;
  silent_[silent.executor] = silent.last_us;
  if (heartbeat_check_armed_) return;
  heartbeat_check_armed_ = true;
  const TimeUs next = started_us_ + ((now_ - started_us_) / kHeartbeatCheckUs + 1) * kHeartbeatCheckUs;
  out_->add(out::TimerSet{TimerKind::heartbeat_check, 0, next});
}

// Silent for longer than the network time-out: its tasks fail at once, and it is killed and replaced.
void ForkDriver::check_heartbeats() {
  std::vector<ExecutorId> expired;
  for (const auto& [id, last_us] : silent_) {
    if (now_ - last_us > conf_.network_timeout_us) expired.push_back(id);
  }
  for (const ExecutorId id : expired) {
    note("warn", fmt::format("executor {} has sent no heartbeat for {}", id, format_time(now_ - silent_.at(id))));
    silent_.erase(id);
    jobs_->heartbeats_expired(now_, id, {!fixed(Fix::q09), false, "executor heartbeat timed out"}, *out_);
    kill_requested({{id}, true, true});
  }
  if (silent_.empty()) return;
  heartbeat_check_armed_ = true;
  out_->add(out::TimerSet{TimerKind::heartbeat_check, 0, now_ + kHeartbeatCheckUs});
}

}  // namespace podramp::backend
