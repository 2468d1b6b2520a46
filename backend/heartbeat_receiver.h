// Spark's HeartbeatReceiver: which executors have sent no heartbeat for longer than spark.network.timeout, checked at a
// fixed rate from the driver's start (01 1.8, the same in 3.5-4.4). The world tells only of executors that fell silent,
// so only then a timer is armed. Not here: what becomes of them (scheduler_backend.h).
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "backend/port/step.h"

namespace podramp::backend {

class HeartbeatReceiver {
 public:
  // Both in microseconds; Spark counts them in whole milliseconds.
  HeartbeatReceiver(DurationUs timeout_us, DurationUs interval_us)
      : timeout_us_(timeout_us), interval_us_(interval_us) {}

  void start(TimeUs now) { started_us_ = now; }
  // The executor's last sign of life was at last_us, and none comes any more.
  void silent(TimeUs now, ExecutorId id, TimeUs last_us, Outbox& out);
  // It sends heartbeats again, or it is gone.
  void forget(ExecutorId id, Outbox& out);
  // A check is due: the executors that have expired, ascending, with how long they were silent. Strictly longer than
  // the timeout; each is reported once.
  std::vector<std::pair<ExecutorId, DurationUs>> check(TimeUs now, Outbox& out);
  void stop(Outbox& out);

 private:
  TimeUs check_for(TimeUs last_us) const;  // the first check that finds it expired
  void arm(TimeUs at, Outbox& out);
  void disarm(Outbox& out);

  DurationUs timeout_us_;
  DurationUs interval_us_;
  TimeUs started_us_ = 0;
  TimeUs checked_us_ = -1;
  std::map<ExecutorId, TimeUs> silent_;  // -> last sign of life
  std::optional<TimeUs> armed_us_;
};

}  // namespace podramp::backend
