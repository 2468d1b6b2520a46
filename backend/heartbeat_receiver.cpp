#include "backend/heartbeat_receiver.h"

#include <algorithm>

namespace podramp::backend {

void HeartbeatReceiver::silent(TimeUs now, ExecutorId id, TimeUs last_us, Outbox& out) {
  checked_us_ = std::max(checked_us_, now);
  silent_[id] = last_us;
  arm(check_for(last_us), out);
}

void HeartbeatReceiver::forget(ExecutorId id, Outbox& out) {
  if (silent_.erase(id) > 0 && silent_.empty()) disarm(out);
}

std::vector<std::pair<ExecutorId, DurationUs>> HeartbeatReceiver::check(TimeUs now, Outbox& out) {
  armed_us_.reset();
  checked_us_ = now;
  std::vector<std::pair<ExecutorId, DurationUs>> expired;
  for (auto it = silent_.begin(); it != silent_.end();) {
    const DurationUs since_us = now - it->second;
    if (since_us / kMillisecondUs <= timeout_us_ / kMillisecondUs) {
      ++it;
      continue;
    }
    expired.emplace_back(it->first, since_us);
    it = silent_.erase(it);
  }
  for (const auto& [id, last_us] : silent_) arm(check_for(last_us), out);
  return expired;
}

void HeartbeatReceiver::stop(Outbox& out) {
  silent_.clear();
  disarm(out);
}

TimeUs HeartbeatReceiver::check_for(TimeUs last_us) const {
  // Expired in whole milliseconds means timeout + 1 ms; a check that was made already finds nothing any more.
  const TimeUs earliest_us =
      std::max(last_us + timeout_us_ / kMillisecondUs * kMillisecondUs + kMillisecondUs, checked_us_ + 1);
  const std::int64_t checks = (earliest_us - started_us_ + interval_us_ - 1) / interval_us_;
  return started_us_ + std::max<std::int64_t>(checks, 0) * interval_us_;
}

void HeartbeatReceiver::arm(TimeUs at, Outbox& out) {
  if (armed_us_ && *armed_us_ <= at) return;
  armed_us_ = at;
  out.add(out::TimerSet{TimerKind::heartbeat_check, 0, at});
}

void HeartbeatReceiver::disarm(Outbox& out) {
  if (armed_us_) out.add(out::TimerCancelled{TimerKind::heartbeat_check, 0});
  armed_us_.reset();
}

}  // namespace podramp::backend
