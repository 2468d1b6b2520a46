// What `kubectl get nodes,pods,resourcequotas,limitranges -A -o json` printed, as the start of a fake cluster.
// What could not be used is in `warnings`, never silently dropped. The rules: docs/scenario-format.md, "Real input".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/status.h"
#include "fakeapi/config.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

struct ImportedCluster {
  std::vector<fakeapi::NodeSpec> nodes;                      // by name; node.images holds every name in status.images
  std::map<std::string, std::vector<std::uint32_t>> groups;  // node pool label -> nodes
  std::map<std::string, std::int64_t> image_bytes;           // by normal name
  std::vector<fakeapi::QuotaSpec> quotas;
  std::vector<fakeapi::LimitRangeSpec> limit_ranges;
  std::vector<fakeapi::PriorityClassSpec> priority_classes;
  std::vector<fakeapi::ExistingPod> existing;
  std::vector<std::string> silent_nodes;  // not Ready when the file was written
  std::vector<Warning> warnings;
};

// Errors: no JSON, no list of objects, quantities that cannot be read. The message says which command to run.
tl::expected<ImportedCluster, FieldErrors> import_cluster(const NamedText& source);

// "spark:3.5" and "docker.io/library/spark:3.5" are the same image: the long form with registry and tag.
std::string normal_image_name(std::string_view name);

}  // namespace podramp::sim
