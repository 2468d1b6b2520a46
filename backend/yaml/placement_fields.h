// The fields of a pod's spec that say where it may and would rather run -> Placement. What it does not model (say
// matchLabelKeys) stays in the spec's rest. Private to pod_manifest.cpp.
#pragma once

#include "backend/yaml/manifest_fields.h"

namespace podramp::yaml {

// affinity, topologySpreadConstraints and schedulingGates.
Placement read_placement(ManifestFields& spec);

}  // namespace podramp::yaml
