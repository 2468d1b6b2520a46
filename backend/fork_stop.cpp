// How the fork's backend ends (01 1.12): a step that fails skips the ones after it, unless Q23 is fixed (part of
// ForkDriver, fork_driver.h).
#include <fmt/format.h>

#include <utility>

#include "backend/fork_driver.h"

namespace podramp::backend {

void ForkDriver::stop(int code, const std::string& why) {
  if (phase_ == Phase::stopping) return;
  exit_ = {code, why};
  jobs_->stop(*out_);
  if (phase_ == Phase::fresh || phase_ == Phase::constructing) return exit();
  phase_ = Phase::stopping;
  // A pass that is under way goes on.
  if (std::exchange(pass_armed_, false)) out_->add(out::TimerCancelled{TimerKind::fork_pass, 0});
  if (shuffle_watch_) {
    if (!shuffle_watch_->was_open()) {
      note("error", "the shuffle manager has no watch to close");
      if (!fixed(Fix::q23)) return exit();
    }
    shuffle_watch_->close(*out_);
  }
  for (const auto& [id, host] : executors_.hosts()) out_->add(out::ExecutorStopped{id});
  enter(CleanUpWork{});
}

void ForkDriver::begin(const CleanUpWork& /*work*/) {
  if (fixed(Fix::q12) && pass_ && pass_->creating) {
    clean_up_waits_ = true;
    return;
  }
  for (auto it = requested_.rbegin(); it != requested_.rend(); ++it) to_delete_.push_back(it->second.pod->name);
  delete_next();
}

void ForkDriver::delete_next() {
  if (!to_delete_.empty()) {
    const std::string pod = std::move(to_delete_.back());
    to_delete_.pop_back();
    return ask(about(Verb::remove, pod), {Ask::clean_up, 0, nullptr, {}, 0});
  }
  requested_.clear();
  pod_to_exec_.clear();
  pods_by_ip_.clear();
  watch_.close(*out_);
  exit();
}

void ForkDriver::deleted(const Waiting& /*waiting*/, const ApiReply& reply) {
  if (!reply.ok() && reply.code != 404) {
    note("error", fmt::format("deleting the executors' pods: {}", describe_failure(reply)));
    if (!fixed(Fix::q23)) return exit();
  }
  delete_next();
}

void ForkDriver::exit() {
  if (!ready_to_schedule_ && !waited_long_enough_ && phase_ != Phase::constructing) {
    out_->add(out::TimerCancelled{TimerKind::ready_wait, 0});
  }
  jobs_->stop(*out_);
  phase_ = Phase::exited;
  out_->add(exit_);
}

}  // namespace podramp::backend
