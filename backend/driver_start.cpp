#include "backend/driver_start.h"

#include <fmt/format.h>

#include <utility>

#include "backend/snapshot_allocator.h"

namespace podramp::backend {

DriverStart::Outcome DriverStart::begin(Outbox& out) {
  if (pod_name_.empty()) return finish(out);
  ApiRequest request;
  request.verb = Verb::get;
  request.ns = ns_;
  request.name = pod_name_;
  calls_.start(CallOwner::driver, std::move(request), out);
  return Outcome::waiting;
}

DriverStart::Outcome DriverStart::on_reply(TimeUs now, const Completed& completed, Outbox& out) {
  const ApiReply& reply = completed.reply;
  if (done_) return Outcome::waiting;
  if (driver_pod_ != nullptr) {  // the watch for its readiness
    if (reply.ok()) {
      watch_ = completed.call;
      return Outcome::waiting;
    }
    out.add(out::Noted{"warn", fmt::format("waiting for the driver pod to be ready: {}", describe_failure(reply))});
    return finish(out);
  }
  if (!reply.ok() || reply.object == nullptr) {
    done_ = true;
    failure_ = reply.code == 404 ? driver_pod_missing(pod_name_, ns_)
                                 : fmt::format("driver pod {} in namespace {} cannot be looked up: {}", pod_name_, ns_,
                                               describe_failure(reply));
    return Outcome::failed;
  }
  driver_pod_ = reply.object;
  if (driver_pod_->is_ready()) return finish(out);
  ApiRequest request;
  request.verb = Verb::watch;
  request.ns = ns_;
  request.field_selector.all = {{"metadata.name", pod_name_, true}};
  calls_.start(CallOwner::driver, std::move(request), out);
  timer_armed_ = true;
  out.add(out::TimerSet{TimerKind::driver_ready, 0, now + timeout_us_});
  return Outcome::waiting;
}

DriverStart::Outcome DriverStart::on_events(const in::Watched& watched, Outbox& out) {
  if (!watch_ || watched.watch != *watch_) return Outcome::waiting;
  for (const WatchEvent& event : watched.events) {
    if (event.type != WatchEventType::deleted && event.object->is_ready()) return finish(out);
  }
  return Outcome::waiting;
}

DriverStart::Outcome DriverStart::on_timeout(Outbox& out) {
  timer_armed_ = false;
  if (done_) return Outcome::waiting;
  out.add(out::Noted{"warn", "the driver pod is not ready yet; going on without waiting any longer"});
  return finish(out);
}

void DriverStart::cancel(Outbox& out) {
  done_ = true;
  if (std::exchange(timer_armed_, false)) out.add(out::TimerCancelled{TimerKind::driver_ready, 0});
  if (watch_) out.add(out::WatchReleased{*watch_});
  watch_.reset();
  calls_.abandon(CallOwner::driver, out);
}

DriverStart::Outcome DriverStart::finish(Outbox& out) {
  cancel(out);
  return Outcome::done;
}

}  // namespace podramp::backend
