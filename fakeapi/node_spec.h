// A node of the configuration, as plain data.
#pragma once

#include <cstdint>

#include "backend/port/kube.h"

namespace podramp::fakeapi {

// A node and its place in the physics. Its index in ClusterConfig::nodes is its index in the engine's platform.
struct NodeSpec {
  Node node;                               // created_us is when it joins; 0 for the start
  std::int64_t bytes_per_s = 125'000'000;  // its link, each way (1 Gb/s)
  bool joins_later = false;                // a timeline entry adds it, or the autoscaler
  bool autoscaled = false;                 // a node group of the autoscaler may have it
  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

}  // namespace podramp::fakeapi
