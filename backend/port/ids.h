// The names by which things are known on both sides of the port.
#pragma once

#include <compare>
#include <cstdint>

namespace podramp {

using ExecutorId = std::int64_t;  // Spark's id, label spark-exec-id; 1, 2, 3, ... per application, never reused
using ProfileId = std::int32_t;   // resource profile, 0 is the default one
using Seq = std::uint64_t;        // position of an event in the log, from 1; 0 means "none"

inline constexpr ProfileId kDefaultProfile = 0;

using JobId = std::int32_t;
using StageId = std::int32_t;
using TaskId = std::int64_t;  // one attempt of one task of a stage; 0, 1, 2, ... per application

// One attempt of one API request of one session. A watch is known by the id of the call that opened it.
struct CallId {
  std::uint64_t value = 0;
  friend auto operator<=>(const CallId&, const CallId&) = default;
};

// Why a timer of the backend exists. One timer per (kind, arg) can be armed at a time.
enum class TimerKind : std::uint8_t {
  allocator_tick,   // snapshot subscriber: allocator (02 1.2)
  lifecycle_tick,   // snapshot subscriber: lifecycle manager (02 3)
  poll,             // full listing (02 2.3)
  call_retry,       // arg = logical request (K85)
  driver_ready,     // 02 1.2 step 1
  watch_reconnect,  // K86
  ready_wait,       // spark.scheduler.maxRegisteredResourcesWaitingTime
  stop_grace,       // executorSnapshotsSubscribersShutdownGracePeriod (02 2.1)
  dynamic_tick,     // dynamic allocation, every 100 ms while it matters (02 4.3)
  kill_grace,       // arg = kill; dynamicAllocation.deleteGracePeriod (02 4.2)
  force_kill,       // arg = decommission; executor.decommission.forceKillTimeout (02 4.2)
  revive,           // offers are made anew: locality waits run out (01 1.1)
  heartbeat_check,  // executors whose heartbeats have ended (01 1.8)
  roll,             // executor.rollInterval (02 4.5)
  resize,           // executor.resizeInterval (02 4.5)
  claim_resize,     // executor.pvc.resizeInterval (02 4.5)
  fork_pass,        // the 2.2 fork's allocator (01 1.5)
  back_off,         // a fix's own waiting time (`fixes`)
};

struct TimerId {
  TimerKind kind = TimerKind::allocator_tick;
  std::uint64_t arg = 0;
  friend auto operator<=>(const TimerId&, const TimerId&) = default;
};

}  // namespace podramp
