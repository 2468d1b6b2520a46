// PersistentVolumeClaims in an allocation round (02 1.4): which claims of the application may be taken again, and which
// claim of a new executor one of them can stand for. Pure functions. Not here: which claims an executor needs at all
// (claim_builder.h), when they are listed, taken and created (snapshot_allocator.h).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "backend/port/manifest.h"

namespace podramp::backend {

// What the allocator reads of the application's conf about claims (02 1.1).
struct ClaimRules {
  bool own = false;           // driver.ownPersistentVolumeClaim: the driver pod owns the claims, not the executor's pod
  bool reuse = false;         // driver.reusePersistentVolumeClaim
  bool wait = false;          // driver.waitToReusePersistentVolumeClaim
  bool larger_fits = false;   // from 4.2 (SPARK-55496)
  bool some_made = true;      // executors have claims made for them; else it does not matter which are in use
  DurationUs age_min_us = 0;  // a claim must be older to be taken: pod creation time-out; in 3.5 batch.delay
  std::int64_t claims_max = 2;  // of maxExecutors with dynamic allocation, else spark.executor.instances

  // podAllocOnPVC: no pods without a claim once there are claims_max of them.
  bool gate() const { return own && reuse && wait; }
};

// Of the listed claims, in their order, those that no pod uses and that are older than the minimum (strict, in whole
// milliseconds of the wall clock).
std::vector<ManifestPtr> reusable_claims(const std::vector<ManifestPtr>& listed, const std::set<std::string>& in_use,
                                         TimeUs now, DurationUs age_min_us);

// An executor's pod as it is to be created, and the claims to create after it.
struct PodWithClaims {
  PodPtr pod;
  std::vector<Manifest> claims;
};

// For each claim in turn: the first reusable one of the same storage class and size is taken out of `reusable`, the
// pod's volume of the claim's name is pointed at it, and the claim need not be created. Without such a volume nothing
// is replaced.
PodWithClaims replace_claims(PodWithClaims built, std::vector<ManifestPtr>& reusable, bool larger_fits);

}  // namespace podramp::backend
