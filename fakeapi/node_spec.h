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
  std::int64_t image_disk_bytes = 0;       // of its images' file system; 0: without limit, nothing is ever collected
  std::int64_t disk_bytes_per_s = 0;       // at which pulled images are unpacked; 0: at once
  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

}  // namespace podramp::fakeapi
