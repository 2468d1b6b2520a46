// What DNS and Hadoop's topology plug-in say of the cluster's nodes, as data. Only the 2.2 fork asks (01 2.1, 2.2).
#pragma once

#include "backend/port/kube.h"

namespace podramp::backend {

// What is not in it is not known.
struct NodeDirectory {
  StringMap ip_of;         // node name -> its IP
  StringMap canonical_of;  // node IP -> canonical DNS name
  StringMap rack_of;       // any name of a node -> its rack
};

}  // namespace podramp::backend
