// What a pod costs in the terms of ResourceQuota, and how the server words quota refusals (K6, K38-K40). Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/port/fact.h"
#include "fakeapi/cluster_state.h"

namespace podramp::fakeapi {

// "count/pods", "pods", "cpu" = "requests.cpu", "limits.memory", "requests.nvidia.com/gpu", ...: of a pod that counts.
fact::Usage quota_usage(const PodTemplate& tmpl);

// Compute resource -> names of the containers, sorted, that do not state it ("limits.cpu" -> {"spark"}); K40.
using Unstated = std::map<std::string, std::vector<std::string>>;
Unstated unstated_resources(const PodTemplate& tmpl);

// "pods=1,requests.cpu=2": only what `names` has, in order.
std::string print_usage(const fact::Usage& usage, const std::vector<std::string>& names);

// Why this quota does not admit a pod of this usage ("exceeded quota: ...", "failed quota: ..."), or "".
std::string quota_refusal(const QuotaRecord& quota, const fact::Usage& usage, const Unstated& unstated);

}  // namespace podramp::fakeapi
