// The fork's lock and its RPC endpoint (01 1.1, 1.8, 1.11): who waits for whom (part of ForkDriver, fork_driver.h).
#include <fmt/format.h>

#include <utility>

#include "backend/fork_driver.h"

namespace podramp::backend {

// --- the lock ------------------------------------------------------------------------------------------------------

void ForkDriver::enter(LockWork work) {
  if (fixed(Fix::q12)) return begin(work);
  if (locked_) {
    lock_queue_.push_back(std::move(work));
    return;
  }
  locked_ = true;
  begin(work);
}

void ForkDriver::leave() {
  locked_ = false;
  if (handing_on_) return;  // the loop below goes on
  handing_on_ = true;
  while (!locked_ && !lock_queue_.empty() && phase_ != Phase::exited) {
    const LockWork next = std::move(lock_queue_.front());
    lock_queue_.pop_front();
    locked_ = true;
    begin(next);
  }
  handing_on_ = false;
}

void ForkDriver::begin(const LockWork& work) {
  std::visit([this](const auto& one) { begin(one); }, work);
}

// Both threads that take messages one at a time, as far as they come. RemoveExecutor of a pass's step A so comes after
// what the pass could do at once: its step B still sees the executor as registered (01 1.5).
void ForkDriver::settle() {
  while (phase_ != Phase::exited) {
    if (!rpc_busy_ && !rpc_.empty()) {
      const RpcMessage message = std::move(rpc_.front());
      rpc_.pop_front();
      handle(message);
    } else if (!watcher_busy_ && !pod_events_.empty()) {
      const WatchEvent event = std::move(pod_events_.front());
      pod_events_.pop_front();
      handle_pod(event);
    } else {
      return;
    }
  }
}

// --- the RPC endpoint ----------------------------------------------------------------------------------------------

void ForkDriver::handle(const RpcMessage& message) {
  std::visit([this](const auto& one) { handle(one); }, message);
}

void ForkDriver::handle(const in::Registered& executor) {
  const ExecutorId id = executor.executor;
  std::string why = "the application is not running";
  if (phase_ == Phase::running) {
    if (cancelled_.contains(id)) {
      why = fmt::format("executor {} has been cancelled", id);
    } else if (!executors_.contains(id) && jobs_->blacklists(executor.host)) {
      why = fmt::format("executor {} runs on the blacklisted host {}", id, executor.host);
    } else {
      why = executors_.add(id, executor.host);
    }
  }
  const auto requested = requested_.find(id);
  if (!why.empty()) {
    out_->add(out::RegistrationRefused{id, why});
    // Its process ends, and its pod would be waited for for ever (Q32).
    if (fixed(Fix::q32) && requested != requested_.end() && !executors_.contains(id)) {
      pending_removal_[id] = requested->second.pod;
      exit_reasons_[requested->second.pod->name] = {1, false, false, why};
    }
    return;
  }
  if (requested != requested_.end()) requested->second.registered = true;
  out_->add(out::RegistrationAccepted{id});
  jobs_->executor_added(now_, id, executor.host, executor.cores.value_or(conf_.cores()), *out_);
  check_ready();
}

void ForkDriver::handle(const in::Disconnected& executor) {
  if (!executors_.disable(executor.executor)) return;
  jobs_->executor_disconnected(now_, executor.executor, *out_);
  rpc_busy_ = true;
  enter(LookupWork{executor.executor});
}

void ForkDriver::begin(const LookupWork& work) {
  const auto requested = requested_.find(work.executor);
  if (requested != requested_.end()) pending_removal_[work.executor] = requested->second.pod;
  rpc_busy_ = false;
  leave();
}

void ForkDriver::handle(const RemoveExecutor& removal) {
  silent_.erase(removal.executor);
  if (const auto told = executors_.remove(removal.executor, removal.reason)) {
    out_->add(out::ExecutorStopped{removal.executor});  // should its process still be there
    out_->add(out::ExecutorRemoved{removal.executor, told->exit_code, told->caused_by_app, told->text});
    jobs_->executor_removed(now_, removal.executor, {told->caused_by_app, false, told->text}, *out_);
  } else {
    note("info", fmt::format("asked to remove executor {}, which is not known", removal.executor));
  }
}

// --- config for a starting executor (01 1.11) ----------------------------------------------------------------------

void ForkDriver::handle(const in::ConfigAsked& asked) {
  if (!shuffle_watch_) {
    out_->add(out::ConfigGiven{asked.executor, "", ""});
    return;
  }
  rpc_busy_ = !fixed(Fix::q12);
  enter(ConfigWork{asked.executor});
}

void ForkDriver::begin(const ConfigWork& work) {
  const auto requested = requested_.find(work.executor);
  if (requested == requested_.end()) {
    out_->add(out::ConfigGiven{work.executor, "", fmt::format("executor {} has no pod", work.executor)});
    rpc_busy_ = false;
    return leave();
  }
  ask(about(Verb::get, requested->second.pod->name), {Ask::config, work.executor, requested->second.pod, {}, 0});
}

void ForkDriver::config_answered(const Waiting& waiting, const ApiReply& reply) {
  out::ConfigGiven given{waiting.executor, "", ""};
  if (!reply.ok() || reply.object == nullptr) {
    given.error = fmt::format("pod {} cannot be looked up: {}", waiting.pod->name, describe_failure(reply));
  } else if (auto host = shuffle_.find(reply.object->node)) {
    given.shuffle_host = std::move(*host);
  } else {
    given.error = host.error().message;
  }
  out_->add(std::move(given));
  rpc_busy_ = false;
  leave();
}

}  // namespace podramp::backend
