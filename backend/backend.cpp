#include "backend/backend.h"

#include <utility>

#include "backend/fork_driver.h"
#include "backend/local_driver.h"
#include "backend/spark_driver.h"

namespace podramp::backend {

namespace {

std::unique_ptr<Driver> make_driver(Application application) {
  if (!application.conf.local_master.empty()) return make_local_driver(std::move(application));
  if (application.conf.compat == Compat::fork_2_2) return make_fork_driver(std::move(application));
  return make_spark_driver(std::move(application));
}

}  // namespace

Backend::Backend(Application application) : driver_(make_driver(std::move(application))) {}

}  // namespace podramp::backend
