#include "backend/pod_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

LabelSelector executors_of(const std::string& app_id, bool skip_inactive) {
  LabelSelector selector;
  selector.all.push_back({kAppLabel, SelectorOp::equals, {app_id}});
  selector.all.push_back({kRoleLabel, SelectorOp::equals, {"executor"}});
  if (skip_inactive) selector.all.push_back({"spark-exec-inactive", SelectorOp::not_equals, {"true"}});
  return selector;
}

}  // namespace

SnapshotChange update_pod(const PodPtr& pod, const ClassifyOptions& options) {
  SnapshotChange change;
  change.executor = executor_id(*pod);
  if (change.executor) change.pod = PodState{classify(*pod, options), pod};
  return change;
}

SnapshotChange replace_snapshot(const std::vector<PodPtr>& pods, TimeUs now, const ClassifyOptions& options) {
  std::map<ExecutorId, PodState> all;
  for (const PodPtr& pod : pods) {
    if (const auto id = executor_id(*pod)) all.insert_or_assign(*id, PodState{classify(*pod, options), pod});
  }
  SnapshotChange change;
  change.all = std::make_shared<const std::map<ExecutorId, PodState>>(std::move(all));
  change.full_snapshot_us = now;
  return change;
}

void PodWatch::start(Outbox& out) {
  if (settings_.watch_enabled) open(out);
}

void PodWatch::open(Outbox& out) {
  state_ = State::opening;
  ApiRequest request;
  request.verb = Verb::watch;
  request.ns = settings_.ns;
  request.label_selector = executors_of(settings_.app_id, settings_.watch_skips_inactive);
  // Without an event seen there is no version to resume from, and everything comes again as ADDED (K17).
  if (resource_version_ > 0) request.resource_version = std::to_string(resource_version_);
  request.allow_bookmarks = settings_.watch_bookmarks;
  calls_.start(CallOwner::watch, std::move(request), out);
}

void PodWatch::on_open_reply(TimeUs now, const Completed& completed, Outbox& out) {
  if (state_ != State::opening) return;
  const ApiReply& reply = completed.reply;
  if (!reply.ok()) {
    lost(now, reply.code, describe_failure(reply), reply.retry_after_s.value_or(0) * kSecondUs, out);
    return;
  }
  state_ = State::open;
  id_ = completed.call;
  reconnects_ = 0;
}

void PodWatch::on_reconnect_due(Outbox& out) {
  if (state_ == State::waiting) open(out);
}

std::vector<SnapshotChange> PodWatch::on_events(const in::Watched& watched) {
  std::vector<SnapshotChange> changes;
  if (state_ != State::open || watched.watch != id_) return changes;
  changes.reserve(watched.events.size());
  for (const WatchEvent& event : watched.events) {
    resource_version_ = event.object->resource_version;
    if (event.type != WatchEventType::bookmark) changes.push_back(update_pod(event.object, settings_.classify));
  }
  return changes;
}

void PodWatch::on_closed(TimeUs now, const in::WatchClosed& closed, Outbox& out) {
  if (state_ == State::open && closed.watch == id_) lost(now, closed.code, closed.reason, 0, out);
}

void PodWatch::lost(TimeUs now, int code, const std::string& why, DurationUs at_least_us, Outbox& out) {
  if (code == kGone) {
    state_ = State::dead;
    out.add(out::Noted{"warn",
                       fmt::format("the watch of executor pods has ended for good, only polling is left: {}", why)});
    return;
  }
  state_ = State::waiting;
  const DurationUs wait = policy_.initial_us << std::min(reconnects_++, policy_.exponent_max);
  out.add(out::TimerSet{TimerKind::watch_reconnect, 0, now + std::max(wait, at_least_us)});
}

void PodWatch::stop(Outbox& out) {
  switch (state_) {
    case State::opening: calls_.abandon(CallOwner::watch, out); break;
    case State::open: out.add(out::WatchReleased{id_}); break;
    case State::waiting: out.add(out::TimerCancelled{TimerKind::watch_reconnect, 0}); break;
    case State::off:
    case State::dead: break;
  }
  state_ = State::off;
}

void PodPoll::start(TimeUs now, Outbox& out) {
  if (settings_.poll_enabled) arm(now, out);
}

void PodPoll::arm(TimeUs now, Outbox& out) {
  armed_ = true;
  out.add(out::TimerSet{TimerKind::poll, 0, now + settings_.poll_interval_us});
}

void PodPoll::on_due(Outbox& out) {
  armed_ = false;
  ApiRequest request;
  request.verb = Verb::list;
  request.ns = settings_.ns;
  request.label_selector = executors_of(settings_.app_id, true);
  if (settings_.poll_from_cache) request.resource_version = "0";
  calls_.start(CallOwner::poll, std::move(request), out);
}

std::optional<SnapshotChange> PodPoll::on_reply(TimeUs now, const ApiReply& reply, Outbox& out) {
  std::optional<SnapshotChange> change;
  if (!reply.ok() || !reply.list) {
    out.add(out::Noted{"warn", fmt::format("listing executor pods: {}", describe_failure(reply))});
  } else if (!settings_.poll_from_cache || reply.resource_version >= accepted_version_) {
    accepted_version_ = reply.resource_version;
    change = replace_snapshot(reply.list->items, now, settings_.classify);
  }
  arm(now, out);
  return change;
}

void PodPoll::stop(Outbox& out) {
  if (armed_) out.add(out::TimerCancelled{TimerKind::poll, 0});
  armed_ = false;
  calls_.abandon(CallOwner::poll, out);
}

}  // namespace podramp::backend
