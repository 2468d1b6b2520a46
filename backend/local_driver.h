// A driver that runs alone (02 4.1): spark.kubernetes.driver.master=local[...] gives Spark's local backend, whose only
// executor is the driver itself. No pods, nothing to allocate.
#pragma once

#include <memory>
#include <string>

#include "backend/driver.h"

namespace podramp::backend {

std::unique_ptr<Driver> make_local_driver(Application application);

// S-D10: the application's id in local mode is the user's spark.app.id, else "local-<ms>" of its start.
std::string local_app_id(const Conf& conf, std::int64_t start_ms);

}  // namespace podramp::backend
