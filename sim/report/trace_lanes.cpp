#include "sim/report/trace_lanes.h"

#include <fmt/format.h>

#include <set>

namespace podramp::sim {

std::vector<TraceLane> trace_lanes(const RunRecord& run) {
  std::vector<TraceLane> lanes;
  std::set<std::string> of_executors;
  for (const ApplicationView& app : run.projection.applications()) {
    for (const ExecutorRow& row : app.executors) {
      of_executors.insert(row.pod);
      const std::string id = row.id == 0 ? "(no id)" : fmt::format("{}", row.id);
      lanes.push_back({row.node, app.name + " executor " + id, row.pod, true, phases_of(row, run.end_us)});
    }
  }
  for (const PodLife& pod : run.pods) {
    if (of_executors.contains(pod.name)) continue;
    lanes.push_back({pod.node, "pod " + pod.name, pod.name, false, phases_of(pod, run.end_us)});
  }
  return lanes;
}

std::vector<std::string> trace_nodes(const RunRecord& run, const std::vector<TraceLane>& lanes) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && seen.insert(name).second) names.push_back(name);
  };
  for (const NodeLife& node : run.nodes) add(node.name);
  for (const TraceLane& lane : lanes) add(lane.node);
  return names;
}

}  // namespace podramp::sim
