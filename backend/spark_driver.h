// The driver of Spark 3.5-4.4: allocator, lifecycle manager, pod sources and scheduler backend joined (02 4.1, 4.2).
// Parts: pod_source -> snapshots -> allocator and lifecycle; api_calls carries their requests; executor_table knows who
// has registered. Next: snapshot_allocator.h, lifecycle.h.
#pragma once

#include <memory>

#include "backend/driver.h"

namespace podramp::backend {

std::unique_ptr<Driver> make_spark_driver(Application application);

}  // namespace podramp::backend
