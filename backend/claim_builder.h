// The PersistentVolumeClaims that belong to one executor (02 6.3): claim names with the executor's id in them, and the
// claims that have to be created for it. Not here: reading the volumes (executor_volumes.h), the pod itself
// (pod_builder.h), whether an old claim is taken instead (claim_reuse.h).
#pragma once

#include <string>
#include <vector>

#include "backend/conf.h"
#include "backend/port/ids.h"
#include "backend/port/manifest.h"

namespace podramp::backend {

struct ExecutorClaims {
  std::vector<Volume> volumes;   // Pod::own_volumes: those whose claim name holds the id
  std::vector<Manifest> claims;  // in the order of the volumes; without owners
};

class ClaimBuilder {
 public:
  // prefix: of the names of executor pods.
  ClaimBuilder(const Conf& conf, std::string app_id, std::string prefix);

  // Some volume makes a claim for every executor.
  bool makes_claims() const;
  // "OnDemand" in a claim name becomes <prefix>-exec-<id>-pvc-<index of the volume>, SPARK_EXECUTOR_ID the id. A claim
  // is made only for a volume with both storageClass and sizeLimit. Error: a size that is no quantity.
  Result<ExecutorClaims> build(ExecutorId id) const;

 private:
  std::string app_id_;
  std::string prefix_;
  std::string ns_;
  std::string access_mode_;
  std::vector<std::pair<std::size_t, ExecutorVolume>> volumes_;  // of claims, with their index among all volumes
};

}  // namespace podramp::backend
