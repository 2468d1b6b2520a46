// Which allocator spark.kubernetes.allocation.pods.allocator names (02 4.1). The allocators: executor_allocator.h.
#pragma once

#include <string>

#include "backend/conf.h"

namespace podramp::backend {

// "direct", "statefulset", from 4.2 "deployment", or the full class name of one of them, as Spark takes it. Error: any
// other class name; Spark would load it, podramp cannot run user classes.
Result<PodsAllocator> parse_pods_allocator(const std::string& text, Compat compat);

}  // namespace podramp::backend
