// Why the fork thinks an executor is gone (01 1.8): exit codes out of a pod's status, and the reason that its watch
// gives. Pure functions of a pod and the fixes. Not here: when a reason is looked for (fork_pass.cpp).
#pragma once

#include "backend/fixes.h"
#include "backend/fork_executors.h"
#include "backend/port/api.h"

namespace podramp::backend {

inline constexpr int kNoContainerStatus = -1;
inline constexpr int kNotTerminated = -111;
inline constexpr int kLossLooksMax = 10;                     // not configurable (01 1.5)
inline constexpr DurationUs kLossMarginUs = 10 * kSecondUs;  // fix Q10: beyond the pod's grace period

// Of container 0 only: -1 without statuses, -111 when it has not terminated.
int fork_exit_code(const Pod& pod);

// What the watch records for a pod that is DELETED (or, in the fork's own tests, comes with ERROR). released: we had
// let it go already, by a kill or a purge.
LossReason deleted_reason(const Pod& pod, bool released);
LossReason errored_reason(const Pod& pod, bool released, const Fixes& fixes);
// After too many looks without a reason. Counts toward task failures unless Q09 is fixed.
LossReason unknown_reason(const Fixes& fixes);

}  // namespace podramp::backend
