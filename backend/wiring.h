// From an application's conf to the settings of each part of its backend, compat level included (02 0.2).
// Not here: reading Spark keys (conf.h), the parts themselves (spark_driver.cpp joins them).
#pragma once

#include "backend/api_calls.h"
#include "backend/claim_builder.h"
#include "backend/driver.h"
#include "backend/failure_tracker.h"
#include "backend/lifecycle.h"
#include "backend/pod_source.h"
#include "backend/scheduler_backend.h"
#include "backend/snapshot_allocator.h"

namespace podramp::backend {

RetryPolicy retry_policy(const Application& application);
PodSourceSettings pod_source_settings(const Application& application);
LifecycleSettings lifecycle_settings(const Application& application);
FailureTracker failure_tracker(const Application& application);
AllocatorSettings allocator_settings(const Application& application);
SchedulerSettings scheduler_settings(const Application& application);
ClaimBuilder claim_builder(const Application& application);
// The driver pod as an owner of other objects; nullopt for nullptr.
std::optional<OwnerReference> owner_of(const PodPtr& driver_pod);
// driver_pod: the owner of the executors, nullptr when there is none.
PodBuilder pod_builder(const Application& application, const PodPtr& driver_pod);

}  // namespace podramp::backend
