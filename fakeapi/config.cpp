#include "fakeapi/config.h"

namespace podramp::fakeapi {

std::optional<ClusterProfile> find_profile(std::string_view name) {
  ClusterProfile profile;
  profile.name = std::string(name);
  if (name == "k8s-1.32") return profile;
  if (name == "k8s-1.31") {
    profile.monitor_grace_us = 40 * kSecondUs;  // K68
    return profile;
  }
  if (name == "k8s-1.33") {
    profile.early_pops = true;  // K46: SchedulerPopFromBackoffQ, on by default since
    return profile;
  }
  if (name == "managed-large") {
    profile.scheduler_qps = 500;  // B13: managed services raise K56's client limit
    profile.scheduler_burst = 1000;
    return profile;
  }
  if (name == "stress-low") {  // B13: an API server on which drivers have little say
    profile.workload_low_shares = 5;
    return profile;
  }
  return std::nullopt;
}

}  // namespace podramp::fakeapi
