// Parts of a drawn scenario, each in a file of its own. Private to swarm*_json.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/fuzz/dice.h"

namespace podramp::sim {

// What the parts have to agree on.
struct SwarmPlan {
  Dice dice;
  std::int64_t trouble_s = 0;               // from then on everything heals
  std::int64_t settles_s = 0;               // ... and by then it has
  std::vector<std::string> groups{};        // of nodes
  std::vector<std::int64_t> group_sizes{};  // of each
  std::vector<std::string> namespaces{};    // of applications
  std::vector<std::string> applications{};
  bool has_quota = false;
  bool has_late_nodes = false;
  bool has_priorities = false;
  bool has_driver_pods = false;
  bool has_queue = false;
  bool has_gang = false;
  bool has_autoscaler = false;
  bool has_claims = false;
  bool has_sets = false;
  bool has_fork = false;
  bool has_shuffle_service = false;
};

// "90s"
std::string seconds(std::int64_t s);

void add_cluster(SwarmPlan& plan, nlohmann::ordered_json& scenario);       // swarm_cluster_json.cpp
void add_applications(SwarmPlan& plan, nlohmann::ordered_json& scenario);  // swarm_applications_json.cpp
void add_trouble(SwarmPlan& plan, nlohmann::ordered_json& scenario);       // swarm_trouble_json.cpp

}  // namespace podramp::sim
