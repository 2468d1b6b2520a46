// What the API server does to an object of another kind before it stores it: defaults, and validation with the real
// words (K8). Pods: pod_rules.h. Checked is what executor scaling can get wrong, not every field of every kind.
#pragma once

#include <string>
#include <vector>

#include "backend/port/manifest.h"
#include "fakeapi/config.h"

namespace podramp::fakeapi {

inline constexpr std::int64_t kConfigMapBytesMax = 1'048'576;  // keys and values

// Decoding defaults: the template of a set.
void apply_manifest_defaults(Manifest& object);
// The object of a configured DaemonSet, with its defaults.
Manifest daemon_set_of(const DaemonSetSpec& spec);
// Causes of a 422; empty when valid.
std::vector<std::string> manifest_errors(const Manifest& object);

}  // namespace podramp::fakeapi
