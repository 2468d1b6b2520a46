#include "backend/fork_watch.h"

#include <algorithm>

namespace podramp::backend {
namespace {

constexpr int kExponentMax = 5;

}  // namespace

CallId ForkWatch::open_from(const std::string& version, ApiCalls& calls, Outbox& out) {
  state_ = State::opening;
  version_ = version;
  ApiRequest request;
  request.verb = Verb::watch;
  request.ns = ns_;
  request.label_selector = selector_;
  request.resource_version = version_;
  return calls.start(CallOwner::watch, std::move(request), out).call;
}

bool ForkWatch::opened(TimeUs now, const Completed& completed, Outbox& out) {
  if (state_ != State::opening) return true;
  if (completed.reply.ok()) {
    state_ = State::open;
    id_ = completed.call;
    reconnects_ = 0;
    was_open_ = true;
    return true;
  }
  if (was_open_) {
    lost(now, completed.reply.code, out);
  } else {
    state_ = State::off;
  }
  return false;
}

std::optional<CallId> ForkWatch::on_reconnect_due(ApiCalls& calls, Outbox& out) {
  if (state_ != State::waiting) return std::nullopt;
  return open_from(version_, calls, out);
}

bool ForkWatch::takes(const in::Watched& watched) {
  if (state_ != State::open || watched.watch != id_) return false;
  for (const WatchEvent& event : watched.events) version_ = std::to_string(event.object->resource_version);
  return true;
}

bool ForkWatch::on_closed(TimeUs now, const in::WatchClosed& closed, Outbox& out) {
  if (state_ != State::open || closed.watch != id_) return false;
  lost(now, closed.code, out);
  return state_ == State::dead;
}

void ForkWatch::lost(TimeUs now, int code, Outbox& out) {
  if (code == kGone) {
    state_ = State::dead;
    return;
  }
  state_ = State::waiting;
  const DurationUs wait = kSecondUs << std::min(reconnects_++, kExponentMax);
  out.add(out::TimerSet{TimerKind::watch_reconnect, timer_arg_, now + wait});
}

void ForkWatch::close(Outbox& out) {
  if (state_ == State::open) out.add(out::WatchReleased{id_});
  if (state_ == State::waiting) out.add(out::TimerCancelled{TimerKind::watch_reconnect, timer_arg_});
  state_ = State::off;
}

}  // namespace podramp::backend
