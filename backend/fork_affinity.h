// Where the fork would like new executors to run: tasks by preferred host, less the nodes that host one already, become
// weights of a node affinity (01 1.7, 2.4). Pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/fixes.h"
#include "backend/node_directory.h"
#include "backend/pods_by_ip.h"

namespace podramp::backend {

struct OpenHints {
  std::map<std::string, std::int64_t> tasks;  // by host
  std::int64_t lookups = 0;                   // reverse lookups that were made, each blocking (Q13)
};
// For each pod the first of {node name, node IP, canonical name of that IP} that is hinted is no more. The canonical
// name is looked up even where the flag says no, for each pod anew; with fix Q13 only where it says yes, and once a
// node.
OpenHints without_occupied(std::map<std::string, std::int64_t> hints, const PodsByIp& running,
                           const NodeDirectory& nodes, bool lookup_allowed, const Fixes& fixes);

struct WeightedNodes {
  int weight = 0;
  std::vector<std::string> nodes;
  friend bool operator==(const WeightedNodes&, const WeightedNodes&) = default;
};
// Nodes of equal weight together, heaviest first. One task in all gives weight 0, which no server takes (Q17).
std::vector<WeightedNodes> affinity_weights(const std::map<std::string, std::int64_t>& hints, const Fixes& fixes);
// As the affinity's JSON; "" without hints.
std::string affinity_json(const std::map<std::string, std::int64_t>& hints, const Fixes& fixes);

}  // namespace podramp::backend
