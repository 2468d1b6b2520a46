// What the API server does to every pod before admission: defaults, and validation with the real words (K2, K8).
// Both look at a template or at a pod alone, so results for a template can be kept. Not here: LimitRange, quota.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/port/kube.h"

namespace podramp::fakeapi {

// Decoding defaults: restart policy, scheduler, account, grace, pull policy (K60), requests from limits.
void apply_api_defaults(PodTemplate& tmpl);
// Tolerations of not-ready and unreachable for this long, unless the pod has its own (K71).
void apply_default_tolerations(PodTemplate& tmpl, std::int64_t seconds);

// Causes of a 422, in the server's order; empty when valid.
std::vector<std::string> metadata_errors(const Pod& pod);       // name, labels
std::vector<std::string> spec_errors(const PodTemplate& tmpl);  // containers, resources, restart policy
std::vector<std::string> hostname_errors(const Pod& pod);
std::vector<std::string> label_errors(const StringMap& labels);  // under metadata.labels
std::vector<std::string> name_errors(const std::string& name);   // under metadata.name, a DNS subdomain

}  // namespace podramp::fakeapi
