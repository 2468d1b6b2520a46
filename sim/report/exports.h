// A log for other tools, as text. docs/report.md says how what of a run appears in each.
#pragma once

#include <string>

#include "sim/report/run_record.h"

namespace podramp::sim {

// Chrome's trace-event format (JSON object format), which Perfetto and chrome://tracing open: a process per node and a
// thread per pod, phases as complete slices, counts as counters, faults as instants. Times in microseconds.
std::string perfetto_trace(const RunRecord& run);

// Prometheus' text format 0.0.4: final values only and without timestamps, as node_exporter's textfile collector wants
// them. A time that never came has no sample.
std::string prometheus_text(const RunRecord& run);

// A Paje trace, which ViTE and pj_dump read: containers for cluster, nodes and executors, states, variables, events.
std::string paje_trace(const RunRecord& run);

}  // namespace podramp::sim
