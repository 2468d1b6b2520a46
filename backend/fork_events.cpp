// The fork's pod watcher (01 1.9): what events of the application's pods change (part of ForkDriver, fork_driver.h).
#include <fmt/format.h>

#include <set>

#include "backend/fork_driver.h"

namespace podramp::backend {
namespace {

bool has_ended(const Pod& pod) { return pod.phase == PodPhase::failed || pod.phase == PodPhase::succeeded; }

}  // namespace

void ForkDriver::watched(const in::Watched& watched) {
  if (watch_.takes(watched)) {
    pod_events_.insert(pod_events_.end(), watched.events.begin(), watched.events.end());
  } else if (shuffle_watch_ && shuffle_watch_->takes(watched)) {
    for (const WatchEvent& event : watched.events) {
      if (const std::string error = shuffle_.on_event(event); !error.empty()) note("error", error);
    }
  }
}

void ForkDriver::watch_closed(const in::WatchClosed& closed) {
  if (shuffle_watch_) shuffle_watch_->on_closed(now_, closed, *out_);
  if (!watch_.on_closed(now_, closed, *out_)) return;
  note("info", fmt::format("the pod watch is closed: {}", closed.reason));
  if (fixed(Fix::q07)) relist();
}

void ForkDriver::handle_pod(const WatchEvent& event) {
  const Pod& pod = *event.object;
  switch (event.type) {
    case WatchEventType::bookmark: return;
    case WatchEventType::deleted:
    case WatchEventType::error:
      pods_by_ip_.forget(pod);
      watcher_busy_ = true;
      return enter(PodEndWork{event, false});
    case WatchEventType::added:
      if (!fixed(Fix::q14)) return;
      break;
    case WatchEventType::modified: break;
  }
  if (pod.deletion_us) return pods_by_ip_.forget(pod);
  if (pod.phase == PodPhase::running) {
    const auto node_ip = nodes_.ip_of.find(pod.node);
    pods_by_ip_.put(pod.pod_ip, {pod.name, pod.uid, pod.node, node_ip == nodes_.ip_of.end() ? "" : node_ip->second});
  } else if (has_ended(pod) && fixed(Fix::q04)) {
    pods_by_ip_.forget(pod);
    watcher_busy_ = true;
    enter(PodEndWork{event, true});
  }
}

void ForkDriver::begin(const PodEndWork& work) {
  const Pod& pod = *work.event.object;
  const auto exec = pod_to_exec_.find(pod.name);
  const bool released = exec == pod_to_exec_.end();
  const bool errored = work.failed || work.event.type == WatchEventType::error;
  bool wanted = !fixed(Fix::q11) || !released;
  for (const auto& [id, removed] : pending_removal_) wanted = wanted || removed->name == pod.name;
  if (wanted) {
    exit_reasons_[pod.name] = errored ? errored_reason(pod, released, app_.fixes) : deleted_reason(pod, released);
  }
  if (!released) {
    const auto requested = requested_.find(exec->second);
    const bool never_came = requested != requested_.end() && !requested->second.registered;
    // Nobody will disconnect for it.
    if (work.failed || (fixed(Fix::q02) && never_came)) pending_removal_[exec->second] = work.event.object;
  }
  watcher_busy_ = false;
  leave();
}

// --- fix Q07: lists, now and then, and when the watch has died -----------------------------------------------------

void ForkDriver::relist() {
  if (phase_ != Phase::running && phase_ != Phase::starting) return;
  ApiRequest request;
  request.verb = Verb::list;
  request.ns = conf_.ns;
  request.label_selector = watch_.selector();
  ask(std::move(request), {Ask::relist, 0, nullptr, {}, 0});
  out_->add(out::TimerSet{TimerKind::poll, 0, now_ + kReconcileUs});
}

void ForkDriver::relisted(const Waiting& waiting, const ApiReply& reply) {
  if (phase_ == Phase::stopping) return;
  if (!reply.ok() || !reply.list)
    return note("warn", fmt::format("pods cannot be listed: {}", describe_failure(reply)));
  std::set<std::string> there;
  for (const PodPtr& pod : reply.list->items) {
    there.insert(pod->name);
    pod_events_.push_back({WatchEventType::modified, pod});
  }
  const auto gone = [&](const PodPtr& pod) {
    if (!there.contains(pod->name)) pod_events_.push_back({WatchEventType::deleted, pod});
  };
  for (const auto& [id, requested] : requested_) {
    if (requested.created_us < waiting.sent_us) gone(requested.pod);
  }
  for (const auto& [id, pod] : pending_removal_) {
    if (!requested_.contains(id)) gone(pod);
  }
  if (!watch_.is_dead()) return;
  const CallId call = watch_.open_from(std::to_string(reply.resource_version), calls_, *out_);
  waiting_.emplace(call, Waiting{Ask::watch, 0, nullptr, {}, now_});
}

}  // namespace podramp::backend
