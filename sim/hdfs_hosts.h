// How HDFS, DNS and the topology plug-in call the nodes of a run. Spark 3.5-4.4 on Kubernetes compares names as they
// are; the 2.2 fork knows a node by several (01 2.1, 2.2). Next: backend/host_names.h.
#pragma once

#include <string>
#include <vector>

#include "backend/node_directory.h"
#include "fakeapi/config.h"
#include "sim/workload.h"

namespace podramp::sim {

// Nodes have the IPs 192.168.0.1, 192.168.0.2, ... in their order, and the DNS names "<node>.nodes.internal". With a
// rack label, a node that has it is in rack "/<value>", by whatever name it is asked for.
backend::NodeDirectory node_directory(const std::vector<fakeapi::NodeSpec>& nodes, const std::string& rack_label);

// The stages as the driver hears of them: input blocks lie where HDFS says.
std::vector<StageRun> as_hdfs_says(std::vector<StageRun> stages, HdfsNames names,
                                   const std::vector<fakeapi::NodeSpec>& nodes);

}  // namespace podramp::sim
