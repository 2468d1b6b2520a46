// How a pod's container becomes a process of this machine: which "processes" entry runs it, its words, its environment,
// and the folders that stand in for its volumes. Pure: starts nothing, makes no file (local_processes.h does).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/process_spec.h"

namespace podramp::sim {

struct ContainerCommand {
  std::string container;  // its name
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::string> folders;                        // to be made
  std::vector<std::pair<std::string, std::string>> files;  // to be written: path, content
};

// What of the surroundings a container can see.
struct ContainerSurroundings {
  std::string folder;  // of this pod; its volumes lie below
  std::string pod_ip;  // an address of this machine
  std::string host_ip;
  // The data of a config map ("namespace/name"); null: there is none.
  std::function<const StringMap*(const std::string&)> config_map;
  std::function<std::optional<std::string>(const std::string&)> server_env;
};

// The pod's first container that an entry fits, with that entry; absent: none is run for real.
std::optional<ContainerCommand> container_command(const Pod& pod, const std::vector<ProcessSpec>& specs,
                                                  const ContainerSurroundings& around);

}  // namespace podramp::sim
