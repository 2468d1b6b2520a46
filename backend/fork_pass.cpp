// The fork's allocator thread: one pass of loss reasons, then one batch of creates (01 1.5, 1.6) (part of ForkDriver,
// fork_driver.h). An exception that leaves a pass ends the thread for good (Q01).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/fork_driver.h"
#include "backend/pod_labels.h"
#include "backend/snapshots.h"

namespace podramp::backend {
namespace {

constexpr int kBackOffExponentMax = 5;

bool is_gone_or_ok(const ApiReply& reply) { return reply.ok() || reply.code == 404; }

// Worth waiting for, of Q01's cure.
bool asks_for_patience(const ApiReply& reply) {
  return reply.transport != Transport::ok || reply.code == 403 || reply.code == 429 || reply.code >= 500;
}

}  // namespace

void ForkDriver::begin_pass() {
  if ((phase_ != Phase::starting && phase_ != Phase::running) || allocator_dead_ || pass_) return;
  ++passes_;
  pass_ = Pass{};  // clang 14 cannot emplace a nested class with default members
  pass_->started_us = now_;
  if (!retry_deletes_.empty()) kill({retry_deletes_.begin(), retry_deletes_.end()});
  retry_deletes_.clear();
  if (fixed(Fix::q06)) cancel_excess();
  if (fixed(Fix::q02)) pass_->expired = expired();
  for (const auto& [id, pod] : pending_removal_) pass_->to_look.push_back(id);
  std::ranges::reverse(pass_->to_look);
  look_on();
}

std::vector<ExecutorId> ForkDriver::expired() const {
  std::vector<ExecutorId> late;
  for (const auto& [id, requested] : requested_) {
    const bool due = now_ - requested.created_us >= conf_.registration_timeout_us;
    if (due && !requested.registered && !pending_removal_.contains(id)) late.push_back(id);
  }
  std::ranges::reverse(late);
  return late;
}

// Step A as far as it comes without waiting, then step B.
void ForkDriver::look_on() {
  looking_ = true;
  while (pass_ && !pass_->purging) {
    ExecutorId id = 0;
    bool purge = false;
    if (!pass_->expired.empty()) {
      id = pass_->expired.back();
      pass_->expired.pop_back();
      purge = true;
      note("warn", fmt::format("executor {} has not registered in time; its pod is replaced", id));
    } else if (!pass_->to_look.empty()) {
      id = pass_->to_look.back();
      pass_->to_look.pop_back();
      purge = look(id);
    } else {
      break;
    }
    if (!purge) continue;
    pass_->purging = true;
    enter(PurgeWork{id});
  }
  looking_ = false;
  if (pass_ && !pass_->purging) enter(BatchWork{});
}

// One executor of pending_removal. True: it is let go.
bool ForkDriver::look(ExecutorId id) {
  const auto pending = pending_removal_.find(id);
  if (pending == pending_removal_.end()) return false;
  const PodPtr pod = pending->second;
  if (const auto why = exit_reasons_.extract(pod->name)) {
    rpc_.emplace_back(RemoveExecutor{id, why.mapped()});
    if (why.mapped().caused_by_app && !fixed(Fix::q03)) return false;  // nothing is let go
  } else {
    if (!given_up(id, *pod)) return false;
    rpc_.emplace_back(RemoveExecutor{id, unknown_reason(app_.fixes)});
  }
  pending_removal_.erase(id);
  looks_.erase(id);
  return true;
}

// The 11th look that finds nothing is the last; with fix Q10, one after the pod's grace period has passed.
bool ForkDriver::given_up(ExecutorId id, const Pod& pod) {
  Looks& looks = looks_[id];
  if (looks.count == 0) looks.first_us = now_;
  const bool over = fixed(Fix::q10)
                        ? looks.count > 0 && now_ - looks.first_us >= grace_s(pod) * kSecondUs + kLossMarginUs
                        : looks.count >= kLossLooksMax;
  if (!over) ++looks.count;
  return over;
}

void ForkDriver::begin(const PurgeWork& work) {
  const auto requested = requested_.find(work.executor);
  if (requested == requested_.end()) {
    note("warn", fmt::format("executor {} is not known to the allocator, nothing to delete", work.executor));
    pass_->purging = false;
    leave();
    if (!looking_ && phase_ != Phase::exited) look_on();
    return;
  }
  const PodPtr pod = requested->second.pod;
  if (!requested->second.registered) ++failed_pods_;
  if (!fixed(Fix::q46)) requested_.erase(requested);
  ask(about(Verb::remove, pod->name), {Ask::purge, work.executor, pod, {}, 0});
}

void ForkDriver::purged(const Waiting& waiting, const ApiReply& reply) {
  const bool done = is_gone_or_ok(reply);
  if (done) {
    requested_.erase(waiting.executor);
    pod_to_exec_.erase(waiting.pod->name);
    if (fixed(Fix::q11)) exit_reasons_.erase(waiting.pod->name);
  } else {
    note("error", fmt::format("deleting pod {}: {}", waiting.pod->name, describe_failure(reply)));
    if (fixed(Fix::q46)) retry_deletes_.insert(waiting.executor);
  }
  if (pass_) pass_->purging = false;
  leave();
  if (!pass_ || phase_ == Phase::exited) return;
  if (done || fixed(Fix::q01)) return look_on();
  allocator_dead_ = true;
  end_pass(describe_failure(reply));
}

// --- step B --------------------------------------------------------------------------------------------------------

// Why nothing may be created now. "Previous requests have completed" compares counts (01 1.6), so that executors that
// are on the way out stand in for pods that have not registered (Q05).
Limit ForkDriver::gate() const {
  const auto waits = [](const auto& entry) { return !entry.second.registered; };
  const bool waiting =
      fixed(Fix::q05) ? std::ranges::any_of(requested_, waits) : executors_.registered() < requested_count();
  if (waiting) return Limit::unacknowledged;
  if (fixed(Fix::q02) && failed_pods_ > std::max<std::int64_t>(3, 2 * target_)) return Limit::refused;
  if (now_ < no_create_before_us_) return Limit::refused;
  return Limit::none;
}

void ForkDriver::begin(const BatchWork& /*work*/) {
  if (!pass_) return leave();
  ProfileReport& report = pass_->report;
  report.target = target_;
  report.have = requested_count();
  report.running = executors_.registered();
  report.pending_known = std::max<std::int64_t>(0, report.have - report.running);
  report.limited_by = gate();
  if (report.limited_by == Limit::none) {
    pass_->to_create = std::clamp<std::int64_t>(target_ - report.have, 0, conf_.batch_size);
  }
  report.asked = pass_->to_create;
  if (pass_->to_create > 0) {
    // Looked up once for the whole batch (01 1.7).
    pass_->hints = without_occupied(hints_, pods_by_ip_, nodes_, conf_.node_name_dns_lookup, app_.fixes).tasks;
  }
  create_next();
}

void ForkDriver::create_next() {
  const bool cut = phase_ == Phase::stopping && fixed(Fix::q12);
  ProfileReport& report = pass_->report;
  if (pass_->to_create == 0 || cut) {
    const bool more = report.have + report.created < report.target;
    if (report.limited_by == Limit::none && more) report.limited_by = Limit::batch_size;
    leave();
    return end_pass("");
  }
  const ExecutorId id = ++last_executor_id_;  // used up, whatever becomes of it
  const auto pod = factory_->build(id, pass_->hints);
  if (!pod) {
    note("error", fmt::format("failed to allocate executor {}: {}", id, pod.error().message));
    return batch_failed(pod.error().message, nullptr);
  }
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = conf_.ns;
  request.body = *pod;
  pass_->creating = true;
  ask(std::move(request), {Ask::create, id, *pod, {}, 0});
}

void ForkDriver::add_requested(ExecutorId id, const PodPtr& pod) {
  requested_[id] = {pod, now_, executors_.contains(id)};
  pod_to_exec_[pod->name] = id;
  refusals_ = 0;
  ++pass_->report.created;
  --pass_->to_create;
  create_next();
}

void ForkDriver::created(const Waiting& waiting, const ApiReply& reply) {
  if (!pass_) return;
  pass_->creating = false;
  if (reply.ok()) return add_requested(waiting.executor, reply.object != nullptr ? reply.object : waiting.pod);
  note("error", fmt::format("failed to allocate executor {}: {}", waiting.executor, describe_failure(reply)));
  if (fixed(Fix::q01) && reply.code == 409) {
    pass_->creating = true;
    return ask(about(Verb::get, waiting.pod->name), {Ask::adopt, waiting.executor, waiting.pod, {}, 0});
  }
  batch_failed(describe_failure(reply), &reply);
}

// Fix Q01: a pod of that name exists. Ours is taken, of another's the next id gets clear.
void ForkDriver::adopted(const Waiting& waiting, const ApiReply& reply) {
  if (!pass_) return;
  pass_->creating = false;
  const std::string* app_id = reply.object == nullptr ? nullptr : reply.object->label(kAppLabel);
  const bool ours = reply.ok() && app_id != nullptr && *app_id == app_.app_id && !reply.object->deletion_us &&
                    executor_id(*reply.object) == waiting.executor;
  if (ours) return add_requested(waiting.executor, reply.object);
  create_next();
}

// What was created stays recorded; the id is gone.
void ForkDriver::batch_failed(const std::string& why, const ApiReply* reply) {
  const bool refused = reply != nullptr && reply->code >= 400 && reply->code < 500;
  pass_->report.limited_by = refused ? Limit::refused : Limit::api_error;
  if (!fixed(Fix::q01)) {
    allocator_dead_ = true;
  } else if (reply != nullptr && asks_for_patience(*reply)) {
    no_create_before_us_ = now_ + (kSecondUs << std::min(refusals_++, kBackOffExponentMax));
  }
  leave();
  end_pass(why);
}

void ForkDriver::end_pass(const std::string& aborted) {
  if (!pass_ || phase_ == Phase::exited) return;
  const ProfileReport report = pass_->report;
  const auto same = [&](const ProfileReport& last) {
    return report.created == 0 && last.target == report.target && last.running == report.running &&
           last.have == report.have && last.limited_by == report.limited_by;
  };
  const bool news = !aborted.empty() || (last_report_ ? !same(*last_report_) : report.target > 0);
  if (news) {
    out::RoundDone done;
    done.round = passes_;
    done.started_us = pass_->started_us;
    done.slots = report.asked;
    done.outstanding = std::max<std::int64_t>(0, requested_count() - executors_.registered());
    done.aborted = aborted;
    done.profiles.push_back(report);
    out_->add(std::move(done));
  }
  last_report_ = report;
  pass_.reset();
  if (std::exchange(clean_up_waits_, false)) return begin(CleanUpWork{});
  apply_first_target();
  if (allocator_dead_ || phase_ == Phase::stopping || phase_ == Phase::exited) return;
  pass_armed_ = true;
  out_->add(out::TimerSet{TimerKind::fork_pass, 0, now_ + conf_.batch_delay_us});
}

}  // namespace podramp::backend
