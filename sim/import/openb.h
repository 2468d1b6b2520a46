// A scenario from the public openb traces (Alibaba cluster-trace-gpu-v2023): pods with their sizes and dates become a
// background load, nodes become the cluster. What a scenario cannot say is listed, not dropped. Columns are found by
// the names in the first line: pods name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec, qos, pod_phase,
// creation_time, deletion_time, scheduled_time (seconds); nodes sn, cpu_milli, memory_mib, gpu, model.
#pragma once

#include <string>
#include <vector>

#include "backend/port/status.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

struct OpenbScenario {
  std::string json;                // a whole scenario, applications left empty
  std::vector<std::string> notes;  // what could not be carried over
};

// nodes.file "": the scenario's nodes are made to hold the pods. Errors: file and line of each mistake.
tl::expected<OpenbScenario, FieldErrors> import_openb(const NamedText& pods, const NamedText& nodes);

}  // namespace podramp::sim
